// Package signature signs HTTP calls and checks signed ones as Standard Webhooks says
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, read 2026-11-23): calls to
// the operator's own programs, their reports, and events told to webhooks.
package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/secret"
)

// The headers of a signed call (Standard Webhooks, "Webhook headers").
const (
	// HeaderID holds the call's own id, which is the same when it is repeated.
	HeaderID        = "webhook-id"
	headerTimestamp = "webhook-timestamp"
	headerSignature = "webhook-signature"
)

// tolerance is how far a report's time may be from ours.
const tolerance = 5 * time.Minute

// maxSignatures bounds the work that a stranger can ask for.
const maxSignatures = 16

// The bounds of a secret in bytes ("Signature scheme").
const (
	minSecret = 24
	maxSecret = 64
)

// prefix marks a secret for people and for scanners of leaked ones.
const prefix = "whsec_"

// Keys sign and check: HMAC-SHA-256 over id, time and body with full stops between them.
type Keys [][]byte

// New makes a secret, and the form in which it is given out.
func New() (key []byte, text secret.String) {
	const size = 32
	key = secret.Bytes(size)
	return key, Text(key)
}

// Text gives the form of a secret in which it is given out.
func Text(key []byte) secret.String {
	return secret.String(prefix + base64.StdEncoding.EncodeToString(key))
}

// Parse reads a secret: whsec_ and 24 to 64 bytes in base64. It reports false for anything else.
func Parse(text string) (key []byte, ok bool) {
	encoded, found := strings.CutPrefix(text, prefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	return key, found && err == nil && len(key) >= minSecret && len(key) <= maxSecret
}

// Read reads secrets with commas or spaces between them. Without any there are no keys; ok is false where one is malformed.
func Read(text string) (ring Keys, ok bool) {
	for _, one := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,\t\r\n", r) }) {
		key, ok := Parse(one)
		if !ok {
			return nil, false
		}
		ring = append(ring, key)
	}
	return ring, true
}

// Sign sets the headers, with a signature by each key. The id must not hold a full stop.
func (k Keys) Sign(h http.Header, id string, at time.Time, body []byte) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	signatures := make([]string, len(k))
	for i, key := range k {
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(sum(key, id, timestamp, body))
	}
	h.Set(HeaderID, id)
	h.Set(headerTimestamp, timestamp)
	h.Set(headerSignature, strings.Join(signatures, " "))
}

// Verify reports whether one of the signatures is by one of the keys, over this body and a time that is about now.
func (k Keys) Verify(h http.Header, now time.Time, body []byte) bool {
	id, timestamp := h.Get(HeaderID), h.Get(headerTimestamp)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	// With a full stop in the id, one signature would fit several splits into id, time and body.
	if err != nil || id == "" || strings.Contains(id, ".") {
		return false
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return false
	}
	wanted := make([][]byte, len(k))
	for i, key := range k {
		wanted[i] = sum(key, id, timestamp, body)
	}
	ok := false
	for _, one := range strings.SplitN(h.Get(headerSignature), " ", maxSignatures) {
		encoded, symmetric := strings.CutPrefix(one, "v1,")
		given, err := base64.StdEncoding.DecodeString(encoded)
		if !symmetric || err != nil {
			continue // Signatures of other kinds may stand beside ours.
		}
		for _, want := range wanted {
			ok = secret.Equal(want, given) || ok
		}
	}
	return ok
}

func sum(key []byte, id, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return mac.Sum(nil)
}
