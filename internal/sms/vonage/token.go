package vonage

import (
	"crypto/rand"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// tokenLife is how long a token is good for, as in Vonage's own tools: their example has exp 900 s after iat
// (https://developer.vonage.com/en/vonage-cli/guides/authentication-security/jwt, read 2026-11-23).
const tokenLife = 15 * time.Minute

// bearer gives a token that is good for a few minutes yet. It is used again and again: a signature costs as much as ten
// sends.
func (s *Sender) bearer() (string, error) {
	now := s.config.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if left := s.expires.Sub(now); left > tokenLife/3 && left <= tokenLife {
		return s.token, nil
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"application_id": s.config.ApplicationID, "jti": rand.Text(), "iat": now.Unix(), "exp": now.Add(tokenLife).Unix(),
	}).SignedString(s.key)
	if err != nil {
		return "", err
	}
	s.token, s.expires = token, now.Add(tokenLife)
	return token, nil
}
