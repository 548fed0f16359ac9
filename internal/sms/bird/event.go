package bird

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/thimble-auth/thimble/internal/signature"
	"github.com/thimble-auth/thimble/internal/sms"
)

// event is the body of a webhook (https://bird.com/docs/webhooks, read 2026-11-23): what became of a message, a text that
// came in (https://bird.com/en-sg/products/sms/two-way, read 2026-11-23), or anything else that the endpoint asked for.
type event struct {
	Type string `json:"type"`
	Data struct {
		// Of a message.
		Message  string          `json:"sms_id"`
		Error    failure         `json:"error"`
		Metadata json.RawMessage `json:"metadata"`

		// Of a text that came in.
		From string `json:"from"`
		Text string `json:"text"`
	} `json:"data"`
}

// received is the type of a text that came in.
const received = "sms.received"

// statuses are the types of events on messages. undelivered is final as well.
var statuses = map[string]sms.Status{
	"sms.accepted":    sms.Pending,
	"sms.sent":        sms.Sent,
	"sms.delivered":   sms.Delivered,
	"sms.undelivered": sms.Failed,
	"sms.failed":      sms.Failed,
	"sms.rejected":    sms.Failed,
	"sms.expired":     sms.Failed,
}

// failure is why a message failed. Its description is dropped unread.
type failure struct {
	Code string `json:"code"`
}

// explain gives the error of a message that failed, with the status that it has.
func (f *failure) explain(status string) *sms.Error {
	e := sms.NotDelivered()
	if status == "expired" {
		e.Class, e.Reason = sms.Permanent, "the message expired before it was delivered"
	}
	if !isName(f.Code) {
		return e
	}
	return meanings.Explain(e, f.Code)
}

// receipt gives what an event says of a message.
func (e *event) receipt() (sms.Receipt, error) {
	status, known := statuses[e.Type]
	if !known || e.Data.Message == "" {
		return sms.Receipt{}, sms.ErrBadReceipt
	}
	receipt := sms.Receipt{ProviderID: e.Data.Message, Status: status}
	if status == sms.Failed {
		receipt.Error = e.Data.Error.explain(strings.TrimPrefix(e.Type, "sms."))
	}
	return receipt, nil
}

// ours gives our id of the message, or "" where it is not one of ours.
func (e *event) ours() string {
	var of metadata
	if json.Unmarshal(e.Data.Metadata, &of) != nil {
		return ""
	}
	return of.Message
}

// heard gives what a text that came in says. Its id is that of the event, which is the same when the event is repeated.
func (e *event) heard(id string) (sms.Heard, error) {
	if e.Data.From == "" {
		return sms.Heard{}, sms.ErrBadReceipt
	}
	return sms.Heard{ID: id, From: e.Data.From, Word: sms.ReadWord(e.Data.Text)}, nil
}

// open reads an event that was signed lately, by one of the endpoint's secrets.
func (s *Sender) open(r *http.Request, body []byte) (*event, error) {
	if r.Method != http.MethodPost || s.Check() != nil || !s.keys.Verify(r.Header, s.config.Now(), body) {
		return nil, sms.ErrBadSignature
	}
	var e event
	if json.Unmarshal(body, &e) != nil || e.Type == "" {
		return nil, sms.ErrBadReceipt
	}
	return &e, nil
}

// Report reads what Bird posts to the endpoint, which is one for all events. Those that are of no use to us are taken:
// Bird asks that new ones be.
func (s *Sender) Report(r *http.Request, body []byte) ([]sms.Reported, error) {
	e, err := s.open(r, body)
	if err != nil {
		return nil, err
	}
	var one sms.Reported
	switch _, known := statuses[e.Type]; {
	case e.Type == received:
		one.Heard, err = e.heard(r.Header.Get(signature.HeaderID))
	case known:
		one.ID = e.ours()
		one.Receipt, err = e.receipt()
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []sms.Reported{one}, nil
}

// Receipt reads an event on a message, as Report does.
func (s *Sender) Receipt(r *http.Request, _ string, body []byte) (sms.Receipt, error) {
	e, err := s.open(r, body)
	if err != nil {
		return sms.Receipt{}, err
	}
	return e.receipt()
}

// Heard reads a text that came in, for an endpoint of its own.
func (s *Sender) Heard(r *http.Request, _ string, body []byte) (sms.Heard, error) {
	e, err := s.open(r, body)
	if err != nil {
		return sms.Heard{}, err
	}
	if e.Type != received {
		return sms.Heard{}, nil
	}
	return e.heard(r.Header.Get(signature.HeaderID))
}
