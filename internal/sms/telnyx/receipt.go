package telnyx

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
)

// The headers of a webhook: the signature in base64 over timestamp|body, and the timestamp in seconds
// (https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks, read 2026-11-23).
const (
	signatureHeader = "Telnyx-Signature-Ed25519"
	timestampHeader = "Telnyx-Timestamp"
)

// tolerance is how old a webhook may be, and how far ahead of our clock: 300 s in Telnyx's own libraries
// (telnyx-ruby, lib/telnyx/lib/webhook_verification.rb, read 2026-11-23).
const tolerance = 5 * time.Minute

// Receipt reads a webhook of the events message.sent and message.finalized. The signature does not cover the address,
// so that fullURL is not looked at; whoever gives out addresses must know which message it gave each one for.
func (s *Sender) Receipt(r *http.Request, _ string, body []byte) (sms.Receipt, error) {
	if r.Method != http.MethodPost || s.Check() != nil || !s.signed(r.Header, body) {
		return sms.Receipt{}, sms.ErrBadSignature
	}
	var event struct {
		Data struct {
			Type    string  `json:"event_type"`
			Payload payload `json:"payload"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		return sms.Receipt{}, sms.ErrBadReceipt
	}
	m := &event.Data.Payload
	ours := event.Data.Type == "message.sent" || event.Data.Type == "message.finalized"
	if !ours || m.ID == "" || m.Direction != "outbound" || len(m.To) != 1 {
		return sms.Receipt{}, sms.ErrBadReceipt
	}
	status, known := statuses[m.To[0].Status]
	if !known {
		return sms.Receipt{}, sms.ErrBadReceipt
	}
	receipt := sms.Receipt{ProviderID: m.ID, Status: status, Price: m.price()}
	if status == sms.Failed {
		receipt.Error = failure(m.Errors)
	}
	return receipt, nil
}

// statuses are the values of to[].status for messages that leave (the same page). No confirmation is no news: the
// message was sent, and whether it arrived is not known.
var statuses = map[string]sms.Status{
	"queued":               sms.Pending,
	"sending":              sms.Pending,
	"sent":                 sms.Sent,
	"delivery_unconfirmed": sms.Sent,
	"delivered":            sms.Delivered,
	"sending_failed":       sms.Failed,
	"delivery_failed":      sms.Failed,
}

// signed reports whether Telnyx signed the body, not long ago.
func (s *Sender) signed(h http.Header, body []byte) bool {
	at, signature := h.Get(timestampHeader), h.Get(signatureHeader)
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || s.config.Now().Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || len(raw) != ed25519.SignatureSize {
		return false
	}
	message := make([]byte, 0, len(at)+1+len(body))
	message = append(message, at...)
	message = append(message, '|')
	message = append(message, body...)
	return ed25519.Verify(s.key, message, raw)
}
