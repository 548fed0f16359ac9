package guess

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// A lock is recorded with the guess that began it, before anything is compared; its end only when that guess is given
// back. Wrong guesses before it leave no event.
func TestRecord(t *testing.T) {
	t.Parallel()
	wrong, used := Verdict{Refusal: errs.OTPCodeNotFound}, Verdict{Refusal: errs.UnableToAuthOTPCode, GiveBack: true}
	crash := errors.New("crash")
	for _, c := range []struct {
		name  string
		last  Verdict // of the third guess, the last one
		err   error   // instead of that
		after error   // of the effects of a right one
		want  []string
	}{
		{"wrong", wrong, nil, nil, []string{Locked}},
		{"never compared", Verdict{}, crash, nil, []string{Locked}},
		{"right before", used, nil, nil, []string{Locked, Unlocked}},
		{"right and refused", Verdict{}, nil, errs.UnableToAuthOTPCode, []string{Locked, Unlocked}},
		{"right", Verdict{}, nil, nil, []string{Locked, "login"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			storetest.Engines(t, func(t *testing.T, db *store.DB) {
				for i := range 3 {
					judge := func(context.Context, *store.Tx) (Verdict, error) { return wrong, nil }
					if i == 2 {
						judge = func(context.Context, *store.Tx) (Verdict, error) { return c.last, c.err }
					}
					_ = Run(t.Context(), db, try(judge, c.after))
				}
				var want []store.AuditEvent
				for _, action := range c.want {
					want = append(want, store.AuditEvent{
						ProjectID: "p", OrganizationID: "o", MemberID: "m", RequestID: "r", Action: action, Outcome: audit.Done,
						Details: `{"method":"email_otp"}`,
					})
				}
				got := storetest.Read(t, db).Events
				if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(store.AuditEvent{}, "ID", "At")); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// try is an attempt with a budget of three.
func try(judge func(context.Context, *store.Tx) (Verdict, error), after error) Try {
	about := audit.Event{
		ProjectID: "p", OrganizationID: "o", MemberID: "m", RequestID: "r",
		Details: map[string]string{"method": store.MethodEmailOTP},
	}
	project := &store.Project{ID: "p"}
	return Try{
		Project: project, About: about,
		Reserve: func(ctx context.Context, tx *store.Tx) (store.Reserved, error) {
			return tx.ReservePrimary(ctx, "m", store.MethodEmailOTP, store.GuessBudget{InARow: 3, Lock: time.Hour}, false)
		},
		NoneLeft: errs.UserLockLimitReached,
		Return: func(tx *store.Tx) {
			tx.ReturnPrimary("m", store.MethodEmailOTP, store.GuessBudget{InARow: 3, Lock: time.Hour}, false)
		},
		Judge: judge,
		Effects: func(_ context.Context, tx *store.Tx) error {
			if after == nil {
				record(tx, project, "login", about)
			}
			return after
		},
	}
}
