// Package secret holds values that must not be printed, and the opaque tokens that are looked up by row and proven by hash.
package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"

	"github.com/thimble-auth/thimble/internal/ids"
)

// String is a text that prints as *** wherever it is formatted, logged or encoded. Reveal gives the text.
type String string

const hidden = "***"

// Reveal gives the text itself, for the one place that needs it.
func (s String) Reveal() string { return string(s) }

// Format hides the value from every verb of package fmt.
func (s String) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// LogValue hides the value from log/slog.
func (s String) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the value from encoders.
func (s String) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// UnmarshalText reads the value from a request or a settings file.
func (s *String) UnmarshalText(b []byte) error { *s = String(b); return nil }

// Equal compares in constant time; values of different length are unequal at once.
func Equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// Bytes gives n bytes from the system's random source.
func Bytes(n int) []byte {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic("secret: no randomness: " + err.Error())
	}
	return b
}

// TokenLength is the length of every opaque token in characters: 33 bytes in unpadded base64url.
const TokenLength = 44

const tokenVersion = 1

// NewToken makes an opaque token for a row: one byte version, the row's id, 16 random bytes. The row is found by id and
// proven by hash, the SHA-256 of all 33 bytes, so that no index holds random values and the stored row opens nothing.
func NewToken(row ids.UUID) (token String, hash []byte) {
	raw := make([]byte, 0, 33)
	raw = append(raw, tokenVersion)
	raw = append(raw, row[:]...)
	raw = append(raw, Bytes(16)...)
	sum := sha256.Sum256(raw)
	return String(base64.RawURLEncoding.EncodeToString(raw)), sum[:]
}

// ParseToken reads the row and the hash from a token. It reports false for a text that NewToken cannot have made.
func ParseToken(token String) (row ids.UUID, hash []byte, ok bool) {
	raw, ok := decode33(token.Reveal())
	if !ok || raw[0] != tokenVersion {
		return ids.UUID{}, nil, false
	}
	sum := sha256.Sum256(raw)
	return ids.UUID(raw[1:17]), sum[:], true
}

func decode33(token string) ([]byte, bool) {
	if len(token) != TokenLength {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	return raw, err == nil && len(raw) == 33
}
