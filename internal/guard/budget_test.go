package guard_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/price"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

const (
	american = "+12025550162" // 0.015 USD
	british  = "+447400123456"
)

// midday is a clock that stands still, twelve hours and a bit before midnight.
func midday() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// till is a project whose only bounds are budgets, and its guard.
type till struct {
	*guard.Service
	t  testing.TB
	db *store.DB
	p  *store.Project
}

func newTill(t testing.TB, db *store.DB, env ids.Env, budgets store.BudgetSettings) *till {
	t.Helper()
	p := storetest.Project(t, db, env)
	p.Settings.Budgets, p.Settings.Limits = budgets, map[string]int64{}
	p.Settings.Countries = []string{"US", "CA", "GB", "JM"}
	for name := range limit.Defaults() {
		p.Settings.Limits[name] = -1
	}
	return &till{Service: &guard.Service{DB: db}, t: t, db: db, p: p}
}

func (l *till) send(number string, verified bool, change ...func(*guard.Send)) (*guard.Decision, *store.Message) {
	l.t.Helper()
	d, m, err := l.try(l.t.Context(), l.db, number, verified, change...)
	if err != nil {
		l.t.Fatal(err)
	}
	return d, m
}

// try does what package challenge does with a decision.
func (l *till) try(
	ctx context.Context, db *store.DB, number string, verified bool, change ...func(*guard.Send),
) (d *guard.Decision, m *store.Message, err error) {
	in := guard.Send{
		Project: l.p, Organization: &store.Organization{ID: "organization-live-1"}, Member: &store.Member{ID: "member-live-1"},
		Number: phone.Stored(number), Verified: verified, Provider: "twilio",
	}
	for _, f := range change {
		f(&in)
	}
	err = db.Write(ctx, func(tx *store.Tx) (err error) {
		if d, err = l.Check(ctx, tx, in); err != nil || d.Refusal != nil {
			return err
		}
		now := tx.Now()
		m = &store.Message{
			ID: ids.New(ids.Message, l.p.Env, now), ProjectID: l.p.ID, OrganizationID: in.Organization.ID, MemberID: in.Member.ID,
			Channel: store.ChannelSMS, Kind: store.KindSMSOTP, Recipient: number, Country: in.Number.Region(), Sealed: []byte{1},
			Status: store.MessageQueued, Provider: "twilio", LeaseOwner: "me", LeasedUntil: now.Add(time.Minute),
			Deadline: now.Add(2 * time.Minute), CreatedAt: now, UpdatedAt: now, Reserved: d.Price(), Budgets: d.Budgets(),
		}
		tx.InsertMessage(m)
		return d.Count(ctx, tx)
	})
	return d, m, err
}

// passes sends until a refusal and tells how many passed.
func (l *till) passes(number string, verified bool) (n int, refusal *guard.Decision) {
	l.t.Helper()
	for ; n < 2000; n++ {
		if d, _ := l.send(number, verified); d.Refusal != nil {
			return n, d
		}
	}
	return n, nil
}

// spent gives what today's budgets count, by scope: all and that of unverified numbers.
func (l *till) spent() map[string][2]int64 {
	l.t.Helper()
	return l.spentOn(store.Day(l.db.Now()))
}

func (l *till) spentOn(day int64) map[string][2]int64 {
	l.t.Helper()
	all := map[string][2]int64{}
	err := l.db.Read(l.t.Context(), func(tx *store.Tx) error {
		clear(all)
		budgets, err := tx.BudgetsOf(l.t.Context(), l.p.ID, day)
		for _, b := range budgets {
			all[b.Scope] = [2]int64{b.Spent, b.Unverified}
		}
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return all
}

func (l *till) write(f func(tx *store.Tx) error) {
	l.t.Helper()
	if err := l.db.Write(l.t.Context(), f); err != nil {
		l.t.Fatal(err)
	}
}

func (l *till) settle() {
	l.t.Helper()
	if err := l.Settle(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
}

// alerts gives the alerts so far, budget, share and percent, sorted: where clocks of several tests jump within one process,
// ids do not tell which came first.
func (l *till) alerts() []string {
	l.t.Helper()
	var all []string
	for _, e := range storetest.Read(l.t, l.db).Events {
		if e.Action != "budget.alert" || e.ProjectID != l.p.ID {
			continue
		}
		get := func(name string) string {
			_, rest, _ := strings.Cut(e.Details, `"`+name+`":"`)
			value, _, _ := strings.Cut(rest, `"`)
			return value
		}
		all = append(all, get("budget")+" "+get("share")+" "+get("percent"))
	}
	slices.Sort(all)
	return all
}

// A budget of a dollar: half of it for numbers that nobody verified, all of it for both together, and anew after
// midnight.
func TestBudgetStops(t *testing.T) {
	t.Parallel()
	storetest.EnginesAt(t, midday, func(t *testing.T, db *store.DB) {
		for scope, key := range map[string]string{
			store.ScopeProject: "project", store.ScopeCountry: "country/US", store.ScopeOrganization: "organization/*",
		} {
			l := newTill(t, db, ids.Live, store.BudgetSettings{"project": -1, key: 1_000_000})
			n, refused := l.passes(american, false)
			if n != 33 || refused == nil {
				t.Fatalf("%s: %d unverified texts, want 33", scope, n)
			}
			if refused.Rule != "budget_"+scope || refused.Wait != 12*time.Hour ||
				refused.Refusal.Type != errs.TooManyRequests.Type {
				t.Errorf("%s: refused by %s for %v: %v", scope, refused.Rule, refused.Wait, refused.Refusal)
			}
			for _, part := range []string{"unverified", "0.50 USD", "0.495", "a budget of 1.02 USD"} {
				if !strings.Contains(refused.Pass, part) {
					t.Errorf("%s: %q does not say %q", scope, refused.Pass, part)
				}
			}
			if !strings.Contains(refused.Record(), " budget_"+scope+"=0.495 budget_"+scope+"_unverified=0.495") {
				t.Errorf("%s: record %q", scope, refused.Record())
			}

			if n, refused = l.passes(american, true); n != 33 || refused.Rule != "budget_"+scope {
				t.Errorf("%s: %d verified texts, want 33 more", scope, n)
			}
			if got := l.spent()[scope]; got != [2]int64{990_000, 495_000} {
				t.Errorf("%s: spent %v", scope, got)
			}
		}
		l := newTill(t, db, ids.Live, store.BudgetSettings{"project": 60_000})
		if n, _ := l.passes(american, true); n != 4 {
			t.Errorf("%d texts on the first day, want 4", n)
		}
		db.AdvanceClock(12*time.Hour - time.Second)
		if n, refused := l.passes(american, true); n != 0 || refused.Wait != time.Second {
			t.Errorf("%d texts in the day's last second, want none for a second", n)
		}
		db.AdvanceClock(time.Second)
		l.p.Settings.TextSegments = 3
		if d, _ := l.send(british, true); d.Refusal == nil || d.Price() != 180_000 {
			t.Errorf("three segments to Britain cost %d and were sent", d.Price())
		}
		l.p.Settings.TextSegments = 0
		if n, _ := l.passes(american, true); n != 4 {
			t.Errorf("%d texts on the second day, want 4", n)
		}
	})
}

// Without any setting live projects have a budget for unverified numbers, and verified ones cost no statement for it.
func TestDefaultBudget(t *testing.T) {
	t.Parallel()
	storetest.EnginesAt(t, midday, func(t *testing.T, db *store.DB) {
		dear, err := price.Parse(strings.NewReader("twilio,US,0.1,USD\ntwilio,GB,24,USD"))
		if err != nil {
			t.Fatal(err)
		}
		l := newTill(t, db, ids.Live, nil)
		l.Prices = dear
		if n, refused := l.passes(british, false); n != 2 || refused.Rule != guard.RuleBudgetProject {
			t.Errorf("%d texts to unverified numbers, want 2 of 24 USD", n)
		}
		if n, _ := l.passes(american, false); n != 20 {
			t.Errorf("%d cheaper ones, want 20 of the 2 USD that are left", n)
		}
		if n, refused := l.passes(british, true); refused != nil {
			t.Errorf("a verified number was refused after %d", n)
		}
		if got := l.spent()["project"]; got != [2]int64{50_000_000, 50_000_000} {
			t.Errorf("spent %v", got)
		}

		statements := func(verified bool) int64 {
			ctx, trips := sqldb.WithTrips(t.Context())
			if _, _, err := l.try(ctx, db, american, verified); err != nil {
				t.Fatal(err)
			}
			return trips.Statements.Load()
		}
		if n := statements(true); n != 3 { // read counters, write the message, count
			t.Errorf("a verified send takes %d statements, want 3", n)
		}

		l.p.Settings.Budgets = store.BudgetSettings{"project": -1}
		if _, refused := l.passes(american, false); refused != nil {
			t.Errorf("refused without a budget: %s", refused.Pass)
		}

		suite := newTill(t, db, ids.Test, store.BudgetSettings{"project": 30_000})
		if _, refused := suite.passes(american, true); refused != nil {
			t.Error("a test project was refused")
		}
		suite.p.Settings.EnforceLimits = true
		if n, _ := suite.passes(american, true); n != 2 {
			t.Errorf("a test project that enforces: %d texts, want 2", n)
		}
	})
}

// Each share of each budget is told of once a day.
func TestAlerts(t *testing.T) {
	t.Parallel()
	storetest.EnginesAt(t, midday, func(t *testing.T, db *store.DB) {
		l := newTill(t, db, ids.Live, store.BudgetSettings{"project": 150_000})
		var log strings.Builder
		l.Logger = slog.New(slog.NewTextHandler(&log, nil))
		want := []string(nil)
		check := func(after string, more ...string) {
			t.Helper()
			want = append(want, more...)
			slices.Sort(want)
			if diff := cmp.Diff(want, l.alerts()); diff != "" {
				t.Errorf("alerts after %s (-want +got):\n%s", after, diff)
			}
		}
		l.send(american, true) // 15 of 150, 10 %
		check("10 %")
		l.send(american, false) // 15 of the 75 for unverified numbers
		check("20 % of the share")
		l.send(american, false)
		l.send(american, false) // 45 of 75, 60 of 150
		check("60 % of the share", "project unverified 50")
		l.send(american, false) // 60 of 75, 75 of 150
		check("80 % of the share", "project all 50", "project unverified 80")
		l.send(american, false) // 75 of 75
		check("all of the share", "project unverified 100")
		for range 3 {
			l.send(american, false) // refused
		}
		l.passes(american, true)
		check("the end", "project all 80", "project all 100")

		db.AdvanceClock(24 * time.Hour)
		for range 5 {
			l.send(american, true)
		}
		check("the next day", "project all 50")

		if n := strings.Count(log.String(), "level=WARN msg=\"a budget for texts is being used up\""); n != len(want) {
			t.Errorf("%d lines of the log for %d alerts:\n%s", n, len(want), log.String())
		}
		tiny := newTill(t, db, ids.Live, store.BudgetSettings{"country/US": 10_000})
		tiny.send(american, true)
		tiny.send(american, true)
		if diff := cmp.Diff([]string{"country all 100", "country all 50", "country all 80"}, tiny.alerts()); diff != "" {
			t.Errorf("a budget below one text (-want +got):\n%s", diff)
		}
	})
}

// 256 sends at once, on two nodes where there can be two, with every budget set: never a text more than there is money
// for.
func TestRacingSendsNeverPassTheBudget(t *testing.T) {
	t.Parallel()
	storetest.URLs(t, func(t *testing.T, url string) {
		nodes := []*store.DB{storetest.Open(t, url)}
		if strings.HasPrefix(url, "postgres") {
			nodes = append(nodes, storetest.Open(t, url))
		}
		l := newTill(t, nodes[0], ids.Live, store.BudgetSettings{
			"project": 1_000_000, "country/US": 900_000, "organization/*": 800_000,
		})
		var wg sync.WaitGroup
		var mu sync.Mutex
		passed := map[bool]int{}
		for i := range 256 {
			wg.Go(func() {
				verified := i%7 == 0
				d, _, err := l.try(t.Context(), nodes[i%len(nodes)], american, verified, func(s *guard.Send) {
					s.Member = &store.Member{ID: fmt.Sprint("member-live-", i)}
					s.Number = phone.Stored(fmt.Sprintf("+1202555%04d", i))
				})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err != nil:
					t.Error(err)
				case d.Refusal == nil:
					passed[verified]++
				}
			})
		}
		wg.Wait()
		// 800,000 are 53 texts, of which at most 26 are for unverified numbers. So few are verified, 37, that they do not have
		// the others' share before those come.
		if passed[false] != 26 || passed[true] != 53-26 {
			t.Errorf("%v texts passed, want 26 to unverified numbers and 27 to verified ones", passed)
		}
		want := [2]int64{53 * 15_000, 26 * 15_000}
		for scope, got := range l.spent() {
			if got != want {
				t.Errorf("%s spent %v, want %v", scope, got, want)
			}
		}
		alerts := map[string]int{}
		for _, a := range l.alerts() {
			alerts[a]++
		}
		for a, n := range alerts {
			if n != 1 {
				t.Errorf("%q came %d times", a, n)
			}
		}
		for _, share := range []string{"all", "unverified"} {
			for _, percent := range []string{"50", "80", "100"} {
				if alerts["organization "+share+" "+percent] != 1 {
					t.Errorf("no alert of %s %s", share, percent)
				}
			}
		}

		// Another run of the server, and both nodes at once, correct each text once.
		texts := storetest.Read(t, nodes[0]).Messages
		l.write(func(tx *store.Tx) error {
			for _, m := range texts {
				tx.MessageSent(m.ID, store.Handover{Provider: "twilio", Cost: 10_000})
			}
			return nil
		})
		for i := range 8 {
			wg.Go(func() {
				if err := (&guard.Service{DB: nodes[i%len(nodes)]}).Settle(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for scope, got := range l.spent() {
			if want := [2]int64{53 * 10_000, 26 * 10_000}; got != want {
				t.Errorf("%s spent %v after corrections, want %v", scope, got, want)
			}
		}
	})
}

func TestUSD(t *testing.T) {
	t.Parallel()
	for micros, want := range map[int64]string{
		0: "0.00", 15_000: "0.015", 1_000_000: "1.00", 50_123_456: "50.123456", -8_500_000: "-8.50",
	} {
		if got := guard.USD(micros); got != want {
			t.Errorf("USD(%d) = %s, want %s", micros, got, want)
		}
	}
	if got := guard.USD(math.MaxInt64); !strings.HasPrefix(got, "9223372036854.") {
		t.Errorf("the most is %s", got)
	}
}

func TestBudgetSettings(t *testing.T) {
	t.Parallel()
	s := store.BudgetSettings{
		"project": -1, "country/US": 5, "organization/*": 7, "organization/a": -1, "organization/b": 0,
	}
	for at, want := range map[[2]string]int64{
		{"project", ""}: -1, {"country", "US"}: 5, {"country", "CA"}: -1, {"organization", "a"}: -1,
		{"organization", "b"}: 0, {"organization", "c"}: 7,
	} {
		most, ok := s.Of(at[0], at[1])
		if ok != (want >= 0) || ok && most != want {
			t.Errorf("Of(%v) = %d, %t; want %d", at, most, ok, want)
		}
	}
	if maps.Clone(s).Has() != true || (store.BudgetSettings{"country/US": 1}).Has() {
		t.Error("Has is wrong")
	}
}
