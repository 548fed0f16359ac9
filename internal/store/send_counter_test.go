package store_test

import (
	"math"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// A send that counts where all others count, too, does not wait for one that has counted and not committed yet. On SQLite
// there is none.
func TestSharedCountersDoNotWait(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		all := make([]store.SendCounter, store.CountersMail)
		for i, name := range []string{"organization", "project"} {
			all[i] = store.SendCounter{Name: name, EndsAt: db.Now().Add(time.Hour), Shared: true, Ceiling: math.MaxInt64}
		}
		count := func(tx *store.Tx) error {
			if err := tx.CountSends(all); err != nil {
				return err
			}
			_, err := tx.SumSends(t.Context(), all) // takes it to the server
			return err
		}
		const sends = 3
		var within func(n int) error
		within = func(n int) error {
			if n == 0 {
				return nil
			}
			return db.Write(t.Context(), func(tx *store.Tx) error {
				if err := count(tx); err != nil || db.Engine() == sqldb.SQLite {
					return err
				}
				return within(n - 1)
			})
		}
		calls := 1
		if db.Engine() == sqldb.SQLite {
			calls = sends
		}
		for range calls {
			if err := within(sends); err != nil {
				t.Fatal(err)
			}
		}
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			sums, err := tx.SumSends(t.Context(), all)
			if err == nil && (sums[0] != sends || sums[1] != sends) {
				t.Errorf("counted %v, want %d of each", sums, sends)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
