package smpp_test

import (
	"io"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smpp"
	"github.com/thimble-auth/thimble/internal/sms/smpp/pdu"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/test/vendors"
)

func TestContract(t *testing.T) {
	t.Parallel()
	answer := func(command pdu.Command, status pdu.Status, body string) func([]byte) []byte {
		return func(request []byte) []byte {
			p := unit(request)
			return (&pdu.PDU{Command: command, Status: status, Sequence: p.Sequence, Body: []byte(body)}).Append(nil)
		}
	}
	refused := func(class sms.Class, status pdu.Status) smstest.LinkRefusal {
		return smstest.LinkRefusal{
			Answer: answer(pdu.SubmitSMResp, status, ""), Want: sms.Error{Class: class, Code: status.String()},
		}
	}
	unknown := func(answer func([]byte) []byte) smstest.LinkRefusal {
		return smstest.LinkRefusal{Answer: answer, Want: sms.Error{Class: sms.Later, Unanswered: true}}
	}
	smstest.RunLinked(t, smstest.Linked{
		New: func(dial smstest.Dial) smstest.LinkedSender {
			c := config()
			c.Dial = dial
			return smpp.New(c)
		},
		Broken: func(dial smstest.Dial) smstest.LinkedSender {
			return smpp.New(smpp.Config{
				Address: "smsc", CAFile: "x", SystemType: "0123456789abc", From: "+1", FromType: "x", ToType: "x", Window: -1,
				Alphabet: "x", LongTexts: "x", MessageIDs: "x", Dial: dial,
			})
		},
		Settings: []string{
			"smpp-address", "smpp-ca-file", "smpp-system-id", "smpp-password", "smpp-system-type", "smpp-from ", "smpp-from-type",
			"smpp-to-type", "smpp-window", "smpp-alphabet", "smpp-long-texts", "smpp-message-ids",
		},
		Secrets:   []string{vendors.SMSCPassword},
		Unreached: "smpp-address",
		Frame: func(r io.Reader) ([]byte, error) {
			p, err := pdu.Read(r)
			if err != nil {
				return nil, err
			}
			return p.Append(nil), nil
		},
		Greet: greet,
		Read:  readText,
		Taken: answer(pdu.SubmitSMResp, pdu.OK, "7220BB6B\x00"),
		Result: sms.Result{
			ProviderID: "7220bb6b", Segments: 1,
		},
		Refusals: map[string]smstest.LinkRefusal{
			"throttled":  refused(sms.Later, pdu.Throttled),
			"queue full": refused(sms.Later, pdu.QueueFull),
			"bad number": refused(sms.Permanent, pdu.InvalidTo),
			"bad sender": refused(sms.OtherRoute, pdu.InvalidSource),
			"of its own": refused(sms.OtherRoute, 0x0450),
			"with a body": {
				Answer: answer(pdu.SubmitSMResp, pdu.SystemError, smstest.To+"\x00"),
				Want:   sms.Error{Class: sms.Later, Code: "0x00000008"},
			},
			"generic_nack": {
				Answer: answer(pdu.GenericNack, 2, ""), Want: sms.Error{Class: sms.OtherRoute, Code: "0x00000002"},
			},
			"not bound":      refused(sms.Later, pdu.WrongBindState),
			"no id":          unknown(answer(pdu.SubmitSMResp, pdu.OK, "\x00")),
			"no body":        unknown(answer(pdu.SubmitSMResp, pdu.OK, "")),
			"an endless id":  unknown(answer(pdu.SubmitSMResp, pdu.OK, "7220BB6B")),
			"a strange id":   unknown(answer(pdu.SubmitSMResp, pdu.OK, "\x01\xFF\x00")),
			"another answer": unknown(answer(pdu.DeliverSMResp, pdu.OK, "7220BB6B\x00")),
		},
		Lacks: []sms.Class{sms.OptedOut},
		Reports: map[string]smstest.LinkReport{
			"delivered": report("id:7220BB6B sub:001 dlvrd:001 submit date:2611230518 done date:2611230518 stat:DELIVRD err:000 text:"+
				smstest.Code, sms.Receipt{Status: sms.Delivered}),
			"lost": report("id:7220BB6B stat:UNDELIV err:075",
				sms.Receipt{Status: sms.Failed, Error: &sms.Error{Class: sms.OtherRoute, Code: "UNDELIV 075"}}),
			"expired": report("id:7220BB6B stat:EXPIRED",
				sms.Receipt{Status: sms.Failed, Error: &sms.Error{Class: sms.Permanent, Code: "EXPIRED"}}),
			"on its way": report("id:7220BB6B stat:ENROUTE", sms.Receipt{Status: sms.Sent}),
		},
		Strange: map[string][]byte{
			"an answer to nothing":    (&pdu.PDU{Command: pdu.SubmitSMResp, Sequence: 99}).Append(nil),
			"another's enquire_link":  (&pdu.PDU{Command: pdu.EnquireLink, Sequence: 1}).Append(nil),
			"a request nobody knows":  (&pdu.PDU{Command: 0x103, Sequence: 2, Body: []byte("x")}).Append(nil),
			"an alert":                (&pdu.PDU{Command: pdu.AlertNotification, Sequence: 3}).Append(nil),
			"a malformed deliver_sm":  (&pdu.PDU{Command: pdu.DeliverSM, Sequence: 4, Body: []byte("x")}).Append(nil),
			"a receipt without sense": deliver("hello"),
		},
	})
}

// unit reads one unit.
func unit(b []byte) *pdu.PDU {
	at := 0
	p, err := pdu.Read(readFunc(func(into []byte) (int, error) {
		n := copy(into, b[at:])
		at += n
		return n, nil
	}))
	if err != nil {
		panic(err)
	}
	return p
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }

// greet answers as a server does that lets everybody in.
func greet(request []byte) (answer []byte, text bool) {
	p := unit(request)
	switch p.Command {
	case pdu.SubmitSM:
		return nil, true
	case pdu.BindTransceiver:
		return (&pdu.PDU{Command: pdu.BindTransceiverResp, Sequence: p.Sequence, Body: []byte("smsc\x00")}).Append(nil), false
	case pdu.EnquireLink, pdu.Unbind:
		return (&pdu.PDU{Command: p.Command.Answer(), Sequence: p.Sequence}).Append(nil), false
	}
	return nil, false
}

// readText takes a submit_sm apart.
func readText(t *testing.T, request []byte) smstest.Sent {
	t.Helper()
	m, err := pdu.ParseMessage(unit(request).Body)
	if err != nil {
		t.Fatal(err)
	}
	life, err := time.Parse("02150405", "01"+m.Validity[6:12])
	if err != nil {
		t.Fatal(err)
	}
	days := time.Duration(m.Validity[4]-'0')*10 + time.Duration(m.Validity[5]-'0')
	valid := days*24*time.Hour + time.Duration(life.Hour())*time.Hour + time.Duration(life.Minute())*time.Minute +
		time.Duration(life.Second())*time.Second
	if m.Registered != pdu.Registered {
		t.Error("no receipt is asked for")
	}
	return smstest.Sent{To: "+" + m.Destination.Text, Body: pdu.DecodeText(m.Coding, m.Text()), ValidFor: valid}
}

func deliver(text string) []byte {
	m := pdu.Message{
		Source: pdu.Address{TON: 1, NPI: 1, Text: smstest.To[1:]}, Destination: pdu.Address{Text: "Acme"},
		ESMClass: pdu.ESMReceipt, Short: []byte(text),
	}
	body, err := m.Encode()
	if err != nil {
		panic(err)
	}
	return (&pdu.PDU{Command: pdu.DeliverSM, Sequence: 7, Body: body}).Append(nil)
}

func report(text string, want sms.Receipt) smstest.LinkReport {
	want.ProviderID = "7220bb6b"
	return smstest.LinkReport{Frame: deliver(text), Want: sms.LinkReport{To: smstest.To, Receipt: want}}
}
