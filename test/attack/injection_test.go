package attack

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/test/world"
)

// hostile are names that mean something to somebody behind the server: mail servers, templates, browsers, databases,
// terminals.
var hostile = []string{
	"A\r\nBcc: mallet@example.com", "A\nSubject: won", "A\r\n\r\n<h1>won</h1>", "A\u2028B\u2029C\u0085D", "A\x1b[2J\x07",
	"{{.Code}}{{.Link}}", "{{printf \"%s\" .}}", "{organization}{time}{code}", "${code}", "%s%d%n%!", "<script>alert(1)</script>",
	"\"><img src=x onerror=alert(1)>", "'; DROP TABLE members; --", "=?utf-8?q?A=0d=0aBcc:_b@example.com?=",
	"\u202eevil\u202c", "https://evil.example/", "@evil.example #123456", "A\tB", "&amp;&lt;", "A\u200b\u200dB",
}

// Whatever an organization or a project is called, mails and texts say what they are to say, to whom they are to go.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	w := world.Open(t, world.SQLite(t), sqldb.Options{})
	accepted := 0
	defer func() {
		if accepted < len(hostile)/2 {
			t.Errorf("only %d of %d names were accepted, and so tried", accepted, len(hostile))
		}
	}()
	for i, name := range hostile {
		c := w.NewProject(t, ids.Live)
		a := c.Call(t, "POST", world.Organizations, world.J{
			"organization_name": name, "mfa_policy": "REQUIRED_FOR_ALL", "organization_slug": fmt.Sprintf("slug-%d", i),
		})
		if a.Status != 200 {
			if wrong := refusal(nil, a); wrong != "" {
				t.Errorf("%q: %d %s: %s", name, a.Status, a.Raw, wrong)
			}
			continue
		}
		accepted++
		// The project is called the same, where that is allowed.
		_, err := w.App.Projects.Update(t.Context(), c.ID, func(p *project.Project) error { p.Name = name; return nil })
		if err != nil {
			t.Logf("no project may be called %q: %v", name, err)
		}
		w.App.DB.AdvanceClock(6 * time.Second) // the name is known to all within five

		organization := a.At("organization.organization_id")
		email, number := fmt.Sprintf("ada%d@example.com", i), fmt.Sprintf("+12025550%03d", 100+i)
		member := c.NewMember(t, organization, email)
		c.Must(t, "POST", world.LoginOrSignup, world.J{"organization_id": organization, "email_address": email})
		mail := w.Mails.Take(t, email)
		if strings.ContainsFunc(mail.Subject, unsafe) || mail.Subject == "" {
			t.Errorf("%q: the subject is %q", name, mail.Subject)
		}
		if mail.To != email || strings.Contains(mail.HTML, "<script") || strings.Contains(mail.HTML, "<img") ||
			strings.Count(mail.HTML, "href=") != strings.Count(mail.HTML, `href="`+world.PublicURL) ||
			strings.Count(mail.Text, "?token=") != 1 ||
			strings.Contains(mail.Text, "<no value>") {
			t.Errorf("%q: the mail is\n%s\n%s", name, mail.Text, mail.HTML)
		}

		texts := len(w.Twilio.Texts())
		token := w.Login(t, c, organization, email)
		c.Must(t, "POST", world.SendSMS, world.J{
			"organization_id": organization, "member_id": member, "mfa_phone_number": number,
			"intermediate_session_token": token,
		})
		text := w.TextAfter(t, texts)
		code := world.CodeIn(text.Body)
		if text.To != number || strings.Trim(code, "0123456789") != "" || strings.Count(text.Body, code) != 1 ||
			strings.ContainsFunc(text.Body, unsafe) || strings.Contains(text.Body, "<no value>") {
			t.Errorf("%q: the text is %q", name, text.Body)
		}
		// No second code, and no line that a browser would take for a domain's own.
		if strings.Contains(text.Body, "\n@") {
			t.Errorf("%q: the text has another last line: %q", name, text.Body)
		}
	}
}

// unsafe are characters that a line of a mail or a text must not have.
func unsafe(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\u202e'
}

// Addresses that carry more than an address are refused.
func TestHostileAddresses(t *testing.T) {
	t.Parallel()
	s := newScene(t, world.SQLite(t))
	s.unchanged(func() {
		for _, address := range []string{
			"ada@example.com\r\nBcc: b@example.com", "ada@example.com\n", "\nada@example.com", "ada@example.com\x00",
			"ada@example.com, b@example.com", "ada@example.com;b@example.com", "Ada <ada@example.com>", "<ada@example.com>",
			"ada@example.com>", "ada@exa mple.com", "a\tda@example.com", "ada@example.com\u2028", "ada@[127.0.0.1]", "ada@localhost",
			"\"a\r\nb\"@example.com", "ada@example.com%0aBcc:b@example.com", "ada@@example.com", "@example.com", "ada@",
			"a\u0085@example.com", "ada@example.com ada@example.com", "mailto:ada@example.com?bcc=b@example.com",
		} {
			for path, body := range map[string]world.J{
				world.LoginOrSignup: {"organization_id": s.ada.organization, "email_address": address},
				world.Organizations + "/" + s.ada.organization + "/members": {"email_address": address},
			} {
				a := s.ada.client.Call(t, "POST", path, body)
				if a.Type() != "invalid_email" && a.Type() != "invalid_argument" {
					t.Errorf("%s %q: %d %s", path, address, a.Status, cut(string(a.Raw)))
				}
			}
		}
	})
}
