package rest

import (
	"crypto/sha256"
	"net/http"
	"strings"

	"github.com/thimble-auth/thimble/internal/secret"
)

// minPassword is how long a password of callbacks must be: anybody may try at the address.
const minPassword = 16

// Doorman knows the callbacks of a provider that signs none by the user name and the password which they show (HTTP Basic
// authentication, RFC 7617). They are the operator's own, given to the provider. The body is not covered.
type Doorman struct{ user, password [sha256.Size]byte }

// Doorman wants the settings webhook-user and webhook-password.
func (s *Settings) Doorman(user string, password secret.String) Doorman {
	if user == "" || strings.ContainsFunc(user, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }) {
		s.Problem("webhook-user", "is missing or has spaces, colons or letters in it that do not fit into a header")
	}
	s.Secret("webhook-password", password)
	if text := password.Reveal(); text != "" && len(text) < minPassword {
		s.Problem("webhook-password", "must have 16 characters at least")
	}
	return Doorman{sha256.Sum256([]byte(user)), sha256.Sum256([]byte(password.Reveal()))}
}

// Knows reports whether a request shows both, in a time that does not depend on either.
func (d *Doorman) Knows(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	gotUser, gotPassword := sha256.Sum256([]byte(user)), sha256.Sum256([]byte(password))
	rightUser, rightPassword := secret.Equal(d.user[:], gotUser[:]), secret.Equal(d.password[:], gotPassword[:])
	return ok && rightUser && rightPassword
}
