// Package code knows one-time codes: how one is made, how one is judged, and that every guess is counted before it is
// looked at.
package code

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// Digits is the length of a code.
const Digits = 6

// Sandbox is the code that goes to the sandbox number of test projects, and nowhere else.
const Sandbox = "000000"

// Life is how long a code sent by text is good for.
const Life = 2 * time.Minute

var million = big.NewInt(1_000_000)

// New makes a code: six decimal digits, each of the million values as likely as another.
func New() string {
	n, err := rand.Int(rand.Reader, million)
	if err != nil {
		panic("code: no randomness: " + err.Error())
	}
	return fmt.Sprintf("%06d", n)
}

// WellFormed reports whether a text is six ASCII digits.
func WellFormed(text string) bool {
	if len(text) != Digits {
		return false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// Verdict is what a guess turned out to be.
type Verdict int

// The verdicts of Judge.
const (
	Wrong    Verdict = iota // never issued to this recipient
	Right                   // the live code: it can be spent now
	Used                    // was right once and has been spent
	Outdated                // expired, or replaced by a newer code
)

// Judge compares a guess with the newest code of its owner, nil for none, and with the ones before it. All comparisons
// run in constant time. A code that went to another recipient is no code.
func Judge(ring *keys.Ring, c *store.Code, recipient, guess string, now time.Time) (Verdict, error) {
	if c == nil || c.Recipient != recipient || recipient == "" {
		return Wrong, nil
	}
	hash, err := ring.HashCodeAs(c.KeyVersion, c.ProjectID, c.Owner, c.Purpose, guess)
	if err != nil {
		return Wrong, fmt.Errorf("hash a guess: %w", err)
	}
	if len(hash) != store.CodeHashLength || len(c.Recent)%store.CodeHashLength != 0 {
		return Wrong, errors.New("code: a stored hash of another length")
	}

	same := secret.Equal([]byte(hash), []byte(c.Hash))
	before := false
	for at := 0; at < len(c.Recent); at += store.CodeHashLength {
		if secret.Equal([]byte(hash), []byte(c.Recent[at:at+store.CodeHashLength])) {
			before = true
		}
	}

	switch {
	case same && c.State == store.CodeLive && now.Before(c.ExpiresAt):
		return Right, nil
	case same && c.State == store.CodeUsed:
		return Used, nil
	case same || before:
		return Outdated, nil
	}
	return Wrong, nil
}
