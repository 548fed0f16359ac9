package guard_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/reaper"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// noon stands in the middle of every window but the shortest.
var noon = time.Date(2026, 11, 22, 12, 34, 56, 500_000, time.UTC)

// scene is a project with a guard, by a clock of its own.
type scene struct {
	*testing.T
	db      *store.DB
	guard   *guard.Service
	project *store.Project
	now     *atomic.Int64
}

// scenes runs a test on both engines. Limits that the test does not name are none.
func scenes(t *testing.T, env ids.Env, limits map[string]int64, test func(s *scene)) {
	var now [2]atomic.Int64
	next := atomic.Int64{}
	storetest.URLs(t, func(t *testing.T, url string) {
		clock := &now[next.Add(1)-1]
		clock.Store(noon.UnixMicro())
		db := openAt(t, url, clock)
		p := storetest.Project(t, db, env)
		p.Settings.Limits = map[string]int64{}
		for name := range limit.Defaults() {
			p.Settings.Limits[name] = -1
		}
		for name, n := range limits {
			p.Settings.Limits[name] = n
		}
		test(&scene{T: t, db: db, guard: &guard.Service{}, project: p, now: clock})
	})
}

func (s *scene) pass(d time.Duration) { s.now.Add(d.Microseconds()) }

// to gives a send to a stranger's number, by a member who has the number's name.
func (s *scene) to(number string) guard.Send {
	return guard.Send{
		Project: s.project, Organization: &store.Organization{ID: "o"}, Member: &store.Member{ID: "m" + number},
		Number: phone.Stored(number).Placed(),
	}
}

// try asks for a send and counts it when it may go.
func (s *scene) try(in guard.Send) *guard.Decision {
	s.Helper()
	d, err := s.tryErr(s.Context(), in)
	if err != nil {
		s.Fatal(err)
	}
	return d
}

func (s *scene) tryErr(ctx context.Context, in guard.Send) (d *guard.Decision, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if d, err = s.guard.Check(ctx, tx, in); err != nil || d.Refusal != nil {
			return err
		}
		return d.Count(ctx, tx)
	})
	return d, err
}

func (s *scene) redeem(in guard.Send) {
	s.Helper()
	err := s.db.Write(s.Context(), func(tx *store.Tx) error {
		s.guard.Redeemed(tx, in)
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
}

// want sends and demands that the rule refuses, "" for none.
func (s *scene) want(in guard.Send, rule string) *guard.Decision {
	s.Helper()
	d := s.try(in)
	if d.Rule != rule || (d.Refusal == nil) != (rule == "") {
		s.Fatalf("at %s: refused by %q, want %q; %s", s.db.Now().Format(time.RFC3339), d.Rule, rule, d.Record())
	}
	if rule != "" && d.Pass == "" {
		s.Errorf("%s does not say what would let the send pass", rule)
	}
	return d
}

func number(prefix string, i int) string { return fmt.Sprintf("+%s%04d", prefix, i) }

func TestEachLimitRefusesAlone(t *testing.T) {
	t.Parallel()
	scenes(t, ids.Live, nil, func(s *scene) {
		for name, wantAllowed := range map[string]int{
			limit.NumberPer10Seconds: 4, limit.NumberPer10Minutes: 4, limit.NumberPerDay: 4, limit.MemberPer10Seconds: 4,
			limit.MemberPer10Minutes: 4, limit.MemberPerDay: 4, limit.PrefixPerHour: 4, limit.Prefix5Hour: 4,
			limit.OrganizationHour: 2, limit.ProjectSecond: 2, // of which strangers have half
		} {
			p := storetest.Project(s.T, s.db, ids.Live)
			p.Settings.Limits = map[string]int64{}
			for other := range limit.Defaults() {
				p.Settings.Limits[other] = -1
			}
			p.Settings.Limits[name] = 4
			in := s.to("+12025550162")
			in.Project = p
			allowed := 0
			for range 6 {
				if d := s.try(in); d.Refusal == nil {
					allowed++
				} else if d.Rule != name || !errors.Is(d.Refusal, errs.TooManyRequests) || d.Wait <= 0 {
					s.Errorf("%s refused with %v for %v where only %s is set", d.Rule, d.Refusal, d.Wait, name)
				}
			}
			if allowed != wantAllowed {
				s.Errorf("%s: %d sends, want %d", name, allowed, wantAllowed)
			}
		}
	})
}

// A prefix where nobody ever used a code is closed after four texts that had their time, and stays so for weeks.
func TestColdPrefix(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{limit.ColdPrefix: 4, limit.ColdPrefixBurst: 12}
	scenes(t, ids.Live, limits, func(s *scene) {
		for i := range 4 {
			s.want(s.to(number("1202555", 100*i)), "")
			s.pass(time.Hour)
		}
		for range 31 { // days
			d := s.want(s.to(number("1202555", 1234)), guard.RuleColdPrefix)
			if !errors.Is(d.Refusal, errs.TooFewTokensAuthenticated) || d.Prefix != "1202555" {
				s.Fatalf("refused with %v for %q", d.Refusal, d.Prefix)
			}
			s.pass(24 * time.Hour)
			if err := (&reaper.Reaper{DB: s.db}).Round(s.Context()); err != nil {
				s.Fatal(err)
			}
		}
		s.want(s.to(number("1305555", 1)), "")
		s.pass(30 * 24 * time.Hour)
		s.want(s.to(number("1202555", 1235)), "")
	})
}

// A burst has twelve: people need a moment to type. One code that is used opens the prefix.
func TestColdPrefixBurst(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{limit.ColdPrefix: 4, limit.ColdPrefixBurst: 12}
	scenes(t, ids.Live, limits, func(s *scene) {
		for i := range 12 {
			s.want(s.to(number("1202555", 100*i)), "")
		}
		s.want(s.to(number("1202555", 9999)), guard.RuleColdPrefix)
		s.redeem(s.to(number("1202555", 100)))
		s.want(s.to(number("1202555", 9998)), "")
	})
}

// Spread over ten times as many prefixes, an attack is seen by the wider one; sent to neighbours, by the narrower one.
func TestWidths(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{limit.ColdPrefix: 4, limit.ColdPrefixBurst: 12}
	scenes(t, ids.Live, limits, func(s *scene) {
		for i := range 12 {
			s.want(s.to(number(fmt.Sprintf("12025%02d", i), 100)), "")
		}
		d := s.want(s.to(number("1202577", 1)), guard.RuleColdPrefix)
		if d.Prefix != "12025" {
			s.Errorf("prefix %q, want the wide one", d.Prefix)
		}

		for i := range 12 { // one prefix alone does not close what lies around it
			s.want(s.to(number("1303555", 100*i)), "")
		}
		s.want(s.to(number("1303555", 9999)), guard.RuleColdPrefix)
		s.want(s.to(number("1303556", 1)), "")

		s.redeem(s.to(number("1415555", 9000))) // the prefix is known, these hundred numbers are not
		for i := range 12 {
			s.want(s.to(number("1415555", 100+i)), "")
		}
		d = s.want(s.to(number("1415555", 150)), guard.RuleColdPrefix)
		if d.Prefix != "1415555" || strings.Contains(d.Pass, "141555501") {
			s.Errorf("prefix %q and %q, want no more than seven digits", d.Prefix, d.Pass)
		}
		s.want(s.to(number("1415555", 250)), "")
	})
}

// Where codes were used, the share of those beyond the first decides.
func TestPrefixShare(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{limit.ShareAfter: 4, limit.SharePercent: 30, limit.ColdPrefixBurst: 15}
	scenes(t, ids.Live, limits, func(s *scene) {
		for i := range 11 {
			s.want(s.to(number("1202555", 100*i)), "")
		}
		s.redeem(s.to(number("1202555", 0)))
		s.redeem(s.to(number("1202555", 100)))
		s.want(s.to(number("1202555", 9999)), "") // the hour is not over
		s.pass(time.Hour)
		s.want(s.to(number("1202555", 9998)), guard.RulePrefixShare) // two of 8 beyond the first four
		s.redeem(s.to(number("1202555", 200)))
		s.want(s.to(number("1202555", 9997)), "") // three of them
		s.pass(time.Hour)
		for i := range 2 {
			s.want(s.to(number("1202555", 9996-i)), "")
		}
		s.pass(time.Hour)
		s.want(s.to(number("1202555", 9000)), guard.RulePrefixShare) // three of 11

		in := s.to(number("1415555", 0)) // one used, and then many at once
		s.want(in, "")
		s.redeem(in)
		for i := range 18 {
			s.want(s.to(number("1415555", 100+100*i)), "")
		}
		s.want(s.to(number("1415555", 9000)), guard.RulePrefixShare) // one of four beyond fifteen
	})
}

// Neighbouring numbers within an hour are refused, unless their owners use their codes.
func TestSequentialNumbers(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{limit.Block10Hour: 8, limit.Block100Hour: 20}
	scenes(t, ids.Live, limits, func(s *scene) {
		for i := range 8 {
			s.want(s.to(number("1202555", 100+i)), "")
			s.want(s.to("+13055550162"), "") // one number again and again is no sequence
		}
		d := s.want(s.to(number("1202555", 108)), guard.RuleSequential)
		if d.Wait <= 0 || !errors.Is(d.Refusal, errs.TooManyRequests) {
			s.Errorf("refused with %v for %v", d.Refusal, d.Wait)
		}
		for i := range 12 {
			s.want(s.to(number("1202555", 110+2*i)), "")
		}
		s.want(s.to(number("1202555", 199)), guard.RuleSequential)
		s.want(s.to(number("1202555", 201)), "")
		s.pass(time.Hour)
		s.want(s.to(number("1202555", 108)), "")

		for i := range 60 { // a company's numbers
			in := s.to(number("1415555", 200+i))
			s.want(in, "")
			s.redeem(in)
		}
	})
}

// A project with few used codes lets a trickle through to prefixes that it does not know, and everything to those it does.
func TestProjectShare(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{limit.ProjectShareAfter: 40, limit.ProjectSharePercent: 10, limit.ProjectColdHour: 42}
	scenes(t, ids.Live, limits, func(s *scene) {
		s.redeem(s.to(number("1202555", 1)))
		for i := range 42 {
			s.want(s.to(number(fmt.Sprint(1205200+i), 1)), "")
		}
		s.want(s.to(number("1206300", 1)), guard.RuleProjectShare)
		s.want(s.to(number("1202555", 7)), "")
		s.pass(time.Hour)
		s.want(s.to(number("1206300", 1)), "")
		for i := range 10 { // real people among them open it again
			s.redeem(s.to(number(fmt.Sprint(1205200+i), 1)))
		}
		for i := range 50 {
			s.want(s.to(number(fmt.Sprint(1207200+i), 1)), "")
		}
	})
}

// While texts arrive nowhere, nothing is held against the prefixes, and no more than a trickle leaves.
func TestTextsThatDoNotArrive(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{limit.ColdPrefix: 4, limit.ColdPrefixBurst: 12, limit.OutageAfter: 5, limit.OutageHour: 9}
	scenes(t, ids.Live, limits, func(s *scene) {
		s.redeem(s.to(number("1202555", 1)))
		s.pass(2 * time.Hour)
		for i := range 5 {
			s.want(s.to(number("1202555", 100*i)), "")
		}
		s.pass(time.Hour) // now it is seen
		for i := range 9 {
			s.want(s.to(number("1305555", 100*i)), "")
		}
		s.want(s.to(number("1202555", 7)), guard.RuleNotUsed)
		s.redeem(s.to(number("1202555", 400)))
		s.want(s.to(number("1202555", 7)), "")
		s.pass(time.Hour)
		for i := range 4 { // the nine of before are forgotten
			s.want(s.to(number("1305555", 100*i)), "")
		}
	})
}

// Colleagues with verified numbers vouch for their prefix: one share of codes decides, not that nobody used one yet.
func TestColleagues(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{limit.ColdPrefix: 4, limit.ColdPrefixBurst: 12}
	scenes(t, ids.Live, limits, func(s *scene) {
		o := organization(s, "o", "+12025550001")
		for i := range 20 {
			in := s.to(number("1202555", 100*i))
			in.Organization = o
			s.want(in, "")
		}
		other := s.to(number("1202555", 9999)) // of another organization
		s.want(other, guard.RuleColdPrefix)
	})
}

func TestTestProjectsOnlyCount(t *testing.T) {
	t.Parallel()
	scenes(t, ids.Test, map[string]int64{limit.NumberPerDay: 5, limit.ColdPrefix: 4, limit.ColdPrefixBurst: 4}, func(s *scene) {
		in := s.to("+12025550162")
		var d *guard.Decision
		for range 30 {
			d = s.want(in, "")
		}
		if record := d.Record(); !strings.Contains(record, "watched=number_day,cold_prefix") {
			s.Errorf("the record says nothing of the rules: %s", record)
		}
		s.project.Settings.EnforceLimits = true
		s.want(in, limit.NumberPerDay)
	})
}

// An attacker with accounts sets off every rule there is; members with verified numbers still get codes, and the attack
// costs them no statement.
func TestStrangersCannotUseUpMembersLimits(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{}
	for name, n := range limit.Defaults() {
		limits[name] = n
	}
	limits[limit.OrganizationHour], limits[limit.ProjectSecond], limits[limit.ProjectShareAfter] = 60, 1<<40, 10
	scenes(t, ids.Live, limits, func(s *scene) {
		victim := s.to("+12025550100")
		victim.Verified = true
		fired := map[string]bool{}
		for i := range 200 {
			fired[s.try(s.to(number("1202555", i))).Rule] = true
			fired[s.try(s.to(number(fmt.Sprint(1202200+i), i))).Rule] = true
		}
		s.pass(time.Hour)
		for i := range 50 {
			fired[s.try(s.to(number("1202555", i))).Rule] = true
		}
		for _, rule := range []string{guard.RuleSequential, guard.RuleColdPrefix, limit.OrganizationHour} {
			if !fired[rule] {
				s.Errorf("the attack did not set off %s", rule)
			}
		}
		s.want(s.to("+12025550100"), guard.RuleColdPrefix)
		d := s.want(victim, "")
		if strings.Contains(d.Record(), "prefix") {
			s.Errorf("counters of strangers are read for a member: %s", d.Record())
		}
	})
}
