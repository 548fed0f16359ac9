package smpp

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smpp/pdu"
)

// TestReceipts: receipts as servers write them. The examples are those of
// https://developer.8x8.com/connect/docs/smpp-delivery-receipts,
// https://smppcenter.com/kb/how-read-smpp-delivery-receipt,
// https://openmarket.com/docs/Content/apis/v4smpp/deliveryreceipt-examples.htm and
// https://help.nexmo.com/hc/en-us/articles/215468998-How-to-read-a-Nexmo-SMPP-Delivery-Receipt-, all read 2026-11-23.
func TestReceipts(t *testing.T) {
	t.Parallel()
	failed := func(id string, class sms.Class, code string) sms.Receipt {
		return sms.Receipt{ProviderID: id, Status: sms.Failed, Error: &sms.Error{Class: class, Code: code}}
	}
	id := func(s string) pdu.TLV { return pdu.TLV{Tag: pdu.ReceiptedMessageID, Value: []byte(s)} }
	state := func(b byte) pdu.TLV { return pdu.TLV{Tag: pdu.MessageState, Value: []byte{b}} }
	for name, test := range map[string]struct {
		ids  string
		text string
		tlvs pdu.TLVs
		want sms.Receipt // the zero value is none
	}{
		"smppcenter": {
			text: "id:64567564356765435676 sub:001 dlvrd:001 submit date:190608165232 done date:190608165237 stat:DELIVRD err:000 text:Hello World",
			want: sms.Receipt{ProviderID: "64567564356765435676", Status: sms.Delivered},
		},
		"nexmo": {
			text: "id:0000000012345678 sub:001 dlvrd:001 submit date:1601010100 done date:1601010101 stat:DELIVRD err:000 text:none",
			want: sms.Receipt{ProviderID: "12345678", Status: sms.Delivered},
		},
		"openmarket": {
			text: "id:0118Z-0122I-2309U-57DGB sub:000 dlvrd:000 submitdate:180122230957 donedate:000000000000 stat:REJECTED err:375 text:",
			tlvs: pdu.TLVs{state(8)},
			want: failed("118z-0122i-2309u-57dgb", sms.OtherRoute, "REJECTD 375"),
		},
		"other letters": {
			text: "ID:a1 Stat:delivrd Err:000 Text:x", want: sms.Receipt{ProviderID: "a1", Status: sms.Delivered},
		},
		"another order":     {text: "stat:DELIVRD id:7", want: sms.Receipt{ProviderID: "7", Status: sms.Delivered}},
		"without the rest":  {text: "id:7 stat:UNDELIV", want: failed("7", sms.OtherRoute, "UNDELIV")},
		"expired":           {text: "id:7 stat:EXPIRED err:001 text:", want: failed("7", sms.Permanent, "EXPIRED 001")},
		"deleted":           {text: "id:7 stat:DELETED err:0", want: failed("7", sms.OtherRoute, "DELETED")},
		"rejected":          {text: "id:7 stat:REJECTD err:12", want: failed("7", sms.OtherRoute, "REJECTD 12")},
		"accepted":          {text: "id:7 stat:ACCEPTD", want: sms.Receipt{ProviderID: "7", Status: sms.Sent}},
		"on its way":        {text: "id:7 stat:ENROUTE", want: sms.Receipt{ProviderID: "7", Status: sms.Sent}},
		"unknown":           {text: "id:7 stat:UNKNOWN", want: sms.Receipt{ProviderID: "7", Status: sms.Sent}},
		"a long code":       {text: "id:7 stat:UNDELIV err:+12025550123", want: failed("7", sms.OtherRoute, "UNDELIV")},
		"what the text has": {text: "id:7 stat:UNDELIV text:id:8 stat:DELIVRD", want: failed("7", sms.OtherRoute, "UNDELIV")},
		"parameters alone": {
			tlvs: pdu.TLVs{id("00Ab\x00"), state(2)}, want: sms.Receipt{ProviderID: "ab", Status: sms.Delivered},
		},
		"the network's code": {
			tlvs: pdu.TLVs{id("7"), state(5), {Tag: pdu.NetworkErrorCode, Value: []byte{3, 0x04, 0x01}}},
			want: failed("7", sms.OtherRoute, "UNDELIV 3.1025"),
		},
		"half a code": {
			tlvs: pdu.TLVs{id("7"), state(5), {Tag: pdu.NetworkErrorCode, Value: []byte{3}}},
			want: failed("7", sms.OtherRoute, "UNDELIV"),
		},
		"parameters and text": {
			text: "id:9 stat:UNDELIV", tlvs: pdu.TLVs{id("7"), state(2)},
			want: sms.Receipt{ProviderID: "7", Status: sms.Delivered},
		},
		"a state of its own": {
			text: "id:9 stat:DELIVRD", tlvs: pdu.TLVs{state(99)},
			want: sms.Receipt{ProviderID: "9", Status: sms.Delivered},
		},
		"answers in hex": {
			ids: IDsHexDecimal, text: "id:1914747755 stat:DELIVRD",
			want: sms.Receipt{ProviderID: "1914747755", Status: sms.Delivered},
		},
		"parameters in hex": {
			ids: IDsHexDecimal, tlvs: pdu.TLVs{id("7220BB6B"), state(2)},
			want: sms.Receipt{ProviderID: "1914747755", Status: sms.Delivered},
		},
		"receipts in hex": {
			ids: IDsDecimalHex, text: "id:7220BB6B stat:DELIVRD",
			want: sms.Receipt{ProviderID: "1914747755", Status: sms.Delivered},
		},
		"no id":                {text: "stat:DELIVRD"},
		"no state":             {text: "id:7"},
		"a state nobody knows": {text: "id:7 stat:HAPPY"},
		"nothing":              {},
		"a text":               {text: "STOP"},
		"an endless id":        {text: "id:" + strings.Repeat("1", 100) + " stat:DELIVRD"},
	} {
		s := New(Config{MessageIDs: test.ids})
		got, ok := s.readReceipt(&pdu.Message{ESMClass: pdu.ESMReceipt, Short: []byte(test.text), TLVs: test.tlvs})
		if got.Error != nil {
			if got.Error.Reason == "" {
				t.Errorf("%s: no reason", name)
			}
			got.Error.Reason = ""
		}
		if diff := cmp.Diff(test.want, got); diff != "" || ok != (test.want.ProviderID != "") {
			t.Errorf("%s: %v %s", name, ok, diff)
		}
	}
	answered := map[string]string{IDsSame: "7220bb6b", IDsHexDecimal: "1914747755", IDsDecimalHex: "7220bb6b"}
	for ids, want := range answered {
		if got := New(Config{MessageIDs: ids}).answeredID("7220BB6B"); got != want {
			t.Errorf("%s: the answer's 7220BB6B is %s, want %s", ids, got, want)
		}
	}
}

// TestStatuses: every result of submit_sm is a whole error, and no number is condemned but by the one that is about it.
func TestStatuses(t *testing.T) {
	t.Parallel()
	for status := pdu.Status(1); status < 0x600; status++ {
		e := refusal(status)
		permanent := status == pdu.InvalidTo
		if e.Code == "" || e.Reason == "" || e.Unanswered || (e.Class == sms.Permanent) != permanent || e.Class == sms.OptedOut {
			t.Errorf("%s is %+v", status, e)
		}
	}
	for _, status := range []pdu.Status{pdu.Throttled, pdu.QueueFull, pdu.SystemError, pdu.TemporaryError, pdu.SubmitFailed} {
		if e := refusal(status); e.Class != sms.Later {
			t.Errorf("%s is %v, want later", status, e)
		}
	}
}

// keep is a desk that keeps what comes.
type keep struct {
	reports []sms.LinkReport
	heard   []sms.Heard
}

func (k *keep) Reported(_ context.Context, r sms.LinkReport) error {
	k.reports = append(k.reports, r)
	return nil
}

func (k *keep) Texted(_ context.Context, h sms.Heard) error {
	k.heard = append(k.heard, h)
	return nil
}

// TestHeard: texts of people, in each alphabet, and what is none.
func TestHeard(t *testing.T) {
	t.Parallel()
	from := pdu.Address{TON: 1, NPI: 1, Text: "12025550162"}
	for name, test := range map[string]struct {
		m    pdu.Message
		from string
		word sms.Word
		none bool
	}{
		"GSM": {m: pdu.Message{Source: from, Short: []byte("STOP")}, from: "+12025550162", word: sms.Stop},
		"Latin-1": {
			m: pdu.Message{Source: from, Coding: 3, Short: []byte("ARR\xCAT")}, from: "+12025550162", word: sms.Stop,
		},
		"UCS-2": {
			m:    pdu.Message{Source: from, Coding: 8, Short: []byte("\x00S\x00t\x00a\x00r\x00t")},
			from: "+12025550162", word: sms.Start,
		},
		"payload": {
			m:    pdu.Message{Source: from, TLVs: pdu.TLVs{{Tag: pdu.MessagePayload, Value: []byte("stop")}}},
			from: "+12025550162", word: sms.Stop,
		},
		"with a header": {
			m:    pdu.Message{Source: from, ESMClass: 0x40, Short: []byte("\x05\x00\x03\x01\x02\x01STOP")},
			from: "+12025550162", word: sms.Stop,
		},
		"no type": {
			m:    pdu.Message{Source: pdu.Address{Text: "12025550162"}, Short: []byte("STOP")},
			from: "+12025550162", word: sms.Stop,
		},
		"a plus": {
			m:    pdu.Message{Source: pdu.Address{Text: "+12025550162"}, Short: []byte("STOP")},
			from: "+12025550162", word: sms.Stop,
		},
		"a name": {
			m: pdu.Message{Source: pdu.Address{TON: 5, Text: "Acme"}, Short: []byte("STOP")}, from: "Acme", word: sms.Stop,
		},
		"a sentence":    {m: pdu.Message{Source: from, Short: []byte("please stop")}, from: "+12025550162"},
		"nothing":       {m: pdu.Message{Source: from}, from: "+12025550162"},
		"a long header": {m: pdu.Message{Source: from, ESMClass: 0x40, Short: []byte("\xFFSTOP")}, from: "+12025550162"},
		"a receipt":     {m: pdu.Message{Source: from, ESMClass: 4, Short: []byte("STOP")}, none: true},
		"a reply code":  {m: pdu.Message{Source: from, ESMClass: 0x10, Short: []byte("STOP")}, none: true},
	} {
		work := New(Config{}).readDelivery(&test.m)
		if (work == nil) != test.none {
			t.Errorf("%s: something to do: %v", name, work != nil)
		}
		if work == nil {
			continue
		}
		var k keep
		if err := work(t.Context(), &k); err != nil || len(k.heard) != 1 {
			t.Fatalf("%s: %v, %+v", name, err, k)
		}
		if got := k.heard[0]; got.From != test.from || got.Word != test.word || got.ID == "" {
			t.Errorf("%s: heard %+v", name, got)
		}
	}
}

// FuzzDelivery: whatever a deliver_sm says, what comes of it is whole and bounded.
func FuzzDelivery(f *testing.F) {
	f.Add(byte(4), byte(0), "12025550123", []byte("id:7 sub:001 stat:DELIVRD err:000 text:x"), []byte("7\x00"), byte(2))
	f.Add(byte(0x20), byte(8), "", []byte("\x00i\x00d"), []byte{}, byte(0))
	f.Add(byte(0), byte(3), "Acme", []byte("STOP"), []byte("1"), byte(9))
	f.Fuzz(func(t *testing.T, class, coding byte, from string, text, id []byte, state byte) {
		m := &pdu.Message{
			Source: pdu.Address{TON: class >> 6, Text: from}, ESMClass: class, Coding: coding, Short: text,
			TLVs: pdu.TLVs{{Tag: pdu.ReceiptedMessageID, Value: id}, {Tag: pdu.MessageState, Value: []byte{state}}},
		}
		work := New(Config{}).readDelivery(m)
		if work == nil {
			return
		}
		var k keep
		if err := work(t.Context(), &k); err != nil {
			t.Fatal(err)
		}
		for _, r := range k.reports {
			if r.ProviderID == "" || len(r.ProviderID) > maxID || (r.Status == sms.Failed) != (r.Error != nil) || r.Status == sms.Pending {
				t.Errorf("reported %+v", r)
			}
			if r.Error != nil && len(r.Error.Code) > 20 {
				t.Errorf("a code of %d bytes", len(r.Error.Code))
			}
		}
		for _, h := range k.heard {
			if h.ID == "" || len(h.ID) > 200 {
				t.Errorf("heard %+v", h)
			}
		}
	})
}
