package smsotp_test

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/errs/errstest"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

const racers = 256

func TestOneRightCodeGivesOneSession(t *testing.T) {
	t.Parallel()
	engines(t, sqldb.Options{}, func(w *world) {
		tokens := session.Tokens{Intermediate: w.login(w.member).Intermediate}
		if err := w.send(w.member, number, tokens); err != nil {
			w.t.Fatal(err)
		}
		right := w.code()

		got := errstest.Race(racers, func(int) error {
			_, err := w.redeem(w.member, right, tokens)
			return err
		})
		if got[""] != 1 || w.sessions(w.member) != 1 {
			w.t.Errorf("%d sessions, %d successes, want one: %v", w.sessions(w.member), got[""], got)
		}
		w.onlyRefusals(got, "", "user_lock_limit_reached", "unable_to_auth_otp_code", "intermediate_session_not_found")
		w.notLocked()
	})
}

// The same code in as many intermediate sessions as there are racers: it opens one of them.
func TestOneCodeOpensOneOfManyLogins(t *testing.T) {
	t.Parallel()
	engines(t, sqldb.Options{}, func(w *world) {
		const logins = 16
		var tokens [logins]session.Tokens
		for i := range tokens {
			tokens[i] = session.Tokens{Intermediate: w.login(w.member).Intermediate}
		}
		if err := w.send(w.member, number, tokens[0]); err != nil {
			w.t.Fatal(err)
		}
		right := w.code()

		got := errstest.Race(racers, func(i int) error {
			_, err := w.redeem(w.member, right, tokens[i%logins])
			return err
		})
		if got[""] != 1 || w.sessions(w.member) != 1 {
			w.t.Errorf("%d sessions, want one: %v", w.sessions(w.member), got)
		}
		w.notLocked()
	})
}

// A thousand wrong codes, with resends and new logins between them, and never more than the budget is looked at.
func TestGuessesNeverExceedTheBudget(t *testing.T) {
	t.Parallel()
	engines(t, sqldb.Options{}, func(w *world) {
		tokens := session.Tokens{Intermediate: w.login(w.member).Intermediate}
		if err := w.send(w.member, number, tokens); err != nil {
			w.t.Fatal(err)
		}
		right := w.code()

		got := errstest.Outcomes{}
		var n atomic.Int64
		for range 4 {
			ended := errstest.Race(250, func(int) error {
				guess := fmt.Sprintf("%06d", n.Add(1))
				if guess == right {
					guess = "999999"
				}
				_, err := w.redeem(w.member, guess, tokens)
				return err
			})
			for kind, n := range ended {
				got[kind] += n
			}
			// Neither a new login nor a newer code fills the budget again; the text is refused while the lock holds.
			tokens = session.Tokens{Intermediate: w.login(w.member).Intermediate}
			if err := w.send(w.member, number, tokens); !errors.Is(err, errs.UserLockLimitReached) {
				w.t.Errorf("a send to a locked member: %v", err)
			}
		}
		if looked := got["otp_code_not_found"]; looked != limit.DefaultLockAfter {
			w.t.Errorf("%d guesses were looked at, want %d: %v", looked, limit.DefaultLockAfter, got)
		}
		w.onlyRefusals(got, "otp_code_not_found", "user_lock_limit_reached")
		if _, err := w.redeem(w.member, right, tokens); !errors.Is(err, errs.UserLockLimitReached) {
			w.t.Errorf("the right code while locked: %v", err)
		}
	})
}

// Whoever races the same session with many right codes still has one session, with one factor for the number.
func TestStepUpRace(t *testing.T) {
	t.Parallel()
	engines(t, sqldb.Options{MaxConns: 1}, func(w *world) {
		first := session.Tokens{Intermediate: w.login(w.member).Intermediate}
		if err := w.send(w.member, number, first); err != nil {
			w.t.Fatal(err)
		}
		live, err := w.redeem(w.member, w.code(), first)
		if err != nil {
			w.t.Fatal(err)
		}
		own := session.Tokens{Session: live.Token}
		if err := w.send(w.member, "", own); err != nil {
			w.t.Fatal(err)
		}
		right := w.code()

		got := errstest.Race(64, func(int) error {
			_, err := w.redeem(w.member, right, own)
			return err
		})
		if got[""] != 1 || w.sessions(w.member) != 1 {
			w.t.Errorf("%d sessions: %v", w.sessions(w.member), got)
		}
		after, err := w.Sessions.Authenticate(t.Context(), w.project, own, session.Terms{}, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		if after.Session.ID != live.Session.ID || after.Token != live.Token || len(after.Session.Factors) != 2 {
			w.t.Errorf("session %s with %d factors, want %s with 2", after.Session.ID, len(after.Session.Factors), live.Session.ID)
		}
		w.notLocked()
	})
}

// Many sends at once leave one live code: the newest text's, and no other.
func TestRacingSendsLeaveOneLiveCode(t *testing.T) {
	t.Parallel()
	engines(t, sqldb.Options{}, func(w *world) {
		tokens := session.Tokens{Intermediate: w.login(w.member).Intermediate}
		got := errstest.Race(64, func(int) error { return w.send(w.member, number, tokens) })
		w.onlyRefusals(got, "")

		letters, err := w.Notify.Letters(t.Context(), w.project.ID, number, 100)
		if err != nil || len(letters) != 64 {
			w.t.Fatalf("%d texts, want 64: %v", len(letters), err)
		}
		// Each guess at a code that was replaced counts.
		w.settings(func(s *store.ProjectSettings) { s.LockAfter = 100 })
		opened := 0
		for _, l := range letters {
			if _, err := w.redeem(w.member, l.Body[:6], tokens); err == nil {
				opened++
			}
		}
		if opened != 1 {
			w.t.Errorf("%d of the codes opened a session, want 1", opened)
		}
	})
}

func (w *world) notLocked() {
	w.t.Helper()
	m := w.row(w.member)
	if limit.LockOf(m, &w.project.Settings, w.DB.Now()).Locked || m.MFAFailures != 0 {
		w.t.Errorf("the member has %d failures and should have none", m.MFAFailures)
	}
}

func (w *world) onlyRefusals(got errstest.Outcomes, kinds ...string) {
	w.t.Helper()
	for kind, n := range got {
		if !slices.Contains(kinds, kind) {
			w.t.Errorf("%d calls ended with %q", n, kind)
		}
	}
}
