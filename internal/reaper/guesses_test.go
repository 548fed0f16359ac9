package reaper

import (
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// Counters of guesses go once they are older than the longest lock that a project can have, counted from the last guess:
// whoever waits for that gets less than who waits for the end of a lock.
func TestGuesses(t *testing.T) {
	t.Parallel()
	longest := store.GuessBudget{InARow: 3, Lock: limit.MaxLockMinutes * time.Minute}
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		reserve := func(owner string, want bool) {
			t.Helper()
			var got store.Reserved
			err := db.Write(t.Context(), func(tx *store.Tx) (err error) {
				got, err = tx.ReservePrimary(t.Context(), owner, store.MethodPassword, longest, false)
				return err
			})
			if err != nil || got.Left != want {
				t.Fatalf("a guess of %s: %+v, %v; want one left: %v", owner, got, err, want)
			}
		}
		// after lets time pass and the reaper work, and tells how many guesses are counted.
		after := func(d time.Duration, want map[string]int64) {
			t.Helper()
			db.AdvanceClock(d)
			r := &Reaper{DB: db}
			if err := r.Round(t.Context()); err != nil {
				t.Fatal(err)
			}
			for owner, n := range want {
				var got int64
				err := db.Read(t.Context(), func(tx *store.Tx) (err error) {
					got, _, err = tx.PrimaryLock(t.Context(), owner, store.MethodPassword)
					return err
				})
				if err != nil || got != n {
					t.Errorf("%s has %d guesses counted, %v; want %d", owner, got, err, n)
				}
			}
		}

		for _, owner := range []string{"once", "twice", "locked", "locked", "locked"} {
			reserve(owner, true)
		}
		after(7*day-time.Minute, map[string]int64{"once": 1, "twice": 1, "locked": 3})
		reserve("locked", false) // a try that does not count does not make it young
		reserve("twice", true)
		after(day, map[string]int64{"once": 1, "twice": 2, "locked": 3})
		after(2*time.Minute, map[string]int64{"once": 0, "twice": 2, "locked": 0})
		after(7*day-3*time.Minute, map[string]int64{"twice": 2})
		after(2*time.Minute, map[string]int64{"twice": 0})
	})
}
