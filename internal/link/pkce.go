package link

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/secret"
)

// challengeLength is that of a SHA-256 in unpadded base64url (RFC 7636 §4.2, method S256).
const challengeLength = 43

// CheckChallenge refuses what cannot be a challenge, with errs.InvalidPKCECodeChallenge. "" is none and passes.
func CheckChallenge(text string) error {
	if text == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(text) != challengeLength || len(raw) != sha256.Size {
		return errs.InvalidPKCECodeChallenge
	}
	return nil
}

// isVerifier checks the form of RFC 7636 §4.1: 43 to 128 unreserved characters.
func isVerifier(text string) bool {
	if len(text) < 43 || len(text) > 128 {
		return false
	}
	for _, c := range text {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !strings.ContainsRune("-._~", c) {
			return false
		}
	}
	return true
}

// CheckVerifier holds a verifier against the challenge that a link was asked for with; "" is none of either.
func CheckVerifier(challenge, verifier string) error {
	switch {
	case challenge == "" && verifier == "":
		return nil
	case challenge == "":
		return errs.PKCEDidNotExpectCodeVerifier
	case verifier == "":
		return errs.PKCEExpectedCodeVerifier
	case !isVerifier(verifier):
		return errs.InvalidPKCECodeVerifier
	}

	sum := sha256.Sum256([]byte(verifier))
	if !secret.Equal([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) {
		return errs.PKCEMismatch
	}
	return nil
}
