package vonage

import (
	"encoding/json"
	"net/http"

	"github.com/thimble-auth/thimble/internal/sms"
)

// callEvent is the body of an event webhook, without what says nothing to us
// (https://developer.vonage.com/en/voice/voice-api/webhook-reference, read 2026-11-23).
type callEvent struct {
	ID string `json:"uuid"`
	// CallID is the call's id in the events of machine detection.
	CallID string `json:"call_uuid"`
	Status string `json:"status"`
	// Price is in euros, in the event "completed".
	Price json.RawMessage `json:"price"`
}

// callStatuses are the values of status. Whether a person has the code says the detection of machines alone: a call
// that a mailbox took is completed too, and that event comes last.
var callStatuses = map[string]sms.Status{
	"started":    sms.Pending,
	"ringing":    sms.Pending,
	"answered":   sms.Sent,
	"human":      sms.Delivered,
	"completed":  sms.Sent,
	"machine":    sms.Failed,
	"busy":       sms.Failed,
	"unanswered": sms.Failed,
	"timeout":    sms.Failed,
	"rejected":   sms.Failed,
	"failed":     sms.Failed,
	"cancelled":  sms.Failed,
}

// callFailures are the ends of calls that said nothing. A busy or silent phone may be answered later, and may take a
// text at once; a call that failed says nothing of texts.
var callFailures = map[string]meaning{
	"machine":    {sms.OtherRoute, "an answering machine took the call"},
	"busy":       {sms.Later, "the line is busy"},
	"unanswered": {sms.Later, "the phone cannot be reached or the call was declined"},
	"timeout":    {sms.Later, "nobody answered the call"},
	"rejected":   {sms.OtherRoute, "the provider rejected the call"},
	"failed":     {sms.OtherRoute, "the call could not be connected"},
	"cancelled":  {sms.OtherRoute, "the call was ended before it was answered"},
}

// Receipt reads an event webhook. The signature does not cover the address, so that fullURL is not looked at; whoever
// gives out addresses must know which message it gave each one for.
func (v *Voice) Receipt(r *http.Request, _ string, body []byte) (sms.Receipt, error) {
	if !v.believes(r, body) {
		return sms.Receipt{}, sms.ErrBadSignature
	}
	var event callEvent
	if err := json.Unmarshal(body, &event); err != nil {
		return sms.Receipt{}, sms.ErrBadReceipt
	}
	if event.ID == "" {
		event.ID = event.CallID
	}
	status, known := callStatuses[event.Status]
	if event.ID == "" || !known {
		return sms.Receipt{}, sms.ErrBadReceipt
	}
	receipt := sms.Receipt{ProviderID: event.ID, Status: status, Price: sms.ParsePrice(unquoted(event.Price), "EUR")}
	if m, failed := callFailures[event.Status]; failed {
		receipt.Error = &sms.Error{Class: m.class, Code: event.Status, Reason: m.reason}
	}
	return receipt, nil
}
