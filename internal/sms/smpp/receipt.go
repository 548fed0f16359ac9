package smpp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smpp/pdu"
)

// fate is what a state of a message means.
type fate struct {
	status sms.Status
	class  sms.Class // of a failure
	reason string
}

// fates are the states of Appendix B, as the text of a receipt spells them. ACCEPTD is a last state there, of texts
// that a person read on behalf of the receiver; servers send it for a text that they or the next network took.
var fates = map[string]fate{
	"ENROUTE": {status: sms.Sent},
	"ACCEPTD": {status: sms.Sent},
	"UNKNOWN": {status: sms.Sent}, // nothing is known: that is no failure
	"DELIVRD": {status: sms.Delivered},
	"EXPIRED": {sms.Failed, sms.Permanent, "the text's life was over"},
	"DELETED": {sms.Failed, sms.OtherRoute, "the provider deleted the text"},
	"UNDELIV": {sms.Failed, sms.OtherRoute, "the text could not be delivered"},
	"REJECTD": {sms.Failed, sms.OtherRoute, "the text was rejected"},
}

// states are the same by the number in message_state (§5.2.28).
var states = map[byte]string{
	1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN", 8: "REJECTD",
}

// readReceipt reads what a receipt says: its optional parameters where it has them, else its text. It gives false for
// one that names no text of ours, or no state.
func (s *Sender) readReceipt(m *pdu.Message) (sms.Receipt, bool) {
	letters := string(m.Text()) // ASCII by all accounts, whatever alphabet texts of people have
	if m.Coding == pdu.CodingUCS2 {
		letters = pdu.DecodeText(m.Coding, m.Text())
	}
	text := appendixB(letters)
	id := s.receiptID(text["id"])
	if value, ok := m.TLVs.Get(pdu.ReceiptedMessageID); ok {
		// By §5.3.2.12 it is what the answer had, so it is spelled as there.
		if given := strings.TrimSpace(string(bytes.TrimRight(value, "\x00"))); given != "" {
			id = s.answeredID(given)
		}
	}
	state := strings.ToUpper(text["stat"])
	if value, ok := m.TLVs.Get(pdu.MessageState); ok && len(value) == 1 && states[value[0]] != "" {
		state = states[value[0]]
	}
	f, ok := fates[state]
	if !ok || id == "" || !plain(id, maxID) {
		return sms.Receipt{}, false
	}
	r := sms.Receipt{ProviderID: id, Status: f.status}
	if f.status == sms.Failed {
		r.Error = &sms.Error{Class: f.class, Code: errorCode(m, text["err"], state), Reason: f.reason}
	}
	return r, true
}

// maxID bounds ids: message_id has 64 characters, and its decimal form a few more.
const maxID = 80

// errorCode is the network's own code if there is one, else the state.
func errorCode(m *pdu.Message, text, state string) string {
	if value, ok := m.TLVs.Get(pdu.NetworkErrorCode); ok && len(value) == 3 {
		return fmt.Sprintf("%s %d.%d", state, value[0], binary.BigEndian.Uint16(value[1:]))
	}
	if len(text) > 0 && len(text) <= 5 && plain(text, 5) && strings.Trim(text, "0") != "" {
		return state + " " + text
	}
	return state
}

// mostFields bounds the fields of a receipt's text that are read.
const mostFields = 16

// appendixB takes the text of a receipt apart, which looks as in Appendix B:
//
//	id:IIIIIIIIII sub:SSS dlvrd:DDD submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DDDDDDD err:E Text: ...
//
// Servers write names in any case, leave fields out, and put them in another order. What stands behind text: is the
// beginning of the text itself, and none of our business.
func appendixB(rest string) map[string]string {
	fields := map[string]string{}
	for range mostFields {
		name, behind, ok := strings.Cut(rest, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		if !ok || name == "text" {
			break
		}
		fields[name], rest, _ = strings.Cut(behind, " ")
	}
	return fields
}
