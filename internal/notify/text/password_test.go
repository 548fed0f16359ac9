package text_test

import (
	"strings"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/notify/text"
)

// Each language has words of its own, with and without an organization, and a second link where there is one.
func TestPasswordMails(t *testing.T) {
	t.Parallel()
	const other = "https://auth.example.com/in?token=def"
	subjects := map[string]bool{}
	for _, tag := range locale.Email() {
		for _, organization := range []string{"Acme", ""} {
			for _, second := range []string{other, ""} {
				m, err := text.PasswordReset(tag, text.LinkParams{
					Organization: organization, Project: "Works", Link: link, ValidFor: 30 * time.Minute, OtherLink: second,
				})
				if err != nil {
					t.Fatal(err)
				}
				subjects[m.Subject] = true
				if strings.Contains(m.Subject, "Acme") != (organization != "") || strings.Contains(m.Text, "{") {
					t.Errorf("%s %q: subject %q in\n%s", tag, organization, m.Subject, m.Text)
				}
				if !strings.Contains(m.Text, "\n"+link+"\n") || !strings.Contains(m.Text, "30 minut") {
					t.Errorf("%s: no link or no time in\n%s", tag, m.Text)
				}
				for _, part := range []string{m.Text, m.HTML} {
					if strings.Contains(part, other) != (second != "") {
						t.Errorf("%s: the second link is there: %t, want %t", tag, second == "", second != "")
					}
				}
			}
		}
	}
	if len(subjects) != 2*len(locale.Email()) {
		t.Errorf("%d subjects, want two for each language: %v", len(subjects), subjects)
	}
}
