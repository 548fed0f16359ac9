package guard_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/limit"
)

const aDay = 24 * time.Hour

// What is on the safe list passes the rules about others, is not counted against its prefix, and ends.
func TestSafeList(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{
		limit.ColdPrefix: 4, limit.ColdPrefixBurst: 6, limit.Block10Hour: 3, limit.PrefixPerHour: 30, limit.NumberPerDay: 40,
	}
	scenes(t, ids.Live, limits, func(s *scene) {
		s.guard.DB = s.db
		cold := s.to("+12025550109")
		for i := range 3 {
			s.want(s.to(number("1202555", 100+i)), "")
		}
		s.want(cold, guard.RuleSequential)
		organizationID, memberID := ids.New(ids.Organization, ids.Live, noon), ids.New(ids.Member, ids.Live, noon)
		cold.Organization.ID, cold.Member.ID = organizationID, memberID
		other := s.to("+12025550108")
		for _, value := range []string{"+12025550109", "+120255", "+1202", organizationID, memberID} {
			if _, err := s.guard.AddSafe(s.Context(), s.project, value, "a test", aDay); err != nil {
				s.Fatalf("%s: %v", value, err)
			}
			for range 3 {
				s.want(cold, "")
			}
			found, err := s.guard.RemoveSafe(s.Context(), s.project, value)
			if err != nil || !found {
				s.Fatalf("%s was there: %t, %v", value, found, err)
			}
			s.want(cold, guard.RuleSequential)
		}
		s.pass(time.Hour)
		s.want(other, "") // the fifteen that passed do not count against the prefix: it has three
		s.pass(time.Hour)
		s.want(other, guard.RuleColdPrefix)

		if _, err := s.guard.AddSafe(s.Context(), s.project, "+12025550108", "a test", aDay); err != nil {
			s.Fatal(err)
		}
		s.want(other, "")
		s.pass(aDay)
		s.want(other, guard.RuleColdPrefix)
	})
}

func TestSafeValues(t *testing.T) {
	t.Parallel()
	organizationID := ids.New(ids.Organization, ids.Live, noon)
	for value, want := range map[string]string{
		"+12025550162": "number", "+1202555": "prefix", "+1202": "prefix", "+120": "", "1202555": "", "+1202 555": "", "": "",
		"+1234567890123456": "", organizationID: "organization", ids.New(ids.Project, ids.Live, noon): "", "+١٢٠٢٥": "",
	} {
		if got := guard.SafeKind(value); got != want {
			t.Errorf("SafeKind(%q) = %q, want %q", value, got, want)
		}
	}
	scenes(t, ids.Live, nil, func(s *scene) {
		for _, c := range []struct {
			value, reason string
			lasts         time.Duration
		}{
			{"+120", "x", aDay},
			{"+1202555", "", aDay},
			{"+1202555", "x", 0},
			{"+1202555", "x", 367 * aDay},
			{"+1202555", strings.Repeat("x", 201), aDay},
			{"+1202555", "a\nb", aDay},
		} {
			_, err := s.guard.AddSafe(s.Context(), s.project, c.value, c.reason, c.lasts)
			if !errors.Is(err, errs.InvalidArgument) {
				s.Errorf("%q for %q, %v: %v", c.value, c.reason, c.lasts, err)
			}
		}
	})
}

// The status shows what is hot, and clearing makes it pass again.
func TestStatusAndClear(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{limit.ColdPrefix: 4}
	scenes(t, ids.Live, limits, func(s *scene) {
		s.guard.DB = s.db
		for i := range 4 {
			s.want(s.to(number("1202555", 100*i)), "")
			in := s.to(number("1415556", i))
			s.want(in, "")
			s.redeem(in)
		}
		s.pass(time.Hour)
		s.want(s.to("+12025559999"), guard.RuleColdPrefix)
		got, err := s.guard.Status(s.Context(), s.project)
		if err != nil {
			s.Fatal(err)
		}
		hot := map[string]guard.Hot{}
		for _, h := range got.Hot {
			hot[h.Prefix] = h
		}
		want := map[string]guard.Hot{
			"1202555": {Prefix: "1202555", Sent: 4, Rule: guard.RuleColdPrefix}, "12025": {Prefix: "12025", Sent: 3},
			"1415556": {Prefix: "1415556", Sent: 4, Used: 4}, "14155": {Prefix: "14155", Sent: 3, Used: 4},
		}
		if diff := cmp.Diff(want, hot, cmpopts.IgnoreMapEntries(func(k string, _ guard.Hot) bool { return len(k) > 7 })); diff != "" {
			s.Errorf("hot (-want +got):\n%s", diff)
		}
		if got.Hot[0].Rule == "" || got.DaySent != 8 || got.DayUsed != 4 {
			s.Errorf("first %+v, %d of %d used", got.Hot[0], got.DayUsed, got.DaySent)
		}

		for digits, want := range map[string]bool{"1202555": true, "1303555": false} {
			if found, err := s.guard.Clear(s.Context(), s.project, digits); err != nil || found != want {
				s.Errorf("clear %s: %t, %v", digits, found, err)
			}
		}
		s.want(s.to("+12025559999"), "")
		for range 2 {
			s.pass(time.Hour)
			for range 4 {
				s.try(s.to("+12025559999"))
			}
		}
		s.want(s.to("+12025559999"), guard.RuleColdPrefix)
		if found, err := s.guard.Clear(s.Context(), s.project, ""); err != nil || !found {
			s.Errorf("clear all: %t, %v", found, err)
		}
		s.want(s.to("+12025559999"), "")
	})
}
