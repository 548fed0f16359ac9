package sinch

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/thimble-auth/thimble/internal/sms"
)

// callback is the body of a callback: a report on a message, or a text that came in
// (https://developers.sinch.com/docs/sms/api-reference/sms/webhooks, read 2026-11-23).
type callback struct {
	Type string `json:"type"`

	// Of a report.
	Batch     string `json:"batch_id"`
	Reference string `json:"client_reference"`
	Status    string `json:"status"`
	Code      *int   `json:"code"`

	// Of a text.
	ID   string `json:"id"`
	From string `json:"from"`
	// Body is a text; of a picture it is an object.
	Body json.RawMessage `json:"body"`
}

// The kinds of callbacks. Pictures and bytes that come in are none that concern us.
const (
	report = "recipient_delivery_report_sms"
	text   = "mo_text"
	bytes  = "mo_binary"
	media  = "mo_media"
)

// statuses are the values of status, in capitals (https://github.com/sinch/docs, Delivery Reports, read 2026-11-23). What
// became of a message whose status is unknown is not known.
var statuses = map[string]sms.Status{
	"QUEUED":     sms.Pending,
	"DISPATCHED": sms.Sent,
	"UNKNOWN":    sms.Sent,
	"DELIVERED":  sms.Delivered,
	"ABORTED":    sms.Failed,
	"CANCELLED":  sms.Failed,
	"DELETED":    sms.Failed,
	"EXPIRED":    sms.Failed,
	"FAILED":     sms.Failed,
	"REJECTED":   sms.Failed,
}

// receipt gives what a report says.
func (c *callback) receipt() (sms.Receipt, error) {
	status, known := statuses[strings.ToUpper(c.Status)]
	if c.Type != report || c.Batch == "" || !known {
		return sms.Receipt{}, sms.ErrBadReceipt
	}
	receipt := sms.Receipt{ProviderID: c.Batch, Status: status}
	if status == sms.Failed {
		receipt.Error = c.failure()
	}
	return receipt, nil
}

// failure gives the error of a message that failed.
func (c *callback) failure() *sms.Error {
	e := sms.NotDelivered()
	if strings.EqualFold(c.Status, "EXPIRED") {
		e.Class, e.Reason = sms.Permanent, "the message expired before it was delivered"
	}
	if c.Code == nil || *c.Code < 0 || *c.Code > 999 {
		return e
	}
	return meanings.Explain(e, strconv.Itoa(*c.Code))
}

// heard gives what a text that came in says.
func (c *callback) heard() (sms.Heard, error) {
	if c.ID == "" || c.From == "" {
		return sms.Heard{}, sms.ErrBadReceipt
	}
	heard := sms.Heard{ID: c.ID, From: "+" + strings.TrimPrefix(c.From, "+")}
	if said := ""; c.Type == text && json.Unmarshal(c.Body, &said) == nil {
		heard.Word = sms.ReadWord(said)
	}
	return heard, nil
}

// open reads a callback that came with the right credentials.
func (s *Sender) open(r *http.Request, body []byte) (*callback, error) {
	if r.Method != http.MethodPost || s.Check() != nil || !s.Knows(r) {
		return nil, sms.ErrBadSignature
	}
	var c callback
	if json.Unmarshal(body, &c) != nil {
		return nil, sms.ErrBadReceipt
	}
	switch c.Type {
	case report, text, bytes, media:
		return &c, nil
	}
	return nil, sms.ErrBadReceipt
}

// Report reads what Sinch posts to the service plan's callback URL, which is one for reports and for texts that come in. It
// is believed for its credentials: it is not signed.
func (s *Sender) Report(r *http.Request, body []byte) ([]sms.Reported, error) {
	c, err := s.open(r, body)
	if err != nil {
		return nil, err
	}
	var one sms.Reported
	if c.Type == report {
		one.ID = c.Reference
		one.Receipt, err = c.receipt()
	} else {
		one.Heard, err = c.heard()
	}
	if err != nil {
		return nil, err
	}
	return []sms.Reported{one}, nil
}

// Receipt reads a report, as Report does.
func (s *Sender) Receipt(r *http.Request, _ string, body []byte) (sms.Receipt, error) {
	c, err := s.open(r, body)
	if err != nil {
		return sms.Receipt{}, err
	}
	return c.receipt()
}

// Heard reads a text that came in, for a plan whose texts go to an address of their own.
func (s *Sender) Heard(r *http.Request, _ string, body []byte) (sms.Heard, error) {
	c, err := s.open(r, body)
	if err != nil {
		return sms.Heard{}, err
	}
	if c.Type == report {
		return sms.Heard{}, nil // its message's own address gets it, or nobody asked for it
	}
	return c.heard()
}
