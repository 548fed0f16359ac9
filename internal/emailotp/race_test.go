package emailotp_test

import (
	"errors"
	"regexp"
	"testing"

	"github.com/thimble-auth/thimble/internal/emailotp"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/errs/errstest"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/server/servertest"
	"github.com/thimble-auth/thimble/internal/store"
)

const address = "ada@example.com"

// world is a server with an organization and a member.
type world struct {
	*servertest.World
	org    *store.Organization
	member *store.Member
}

func engines(t *testing.T, test func(w *world)) {
	servertest.Engines(t, func(s *servertest.World) {
		w := &world{World: s, org: s.NewOrganization(org.Changes{Name: "Acme"})}
		w.member = s.NewMember(w.org, member.New{Email: address})
		test(w)
	})
}

var line = regexp.MustCompile(`(?m)^\d{6}$`)

// send mails a code to the member and gives it.
func (w *world) send() string {
	w.T.Helper()
	_, err := w.API.EmailOTP.LoginOrSignup(w.T.Context(), w.Project, emailotp.Send{
		Organization: ids.OrgRef(w.org.ID), Email: address,
	})
	w.Check(err)
	return line.FindString(w.Letters(address, 1)[0])
}

func (w *world) redeem(code string) error {
	_, err := w.API.EmailOTP.Authenticate(w.T.Context(), w.Project, emailotp.Authenticate{
		Organization: ids.OrgRef(w.org.ID), Email: address, Code: code,
	})
	return err
}

// One code opens one session, and its racing copies do not lock the member.
func TestOneCodeOpensOneSession(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		code := w.send()
		answers := errstest.Race(64, func(int) error { return w.redeem(code) })
		if answers[""] != 1 || answers[""]+answers["unable_to_auth_otp_code"]+answers["user_lock_limit_reached"] != 64 {
			w.T.Errorf("answers: %v", answers)
		}
		if n := w.Sessions(w.member); n != 1 {
			w.T.Errorf("%d sessions", n)
		}
		if err := w.redeem(w.send()); err != nil {
			w.T.Errorf("the member cannot go on: %v", err)
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
		answers := errstest.Race(64, func(int) error { return w.redeem(wrong) })
		if answers["otp_code_not_found"] != 10 || answers["user_lock_limit_reached"] != 54 {
			w.T.Errorf("answers: %v, want 10 compared and 54 refused", answers)
		}
		if err := w.redeem(right); !errors.Is(err, errs.UserLockLimitReached) {
			w.T.Errorf("the right code after that: %v", err)
		}
	})
}

// Sends at once leave one code: the newest. All others are known to be replaced.
func TestRacingSendsLeaveOneCode(t *testing.T) {
	t.Parallel()
	engines(t, func(w *world) {
		errstest.Race(7, func(int) error {
			_, err := w.API.EmailOTP.LoginOrSignup(w.T.Context(), w.Project, emailotp.Send{
				Organization: ids.OrgRef(w.org.ID), Email: address,
			})
			return err
		})
		letters := w.Letters(address, 10)
		answers := errstest.Race(len(letters), func(i int) error { return w.redeem(line.FindString(letters[i])) })
		if len(letters) != 7 || answers[""] != 1 || answers["unable_to_auth_otp_code"] != 6 {
			w.T.Errorf("%d mails, answers: %v", len(letters), answers)
		}
	})
}
