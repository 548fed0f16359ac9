package aws

import (
	"encoding/json"
	"net/http"

	"github.com/thimble-auth/thimble/internal/sms"
)

var _ sms.Listener = (*Sender)(nil)

// inbound is what the service publishes about a text to one of our numbers
// (https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html, read 2026-11-23). The keyword in it is
// one of the number's, not what was said.
type inbound struct {
	ID   string `json:"inboundMessageId"`
	From string `json:"originationNumber"`
	Body string `json:"messageBody"`
}

// Heard reads what SNS posts to the address of a second subscription to the topic, to which two-way numbers publish too.
// It confirms that subscription, and takes events of messages that left, which are for Report, for NoWord. Beside
// ErrBadSignature and ErrBadReceipt there are errors that ask SNS to come again.
func (s *Sender) Heard(r *http.Request, _ string, body []byte) (sms.Heard, error) {
	if r.Method != http.MethodPost || s.problems != nil {
		return sms.Heard{}, sms.ErrBadSignature
	}
	e, err := s.open(r.Context(), body)
	if err != nil {
		return sms.Heard{}, err
	}
	switch e.Type {
	case subscription:
		return sms.Heard{}, s.confirm(r.Context(), e)
	case farewell:
		return sms.Heard{}, nil
	}
	in, ok := readInbound(e.Message)
	if !ok {
		if _, _, err := read(e.Message); err != nil {
			return sms.Heard{}, err
		}
		return sms.Heard{}, nil
	}
	return sms.Heard{ID: in.ID, From: in.From, Word: sms.ReadWord(in.Body)}, nil
}

// readInbound reads a message of the topic, if it is about a text to one of our numbers.
func readInbound(message string) (inbound, bool) {
	var in inbound
	err := json.Unmarshal([]byte(message), &in)
	return in, err == nil && in.ID != "" && in.From != ""
}
