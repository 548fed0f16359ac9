package totp_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/second/secondtest"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/totp"
)

// The clock of these tests stands at 2026-05-04 12:00:00, when another program shows this code for the seed.
const (
	seed  = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // 12345678901234567890
	right = "864678"
)

func service(w *secondtest.World) *totp.Service {
	return &totp.Service{DB: w.DB, Keys: w.Keys, Sessions: w.Sessions, Second: w.Second}
}

func migrate(w *secondtest.World) *totp.Created {
	w.T.Helper()
	made, err := service(w).Migrate(w.T.Context(), w.Project, totp.Migrate{
		Organization: ids.OrgRef(w.Org.ID), Member: ids.MemberRef(w.Member.ID), Seed: seed,
	})
	w.Check(err)
	return made
}

func create(w *secondtest.World, tokens session.Tokens) (*totp.Created, error) {
	return service(w).Create(w.T.Context(), w.Project, totp.Create{
		Organization: ids.OrgRef(w.Org.ID), Member: ids.MemberRef(w.Member.ID), Tokens: tokens,
	})
}

// One code in as many calls as there are racers, in one login and in many: one session.
func TestOneCodeOpensOneSession(t *testing.T) {
	t.Parallel()
	for _, logins := range []int{1, 16} {
		secondtest.Engines(t, func(w *secondtest.World) {
			migrate(w)
			tokens := make([]session.Tokens, logins)
			for i := range tokens {
				tokens[i] = w.Login()
			}
			got := secondtest.Race(func(i int) error {
				_, err := service(w).Authenticate(w.T.Context(), w.Project, w.Attempt(tokens[i%logins]), right)
				return err
			})
			w.OneWon(got, "totp_code_already_authenticated", "intermediate_session_not_found")
		})
	}
}

// First codes, replacements and deletions at the same time: whatever comes first, member, registration and recovery codes
// agree in the end.
func TestFirstCodeRacesReplacementAndDeletion(t *testing.T) {
	t.Parallel()
	secondtest.Engines(t, func(w *secondtest.World) {
		tokens := w.Login()
		made, err := create(w, tokens)
		w.Check(err)
		first := codeNow(w, made.Seed)
		secondtest.Race(func(i int) (err error) {
			switch i % 3 {
			case 0:
				_, err = create(w, tokens)
			case 1:
				_, err = w.Members.DeleteTOTP(
					w.T.Context(), w.Project, rbac.Caller{}, ids.OrgRef(w.Org.ID), ids.MemberRef(w.Member.ID))
			case 2:
				_, err = service(w).Authenticate(w.T.Context(), w.Project, w.Attempt(tokens), first)
			}
			return err
		})

		m := w.Row()
		w.Check(w.DB.Read(w.T.Context(), func(tx *store.Tx) error {
			r, err := tx.TOTP(w.T.Context(), m.ID)
			if errors.Is(err, store.ErrNotFound) && m.TOTPID == "" {
				return nil
			}
			if err != nil {
				return err
			}
			codes, err := tx.RecoveryCodes(w.T.Context(), m.ID, r.ID)
			if active := r.State == store.TOTPActive; active != (m.TOTPID == r.ID) || !active && m.TOTPID != "" || len(codes) != 10 {
				w.T.Errorf("the member has %q, and registration %s is %s with %d codes", m.TOTPID, r.ID, r.State, len(codes))
			}
			return err
		}))
	})
}

// A member ends up with one registration whoever migrates at the same time.
func TestRacingMigrations(t *testing.T) {
	t.Parallel()
	secondtest.Engines(t, func(w *secondtest.World) {
		got := secondtest.Race(func(int) error {
			_, err := service(w).Migrate(w.T.Context(), w.Project, totp.Migrate{
				Organization: ids.OrgRef(w.Org.ID), Member: ids.MemberRef(w.Member.ID), Seed: seed,
			})
			return err
		})
		if got[""] != 1 || got[errs.ActiveTOTPExists.Type] != secondtest.Racers-1 {
			w.T.Errorf("want one success: %v", got)
		}
	})
}

// A number that was verified after the registration was made must be shown before the app counts.
func TestPendingRegistrationIsNoWayAround(t *testing.T) {
	t.Parallel()
	secondtest.Engines(t, func(w *secondtest.World) {
		tokens := w.Login()
		made, err := create(w, tokens)
		w.Check(err)
		w.Check(w.DB.Write(w.T.Context(), func(tx *store.Tx) error {
			m, err := tx.LockMember(w.T.Context(), w.Project.ID, w.Org.ID, w.Member.ID)
			if err != nil {
				return err
			}
			m.Phone, m.PhoneID, m.PhoneVerified = "+12025550162", "phone-number-test-1", true
			tx.UpdateMember(m)
			return nil
		}))

		code := codeNow(w, made.Seed)
		_, err = service(w).Authenticate(w.T.Context(), w.Project, w.Attempt(tokens), code)
		if !errors.Is(err, errs.InsufficientFactors) {
			w.T.Errorf("the first code of a registration made before the number: %v", err)
		}
		if m := w.Row(); m.TOTPID != "" || m.MFAFailures != 0 {
			w.T.Errorf("registration %q, %d failures", m.TOTPID, m.MFAFailures)
		}
		if _, err := create(w, tokens); !errors.Is(err, errs.InsufficientFactors) {
			w.T.Errorf("another registration: %v", err)
		}
	})
}

// Neither seed nor recovery codes can be read from the rows, and a sealed one opens nowhere else.
func TestSecretsAreSealed(t *testing.T) {
	t.Parallel()
	secondtest.Engines(t, func(w *secondtest.World) {
		made := migrate(w)
		w.Check(w.DB.Read(w.T.Context(), func(tx *store.Tx) error {
			r, err := tx.TOTP(w.T.Context(), w.Member.ID)
			if err != nil {
				return err
			}
			if bytes.Contains(r.Sealed, []byte("12345678901234567890")) {
				w.T.Error("the seed is in the row")
			}
			if _, err := w.Keys.OpenSealed("totp_registrations", "sealed", r.ID+"x", r.Sealed); err == nil {
				w.T.Error("the seed opens in another row")
			}
			codes, err := tx.RecoveryCodes(w.T.Context(), w.Member.ID, r.ID)
			for i, c := range codes {
				if bytes.Contains(c.Sealed, []byte(made.RecoveryCodes[i])) {
					w.T.Error("a recovery code is in its row")
				}
			}
			return err
		}))
	})
}

func codeNow(w *secondtest.World, seed secret.String) string {
	return totp.CodeAt(seed.Reveal(), w.DB.Now())
}
