package smsotp_test

import (
	"errors"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

// Two members ask for the same number at different times; whoever verifies it first has it. The other one's code was
// right: it costs no guess.
func TestNumberGoesToWhoeverVerifiesItFirst(t *testing.T) {
	t.Parallel()
	engines(t, sqldb.Options{}, func(w *world) {
		ada, bob := w.member, w.newMember("bob@example.com")
		adas := session.Tokens{Intermediate: w.login(ada).Intermediate}
		if err := w.send(ada, number, adas); err != nil {
			w.t.Fatal(err)
		}
		w.DB.AdvanceClock(11 * time.Minute) // ada's claim lapses
		bobs := session.Tokens{Intermediate: w.login(bob).Intermediate}
		if err := w.send(bob, number, bobs); err != nil {
			w.t.Fatal(err)
		}
		bobsCode := w.code()
		w.DB.AdvanceClock(time.Second)

		// Ada's own send is refused while bob's claim holds, so her code is made before and redeemed after his text.
		adas = session.Tokens{Intermediate: w.login(ada).Intermediate}
		if err := w.send(ada, "", adas); !errors.Is(err, errs.DuplicateMemberPhoneNumber) {
			w.t.Errorf("a send to a number that bob was just sent a code to: %v", err)
		}
		if _, err := w.redeem(bob, bobsCode, bobs); err != nil {
			w.t.Fatal(err)
		}
		if err := w.send(ada, "", adas); !errors.Is(err, errs.DuplicateMemberPhoneNumber) {
			w.t.Errorf("a send to bob's verified number: %v", err)
		}
	})
}

// Both were sent a code at the same moment, so that neither saw the other's claim.
func TestRightCodeForATakenNumberCostsNoGuess(t *testing.T) {
	t.Parallel()
	engines(t, sqldb.Options{}, func(w *world) {
		ada, bob := w.member, w.newMember("bob@example.com")
		adas := session.Tokens{Intermediate: w.login(ada).Intermediate}
		bobs := session.Tokens{Intermediate: w.login(bob).Intermediate}
		if err := w.send(ada, number, adas); err != nil {
			w.t.Fatal(err)
		}
		const right = "424242"
		version, hash := w.Keys.HashCode(w.project.ID, bob.ID, store.PurposeSMS, right)
		err := w.DB.Write(w.t.Context(), func(tx *store.Tx) error {
			tx.IssueCode(&store.Code{
				Owner: bob.ID, Purpose: store.PurposeSMS, ProjectID: w.project.ID, Recipient: number, Hash: hash,
				KeyVersion: version, IssuedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Minute),
			})
			_, err := tx.LinkPhone(w.t.Context(), bob.ID, "", number, "phone-number-test-x")
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}

		if _, err := w.redeem(ada, w.code(), adas); err != nil {
			w.t.Fatal(err)
		}
		if _, err := w.redeem(bob, right, bobs); !errors.Is(err, errs.DuplicateMemberPhoneNumber) {
			w.t.Errorf("a number that another member verified: %v", err)
		}
		if m := w.row(bob); m.MFAFailures != 0 || m.PhoneVerified || w.sessions(bob) != 0 {
			w.t.Errorf("bob has %d failures, a verified number: %t", m.MFAFailures, m.PhoneVerified)
		}
	})
}
