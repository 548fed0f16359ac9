package smpp

import (
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smpp/pdu"
)

// meaning is what a command_status says.
type meaning struct {
	class  sms.Class
	reason string
}

// meanings are the results of submit_sm by command_status (§5.1.3). What is not here is for another provider: the
// request does not suit this one, or it is a code of its own (0x400 to 0x4FF), which its manual may explain.
var meanings = map[pdu.Status]meaning{
	0x00000001: {sms.OtherRoute, "the text's length is wrong"},
	0x00000003: {sms.OtherRoute, "the server knows no submit_sm"},
	0x00000004: {sms.Later, "the server says that the session is not bound"},
	0x00000008: {sms.Later, "an error inside the provider"},
	0x0000000A: {sms.OtherRoute, "the sender is not allowed"},
	0x0000000B: {sms.Permanent, "the number cannot be texted"},
	0x00000014: {sms.Later, "the provider's queue is full"},
	0x00000015: {sms.OtherRoute, "the service type is wrong"},
	0x00000043: {sms.OtherRoute, "the server takes no texts of this kind (esm_class)"},
	0x00000045: {sms.Later, "the submission failed"},
	0x00000048: {sms.OtherRoute, "the sender's TON is wrong"},
	0x00000049: {sms.OtherRoute, "the sender's NPI is wrong"},
	0x00000050: {sms.OtherRoute, "the number's TON is wrong"},
	0x00000051: {sms.OtherRoute, "the number's NPI is wrong"},
	0x00000058: {sms.Later, "too many texts at once"},
	0x00000062: {sms.OtherRoute, "the server takes no such validity period"},
	0x00000064: {sms.Later, "the provider could not take it now"},
	0x00000065: {sms.OtherRoute, "the provider refused the message"},
	0x00000066: {sms.OtherRoute, "the provider refused the message"},
	0x000000C0: {sms.OtherRoute, "the server takes no optional parameters"},
	0x000000C1: {sms.OtherRoute, "the server takes no message_payload"},
	0x000000FE: {sms.OtherRoute, "the delivery failed"},
}

// refusal is the error for a status other than OK.
func refusal(status pdu.Status) *sms.Error {
	m, ok := meanings[status]
	if !ok {
		m = meaning{sms.OtherRoute, "the provider refused the message"}
	}
	return &sms.Error{Class: m.class, Code: status.String(), Reason: m.reason}
}

// unbindable is the error for a bind that was refused.
func unbindable(status pdu.Status) *sms.Error {
	e := &sms.Error{Class: sms.Later, Code: status.String(), Reason: "the server did not let us in"}
	switch status {
	case pdu.BindFailed, pdu.InvalidPassword, pdu.InvalidSystemID, pdu.InvalidType:
		e.Class, e.Reason = sms.OtherRoute, "the credentials are wrong"
	}
	return e
}

// unanswered is the error for a text that may have been taken.
func unanswered(reason string) *sms.Error {
	return &sms.Error{Class: sms.Later, Reason: reason, Unanswered: true}
}
