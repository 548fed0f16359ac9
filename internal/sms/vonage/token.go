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
func (a *account) bearer() (string, error) {
	now := a.config.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if left := a.expires.Sub(now); left > tokenLife/3 && left <= tokenLife {
		return a.token, nil
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"application_id": a.config.ApplicationID, "jti": rand.Text(), "iat": now.Unix(), "exp": now.Add(tokenLife).Unix(),
	}).SignedString(a.key)
	if err != nil {
		return "", err
	}
	a.token, a.expires = token, now.Add(tokenLife)
	return token, nil
}
