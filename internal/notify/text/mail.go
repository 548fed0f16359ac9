package text

import (
	_ "embed" // the layout of mails
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/locale"
)

// Mail is a finished mail: the subject on one line, and the same message as plain text and as HTML.
type Mail struct {
	Subject, Text, HTML string
}

// LinkParams are the inputs of a mail with a link.
type LinkParams struct {
	Organization string        // the organization's name
	Project      string        // the project's name, the signature; "" in test projects
	Link         string        // the whole http or https address
	ValidFor     time.Duration // counted in whole minutes, hours or days
	OtherLink    string        // of a mail about a password: logs in without one; "" for none
}

// Login gives the mail with which an active member logs in. A language without words of ours reads English.
func Login(tag locale.Tag, p LinkParams) (Mail, error) { return linkMail(tag, mailFor(tag).login, p) }

// Signup gives the mail with which a pending or invited member confirms the address and joins. A language without words
// of ours reads English.
func Signup(tag locale.Tag, p LinkParams) (Mail, error) { return linkMail(tag, mailFor(tag).signup, p) }

// maxMailName cuts names, in letters, so that a subject stays readable.
const maxMailName = 64

//go:embed mail.html.tmpl
var layoutText string

var layout = template.Must(template.New("mail").Parse(layoutText))

// page is what the layout shows.
type page struct {
	Lang, Subject, Heading, Lead, Button, Copy, Link, Validity, Ignore, Signature string
	Other, OtherLink                                                              string // "" for no second link
}

func linkMail(tag locale.Tag, w linkWords, p LinkParams) (Mail, error) {
	m := mailFor(tag)
	fill := strings.NewReplacer(
		"{organization}", mailName(p.Organization),
		"{time}", m.duration(p.ValidFor),
	)
	v := page{
		Lang:      m.lang,
		Subject:   fill.Replace(w.subject),
		Heading:   fill.Replace(w.heading),
		Lead:      fill.Replace(w.lead),
		Button:    w.button,
		Copy:      m.copy,
		Link:      p.Link,
		Validity:  fill.Replace(m.validity),
		Ignore:    w.ignore,
		Signature: mailName(p.Project),
		Other:     w.other,
		OtherLink: p.OtherLink,
	}
	var html strings.Builder
	if err := layout.Execute(&html, v); err != nil {
		return Mail{}, fmt.Errorf("render mail: %w", err)
	}
	return Mail{Subject: v.Subject, Text: v.plain(), HTML: html.String()}, nil
}

// plain gives the message for readers without HTML. The link stands on a line of its own, so that programs find its
// end.
func (v page) plain() string {
	paragraphs := []string{v.Heading, v.Lead, v.Link, v.Validity}
	if v.OtherLink != "" {
		paragraphs = append(paragraphs, v.Other, v.OtherLink)
	}
	paragraphs = append(paragraphs, v.Ignore)
	if v.Signature != "" {
		paragraphs = append(paragraphs, v.Signature)
	}
	return strings.Join(paragraphs, "\n\n") + "\n"
}

func mailFor(tag locale.Tag) mailWords {
	if w, ok := mails[tag]; ok {
		return w
	}
	return mails[locale.English]
}

// mailName makes a name safe inside a subject and short enough to be read there.
func mailName(name string) string {
	name = cleanName(name)
	if letters := clusters(name); len(letters) > maxMailName {
		return shorten(letters[:maxMailName])
	}
	return name
}

// duration says a time in the largest unit that needs no fraction. What is left of a minute counts as one.
func (w mailWords) duration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= day && d%day == 0:
		return w.days.count(int64(d / day))
	case d >= time.Hour && d%time.Hour == 0:
		return w.hours.count(int64(d / time.Hour))
	}
	return w.minutes.count(max(1, int64((d+time.Minute-1)/time.Minute)))
}

// unit is a noun in singular and plural. The four languages of mails need no more.
type unit struct{ one, many string }

func (u unit) count(n int64) string {
	if n == 1 {
		return "1 " + u.one
	}
	return strconv.FormatInt(n, 10) + " " + u.many
}
