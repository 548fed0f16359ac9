package telnyx

import (
	"encoding/json"
	"net/http"

	"github.com/thimble-auth/thimble/internal/sms"
)

var _ sms.Listener = (*Sender)(nil)

// inbound is the body of a webhook about an incoming text, without what says nothing to us
// (https://developers.telnyx.com/api-reference/callbacks/inbound-message, read 2026-11-23).
type inbound struct {
	Data struct {
		Type    string `json:"event_type"`
		Payload struct {
			ID        string `json:"id"`
			Direction string `json:"direction"`
			From      struct {
				Number string `json:"phone_number"`
			} `json:"from"`
			Text string `json:"text"`
			// Verdict is what Telnyx made of the text: STOP, START, HELP, or null
			// (https://developers.telnyx.com/docs/messaging/messages/advanced-opt-in-out, read 2026-11-23).
			Verdict string `json:"autoresponse_type"`
		} `json:"payload"`
	} `json:"data"`
}

// Heard reads a webhook of the event message.received, which is signed as the others are. The address is that of a
// messaging profile, to which other events may come: they are NoWord.
func (s *Sender) Heard(r *http.Request, _ string, body []byte) (sms.Heard, error) {
	if r.Method != http.MethodPost || s.Check() != nil || !s.signed(r.Header, body) {
		return sms.Heard{}, sms.ErrBadSignature
	}
	var in inbound
	if err := json.Unmarshal(body, &in); err != nil || in.Data.Type == "" {
		return sms.Heard{}, sms.ErrBadReceipt
	}
	m := &in.Data.Payload
	if in.Data.Type != "message.received" {
		return sms.Heard{}, nil
	}
	if m.ID == "" || m.Direction != "inbound" || m.From.Number == "" {
		return sms.Heard{}, sms.ErrBadReceipt
	}
	return sms.Heard{ID: m.ID, From: m.From.Number, Word: sms.Verdict(m.Verdict, m.Text)}, nil
}
