package text

import (
	_ "embed" // the layout of mails with codes
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/locale"
)

// CodeParams are the inputs of a mail with a code.
type CodeParams struct {
	Organization string        // the organization's name, "" where nobody has chosen one
	Project      string        // the project's name, the signature; "" in test projects
	Code         string        // six digits
	ValidFor     time.Duration // counted in whole minutes, hours or days
}

// LoginCode gives the mail with the code by which an active member logs in. A language without words of ours reads
// English, here and below.
func LoginCode(tag locale.Tag, p CodeParams) (Mail, error) {
	return codeMail(tag, codeMailFor(tag).login, p)
}

// SignupCode gives the mail with the code by which a pending or invited member confirms the address and joins.
func SignupCode(tag locale.Tag, p CodeParams) (Mail, error) {
	return codeMail(tag, codeMailFor(tag).signup, p)
}

// DiscoveryCode gives the mail with the code of somebody who has not chosen an organization.
func DiscoveryCode(tag locale.Tag, p CodeParams) (Mail, error) {
	return codeMail(tag, codeMailFor(tag).discovery, p)
}

// Invite gives the mail that invites somebody to an organization.
func Invite(tag locale.Tag, p LinkParams) (Mail, error) {
	return linkMail(tag, inviteFor(tag).invite, p)
}

// Discovery gives the mail with the link of somebody who has not chosen an organization.
func Discovery(tag locale.Tag, p LinkParams) (Mail, error) {
	return linkMail(tag, inviteFor(tag).discovery, p)
}

//go:embed codemail.html.tmpl
var codeLayoutText string

var codeLayout = template.Must(template.New("codemail").Parse(codeLayoutText))

// codePage is what the layout shows.
type codePage struct {
	Lang, Subject, Heading, Lead, Code, Validity, Ignore, Signature string
}

func codeMail(tag locale.Tag, w codeWords, p CodeParams) (Mail, error) {
	m, c := mailFor(tag), codeMailFor(tag)
	fill := strings.NewReplacer(
		"{organization}", mailName(p.Organization),
		"{time}", m.duration(p.ValidFor),
		"{code}", p.Code,
	)
	v := codePage{
		Lang:      m.lang,
		Subject:   fill.Replace(w.subject),
		Heading:   fill.Replace(w.heading),
		Lead:      fill.Replace(w.lead),
		Code:      p.Code,
		Validity:  fill.Replace(c.validity),
		Ignore:    c.ignore,
		Signature: mailName(p.Project),
	}

	var html strings.Builder
	if err := codeLayout.Execute(&html, v); err != nil {
		return Mail{}, fmt.Errorf("render mail: %w", err)
	}
	return Mail{Subject: v.Subject, Text: v.plain(), HTML: html.String()}, nil
}

// plain gives the message for readers without HTML. The code stands on a line of its own, so that programs find it.
func (v codePage) plain() string {
	paragraphs := []string{v.Heading, v.Lead, v.Code, v.Validity, v.Ignore}
	if v.Signature != "" {
		paragraphs = append(paragraphs, v.Signature)
	}
	return strings.Join(paragraphs, "\n\n") + "\n"
}

func codeMailFor(tag locale.Tag) codeMailWords {
	if w, ok := codeMails[tag]; ok {
		return w
	}
	return codeMails[locale.English]
}

func inviteFor(tag locale.Tag) inviteWords {
	if w, ok := invites[tag]; ok {
		return w
	}
	return invites[locale.English]
}
