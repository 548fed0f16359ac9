package webhook

import (
	"encoding/json"
	"net/http"

	"github.com/thimble-auth/thimble/internal/sms"
)

var _ sms.Listener = (*Sender)(nil)

// inbound is the body by which the program passes on a text.
type inbound struct {
	ID   string `json:"id"`
	From string `json:"from"`
	Body string `json:"body"`
	// Word is what the program makes of it itself: stop, start, or anything else for neither. "" leaves it to us.
	Word string `json:"word"`
	// Status is there in reports, whose address is another one.
	Status string `json:"status"`
}

// Heard reads a text that somebody sent to the program's number, signed as a report is. The signature does not cover the
// address: neither a report nor a call of ours that is sent back has the fields of such a text.
func (s *Sender) Heard(r *http.Request, _ string, body []byte) (sms.Heard, error) {
	if s.problems != nil || r.Method != http.MethodPost || !s.keys.Verify(r.Header, s.now(), body) {
		return sms.Heard{}, sms.ErrBadSignature
	}
	var in inbound
	if json.Unmarshal(body, &in) != nil || !isID(in.ID) || in.From == "" || in.Status != "" {
		return sms.Heard{}, sms.ErrBadReceipt
	}
	return sms.Heard{ID: in.ID, From: in.From, Word: sms.Verdict(in.Word, in.Body)}, nil
}
