package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/mail"
)

// What a request costs, as the server's own log says it: with equal costs there is nothing to measure from outside.
type cost struct {
	Answer     string
	RoundTrips float64
	Statements float64
	Took       time.Duration
}

// costOf makes a request and reads what it cost.
func (w *world) costOf(path string, body map[string]any) cost {
	w.t.Helper()
	text, err := json.Marshal(body)
	w.check(err)
	began := time.Now()
	r := w.call(http.MethodPost, path, string(text))
	took := time.Since(began)
	got, err := holds(http.MethodPost, path, r)
	w.check(err)
	delete(got, "request_id")

	c := cost{Answer: fmt.Sprintf("%d %s", r.Code, show(got)), Took: took}
	lines := strings.Split(strings.TrimSpace(w.log.String()), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		var line map[string]any
		if json.Unmarshal([]byte(lines[i]), &line) == nil && line["db_statements"] != nil {
			c.RoundTrips, _ = line["db_round_trips"].(float64)
			c.Statements, _ = line["db_statements"].(float64)
			return c
		}
	}
	w.t.Fatal("the log has no request")
	return c
}

// slowMail is a mail server that takes a minute for each mail.
type slowMail struct{ *letterbox }

// Send keeps the mail after a minute.
func (s slowMail) Send(ctx context.Context, m mail.Message) error {
	select {
	case <-time.After(time.Minute):
		return s.letterbox.Send(ctx, m)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// silent are the calls that say nothing about an address: all that need no organization, and those that fail in the same way
// whoever it is. Where an organization is named, a send answers with its member, so that it has something to hide from
// nobody who may call it.
var silent = []string{
	"/v1/b2b/magic_links/email/discovery/send",
	"/v1/b2b/otps/email/discovery/send",
	"/v1/b2b/passwords/discovery/email/reset/start",
	"/v1/b2b/otps/email/discovery/authenticate",
	"/v1/b2b/otps/email/authenticate",
	"/v1/b2b/passwords/discovery/authenticate",
	"/v1/b2b/passwords/authenticate",
	"/v1/b2b/passwords/existing_password/reset",
}

// Whoever asks for a login without an organization, or fails to log in, learns nothing about the address: neither from the
// answer nor from what it costs, also while the mail server is slow.
func TestAddressesAreNotTold(t *testing.T) {
	t.Parallel()
	all := &databases{t: t}
	all.both(t, func(t *testing.T, url string) {
		w := newWorld(t, url, serverOptions{slowMail: true})
		defer w.close()
		for _, project := range []string{"project", "live"} {
			w.check(w.become(project))
			w.check(w.settings(noLimits))
			w.check(w.settings(`{"cross_org_passwords":true}`))
			w.check(w.organization("elsewhere_" + project))
			w.check(w.member("eve")) // of another organization
			w.check(w.organization(project))
			w.check(w.member("ada"))
			w.check(w.member("carl")) // who has no password
			_, err := w.must200(http.MethodPost, "/v1/b2b/passwords/migrate", map[string]any{
				"organization_id": w.vars[project], "email_address": "ada@example.com", "hash_type": "md_5",
				"hash": "5f4dcc3b5aa765d61d8327deb882cf99",
			})
			w.check(err)

			for _, path := range silent {
				body := func(name string) map[string]any {
					return map[string]any{
						"email_address": name + "@example.com", "organization_id": w.vars[project],
						"code": "000000", "password": "wrong", "existing_password": "wrong", "new_password": "nine llamas at dusk",
					}
				}
				w.costOf(path, body("warm")) // what is prepared once is prepared
				known := w.costOf(path, body("ada"))
				for _, name := range []string{"carl", "eve", "nobody"} {
					if diff := cmp.Diff(known, w.costOf(path, body(name))); diff != "" {
						t.Errorf("%s in %s: %s differs from a member with everything (-ada +%s):\n%s", path, project, name, name, diff)
					}
				}
				if known.Took > time.Second {
					t.Errorf("%s in %s: waited for the mail, %v", path, project, known.Took)
				}
			}
		}
	})
}
