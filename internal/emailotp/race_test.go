package emailotp_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	"github.com/thimble-auth/thimble/internal/emailotp"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/server"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
)

const address = "ada@example.com"

// world is a server with a test project, an organization and a member.
type world struct {
	*server.App
	t       *testing.T
	project *store.Project
	org     *store.Organization
	member  *store.Member
}

func engines(t *testing.T, test func(w *world)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "thimble.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(newWorld(t, pgtest.URL(t)))
	})
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	master, _ := keys.NewMaster()
	app, err := server.Open(t.Context(), server.Options{
		DatabaseURL: url, Master: master, PublicURL: "http://127.0.0.1", Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	w := &world{App: app, t: t}
	w.project, _, err = app.Projects.Create(t.Context(), ids.Test, "Test")
	w.check(err)
	w.org, err = app.API.Organizations.Create(t.Context(), w.project, rbac.Caller{}, org.Changes{Name: "Acme"})
	w.check(err)
	found, err := app.API.Members.Create(t.Context(), w.project, rbac.Caller{}, ids.OrgRef(w.org.ID), member.New{Email: address})
	w.check(err)
	w.member = found.Member
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

var line = regexp.MustCompile(`(?m)^\d{6}$`)

// send mails a code to the member and gives it.
func (w *world) send() string {
	w.t.Helper()
	_, err := w.API.EmailOTP.LoginOrSignup(w.t.Context(), w.project, emailotp.Send{
		Organization: ids.OrgRef(w.org.ID), Email: address,
	})
	w.check(err)
	letters, err := w.Notify.Letters(w.t.Context(), w.project.ID, address, 1)
	w.check(err)
	return line.FindString(letters[0].Body)
}

func (w *world) redeem(code string) error {
	_, err := w.API.EmailOTP.Authenticate(w.t.Context(), w.project, emailotp.Authenticate{
		Organization: ids.OrgRef(w.org.ID), Email: address, Code: code,
	})
	return err
}

// race tries a code many times at once and counts the answers.
func (w *world) race(n int, try func(i int) error) map[string]int {
	w.t.Helper()
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		answers = map[string]int{}
	)
	for i := range n {
		wg.Go(func() {
			answer := "ok"
			if err := try(i); err != nil {
				answer = err.Error()
				if refusal, ok := errors.AsType[*errs.Error](err); ok {
					answer = refusal.Type
				}
			}
			mu.Lock()
			defer mu.Unlock()
			answers[answer]++
		})
	}
	wg.Wait()
	return answers
}

// One code opens one session, and its racing copies do not lock the member.
func TestOneCodeOpensOneSession(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		code := w.send()
		answers := w.race(64, func(int) error { return w.redeem(code) })
		if answers["ok"] != 1 || answers["ok"]+answers["unable_to_auth_otp_code"]+answers["user_lock_limit_reached"] != 64 {
			w.t.Errorf("answers: %v", answers)
		}
		sessions, err := w.API.Sessions.List(w.t.Context(), w.org, w.member)
		w.check(err)
		if len(sessions) != 1 {
			w.t.Errorf("%d sessions", len(sessions))
		}
		if err := w.redeem(w.send()); err != nil {
			w.t.Errorf("the member cannot go on: %v", err)
		}
	})
}

// Ten guesses are ten guesses, however many come at once.
func TestGuessesNeverExceedTheBudget(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		right := w.send()
		wrong := "000000"
		if right == wrong {
			wrong = "000001"
		}
		answers := w.race(64, func(int) error { return w.redeem(wrong) })
		if answers["otp_code_not_found"] != 10 || answers["user_lock_limit_reached"] != 54 {
			w.t.Errorf("answers: %v, want 10 compared and 54 refused", answers)
		}
		if err := w.redeem(right); !errors.Is(err, errs.UserLockLimitReached) {
			w.t.Errorf("the right code after that: %v", err)
		}
	})
}

// Sends at once leave one code: the newest. All others are known to be replaced.
func TestRacingSendsLeaveOneCode(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		w.race(7, func(int) error {
			_, err := w.API.EmailOTP.LoginOrSignup(w.t.Context(), w.project, emailotp.Send{
				Organization: ids.OrgRef(w.org.ID), Email: address,
			})
			return err
		})
		letters, err := w.Notify.Letters(w.t.Context(), w.project.ID, address, 10)
		w.check(err)
		answers := map[string]int{}
		for _, l := range letters {
			answer := "ok"
			if refusal, ok := errors.AsType[*errs.Error](w.redeem(line.FindString(l.Body))); ok {
				answer = refusal.Type
			}
			answers[answer]++
		}
		if len(letters) != 7 || answers["ok"] != 1 || answers["unable_to_auth_otp_code"] != 6 {
			w.t.Errorf("%d mails, answers: %v", len(letters), answers)
		}
	})
}
