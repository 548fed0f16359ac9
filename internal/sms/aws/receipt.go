package aws

import (
	"encoding/json"
	"math"
	"net/http"

	"github.com/thimble-auth/thimble/internal/sms"
)

// event is what the service tells about a text
// (https://docs.aws.amazon.com/end-user-messaging/latest/userguide/nx-features-messaging-events.html, read 2026-11-23).
type event struct {
	EventType  string            `json:"eventType"`
	IsFinal    bool              `json:"isFinal"`
	MessageID  string            `json:"messageId"`
	Context    map[string]string `json:"context"`
	Price      float64           `json:"totalMessagePrice"`
	CarrierFee float64           `json:"totalCarrierFee"`
}

// Receipt reads a report as Report does. fullURL is not used: the signature is over the message alone. Beside
// ErrBadSignature and ErrBadReceipt there are errors that ask SNS to come again.
func (s *Sender) Receipt(r *http.Request, _ string, body []byte) (sms.Receipt, error) {
	_, receipt, err := s.report(r, body)
	return receipt, err
}

// Report reads what SNS posts to the address of the topic's subscription, which is one for all messages. A text that
// somebody sent to us is a report on none of ours. A request to confirm the subscription is answered; it, and the end of
// a subscription, are reports on none either. The errors are ErrBadSignature, ErrBadReceipt, and others when SNS could not
// be asked for its certificate; after those it may try again.
func (s *Sender) Report(r *http.Request, body []byte) ([]sms.Reported, error) {
	id, receipt, err := s.report(r, body)
	if err != nil {
		return nil, err
	}
	return []sms.Reported{{ID: id, Receipt: receipt}}, nil
}

// report reads one. id is our own id of the message, "" where it is about none of ours.
func (s *Sender) report(r *http.Request, body []byte) (id string, receipt sms.Receipt, err error) {
	if r.Method != http.MethodPost || s.problems != nil {
		return "", sms.Receipt{}, sms.ErrBadSignature
	}
	e, err := s.open(r.Context(), body)
	if err != nil {
		return "", sms.Receipt{}, err
	}
	switch e.Type {
	case subscription:
		return "", sms.Receipt{}, s.confirm(r.Context(), e)
	case farewell:
		// To visit its address would be to subscribe again.
		return "", sms.Receipt{}, nil
	}
	if _, ok := readInbound(e.Message); ok {
		return "", sms.Receipt{}, nil // It comes to the other subscription's address as well.
	}
	return read(e.Message)
}

func read(message string) (string, sms.Receipt, error) {
	var e event
	if json.Unmarshal([]byte(message), &e) != nil || e.MessageID == "" {
		return "", sms.Receipt{}, sms.ErrBadReceipt
	}
	status, why, known := e.meaning()
	if !known {
		return "", sms.Receipt{}, sms.ErrBadReceipt
	}
	receipt := sms.Receipt{ProviderID: e.MessageID, Status: status, Error: why}
	// Two parts of one price, both in US dollars.
	if micros := math.Round((e.Price + e.CarrierFee) * 1e6); micros > 0 && micros < 1e12 {
		receipt.Price = sms.Price{Micros: int64(micros), Currency: "USD"}
	}
	return e.Context[contextKey], receipt, nil
}

// meaning tells what an event says about the text.
func (e *event) meaning() (sms.Status, *sms.Error, bool) {
	switch e.EventType {
	case "TEXT_PENDING", "TEXT_QUEUED":
		return sms.Pending, nil, true
	case "TEXT_SENT":
		return sms.Sent, nil, true
	case "TEXT_SUCCESSFUL":
		// The carrier has it. Where carriers tell no more than that this is the last event, and it counts as delivered.
		if e.IsFinal {
			return sms.Delivered, nil, true
		}
		return sms.Sent, nil, true
	case "TEXT_DELIVERED":
		return sms.Delivered, nil, true
	}
	why, known := failures[e.EventType]
	if !known {
		return 0, nil, false
	}
	if !e.IsFinal {
		return sms.Pending, nil, true // It is still being tried.
	}
	return sms.Failed, &sms.Error{Class: why.class, Code: e.EventType, Reason: why.reason}, true
}
