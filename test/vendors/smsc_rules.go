package vendors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// fields takes a body apart.
type fields struct {
	rest []byte
	bad  bool
}

func (f *fields) text(size int) string {
	end := bytes.IndexByte(f.rest[:min(size, len(f.rest))], 0)
	if end < 0 {
		f.bad, f.rest = true, nil
		return ""
	}
	s := string(f.rest[:end])
	f.rest = f.rest[end+1:]
	return s
}

func (f *fields) octet() byte {
	if len(f.rest) == 0 {
		f.bad = true
		return 0
	}
	b := f.rest[0]
	f.rest = f.rest[1:]
	return b
}

// submission is a submit_sm.
type submission struct {
	fromTON, fromNPI, toTON, toNPI byte
	from, to                       string
	class, registered, coding      byte
	validity                       time.Duration
	text                           []byte
}

// readSubmission gives the text, or the command_status of a refusal (§5.1.3) and what was wrong.
func readSubmission(body []byte) (s submission, status uint32, wrong string) {
	f := fields{rest: body}
	service := f.text(6)
	s.fromTON, s.fromNPI, s.from = f.octet(), f.octet(), f.text(21)
	s.toTON, s.toNPI, s.to = f.octet(), f.octet(), f.text(21)
	s.class = f.octet()
	protocol, priority := f.octet(), f.octet()
	schedule, validity := f.text(17), f.text(17)
	s.registered = f.octet()
	replace := f.octet()
	s.coding = f.octet()
	canned := f.octet()
	length := int(f.octet())
	if f.bad || length > 254 || length > len(f.rest) {
		return s, 2, "a malformed submit_sm"
	}
	s.text, f.rest = f.rest[:length], f.rest[length:]
	payload, status, wrong := onlyPayload(f.rest)
	if payload != nil && length > 0 {
		return s, 0xC1, "short_message and message_payload"
	}
	if payload != nil {
		s.text = payload
	}
	life, ok := relative(validity)
	s.validity = life
	switch {
	case status != 0:
		return s, status, wrong
	case service != "":
		return s, 0x15, "a service type"
	case protocol != 0 || priority != 0 || canned != 0:
		return s, 6, "protocol, priority or a canned text"
	case replace != 0:
		return s, 0x54, "replace_if_present"
	case schedule != "":
		return s, 0x61, "a schedule"
	case !ok:
		return s, 0x62, "validity " + validity
	case s.registered > 1:
		return s, 7, "registered_delivery"
	}
	return s.judge()
}

// judge looks at addresses and text.
func (s submission) judge() (submission, uint32, string) {
	digits := func(t string) bool { return t != "" && strings.Trim(t, "0123456789") == "" }
	switch {
	case s.toTON != 1:
		return s, 0x50, "the number's TON"
	case s.toNPI != 1:
		return s, 0x51, "the number's NPI"
	case !digits(s.to) || len(s.to) < 7 || len(s.to) > 15 || s.to[0] == '0':
		return s, 0x0B, "the number"
	case s.fromTON == 5 && (digits(s.from) || len(s.from) > 11), s.fromTON == 1 && !digits(s.from), s.fromTON > 6:
		return s, 0x48, "the sender's TON"
	case s.fromTON == 1 && s.fromNPI != 1, s.fromTON == 5 && s.fromNPI != 0:
		return s, 0x49, "the sender's NPI"
	case s.from != SMSCFrom[1:] && s.from != SMSCName && s.from != "12345":
		return s, 0x0A, "the sender"
	case s.class != 0 && s.class != 0x40:
		return s, 0x43, "esm_class"
	case s.coding != 0 && s.coding != 3 && s.coding != 8:
		return s, 0x0104, "data_coding"
	case len(s.text) == 0:
		return s, 1, "no text"
	}
	if wrong := s.badText(); wrong != "" {
		return s, 1, wrong
	}
	return s, 0, ""
}

// badText tells what is wrong with the octets of a text.
func (s *submission) badText() string {
	text, room := s.text, map[byte]int{0: 160, 3: 140, 8: 140}[s.coding]
	if s.class == 0x40 {
		if len(text) < 7 || text[0] != 5 || text[1] != 0 || text[2] != 3 || text[4] < 2 || text[5] < 1 || text[5] > text[4] {
			return "the header of a part"
		}
		text = text[6:]
		if room = 134; s.coding == 0 {
			room = 153
		}
	} else if len(s.text) > 254 {
		room = 1530 // message_payload
	}
	switch {
	case len(text) > room && room != 1530 && len(text) <= 254 || len(text) > 1530:
		return fmt.Sprintf("%d octets in data_coding %d", len(text), s.coding)
	case s.coding == 8 && len(text)%2 != 0:
		return "half a letter"
	case s.coding == 0 && bytes.ContainsFunc(text, func(r rune) bool { return r > 0x7F }):
		return "an octet that is no septet"
	}
	return ""
}

// onlyPayload reads optional parameters, of which it knows message_payload alone.
func onlyPayload(rest []byte) (payload []byte, status uint32, wrong string) {
	for len(rest) > 0 {
		if len(rest) < 4 {
			return nil, 0xC0, "half an optional parameter"
		}
		tag, length := binary.BigEndian.Uint16(rest), int(binary.BigEndian.Uint16(rest[2:]))
		if len(rest)-4 < length {
			return nil, 0xC2, "the length of an optional parameter"
		}
		if tag != 0x0424 {
			return nil, 0xC1, fmt.Sprintf("optional parameter %#x", tag)
		}
		payload, rest = rest[4:4+length:4+length], rest[4+length:]
	}
	return payload, 0, ""
}

// relative reads a time such as 000000000130000R, which is a minute and a half (§7.1.1.2).
func relative(text string) (time.Duration, bool) {
	if len(text) != 16 || text[12:] != "000R" || strings.Trim(text[:12], "0123456789") != "" || text[:4] != "0000" {
		return 0, false
	}
	n := func(from int) time.Duration {
		i, _ := strconv.Atoi(text[from : from+2])
		return time.Duration(i)
	}
	d, h, m, s := n(4), n(6), n(8), n(10)
	life := ((d*24+h)*60+m)*time.Minute + s*time.Second
	return life, d <= 31 && h < 24 && m < 60 && s < 60 && life > 0
}

// words gives the text of a submission as people read it.
func words(coding byte, text []byte) string {
	switch coding {
	case 8:
		var units []uint16
		for ; len(text) >= 2; text = text[2:] {
			units = append(units, binary.BigEndian.Uint16(text))
		}
		return string(utf16.Decode(units))
	case 3:
		var b strings.Builder
		for _, c := range text {
			b.WriteRune(rune(c))
		}
		return b.String()
	}
	// 3GPP TS 23.038 §6.2.1, one row of 16 after the other.
	basic := []rune("@£$¥èéùìòÇ\nØø\rÅå" + "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ" + " !\"#¤%&'()*+,-./" + "0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNO" + "PQRSTUVWXYZÄÖÑÜ§" + "¿abcdefghijklmno" + "pqrstuvwxyzäöñüà")
	escaped := map[byte]rune{10: '\f', 20: '^', 40: '{', 41: '}', 47: '\\', 60: '[', 61: '~', 62: ']', 64: '|', 101: '€'}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == 0x1B && i+1 < len(text) {
			i++
			b.WriteRune(escaped[text[i]])
			continue
		}
		b.WriteRune(basic[text[i]&0x7F])
	}
	return b.String()
}
