package phone

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// normalise gives '+' and ASCII digits for a number that begins with a plus sign. Whatever stands before the plus
// must be invisible (contact books put direction marks there), and nothing but digits and separators may follow it.
func normalise(text string) (string, bool) {
	if len(text) > maxInput {
		return "", false
	}
	if isPlain(text) {
		return text, true
	}

	out := make([]byte, 0, 1+maxDigits)
	for _, r := range text {
		digit, isDigit := digitValue(r)
		switch {
		case len(out) == 0 && isPlus(r):
			out = append(out, '+')
		case len(out) == 0 && !isInvisible(r):
			return "", false
		case isDigit && len(out) <= maxDigits:
			out = append(out, '0'+digit)
		case isDigit || !isSeparator(r):
			return "", false
		}
	}
	return string(out), len(out) > minDigits
}

// isPlain reports whether the text is what nearly all callers send: E.164 and nothing else.
func isPlain(text string) bool {
	if len(text) <= minDigits || len(text) > 1+maxDigits || text[0] != '+' {
		return false
	}
	return strings.Trim(text[1:], "0123456789") == ""
}

// isPlus accepts the plus sign and the wide one that East Asian keyboards write beside wide digits.
func isPlus(r rune) bool { return r == '+' || r == '＋' }

// isInvisible accepts white space and format characters (direction marks, zero-width spaces).
func isInvisible(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
}

// isSeparator accepts what people write between the digits of a number. A broken byte reads as U+FFFD, which is none.
func isSeparator(r rune) bool {
	switch r {
	case '.', '/', '(', ')', '·', '•', '．', '／', '（', '）', '−':
		return true
	}
	return isInvisible(r) || unicode.Is(unicode.Pd, r)
}

// digitValue gives the value of a decimal digit of any script. Unicode encodes each set of digits as ten neighbours
// from zero to nine, and the table's ranges hold whole sets.
func digitValue(r rune) (byte, bool) {
	if r < utf8.RuneSelf {
		return byte(r - '0'), '0' <= r && r <= '9' //nolint:gosec // ASCII; the value counts only beside true
	}
	for _, set := range unicode.Nd.R16 {
		if rune(set.Lo) <= r && r <= rune(set.Hi) {
			return byte((r - rune(set.Lo)) % 10), true //nolint:gosec // below ten
		}
	}
	for _, set := range unicode.Nd.R32 {
		if rune(set.Lo) <= r && r <= rune(set.Hi) { //nolint:gosec // code points fit
			return byte((r - rune(set.Lo)) % 10), true //nolint:gosec // below ten
		}
	}
	return 0, false
}
