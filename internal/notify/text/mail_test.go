package text_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/notify/text"
)

const link = "https://auth.example.com/v1/b2b/link?token=abc&stytch_token_type=multi_tenant_magic_links"

func kinds() map[string]func(locale.Tag, text.LinkParams) (text.Mail, error) {
	return map[string]func(locale.Tag, text.LinkParams) (text.Mail, error){"login": text.Login, "signup": text.Signup}
}

func TestMails(t *testing.T) {
	t.Parallel()
	hours := map[locale.Tag]string{"en": "1 hour ", "es": "1 hora ", "fr": "1 heure ", "pt-br": "1 hora "}
	subjects := map[string]bool{}
	for name, write := range kinds() {
		for _, tag := range locale.Email() {
			m, err := write(tag, text.LinkParams{
				Organization: "Acme", Project: "Thimble Works", Link: link, ValidFor: time.Hour,
			})
			if err != nil {
				t.Fatal(err)
			}
			if subjects[m.Subject] || !strings.Contains(m.Subject, "Acme") {
				t.Errorf("%s %s: subject %q is empty of the name or used twice", name, tag, m.Subject)
			}
			subjects[m.Subject] = true
			if !strings.Contains(m.Text, "\n"+link+"\n") {
				t.Errorf("%s %s: the text has no line with the link:\n%s", name, tag, m.Text)
			}
			if got := strings.Count(m.HTML, `href="`+strings.ReplaceAll(link, "&", "&amp;")+`"`); got != 2 {
				t.Errorf("%s %s: %d links, want button and address", name, tag, got)
			}
			for _, part := range []string{m.Text, m.HTML} {
				for _, want := range []string{hours[tag], "Thimble Works", "Acme"} {
					if !strings.Contains(part, want) {
						t.Errorf("%s %s: no %q in\n%s", name, tag, want, part)
					}
				}
				if strings.Contains(part, "{organization}") || strings.Contains(part, "{time}") {
					t.Errorf("%s %s: a value is missing in\n%s", name, tag, part)
				}
			}
			if !strings.Contains(m.HTML, `<html lang="`+strings.Replace(string(tag), "br", "BR", 1)+`">`) {
				t.Errorf("%s %s: no language in the HTML", name, tag)
			}
		}
	}
}

// What people call their organization is text, wherever it lands.
func TestMailEscapes(t *testing.T) {
	t.Parallel()
	p := text.LinkParams{
		Organization: "<script>alert(1)</script>\r\nBcc: eve@example.com {time}", Project: "A & B\"'<br>",
		Link: link, ValidFor: time.Hour,
	}
	for name, write := range kinds() {
		m, err := write(locale.English, p)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(m.Subject, "\r\n") || !strings.Contains(m.Subject, "{time}") {
			t.Errorf("%s: subject %q", name, m.Subject)
		}
		for _, bad := range []string{"<script", "<br>", "A & B"} {
			if strings.Contains(m.HTML, bad) {
				t.Errorf("%s: %q in the HTML", name, bad)
			}
		}
	}
	m, err := text.Login(locale.English, text.LinkParams{
		Organization: "Acme", Link: "javascript:alert(1)", ValidFor: time.Hour,
	})
	if err != nil || strings.Contains(m.HTML, `"javascript:`) {
		t.Errorf("a script became a link: %v\n%s", err, m.HTML)
	}
}

// The HTML is well-formed, fetches nothing, and has what screen readers and dark screens need.
func TestMailHTML(t *testing.T) {
	t.Parallel()
	for name, write := range kinds() {
		for _, project := range []string{"", "Works"} {
			m, err := write(locale.French, text.LinkParams{
				Organization: "Acme", Project: project, Link: link, ValidFor: time.Hour,
			})
			if err != nil {
				t.Fatal(err)
			}
			d := xml.NewDecoder(strings.NewReader(m.HTML))
			d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
			for err == nil {
				_, err = d.Token()
			}
			if err != io.EOF { //nolint:errorlint // the decoder's own end
				t.Errorf("%s: %v in\n%s", name, err, m.HTML)
			}
			for _, want := range []string{
				"color-scheme", "prefers-color-scheme: dark", "<title>", "<h1>", `name="viewport"`, "</html>",
			} {
				if !strings.Contains(m.HTML, want) {
					t.Errorf("%s: no %s", name, want)
				}
			}
			for _, bad := range []string{"<img", "src=", "url(", "@import", "<script", "<link"} {
				if strings.Contains(m.HTML, bad) {
					t.Errorf("%s: fetches something with %s", name, bad)
				}
			}
		}
	}
}

func TestMailDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		5 * time.Minute:                "5 minutes",
		time.Minute:                    "1 minute",
		0:                              "1 minute",
		90 * time.Second:               "2 minutes",
		time.Hour:                      "1 hour",
		90 * time.Minute:               "90 minutes",
		2 * time.Hour:                  "2 hours",
		24 * time.Hour:                 "1 day",
		25 * time.Hour:                 "25 hours",
		7 * 24 * time.Hour:             "7 days",
		7*24*time.Hour - 1*time.Minute: "10079 minutes",
	} {
		m, err := text.Login("xx", text.LinkParams{Organization: "Acme", Link: link, ValidFor: d})
		if err != nil || !strings.Contains(m.Text, "valid for "+want+" ") {
			t.Errorf("%v: want %q in %v\n%s", d, want, err, m.Text)
		}
	}
}

func TestMailNameIsShortened(t *testing.T) {
	t.Parallel()
	m, err := text.Login("en", text.LinkParams{Organization: strings.Repeat("é", 500), Link: link, ValidFor: time.Hour})
	if want := "Log in to " + strings.Repeat("é", 64) + "..."; err != nil || m.Subject != want {
		t.Errorf("subject %q, %v; want %q", m.Subject, err, want)
	}
}
