package guard_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// The counters' table is taken away under a working database. Members with verified numbers go on, within a cap; so do
// strangers whose prefix was good a moment ago; everybody else waits. When it is back, all is as before, and it is written
// down what happened.
func TestCountersFail(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{limit.ColdPrefix: 4, limit.MemberPerDay: 1000}
	scenes(t, ids.Live, limits, func(s *scene) {
		var log strings.Builder
		s.guard.Logger = slog.New(slog.NewTextHandler(&log, nil))
		rename := func(from, to string) {
			s.Helper()
			err := s.db.Write(s.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(s.Context(), sqldb.Dynamic("rename", "ALTER TABLE "+from+" RENAME TO "+to))
				return err
			})
			if err != nil {
				s.Fatal(err)
			}
		}
		member := s.to("+12025550100")
		member.Verified = true
		known := s.to(number("1415555", 1))
		s.redeem(known)
		s.want(known, "")
		for i := range 5 { // hot
			s.try(s.to(number("1305555", 100*i)))
			s.pass(time.Hour / 10)
		}

		rename("send_counters", "gone")
		for range 3 {
			s.want(member, "")
		}
		s.want(member, guard.RuleCountersFailed) // its cap
		s.want(known, "")
		d := s.want(s.to(number("1305555", 7)), guard.RuleCountersFailed)
		if d.Wait <= 0 || !strings.HasPrefix(d.Record(), "counters=failed") {
			s.Errorf("waits %v with %q", d.Wait, d.Record())
		}
		s.want(s.to(number("1404555", 7)), guard.RuleCountersFailed) // never seen
		s.pass(10 * time.Second)
		s.redeem(known) // nobody can count it, and the code is used all the same
		s.pass(10 * time.Second)
		s.want(s.to(number("1404555", 7)), guard.RuleCountersFailed) // asked again, in vain
		for i := range 700 {
			other := s.to(number("1202556", i))
			other.Verified = true
			if d := s.try(other); (d.Refusal == nil) != (i < 600) {
				s.Fatalf("member %d: %q; the cap of all is 600 a minute", i, d.Rule)
			}
		}

		rename("gone", "send_counters")
		s.want(s.to(number("1404555", 7)), guard.RuleCountersFailed) // five seconds are not over
		s.pass(10 * time.Second)
		s.want(s.to(number("1404555", 7)), "")
		s.want(member, "")
		var got []string
		for _, e := range storetest.Read(s.T, s.db).Events {
			got = append(got, e.Action+" "+e.Details)
		}
		want := []string{`guard.counters_failed {"lasted":"30s","passed":"604","refused":"105"}`}
		if diff := cmp.Diff(want, got); diff != "" {
			s.Errorf("events (-want +got):\n%s", diff)
		}
		for _, words := range []string{"the counters of sends fail", "work again"} {
			if !strings.Contains(log.String(), words) {
				s.Errorf("the log does not say %q:\n%s", words, log.String())
			}
		}
		if strings.Contains(log.String(), fmt.Sprint(12025550100)) {
			s.Error("the log has a number")
		}
	})
}
