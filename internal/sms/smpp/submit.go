package smpp

import (
	"fmt"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smpp/pdu"
)

// maxParts bounds the parts of a text, maxPayload its octets in message_payload.
const (
	maxParts   = 10
	maxPayload = 1530
)

// submissions writes a text as bodies of submit_sm, one for each of its parts. The last one alone asks for a receipt: a
// text has one fate, and a phone that got the end of it got the beginning.
func (s *Sender) submissions(m *sms.Message) ([][]byte, *sms.Error) {
	alphabet, texts, ok := s.write(m.Body)
	if !ok {
		return nil, &sms.Error{Class: sms.OtherRoute, Reason: "the text is too long"}
	}
	var header func(n int) []byte
	if len(texts) > 1 {
		header = joining(byte(s.joins.Add(1)), len(texts))
	}
	bodies := make([][]byte, len(texts))
	for i, text := range texts {
		one := pdu.Message{
			Source: s.from, Destination: s.toType, Validity: validity(m.ValidFor), Coding: alphabet.Coding, Short: text,
		}
		one.Destination.Text = strings.TrimPrefix(m.To, "+")
		if header != nil {
			one.ESMClass, one.Short = pdu.ESMHeader, append(header(i+1), text...)
		}
		if i == len(texts)-1 {
			one.Registered = pdu.Registered
		}
		if len(texts) == 1 && len(text) > alphabet.Single {
			one.Short, one.TLVs = nil, pdu.TLVs{{Tag: pdu.MessagePayload, Value: text}}
		}
		body, err := one.Encode()
		if err != nil {
			return nil, &sms.Error{Class: sms.Permanent, Reason: "the number does not fit into a submit_sm"}
		}
		bodies[i] = body
	}
	return bodies, nil
}

// write puts a text into octets, in one part or several.
func (s *Sender) write(text string) (pdu.Alphabet, [][]byte, bool) {
	alphabet := s.alphabet
	whole, ok := alphabet.Encode(text, maxPayload)
	if !ok {
		alphabet = pdu.UCS2
		whole, _ = alphabet.Encode(text, maxPayload)
	}
	switch {
	case len(whole) == 1 && (len(whole[0]) <= alphabet.Single || s.config.LongTexts == LongPayload):
		return alphabet, whole, true
	case s.config.LongTexts == LongPayload:
		return alphabet, nil, false
	}
	parts, _ := alphabet.Encode(text, alphabet.Part)
	return alphabet, parts, len(parts) <= maxParts
}

// joining gives the headers that join parts: concatenated short messages with a reference of 8 bits (3GPP TS 23.040
// §9.2.3.24.1).
func joining(reference byte, parts int) func(n int) []byte {
	return func(n int) []byte { return []byte{5, 0, 3, reference, byte(parts), byte(n)} }
}

// longest is the longest life that is told. No text of ours has more.
const longest = 28 * 24 * time.Hour

// validity writes how long a text is of use, in the relative form (§7.1.1.2), rounded down: nothing is to arrive after
// that.
func validity(d time.Duration) string {
	seconds := int(min(d, longest) / time.Second)
	return fmt.Sprintf("0000%02d%02d%02d%02d000R", seconds/86400, seconds/3600%24, seconds/60%60, seconds%60)
}
