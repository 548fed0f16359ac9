package scenario

import (
	"strconv"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/challenge"
	"github.com/thimble-auth/thimble/internal/store/storetest"
	"github.com/thimble-auth/thimble/test/exposition"
)

// checkMetrics reads the server's metrics: they name nobody, nothing in them is in no set, and what they say of sends
// is what the database says.
func (w *world) checkMetrics() {
	w.t.Helper()
	text := exposition.Scrape(w.t, w.app.Admin())
	for _, problem := range exposition.Problems(text) {
		w.t.Errorf("metrics: %s", problem)
	}
	all, err := exposition.Parse(text)
	w.check(err)
	for name, f := range all {
		for _, s := range f.Series {
			for label, value := range s.Labels {
				if value == "other" && label != "country" { // the number that nobody has is in none
					w.t.Errorf("%s: a %s is in no set", name, label)
				}
			}
		}
	}
	for _, secret := range w.secrets {
		if strings.Contains(text, secret) {
			w.t.Errorf("the metrics hold %q", secret)
		}
	}

	if running := all["thimble_requests_running"].Series[0].Value; running != "0" {
		w.t.Errorf("%s requests are said to run", running)
	}
	rows := storetest.Read(w.t, w.app.DB)
	sent, refused := w.decisions(all["thimble_sends_total"])
	reaped := w.app.DB.Now().Sub(began) > 24*time.Hour // old rows may be gone
	if sent < len(rows.Messages) || sent > len(rows.Messages) && !reaped {
		w.t.Errorf("%d messages are counted, %d were written", sent, len(rows.Messages))
	}
	events := 0
	for _, e := range rows.Events {
		if e.Action == challenge.Action && e.Outcome == audit.Refused {
			events++
		}
	}
	if refused < events { // mails are refused, too
		w.t.Errorf("%d refusals are counted, %d were recorded", refused, events)
	}
}

func (w *world) decisions(f *exposition.Family) (sent, refused int) {
	if f == nil {
		return 0, 0
	}
	for _, s := range f.Series {
		n, err := strconv.Atoi(s.Value)
		w.check(err)
		if s.Labels["decision"] == "sent" {
			sent += n
		} else {
			refused += n
		}
	}
	return sent, refused
}
