package text_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/notify/text"
)

var lineOfDigits = regexp.MustCompile(`(?m)^\d{6}$`)

// Every language says every mail with a code in words of its own, with the code on a line by itself.
func TestCodeMails(t *testing.T) {
	t.Parallel()
	ten := map[locale.Tag]string{"en": "10 minutes", "es": "10 minutos", "fr": "10 minutes", "pt-br": "10 minutos"}
	seen := map[string]bool{}
	for name, write := range map[string]func(locale.Tag, text.CodeParams) (text.Mail, error){
		"login": text.LoginCode, "signup": text.SignupCode, "discovery": text.DiscoveryCode,
	} {
		for _, tag := range locale.Email() {
			p := text.CodeParams{Project: "Thimble <Works>", Code: "012345", ValidFor: 10 * time.Minute}
			if name != "discovery" {
				p.Organization = "Acme"
			}
			m, err := write(tag, p)
			if err != nil {
				t.Fatal(err)
			}
			if seen[m.Subject] || strings.Contains(m.Subject, "Acme") == (name == "discovery") {
				t.Errorf("%s %s: subject %q", name, tag, m.Subject)
			}
			seen[m.Subject] = true
			if got := lineOfDigits.FindAllString(m.Text, -1); len(got) != 1 || got[0] != "012345" {
				t.Errorf("%s %s: lines with a code: %q", name, tag, got)
			}
			if !strings.Contains(m.HTML, `<p class="code">012345</p>`) || strings.Contains(m.HTML, "<Works>") ||
				strings.Contains(m.HTML, "<a ") {
				t.Errorf("%s %s: HTML\n%s", name, tag, m.HTML)
			}
			for _, part := range []string{m.Text, m.HTML} {
				if !strings.Contains(part, ten[tag]) || strings.ContainsAny(m.Text, "{}") {
					t.Errorf("%s %s: a value is missing in\n%s", name, tag, part)
				}
			}
		}
	}
}

// Invitations name the organization; a link that leads to none yet names nobody.
func TestInviteAndDiscovery(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, tag := range locale.Email() {
		invite, err := text.Invite(tag, text.LinkParams{Organization: "Acme", Link: link, ValidFor: 7 * 24 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		discovery, err := text.Discovery(tag, text.LinkParams{Project: "Works", Link: link, ValidFor: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []text.Mail{invite, discovery} {
			if seen[m.Subject] || !strings.Contains(m.Text, "\n"+link+"\n") || strings.ContainsAny(m.Text, "{}") {
				t.Errorf("%s: %q\n%s", tag, m.Subject, m.Text)
			}
			seen[m.Subject] = true
		}
		if !strings.Contains(invite.Subject, "Acme") || !strings.Contains(invite.Text, "7 ") {
			t.Errorf("%s: %q\n%s", tag, invite.Subject, invite.Text)
		}
		if !strings.HasSuffix(discovery.Text, "Works\n") {
			t.Errorf("%s: no signature\n%s", tag, discovery.Text)
		}
	}
	if m, err := text.Invite("xx", text.LinkParams{Organization: "Acme"}); err != nil || m.Subject != "You are invited to Acme" {
		t.Errorf("another language: %q, %v", m.Subject, err)
	}
}
