package webhook

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
	headerID        = "webhook-id"
	headerTimestamp = "webhook-timestamp"
	headerSignature = "webhook-signature"
)

// tolerance is how far a report's time may be from ours.
const tolerance = 5 * time.Minute

// maxSignatures bounds the work that a stranger can ask for.
const maxSignatures = 16

// keys sign and check: HMAC-SHA-256 over id, time and body with full stops between them.
type keys [][]byte

// sign sets the headers, with a signature by each key.
func (k keys) sign(h http.Header, id string, at time.Time, body []byte) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	signatures := make([]string, len(k))
	for i, key := range k {
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(sum(key, id, timestamp, body))
	}
	h.Set(headerID, id)
	h.Set(headerTimestamp, timestamp)
	h.Set(headerSignature, strings.Join(signatures, " "))
}

// signed reports whether one of the signatures is by one of the keys, over this body and a time that is about now.
func (k keys) signed(h http.Header, now time.Time, body []byte) bool {
	id, timestamp := h.Get(headerID), h.Get(headerTimestamp)
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
