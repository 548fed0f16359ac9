package totp

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238's default, and the only hash that every authenticator app knows
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/secret"
)

// What authenticator apps take for granted.
const (
	digits = 6
	period = 30 // seconds
)

// drift is how many time steps a clock may be off, either way (RFC 6238 §5.2).
const drift = 1

// Sizes of seeds in bytes. Ours have what RFC 4226 §4 recommends; others' may be shorter, as some well-known apps once made
// them.
const (
	newSeed = 20
	minSeed = 10
	maxSeed = 128
)

var alphabet = base32.StdEncoding.WithPadding(base32.NoPadding)

// hotp computes the code of a counter (RFC 4226 §5.3).
func hotp(seed []byte, counter int64, digits int) string {
	mac := hmac.New(sha1.New, seed)
	_ = binary.Write(mac, binary.BigEndian, counter)
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 15
	n := uint64(binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff)
	modulus := uint64(1)
	for range digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", digits, n%modulus)
}

// stepOf gives the time step (RFC 6238 §4.2).
func stepOf(at time.Time) int64 { return at.Unix() / period }

// match looks for the time step that a code belongs to: the newest one behind last for a fresh code. A code of last or of
// a step before it was used up, whether it was typed or not.
func match(seed []byte, guess string, last int64, at time.Time) (step int64, fresh, old bool) {
	now := stepOf(at)
	for s := now - drift; s <= now+drift; s++ {
		if !secret.Equal([]byte(hotp(seed, s, digits)), []byte(guess)) {
			continue
		}
		if s > last {
			step, fresh = s, true
		} else {
			old = true
		}
	}
	return step, fresh, old
}

// readSeed decodes a seed from base 32 as people copy it: capitals, padding, spaces and dashes do not matter.
func readSeed(text string) ([]byte, bool) {
	if len(text) > 4*maxSeed {
		return nil, false
	}
	text = strings.ToUpper(strings.TrimRight(strings.NewReplacer(" ", "", "-", "").Replace(text), "="))
	seed, err := alphabet.DecodeString(text)
	return seed, err == nil && len(seed) >= minSeed && len(seed) <= maxSeed
}
