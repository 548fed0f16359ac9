// Package locale knows the languages that a caller may ask for. They are a closed list: a text has one of these
// languages, or English.
package locale

import (
	"strings"

	"github.com/thimble-auth/thimble/internal/errs"
)

// Tag is a language of the list in its canonical spelling, an IETF tag.
type Tag string

// The languages of the wire. Email has the first four.
const (
	English             Tag = "en"
	Spanish             Tag = "es"
	French              Tag = "fr"
	BrazilianPortuguese Tag = "pt-br"
	Italian             Tag = "it"
	German              Tag = "de-DE"
	SimplifiedChinese   Tag = "zh-Hans"
	Catalan             Tag = "ca-ES"
	Japanese            Tag = "ja"
	Russian             Tag = "ru"
	Dutch               Tag = "nl"
	Polish              Tag = "pl"
	Turkish             Tag = "tr"
	Persian             Tag = "fa"
	Vietnamese          Tag = "vi"
	Czech               Tag = "cs"
)

// Email lists the languages of mails.
func Email() []Tag { return []Tag{English, Spanish, BrazilianPortuguese, French} }

// SMS lists the languages of text messages.
func SMS() []Tag {
	return append(Email(), Italian, German, SimplifiedChinese, Catalan, Japanese, Russian, Dutch, Polish, Turkish,
		Persian, Vietnamese, Czech)
}

var (
	email = bySpelling(Email())
	sms   = bySpelling(SMS())
)

func bySpelling(tags []Tag) map[string]Tag {
	m := make(map[string]Tag, len(tags))
	for _, tag := range tags {
		m[strings.ToLower(string(tag))] = tag
	}
	return m
}

// Input is a language as a caller wrote it. A request keeps it unread until the rule asks, so that refusals come in the
// documented order.
type Input string

// ForSMS gives the language of a text message: one of SMS in any case of letters, English when none was given. The
// error is errs.InvalidLocale.
func (in Input) ForSMS() (Tag, error) { return in.among(sms) }

// ForEmail gives the language of a mail: one of Email in any case of letters, English when none was given. The error is
// errs.InvalidLocale.
func (in Input) ForEmail() (Tag, error) { return in.among(email) }

func (in Input) among(tags map[string]Tag) (Tag, error) {
	if in == "" {
		return English, nil
	}
	// Tags are ASCII (RFC 5646 §2.1). Folding beyond it would let the Kelvin sign pass for a k.
	if tag, ok := tags[asciiLower(string(in))]; ok {
		return tag, nil
	}
	return "", errs.InvalidLocale
}

const longest = len("zh-Hans")

// asciiLower lowers A to Z and gives "" for what is too long to be a tag of the list.
func asciiLower(s string) string {
	if len(s) > longest {
		return ""
	}
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
