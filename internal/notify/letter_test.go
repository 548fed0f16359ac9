package notify

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

// What became of each letter is told apart, and asked for all of them at once: the inbox is read once a second.
func TestLettersWithSteps(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node()
		ctx := context.Background()
		const many = 200
		want := map[string]int{} // steps by message: by time bubbles beside each other do not order ids
		w.check(n.o.DB.Write(ctx, func(tx *store.Tx) error {
			for i := range many {
				m := &store.Message{Channel: store.ChannelSMS, Kind: store.KindSMSOTP, Locale: "en", CreatedAt: tx.Now()}
				m.Recipient, m.Country = fmt.Sprintf("+1202555%04d", i), "US"
				if err := n.Compose(testProject, m, Content{Code: "123456"}); err != nil {
					return err
				}
				tx.InsertMessage(m)
				want[m.ID] = 2
				if i%50 == 0 {
					tx.AddAttempt(store.Attempt{MessageID: m.ID, N: 1, Provider: "twilio", Class: "later"})
					tx.AddAttempt(store.Attempt{MessageID: m.ID, N: 2, Provider: "telnyx", Class: "later"})
					want[m.ID] = 4
				}
				if i == many-1 {
					tx.MessageRedeemed(m.ID)
					want[m.ID] = 3
				}
			}
			return nil
		}))

		ctx, trips := sqldb.WithTrips(ctx)
		letters, err := n.Letters(ctx, "", "", many)
		w.check(err)
		if got := trips.Statements.Load(); got != 3 {
			w.t.Errorf("%d statements, want 3", got)
		}
		got := map[string]int{}
		for _, l := range letters {
			got[l.ID] = len(l.Steps)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			w.t.Errorf("steps of each letter (-want +got):\n%s", diff)
		}
		n.drain(time.Second)
	})
}
