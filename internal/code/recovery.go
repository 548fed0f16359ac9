package code

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// RecoveryCodes is how many recovery codes a registration gets.
const RecoveryCodes = 10

// Bounds of a recovery code in its plain form, for codes that another service made. Ours have 12 characters.
const (
	minRecovery = 8
	maxRecovery = 64
	ourRecovery = 12
)

// recoveryAlphabet has 32 letters and digits, without those that look like others (Crockford's base 32): 60 bits a code.
const recoveryAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// NewRecovery makes the recovery codes of a registration as people read them: xxxx-xxxx-xxxx.
func NewRecovery() []string {
	codes := make([]string, RecoveryCodes)
	for i := range codes {
		b := secret.Bytes(ourRecovery)
		for j := range b {
			b[j] = recoveryAlphabet[b[j]%32]
		}
		codes[i] = fmt.Sprintf("%s-%s-%s", b[:4], b[4:8], b[8:])
	}
	return codes
}

// PlainRecovery gives what counts of a recovery code: people leave dashes out and type capitals.
func PlainRecovery(text string) string {
	return strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(text))
}

// MayBeRecovery reports whether a text can be a recovery code, of this service or of one before it. Six digits cannot:
// that is a code of an app.
func MayBeRecovery(text string) bool {
	plain := PlainRecovery(text)
	visible := !strings.ContainsFunc(plain, func(r rune) bool { return r <= ' ' || r > '~' })
	return len(text) <= 2*maxRecovery && len(plain) >= minRecovery && len(plain) <= maxRecovery && visible
}

// LooksLikeRecovery reports whether a text has the shape of the codes that NewRecovery makes.
func LooksLikeRecovery(text string) bool {
	plain := PlainRecovery(text)
	return len(plain) == ourRecovery && strings.Trim(plain, recoveryAlphabet) == ""
}

// SealRecovery makes the rows of a registration's recovery codes. The registration's id decides theirs, see ids.Beside.
func SealRecovery(
	ring *keys.Ring, projectID, memberID, registrationID string, codes []string, now time.Time,
) ([]*store.RecoveryCode, error) {
	rows := make([]*store.RecoveryCode, len(codes))
	names := make([]string, len(codes))
	for i := range names {
		names[i] = ids.NewBeside(ids.RecoveryCode, registrationID, now)
	}
	slices.Sort(names) // the order of the rows is that of the codes
	for i, plain := range codes {
		sealed, err := ring.Seal("recovery_codes", "sealed", names[i], []byte(plain))
		if err != nil {
			return nil, fmt.Errorf("seal a recovery code: %w", err)
		}
		rows[i] = &store.RecoveryCode{
			ID: names[i], ProjectID: projectID, MemberID: memberID, RegistrationID: registrationID, Sealed: sealed,
			CreatedAt: now,
		}
	}
	return rows, nil
}

// OpenRecovery gives a recovery code as it was handed out.
func OpenRecovery(ring *keys.Ring, c *store.RecoveryCode) (string, error) {
	plain, err := ring.OpenSealed("recovery_codes", "sealed", c.ID, c.Sealed)
	if err != nil {
		return "", fmt.Errorf("open a recovery code: %w", err)
	}
	return string(plain), nil
}

// FindRecovery gives the one of the codes that the guess is, or nil. How long it takes does not depend on which one it is.
func FindRecovery(ring *keys.Ring, codes []*store.RecoveryCode, guess string) (*store.RecoveryCode, error) {
	var found *store.RecoveryCode
	plain := []byte(PlainRecovery(guess))
	for _, c := range codes {
		text, err := OpenRecovery(ring, c)
		if err != nil {
			return nil, err
		}
		if secret.Equal([]byte(PlainRecovery(text)), plain) {
			found = c
		}
	}
	return found, nil
}
