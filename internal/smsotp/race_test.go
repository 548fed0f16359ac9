package smsotp_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

const racers = 256

// together runs f in many goroutines that start at once.
func together(n int, f func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-start
			f(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

// outcomes counts how calls ended, by error type; "" is success.
type outcomes struct {
	sync.Mutex
	n map[string]int
}

func (o *outcomes) add(err error) {
	kind := ""
	if refused, ok := errors.AsType[*errs.Error](err); ok {
		kind = refused.Type
	} else if err != nil {
		kind = err.Error()
	}
	o.Lock()
	defer o.Unlock()
	if o.n == nil {
		o.n = map[string]int{}
	}
	o.n[kind]++
}

func TestOneRightCodeGivesOneSession(t *testing.T) {
	t.Parallel()
	engines(t, sqldb.Options{}, func(w *world) {
		tokens := session.Tokens{Intermediate: w.login(w.member).Intermediate}
		if err := w.send(w.member, number, tokens); err != nil {
			w.t.Fatal(err)
		}
		right := w.code(number)

		var got outcomes
		together(racers, func(int) {
			_, err := w.redeem(w.member, right, tokens)
			got.add(err)
		})
		if got.n[""] != 1 || w.sessions(w.member) != 1 {
			w.t.Errorf("%d sessions, %d successes, want one: %v", w.sessions(w.member), got.n[""], got.n)
		}
		w.onlyRefusals(&got, "", "user_lock_limit_reached", "unable_to_auth_otp_code", "intermediate_session_not_found")
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
		right := w.code(number)

		var got outcomes
		together(racers, func(i int) {
			_, err := w.redeem(w.member, right, tokens[i%logins])
			got.add(err)
		})
		if got.n[""] != 1 || w.sessions(w.member) != 1 {
			w.t.Errorf("%d sessions, want one: %v", w.sessions(w.member), got.n)
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
		right := w.code(number)

		var got outcomes
		var n atomic.Int64
		for range 4 {
			together(250, func(int) {
				guess := fmt.Sprintf("%06d", n.Add(1))
				if guess == right {
					guess = "999999"
				}
				_, err := w.redeem(w.member, guess, tokens)
				got.add(err)
			})
			// Neither a new login nor a newer code fills the budget again; the text is refused while the lock holds.
			tokens = session.Tokens{Intermediate: w.login(w.member).Intermediate}
			if err := w.send(w.member, number, tokens); !errors.Is(err, errs.UserLockLimitReached) {
				w.t.Errorf("a send to a locked member: %v", err)
			}
		}
		if looked := got.n["otp_code_not_found"]; looked != limit.DefaultLockAfter {
			w.t.Errorf("%d guesses were looked at, want %d: %v", looked, limit.DefaultLockAfter, got.n)
		}
		w.onlyRefusals(&got, "otp_code_not_found", "user_lock_limit_reached")
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
		live, err := w.redeem(w.member, w.code(number), first)
		if err != nil {
			w.t.Fatal(err)
		}
		own := session.Tokens{Session: live.Token}
		if err := w.send(w.member, "", own); err != nil {
			w.t.Fatal(err)
		}
		right := w.code(number)

		var got outcomes
		together(64, func(int) {
			_, err := w.redeem(w.member, right, own)
			got.add(err)
		})
		if got.n[""] != 1 || w.sessions(w.member) != 1 {
			w.t.Errorf("%d sessions: %v", w.sessions(w.member), got.n)
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
		var got outcomes
		together(64, func(int) { got.add(w.send(w.member, number, tokens)) })
		w.onlyRefusals(&got, "")

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

func (w *world) onlyRefusals(got *outcomes, kinds ...string) {
	w.t.Helper()
	for kind, n := range got.n {
		if !slices.Contains(kinds, kind) {
			w.t.Errorf("%d calls ended with %q", n, kind)
		}
	}
}
