package pdu

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// What data_coding says (§5.2.19).
const (
	CodingDefault byte = 0x00 // the alphabet of the SMSC: GSM 03.38 wherever it is documented
	CodingLatin1  byte = 0x03 // ISO-8859-1
	CodingUCS2    byte = 0x08
)

// The GSM 7-bit default alphabet by code, and its extension table, each of whose letters stands behind an escape
// (3GPP TS 23.038 §6.2.1). Behind the escape here is a space, since it is no letter of its own.
var (
	gsmLetters = []rune("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")
	gsmExtension = map[byte]rune{
		0x0A: '\f', 0x14: '^', 0x28: '{', 0x29: '}', 0x2F: '\\', 0x3C: '[', 0x3D: '~', 0x3E: ']', 0x40: '|', 0x65: '€',
	}
	gsmCodes = gsmTable()
)

const gsmEscape = 0x1B

// gsmTable gives the octets of each letter.
func gsmTable() map[rune]string {
	codes := make(map[rune]string, len(gsmLetters)+len(gsmExtension))
	for code, letter := range gsmLetters {
		if code != gsmEscape {
			codes[letter] = string([]byte{byte(code)})
		}
	}
	for code, letter := range gsmExtension {
		codes[letter] = string([]byte{gsmEscape, code})
	}
	return codes
}

// Alphabet is a way to write texts in octets.
type Alphabet struct {
	// Coding is its data_coding.
	Coding byte
	// Single and Part are how many octets one text has room for, and each part of several with a header of six octets.
	Single, Part int
	// encode gives the octets of a letter, and false for one that the alphabet has not.
	encode func(letter rune) (string, bool)
}

// The alphabets. Septets of GSM 03.38 go unpacked, each in an octet; parts have room for what the SMSC packs into 140
// octets (3GPP TS 23.040 §9.2.3.24).
var (
	GSM = Alphabet{CodingDefault, 160, 153, func(letter rune) (string, bool) {
		code, ok := gsmCodes[letter]
		return code, ok
	}}
	Latin1 = Alphabet{CodingLatin1, 140, 134, func(letter rune) (string, bool) {
		return string([]byte{byte(letter)}), letter <= 0xFF
	}}
	UCS2 = Alphabet{CodingUCS2, 140, 134, func(letter rune) (string, bool) {
		var b []byte
		for _, unit := range utf16.AppendRune(nil, letter) {
			b = binary.BigEndian.AppendUint16(b, unit)
		}
		return string(b), true
	}}
)

// Encode writes a text in parts of at most size octets, none of which ends inside a letter. It gives false when the
// alphabet lacks a letter. An empty text is one empty part.
func (a *Alphabet) Encode(text string, size int) ([][]byte, bool) {
	parts := [][]byte{nil}
	for _, letter := range text {
		code, ok := a.encode(letter)
		if !ok {
			return nil, false
		}
		last := len(parts) - 1
		if len(parts[last])+len(code) > size {
			parts, last = append(parts, nil), last+1
		}
		parts[last] = append(parts[last], code...)
	}
	return parts, true
}

// DecodeText reads a text. What cannot be read becomes the replacement letter; a coding that is not known is read as
// Latin-1, which has ASCII in common with most.
func DecodeText(coding byte, b []byte) string {
	switch coding {
	case CodingDefault:
		return decodeGSM(b)
	case CodingUCS2:
		units := make([]uint16, 0, len(b)/2)
		for ; len(b) >= 2; b = b[2:] {
			units = append(units, binary.BigEndian.Uint16(b))
		}
		return string(utf16.Decode(units))
	}
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

func decodeGSM(b []byte) string {
	var s strings.Builder
	for i := 0; i < len(b); i++ {
		switch code := b[i]; {
		case code == gsmEscape && i+1 < len(b):
			i++
			letter, ok := gsmExtension[b[i]]
			if !ok {
				letter = '\uFFFD'
			}
			s.WriteRune(letter)
		case code == gsmEscape || int(code) >= len(gsmLetters):
			s.WriteRune('\uFFFD')
		default:
			s.WriteRune(gsmLetters[code])
		}
	}
	return s.String()
}
