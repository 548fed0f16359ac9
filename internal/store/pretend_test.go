package store_test

import (
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// What the simulator did to a message goes with it, and a thing to do is done by one.
func TestPretend(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		old := db.Now().Add(-time.Hour)
		step := func(tx *store.Tx, message string, at time.Time) {
			tx.AddPretendStep(&store.PretendStep{
				ID: ids.NewUUID(at).String(), MessageID: message, ProjectID: "p", Recipient: "+12025550162", Carrier: "c",
				What: store.PretendArrived, At: at,
			})
		}
		write(t, db, func(tx *store.Tx) error {
			step(tx, "message-test-a", old)
			step(tx, "message-test-b", tx.Now())
			tx.AddPretendDue(&store.PretendDue{ID: "due", MessageID: "message-test-b", Held: true, Recipient: "r", At: tx.Now().Add(time.Hour)})
			return nil
		})
		write(t, db, func(tx *store.Tx) error {
			if due, err := tx.PretendDue(t.Context(), 10); err != nil || len(due) > 0 {
				t.Errorf("due too early: %v %v", due, err)
			}
			tx.ReleasePretendDue("r", "message-test-b", tx.Now()) // its own text is no other one
			tx.ReleasePretendDue("another", "message-test-c", tx.Now())
			return nil
		})
		write(t, db, func(tx *store.Tx) error {
			if next, err := tx.NextPretendDue(t.Context()); err != nil || !next.After(tx.Now()) {
				t.Errorf("released by what is none of its business: %v %v", next, err)
			}
			tx.ReleasePretendDue("r", "message-test-c", tx.Now())
			return nil
		})
		write(t, db, func(tx *store.Tx) error {
			due, err := tx.PretendDue(t.Context(), 10)
			if err != nil || len(due) != 1 || due[0].Held {
				t.Errorf("released: %v %v", due, err)
			}
			for _, want := range []bool{true, false} {
				if done, err := tx.DonePretendDue(t.Context(), "due"); done != want || err != nil {
					t.Errorf("done: %v %v, want %v", done, err, want)
				}
			}
			_, err = tx.Reap(t.Context(), store.ReapMessages, old.Add(time.Minute), 100)
			return err
		})
		write(t, db, func(tx *store.Tx) error {
			steps, err := tx.PretendStepsBetween(t.Context(), "", "z")
			if len(steps) != 1 || len(steps["message-test-b"]) != 1 {
				t.Errorf("steps that are left: %v", steps)
			}
			return err
		})
	})
}
