package twilio

import (
	"net/url"
	"strings"

	"github.com/thimble-auth/thimble/internal/sms"
)

// callStatuses are the values of CallStatus (https://www.twilio.com/docs/voice/api/call-resource, read 2026-11-23). A
// call that was answered may still break off before the code was said, so that it has only arrived at its end.
var callStatuses = map[string]sms.Status{
	"queued":      sms.Pending,
	"initiated":   sms.Pending,
	"ringing":     sms.Pending,
	"in-progress": sms.Sent,
	"completed":   sms.Delivered,
	"busy":        sms.Failed,
	"no-answer":   sms.Failed,
	"failed":      sms.Failed,
	"canceled":    sms.Failed,
}

// callFailures are the ends of calls that said nothing. A busy or silent phone may be answered later, and may take a
// text at once; a call that failed says nothing of texts.
var callFailures = map[string]meaning{
	"busy":      {sms.Later, "the line is busy"},
	"no-answer": {sms.Later, "nobody answered the call"},
	"failed":    {sms.OtherRoute, "the call could not be connected"},
	"canceled":  {sms.OtherRoute, "the call was ended before it was answered"},
}

func (v *Voice) readCall(params url.Values) (sms.Receipt, error) {
	receipt := sms.Receipt{ProviderID: params.Get("CallSid")}
	state := params.Get("CallStatus")
	status, known := callStatuses[state]
	if receipt.ProviderID == "" || !v.ours(params) || !known {
		return sms.Receipt{}, sms.ErrBadReceipt
	}
	receipt.Status = status
	if m, failed := callFailures[state]; failed {
		receipt.Error = &sms.Error{Class: m.class, Code: state, Reason: m.reason}
	}
	if by := params.Get("AnsweredBy"); status == sms.Delivered && isMachine(by) {
		receipt.Status = sms.Failed
		receipt.Error = &sms.Error{Class: sms.OtherRoute, Reason: "an answering machine took the call"}
	}
	return receipt, nil
}

// isMachine reports whether a value of AnsweredBy is none of a person
// (https://www.twilio.com/docs/voice/answering-machine-detection, read 2026-11-23).
func isMachine(by string) bool { return by == "fax" || strings.HasPrefix(by, "machine") }
