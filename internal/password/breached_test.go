package password_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/password"
	"github.com/thimble-auth/thimble/internal/store"
)

// TestBreachedPasswords has a list with the good password: where it is looked up, and where settings say that it is not.
func TestBreachedPasswords(t *testing.T) {
	t.Parallel()
	engines(t, store.ProjectSettings{}, func(w *world) {
		path := filepath.Join(w.TempDir(), "list")
		// SHA-1 of "stable donkey battery".
		w.check(os.WriteFile(path, []byte(password.SHA1(good)+":12\n"), 0o600))
		var err error
		w.service.Breaches, err = password.OpenBreaches(path, slog.New(slog.DiscardHandler))
		w.check(err)
		want := func(what string, err, want error) {
			w.Helper()
			if !errors.Is(err, want) || (want == nil) != (err == nil) {
				w.Errorf("%s: %v, want %v", what, err, want)
			}
		}
		reset := func() error {
			_, err := w.service.Reset(w.Context(), w.project, password.Reset{Token: w.link(), Password: good})
			return err
		}
		existing := func() error {
			_, err := w.service.ResetExisting(w.Context(), w.project, password.ExistingReset{
				Organization: ids.OrgRef(w.org.ID), Email: "ada@example.com", Existing: good, New: better,
			})
			return err
		}

		want("login", w.login("ada", good), errs.MemberResetPassword)
		want("login with a wrong one", w.login("ada", better), errs.UnauthorizedCredentials)
		want("reset", reset(), errs.BreachedPassword)
		want("existing", existing(), errs.CannotResetPasswordWithExistingPassword)
		for address, valid := range map[string]bool{"": true, "ada@example.com": false} {
			s, err := w.service.Check(w.Context(), w.project, good, address)
			if err != nil || s.Valid != valid || !s.Breached || !s.LookedUp {
				w.Errorf("strength with %q: %+v, %v; want breached, valid %t", address, s, err, valid)
			}
		}

		w.project.Settings.SkipBreachOnAuthentication, w.project.Settings.SkipBreachOnCreation = true, true
		want("login, not looked up", w.login("ada", good), nil)
		want("reset, not looked up", reset(), nil)
		s, err := w.service.Check(w.Context(), w.project, good, "ada@example.com")
		if err != nil || !s.Valid || s.Breached || s.LookedUp {
			w.Errorf("strength, not looked up: %+v, %v", s, err)
		}
		want("existing, not looked up", existing(), nil)
	})
}
