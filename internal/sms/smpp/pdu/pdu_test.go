package pdu_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/sms/smpp/pdu"
)

// TestBytes holds units against octets that were put together by hand from §3.2 and §4.
func TestBytes(t *testing.T) {
	t.Parallel()
	bind := pdu.Bind{SystemID: "SMPP3TEST", Password: "secret08", SystemType: "SUBMIT1"}
	body, err := bind.Encode()
	if err != nil {
		t.Fatal(err)
	}
	unit := pdu.PDU{Command: pdu.BindTransceiver, Sequence: 1, Body: body}
	want := "\x00\x00\x00\x2F\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x01" +
		"SMPP3TEST\x00secret08\x00SUBMIT1\x00\x34\x00\x00\x00"
	if got := string(unit.Append(nil)); got != want {
		t.Errorf("bind_transceiver\n%x, want\n%x", got, want)
	}

	m := pdu.Message{
		Source: pdu.Address{TON: 5, Text: "Acme"}, Destination: pdu.Address{TON: 1, NPI: 1, Text: "12025550123"},
		ESMClass: pdu.ESMHeader, Validity: "000000000130000R", Registered: 1, Coding: pdu.CodingUCS2, Short: []byte("\x00A"),
		TLVs: pdu.TLVs{{Tag: pdu.MessageState, Value: []byte{2}}},
	}
	body, err = m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want = "\x00" + "\x05\x00Acme\x00" + "\x01\x0112025550123\x00" + "\x40\x00\x00" + "\x00" + "000000000130000R\x00" +
		"\x01\x00\x08\x00" + "\x02\x00A" + "\x04\x27\x00\x01\x02"
	if string(body) != want {
		t.Errorf("submit_sm\n%x, want\n%x", body, want)
	}
}

// TestTooLong: what does not fit its field is refused and not cut off.
func TestTooLong(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	for name, encode := range map[string]func() ([]byte, error){
		"system_id":     (&pdu.Bind{SystemID: long[:16]}).Encode,
		"password":      (&pdu.Bind{Password: long[:9]}).Encode,
		"system_type":   (&pdu.Bind{SystemType: long[:13]}).Encode,
		"NUL":           (&pdu.Bind{SystemID: "a\x00b"}).Encode,
		"source":        (&pdu.Message{Source: pdu.Address{Text: long[:21]}}).Encode,
		"destination":   (&pdu.Message{Destination: pdu.Address{Text: long[:21]}}).Encode,
		"validity":      (&pdu.Message{Validity: long[:17]}).Encode,
		"short_message": (&pdu.Message{Short: []byte(long[:255])}).Encode,
		"a parameter":   (&pdu.Message{TLVs: pdu.TLVs{{Value: make([]byte, 1<<16)}}}).Encode,
		"message_id":    func() ([]byte, error) { return pdu.EncodeMessageID(long[:65]) },
	} {
		if b, err := encode(); err == nil {
			t.Errorf("%s: encoded as %x", name, b)
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stream string
		want   error
	}{
		"nothing":     {"", io.EOF},
		"half length": {"\x00\x00", io.ErrUnexpectedEOF},
		"half header": {"\x00\x00\x00\x10\x00\x00\x00", io.ErrUnexpectedEOF},
		"half body":   {"\x00\x00\x00\x12" + strings.Repeat("\x00", 13), io.ErrUnexpectedEOF},
		"no body":     {"\x00\x00\x00\x12" + strings.Repeat("\x00", 12), io.ErrUnexpectedEOF},
		"too short":   {"\x00\x00\x00\x0F" + strings.Repeat("\x00", 12), pdu.ErrLength},
		"no length":   {strings.Repeat("\x00", 16), pdu.ErrLength},
		"too long":    {"\x00\x02\x00\x00" + strings.Repeat("\x00", 12), pdu.ErrLength},
		"an HTTP":     {"HTTP/1.1 400 Bad Request\r\n\r\n", pdu.ErrLength},
	} {
		if p, err := pdu.Read(strings.NewReader(test.stream)); !errors.Is(err, test.want) {
			t.Errorf("%s: %+v, %v; want %v", name, p, err, test.want)
		}
	}
}

// TestAlphabet: every letter of the GSM alphabet comes back, in one septet or two.
func TestAlphabet(t *testing.T) {
	t.Parallel()
	const basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	const extension = "\f^{}\\[~]|€"
	parts, ok := pdu.GSM.Encode(basic+extension, 1000)
	if !ok || len(parts) != 1 || len(parts[0]) != 127+2*10 {
		t.Fatalf("encoded in %d parts, %v", len(parts), ok)
	}
	if got := pdu.DecodeText(pdu.CodingDefault, parts[0]); got != basic+extension {
		t.Errorf("came back as %q", got)
	}
	for _, strange := range []string{"ê", "ą", "😀", "`", "\x00"} {
		if _, ok := pdu.GSM.Encode(strange, 10); ok {
			t.Errorf("%q is in the GSM alphabet", strange)
		}
	}
	if _, ok := pdu.Latin1.Encode("€", 10); ok {
		t.Error("the euro sign is in Latin-1")
	}
	for name, test := range map[string]struct {
		alphabet pdu.Alphabet
		text     string
		size     int
		want     []string
	}{
		"escapes stay whole": {pdu.GSM, "ab€€", 3, []string{"ab", "\x1be", "\x1be"}},
		"surrogates too":     {pdu.UCS2, "a😀", 4, []string{"\x00a", "\xD8\x3D\xDE\x00"}},
		"nothing":            {pdu.GSM, "", 3, []string{""}},
		"Latin":              {pdu.Latin1, "né", 1, []string{"n", "\xE9"}},
	} {
		parts, _ := test.alphabet.Encode(test.text, test.size)
		var got []string
		for _, p := range parts {
			got = append(got, string(p))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// FuzzRead: whatever comes, a unit that was read is written as it came, and no body makes a parser fail badly or keep
// more than it was given.
func FuzzRead(f *testing.F) {
	for _, seed := range seeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		p, err := pdu.Read(bytes.NewReader(stream))
		if err != nil {
			return
		}
		if again := p.Append(nil); !bytes.HasPrefix(stream, again) {
			t.Fatalf("%x became %x", stream, again)
		}
		if m, err := pdu.ParseMessage(p.Body); err == nil {
			again, err := m.Encode()
			if err != nil || !bytes.Equal(again, p.Body) {
				t.Errorf("a message %x became %x, %v", p.Body, again, err)
			}
			_ = pdu.DecodeText(m.Coding, m.Text())
		} else if !errors.Is(err, pdu.ErrMalformed) {
			t.Errorf("a message: %v", err)
		}
		if b, err := pdu.ParseBind(p.Body); err == nil {
			if _, err := b.Encode(); err != nil {
				t.Errorf("a bind of %x cannot be written: %v", p.Body, err)
			}
		}
		if id, err := pdu.ParseMessageID(p.Body); err == nil && len(id) > 64 {
			t.Errorf("an id of %d characters", len(id))
		}
	})
}

// FuzzText: what an alphabet writes it reads, and no part is too long or ends inside a letter.
func FuzzText(f *testing.F) {
	f.Add("Your code is 493817.", 153)
	f.Add("{€}[😀]", 2)
	f.Add("ê\xff", 4)
	f.Fuzz(func(t *testing.T, text string, size int) {
		size = 4 + size&0xFF
		for _, a := range []pdu.Alphabet{pdu.GSM, pdu.Latin1, pdu.UCS2} {
			parts, ok := a.Encode(text, size)
			if !ok {
				continue
			}
			whole := ""
			for _, part := range parts {
				if len(part) > size {
					t.Fatalf("a part of %d octets, at most %d", len(part), size)
				}
				whole += pdu.DecodeText(a.Coding, part)
			}
			if want := strings.ToValidUTF8(text, "\uFFFD"); whole != want && strings.ToValidUTF8(text, "") == text {
				t.Errorf("data_coding %d: %q came back as %q", a.Coding, text, whole)
			}
		}
	})
}

// seeds are whole units, and one of each kind of damage.
func seeds() [][]byte {
	message := pdu.Message{
		Source: pdu.Address{TON: 1, NPI: 1, Text: "12025550123"}, Destination: pdu.Address{TON: 5, Text: "Acme"},
		ESMClass: pdu.ESMReceipt,
		Short:    []byte("id:7220BB6B sub:001 dlvrd:001 submit date:2611230518 done date:2611230518 stat:DELIVRD err:000 text:"),
		TLVs: pdu.TLVs{
			{Tag: pdu.ReceiptedMessageID, Value: []byte("7220BB6B\x00")},
			{Tag: pdu.MessageState, Value: []byte{2}},
			{Tag: pdu.NetworkErrorCode, Value: []byte{3, 0, 0}},
		},
	}
	body, _ := message.Encode()
	bind, _ := (&pdu.Bind{SystemID: "a", Password: "b"}).Encode()
	id, _ := pdu.EncodeMessageID("7220BB6B")
	var all [][]byte
	for _, p := range []pdu.PDU{
		{Command: pdu.DeliverSM, Sequence: 1, Body: body},
		{Command: pdu.DeliverSM, Sequence: 1, Body: body[:len(body)-1]},
		{Command: pdu.SubmitSM, Sequence: 2, Body: body[:40]},
		{Command: pdu.BindTransceiver, Sequence: 1, Body: bind},
		{Command: pdu.SubmitSMResp, Sequence: 1, Body: id},
		{Command: pdu.SubmitSMResp, Status: pdu.Throttled, Sequence: 1},
		{Command: pdu.EnquireLink, Sequence: pdu.MaxSequence},
		{Command: pdu.GenericNack, Status: pdu.InvalidCommand},
	} {
		all = append(all, p.Append(nil))
	}
	return all
}
