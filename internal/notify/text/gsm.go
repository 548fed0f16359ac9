// Package text holds the words of the messages that people receive: the SMS with a code in every language of the wire,
// and the mails with a link. It knows how many parts a carrier makes of an SMS.
package text

import "strings"

const (
	gsmSingle = 160 // septets of one SMS in the GSM 7-bit alphabet (3GPP TS 23.038 §6.1)
	gsmPart   = 153 // of each part of several: the rest is the header that joins them (3GPP TS 23.040 §9.2.3.24)
	ucsSingle = 70  // UTF-16 units of one SMS in UCS-2
	ucsPart   = 67
)

// The GSM 7-bit default alphabet and its extension table, 3GPP TS 23.038 §6.2.1. A letter of the extension takes two
// septets.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€"
)

// septets gives the length of a text in the GSM alphabet, and false if it has a letter outside of it.
func septets(s string) (int, bool) {
	n := 0
	for _, r := range s {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			n++
		case strings.ContainsRune(gsmExtension, r):
			n += 2
		default:
			return 0, false
		}
	}
	return n, true
}

// units gives the length of a text in UTF-16 units, as UCS-2 messages count.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += unitsOf(r)
	}
	return n
}

// GSM7 reports whether a text can be sent in the GSM 7-bit alphabet.
func GSM7(body string) bool {
	_, ok := septets(body)
	return ok
}

// Segments gives the number of SMS that a carrier makes of a text and bills; an empty text is one.
func Segments(body string) int {
	if n, ok := septets(body); ok {
		return parts(body, n, gsmSingle, gsmPart, septetsOf)
	}
	return parts(body, units(body), ucsSingle, ucsPart, unitsOf)
}

// parts fills one part after the other: a letter of two septets or units is never torn in two.
func parts(body string, length, single, part int, size func(rune) int) int {
	if length <= single {
		return 1
	}
	n, used := 1, 0
	for _, r := range body {
		if used+size(r) > part {
			n, used = n+1, 0
		}
		used += size(r)
	}
	return n
}

func septetsOf(r rune) int {
	if strings.ContainsRune(gsmExtension, r) {
		return 2
	}
	return 1
}

func unitsOf(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}
