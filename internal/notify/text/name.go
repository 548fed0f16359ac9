package text

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// minName is the shortest beginning of a name, in letters, that still tells people whose code they hold.
const minName = 3

// cleanName makes a project's name safe inside a text: one line, without control and format characters (a line break
// would let a name write the WebOTP line, a direction mark would turn the code around).
func cleanName(name string) string {
	visible := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == zeroWidthJoiner, r == zeroWidthNonJoiner: // part of emoji and of Persian words
			return r
		case unicode.Is(unicode.C, r), r == utf8.RuneError:
			return -1
		}
		return r
	}, name)
	return norm.NFC.String(strings.Join(strings.Fields(visible), " "))
}

// longest gives the longest beginning of a name that fits, marked as one, and false if three letters are too many
// already. A beginning of one that fits fits too, so it is found by halving.
func longest(name string, fits func(string) bool) (string, bool) {
	letters := clusters(name)
	letters = letters[:min(len(letters), gsmSingle)]
	tooMany := sort.Search(len(letters), func(n int) bool { return !fits(shorten(letters[:n])) })
	if tooMany <= minName {
		return "", false
	}
	return shorten(letters[:tooMany-1]), true
}

// withoutAccents gives the name in letters of the GSM alphabet if dropping marks and typographic punctuation is enough
// for that, else the name itself.
func withoutAccents(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case GSM7(string(r)):
			b.WriteRune(r)
		case typographic[r] != "":
			b.WriteString(typographic[r])
		default:
			b.WriteString(base(r))
		}
	}
	if plain := b.String(); GSM7(plain) {
		return plain
	}
	return name
}

var typographic = map[rune]string{
	'‘': "'", '’': "'", '“': `"`, '”': `"`, '–': "-", '—': "-", '‐': "-", '…': "...", 'ł': "l", 'Ł': "L", 'đ': "d",
	'Đ': "D", 'ı': "i", 'œ': "oe", 'Œ': "OE",
}

// base drops the marks of one letter.
func base(r rune) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(string(r)))
}

// clusters cuts a name where a reader would: a mark, a joiner or a skin tone stays with the letter before it.
func clusters(name string) []string {
	var list []string
	joined := false
	for _, r := range name {
		extends := unicode.In(r, unicode.M) || unicode.Is(unicode.Sk, r) && r > utf8.RuneSelf || r == zeroWidthJoiner
		if len(list) > 0 && (extends || joined) {
			list[len(list)-1] += string(r)
		} else {
			list = append(list, string(r))
		}
		joined = r == zeroWidthJoiner
	}
	return list
}

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// shorten writes a beginning of a name so that people see that it is one. Three dots stand in both alphabets; the one
// sign for them would cost a GSM text its alphabet.
func shorten(letters []string) string {
	return strings.TrimRight(strings.Join(letters, ""), " .,;:-&(/") + "..."
}
