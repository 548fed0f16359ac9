package mail

import (
	netmail "net/mail"
	"strings"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
)

// maxSubject and maxID keep headers within what servers take on one line (RFC 5322 §2.1.1: 998 characters).
const (
	maxSubject = 300
	maxID      = 200
)

// compose builds the mail. Whatever could end a header early is refused here, before any library sees it.
func compose(m Message) (*gomail.Msg, error) {
	from, err := netmail.ParseAddress(m.From)
	if err != nil || !clean(m.From) {
		return nil, &Error{Class: Settings, Reason: "the sender's address is not valid"}
	}
	to, err := netmail.ParseAddress(m.To)
	if err != nil || to.Address != m.To || !clean(m.To) {
		return nil, &Error{Class: Permanent, Reason: "the recipient's address is not valid"}
	}
	if !clean(m.Subject) || m.Subject == "" || len(m.Subject) > maxSubject {
		return nil, &Error{Class: Permanent, Reason: "the subject is not valid"}
	}
	if !isID(m.ID) {
		return nil, &Error{Class: Permanent, Reason: "the message id is not valid"}
	}
	if m.Text == "" || !utf8.ValidString(m.Text) || !utf8.ValidString(m.HTML) {
		return nil, &Error{Class: Permanent, Reason: "the text is missing or not UTF-8"}
	}

	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(to)
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.ID + "@" + from.Address[strings.LastIndexByte(from.Address, '@')+1:])
	// So that nobody's holiday notice answers a code (RFC 3834 §5).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

// clean reports whether a text has no control characters, line breaks above all.
func clean(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		// U+2028 and U+2029 end lines for some readers; U+0085 is among the controls.
		return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029
	})
}

// isID reports whether a text can stand left of the @ in a Message-ID without quotes (RFC 5322 §3.6.4).
func isID(text string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	return text != "" && len(text) <= maxID && strings.Trim(text, allowed) == ""
}
