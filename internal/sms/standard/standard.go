// Package standard signs calls and checks their signatures as Standard Webhooks says
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
package standard

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

// The bounds of a secret in bytes (Standard Webhooks, "Signature scheme").
const (
	minSecret = 24
	maxSecret = 64
)

// Keys sign and check: HMAC-SHA-256 over id, time and body with full stops between them.
type Keys [][]byte

// Read reads secrets, whsec_ and random bytes in base64, with commas or spaces between them. Without any there are no keys;
// right is false where one is malformed.
func Read(text string) (ring Keys, right bool) {
	for _, one := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,\t\r\n", r) }) {
		encoded, found := strings.CutPrefix(one, "whsec_")
		key, err := base64.StdEncoding.DecodeString(encoded)
		if !found || err != nil || len(key) < minSecret || len(key) > maxSecret {
			return nil, false
		}
		ring = append(ring, key)
	}
	return ring, true
}

// Sign sets the headers, with a signature by each key.
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

// Signed reports whether one of the signatures is by one of the keys, over this body and a time that is about now.
func (k Keys) Signed(h http.Header, now time.Time, body []byte) bool {
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
