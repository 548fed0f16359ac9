package vonage

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/thimble-auth/thimble/internal/sms"
)

var (
	_ sms.Listener = (*Sender)(nil)
	_ sms.Listener = (*WhatsApp)(nil)
)

// inbound is the body of a webhook about an incoming text, without what says nothing to us (the inbound webhook of SMS in
// the OpenAPI document of the Messages API 1.20.0, https://developer.vonage.com/en/api/messages, read 2026-11-23).
type inbound struct {
	ID      string  `json:"message_uuid"`
	Channel string  `json:"channel"`
	From    string  `json:"from"`
	Text    *string `json:"text"`
	// Status is there in reports on messages that left, which come to another address.
	Status string `json:"status"`
}

// Heard reads an inbound webhook; see heard.
func (s *Sender) Heard(r *http.Request, _ string, body []byte) (sms.Heard, error) {
	return s.heard(r, body)
}

// Heard reads an inbound webhook; see heard.
func (w *WhatsApp) Heard(r *http.Request, _ string, body []byte) (sms.Heard, error) {
	return w.heard(r, body)
}

// heard reads an inbound webhook of any channel, since an application has one address for all, which is signed as a status
// webhook is. The signature does not cover the address; what is no incoming text is told by its fields.
func (a *account) heard(r *http.Request, body []byte) (sms.Heard, error) {
	if !a.believes(r, body) {
		return sms.Heard{}, sms.ErrBadSignature
	}
	var in inbound
	if err := json.Unmarshal(body, &in); err != nil || in.ID == "" || in.From == "" || in.Channel == "" || in.Status != "" {
		return sms.Heard{}, sms.ErrBadReceipt
	}
	heard := sms.Heard{ID: in.ID, From: "+" + strings.TrimPrefix(in.From, "+")}
	if in.Text != nil { // a picture has none
		heard.Word = sms.ReadWord(*in.Text)
	}
	return heard, nil
}
