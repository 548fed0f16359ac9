package recovery_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/recovery"
	"github.com/thimble-auth/thimble/internal/second/secondtest"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/totp"
)

func service(w *secondtest.World) *recovery.Service {
	return &recovery.Service{DB: w.DB, Keys: w.Keys, Second: w.Second}
}

// codes gives the member an app and what comes with it.
func codes(w *secondtest.World) []string {
	w.T.Helper()
	apps := &totp.Service{DB: w.DB, Keys: w.Keys, Sessions: w.Sessions, Second: w.Second}
	made, err := apps.Migrate(w.T.Context(), w.Project, totp.Migrate{
		Organization: ids.OrgRef(w.Org.ID), Member: ids.MemberRef(w.Member.ID), Seed: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
	})
	w.Check(err)
	return made.RecoveryCodes
}

func get(w *secondtest.World) []string {
	w.T.Helper()
	found, err := service(w).Get(w.T.Context(), w.Project, ids.OrgRef(w.Org.ID), ids.MemberRef(w.Member.ID))
	w.Check(err)
	return found.Codes
}

// One code in as many calls as there are racers, in one login and in many: one session.
func TestOneCodeOpensOneSession(t *testing.T) {
	t.Parallel()
	for _, logins := range []int{1, 16} {
		secondtest.Engines(t, func(w *secondtest.World) {
			all := codes(w)
			tokens := make([]session.Tokens, logins)
			for i := range tokens {
				tokens[i] = w.Login()
			}
			got := secondtest.Race(func(i int) error {
				_, _, err := service(w).Recover(w.T.Context(), w.Project, w.Attempt(tokens[i%logins]), all[3])
				return err
			})
			w.OneWon(got, "unable_to_authenticate_recovery_code", "intermediate_session_not_found")
			if diff := cmp.Diff(append(all[:3:3], all[4:]...), get(w)); diff != "" {
				w.T.Errorf("codes left (-want +got):\n%s", diff)
			}
		})
	}
}

// Different codes in one login: one of them is spent, the others stay good.
func TestOneLoginSpendsOneCode(t *testing.T) {
	t.Parallel()
	secondtest.Engines(t, func(w *secondtest.World) {
		all, tokens := codes(w), w.Login()
		got := secondtest.Race(func(i int) error {
			_, left, err := service(w).Recover(w.T.Context(), w.Project, w.Attempt(tokens), all[i%len(all)])
			if err == nil && left != int64(len(all)-1) {
				w.T.Errorf("%d codes are said to be left", left)
			}
			return err
		})
		w.OneWon(got, "unable_to_authenticate_recovery_code", "intermediate_session_not_found")
		if left := get(w); len(left) != len(all)-1 {
			w.T.Errorf("%d codes are left, want %d", len(left), len(all)-1)
		}
	})
}

// A rotation beside a login: the code works before it or not at all, and the new ones are whole.
func TestRotationRacesRecovery(t *testing.T) {
	t.Parallel()
	secondtest.Engines(t, func(w *secondtest.World) {
		all, tokens := codes(w), w.Login()
		secondtest.Race(func(i int) (err error) {
			if i%8 == 0 {
				_, err = service(w).Rotate(w.T.Context(), w.Project, ids.OrgRef(w.Org.ID), ids.MemberRef(w.Member.ID), "")
			} else {
				_, _, err = service(w).Recover(w.T.Context(), w.Project, w.Attempt(tokens), all[0])
			}
			return err
		})
		left := get(w)
		if len(left) != 10 {
			w.T.Errorf("%d codes after rotations, want 10", len(left))
		}
		for _, old := range all {
			if strings.Contains(strings.Join(left, " "), old) {
				w.T.Errorf("an old code is left")
			}
		}
	})
}

// What a factor by recovery code is worth ends with the registration it came with.
func TestFactorEndsWithItsRegistration(t *testing.T) {
	t.Parallel()
	secondtest.Engines(t, func(w *secondtest.World) {
		all := codes(w)
		live, _, err := service(w).Recover(w.T.Context(), w.Project, w.Attempt(w.Login()), strings.ToUpper(all[0]))
		w.Check(err)
		factor := live.Session.Factors[1]
		if !ids.Beside(factor.Recovery.CodeID, w.Row().TOTPID) {
			w.T.Errorf("code %s is not beside registration %s", factor.Recovery.CodeID, w.Row().TOTPID)
		}
		_, err = service(w).Rotate(w.T.Context(), w.Project, ids.OrgRef(w.Org.ID), ids.MemberRef(w.Member.ID), "")
		w.Check(err)
		_, _, err = service(w).Recover(w.T.Context(), w.Project, w.Attempt(w.Login()), all[1])
		if !errors.Is(err, errs.UnableToAuthenticateRecoveryCode) {
			w.T.Errorf("a code from before the rotation: %v", err)
		}
	})
}
