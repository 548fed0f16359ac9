package server

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/api"
	"github.com/thimble-auth/thimble/internal/config"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

func TestSpendCommand(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, environ []string, url string) {
		made := create(t, environ, "Shop", "--env", "live")
		if text := must(t, environ, "spend", made.ProjectID); !strings.Contains(text, "0.00 + 0.00 (0)") {
			t.Errorf("a fresh project:\n%s", text)
		}
		reserve(t, url, made.ProjectID)
		var report api.SpendReport
		if err := json.Unmarshal([]byte(must(t, environ, "spend", made.ProjectID, "--json")), &report); err != nil {
			t.Fatal(err)
		}
		if report.Today.ReservedMicros != 60_000 || report.Countries[0].Country != "GB" || len(report.Budgets) != 1 ||
			report.Budgets[0].LimitMicros != -1 || report.Budgets[0].UnverifiedLimitMicros != guard.DefaultUnverified {
			t.Errorf("report %+v", report)
		}
		text := must(t, environ, "spend", made.ProjectID)
		for _, part := range []string{
			"country GB ", "0.00 + 0.06 (1)", "organization-live-1 ",
			"budget project: 0.06 of no end; unverified numbers 0.06 of 50.00\n",
		} {
			if !strings.Contains(text, part) {
				t.Errorf("no %q in:\n%s", part, text)
			}
		}
		_, stderr, status := thimble(t, environ, "spend", "project-live-none")
		if status != 1 || !strings.Contains(stderr, "project") {
			t.Errorf("an unknown project: %d, %s", status, stderr)
		}
	})
}

// reserve writes a text to an unverified British number.
func reserve(t *testing.T, url, project string) {
	t.Helper()
	db, err := store.Open(context.Background(), url, sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		p, err := tx.Project(t.Context(), project)
		if err != nil {
			return err
		}
		p.Settings.Countries = []string{"GB"}
		d, err := new(guard.Service).Check(t.Context(), tx, guard.Send{
			Project: p, Organization: &store.Organization{ID: "organization-live-1"}, Member: &store.Member{ID: "member-live-1"},
			Number: phone.Stored("+447400123456"),
		})
		if err != nil {
			return err
		}
		tx.InsertMessage(&store.Message{
			ID: ids.New(ids.Message, ids.Live, tx.Now()), ProjectID: p.ID, OrganizationID: "organization-live-1",
			Channel: store.ChannelSMS, Country: "GB", Sealed: []byte{}, Status: store.MessageSent, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
			Reserved: d.Price(), Budgets: d.Budgets(),
		})
		return d.Count(t.Context(), tx)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// A price file is checked at start, with the lines that are wrong.
func TestPricesAreChecked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "prices.csv")
	for text, want := range map[string]string{
		"twilio,US,0.0083,USD\n":             "",
		"twilio,US,0.0083,USD\n*,XQ,1,USD\n": "line 2: ",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var c config.Serve
		var o Options
		var problems config.Problems
		c.SMSPrices = path
		carriers(&c, &o, &problems)
		err := problems.Err()
		switch {
		case want == "" && (err != nil || o.Prices.Of("twilio", "US") != 8_300):
			t.Errorf("%q: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
