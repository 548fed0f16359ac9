package smpp

import (
	"context"
	"encoding/hex"
	"strings"

	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smpp/pdu"
)

// deliver takes a receipt, or what somebody texted to our number. It is answered once it is written down, so that a
// provider brings again what we may have lost.
func (c *session) deliver(p *pdu.PDU) {
	answer := func(status pdu.Status) {
		body, _ := pdu.EncodeMessageID("")
		_ = c.write(&pdu.PDU{Command: pdu.DeliverSMResp, Status: status, Sequence: p.Sequence, Body: body})
	}
	m, err := pdu.ParseMessage(p.Body)
	if err != nil {
		answer(pdu.PermanentError)
		return
	}
	work := c.s.readDelivery(m)
	if work == nil || c.desk == nil {
		answer(pdu.OK) // nothing that concerns us: it would come again for ever
		return
	}
	c.atDesk(func(ctx context.Context) error { return work(ctx, c.desk) }, func(err error) {
		if err != nil {
			answer(pdu.TemporaryError)
			return
		}
		answer(pdu.OK)
	})
}

// readDelivery tells what is to be done at the desk for a deliver_sm; nil is nothing.
func (s *Sender) readDelivery(m *pdu.Message) func(context.Context, sms.Desk) error {
	switch m.ESMClass & pdu.ESMKind {
	case pdu.ESMReceipt, pdu.ESMIntermediate:
		receipt, ok := s.readReceipt(m)
		if !ok {
			return nil
		}
		// The source of a receipt is where the text went (§2.11, and the layout of §4.6.1).
		report := sms.LinkReport{To: number(m.Source), Receipt: receipt}
		return func(ctx context.Context, desk sms.Desk) error { return desk.Reported(ctx, report) }
	case 0:
		heard := sms.Heard{ID: textID(m), From: number(m.Source), Word: sms.ReadWord(said(m))}
		return func(ctx context.Context, desk sms.Desk) error { return desk.Texted(ctx, heard) }
	}
	return nil
}

// number gives an address in E.164 form, as far as it can be told: many servers leave the type of numbers unknown.
func number(a pdu.Address) string {
	if a.TON > tonInternational || a.Text == "" || strings.Trim(a.Text, "0123456789") != "" {
		return a.Text
	}
	return "+" + a.Text
}

// said is the text itself, without the header of one that came in parts.
func said(m *pdu.Message) string {
	text := m.Text()
	if m.ESMClass&pdu.ESMHeader != 0 && len(text) > 0 {
		text = text[min(len(text), 1+int(text[0])):]
	}
	return pdu.DecodeText(m.Coding, text)
}

// textID tells texts of people apart. SMPP gives them no id: one that comes again because our answer was lost counts
// twice, which changes nothing unless its sender said the opposite in between.
func textID(m *pdu.Message) string {
	if id, ok := m.TLVs.Get(pdu.ReceiptedMessageID); ok && len(id) > 1 && len(id) < 65 {
		return "id-" + hex.EncodeToString(id)
	}
	return "at-" + hex.EncodeToString(secret.Bytes(16))
}
