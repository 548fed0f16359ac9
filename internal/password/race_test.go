package password_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs/errstest"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/password"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// TestOneLinkOnePassword redeems one link many times at once, each time for another password: one wins.
func TestOneLinkOnePassword(t *testing.T) {
	t.Parallel()
	engines(t, store.ProjectSettings{}, func(w *world) {
		const racers = 12
		token := w.link()
		chosen := func(i int) secret.String { return secret.String(fmt.Sprintf("donkey %d cavalry battery", i)) }
		got := errstest.Race(racers, func(i int) error {
			_, err := w.service.Reset(w.Context(), w.project, password.Reset{Token: token, Password: chosen(i)})
			return err
		})
		want := errstest.Outcomes{"": 1, "unable_to_auth_password_reset_token": racers - 1}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("racers (-want +got):\n%s", diff)
		}
		if n := w.sessions("ada"); n != 1 {
			t.Errorf("%d sessions, want 1", n)
		}
	})
}

// TestNoLoginOutlivesAReset logs in with the old password while it is replaced: whatever came first, no session of the
// old one is left.
func TestNoLoginOutlivesAReset(t *testing.T) {
	t.Parallel()
	engines(t, store.ProjectSettings{}, func(w *world) {
		old, next := good, better
		for range 3 {
			token := w.link()
			errstest.Race(5, func(i int) error {
				if i < 4 {
					return w.login("ada", old)
				}
				_, err := w.service.Reset(w.Context(), w.project, password.Reset{Token: token, Password: next})
				if err != nil {
					w.Errorf("reset: %v", err)
				}
				return err
			})
			if n := w.sessions("ada"); n != 1 {
				w.Errorf("%d sessions after a reset, want its own", n)
			}
			old, next = next, old
		}
	})
}

// TestManyDevices logs one member in many times at once with the right password: attempts that are counted before they
// are looked at lock nobody out.
func TestManyDevices(t *testing.T) {
	t.Parallel()
	engines(t, store.ProjectSettings{LockAfter: 3}, func(w *world) {
		got := errstest.Race(12, func(int) error { return w.login("ada", good) })
		if diff := cmp.Diff(errstest.Outcomes{"": 12}, got); diff != "" {
			w.Errorf("logins (-want +got):\n%s", diff)
		}
	})
}

// TestGuessesAreCountedFirst guesses many times at once, at a member's password and at nobody's: as many are looked at as
// the budget allows.
func TestGuessesAreCountedFirst(t *testing.T) {
	t.Parallel()
	engines(t, store.ProjectSettings{LockAfter: 5}, func(w *world) {
		for _, name := range []string{"ada", "bob", "nobody"} {
			got := errstest.Race(12, func(i int) error { return w.login(name, secret.String(fmt.Sprint("guess ", i))) })
			want := errstest.Outcomes{"unauthorized_credentials": 5, "user_lock_limit_reached": 7}
			if diff := cmp.Diff(want, got); diff != "" {
				w.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		// Another process shares the budget but not the turns.
		other := *w.service
		other.Pool = &password.Pool{}
		_, err := other.Authenticate(w.Context(), w.project, password.Authenticate{
			Organization: ids.OrgRef(w.org.ID), Email: "ada@example.com", Password: good,
		})
		if err == nil {
			w.Error("the right password opens a lock")
		}
	})
}
