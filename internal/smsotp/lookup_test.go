package smsotp_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/sms/webhook"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/test/vendors"
)

// Numbers whose country does not say what they are are looked up once, before the send, as long as the day's budget lasts.
func TestNumbersAreLookedUp(t *testing.T) {
	t.Parallel()
	const (
		mobile, premium = "+12025550162", "+12025550163"
		broken, late    = "+12025550164", "+12025550165"
		known           = "+447400123456"
	)
	engines(t, sqldb.Options{}, func(w *world) {
		program := vendors.NewLookup(map[string]string{premium: "premium", late: "premium"})
		w.API.SMS.Guard.Lookup = webhook.NewLookup(webhook.Config{
			URL: "https://lookup.example.com/ask", Secret: secret.String(program.Secret), Now: time.Now, Setting: "lookup",
			HTTP: httpx.New(httpx.Options{Transport: program.RoundTripper()}),
		})
		w.API.SMS.Guard.LookupsPerDay = 4
		w.settings(func(s *store.ProjectSettings) {
			s.EnforceLimits, s.Countries = true, []string{"US", "GB"}
			s.Limits = map[string]int64{"member_10s": -1, "number_10s": -1}
		})
		send := func(to string, want error) {
			w.t.Helper()
			m := w.newMember("m" + strings.TrimPrefix(to, "+") + "@example.com")
			for range 2 { // the second time from what is kept
				if err := w.send(m, to, session.Tokens{}); !errors.Is(err, want) || (err == nil) != (want == nil) {
					w.t.Errorf("a send to %s: %v, want %v", to, err, want)
				}
			}
		}

		send(mobile, nil)
		send(premium, errs.InvalidPhoneNumber)
		send(known, nil) // its plan says that it is mobile
		program.Answer(http.StatusOK, `{"type":"spaceship"}`)
		send(broken, nil) // twice: there is nothing to keep
		program.Answer(0, "")
		send(late, nil) // the budget is used up
		if diff := cmp.Diff([]string{mobile, premium, broken, broken}, program.Asked()); diff != "" {
			w.t.Errorf("asked (-want +got):\n%s", diff)
		}
	})
}
