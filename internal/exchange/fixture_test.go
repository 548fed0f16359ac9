package exchange_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/exchange"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/server"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
)

// world is a server with a test project.
type world struct {
	*server.App
	t       *testing.T
	project *store.Project
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
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// make makes an organization with a member.
func (w *world) make(name, address string, s side) (ids.OrgRef, *store.Member) {
	w.t.Helper()
	s.org.Name, s.org.SSOJITProvisioning = name, store.AllAllowed
	o, err := w.API.Organizations.Create(w.t.Context(), w.project, rbac.Caller{}, s.org)
	w.check(err)
	var m *store.Member
	err = w.DB.Write(w.t.Context(), func(tx *store.Tx) (err error) {
		s.member.Email = address
		if m, err = member.Add(w.t.Context(), tx, w.project, o, s.member); err != nil {
			return err
		}
		if s.phone != "" {
			if _, err := tx.LinkPhone(w.t.Context(), m.ID, "", s.phone, "phone-number-test-"+name); err != nil {
				return err
			}
			m.Phone, m.PhoneID = s.phone, "phone-number-test-"+name
		}
		if s.proven {
			if _, err := tx.CompletePhone(w.t.Context(), m, store.KeepEnrolment, false); err != nil {
				return err
			}
		}
		if w.project.Settings.CrossOrgPasswords {
			m.PasswordID = "member-password-test-01234567-89ab-7def-8123-456789abcdef"
			tx.NamePassword(m.ID, m.PasswordID)
		}
		if s.mailed {
			m.EmailVerified = true
			_, err = tx.ActivateMember(w.t.Context(), m)
		}
		return err
	})
	w.check(err)
	return ids.OrgRef(o.ID), m
}

// session gives a member a session with the factors.
func (w *world) session(m *store.Member, s side) secret.String {
	w.t.Helper()
	var factors []store.Factor
	for _, f := range s.factors {
		factors = append(factors, f(m))
	}
	found, err := w.API.Sessions.New(w.project, m, factors, session.Terms{}, w.DB.Now())
	w.check(err)
	w.check(w.DB.Write(w.t.Context(), func(tx *store.Tx) error {
		tx.InsertSession(found)
		return nil
	}))
	live, err := w.API.Sessions.Open(w.project, found, &store.Organization{ID: m.OrganizationID}, m, w.DB.Now())
	w.check(err)
	return live.Token
}

// exchange makes the exchange and reads what it led to.
func (w *world) exchange(to ids.OrgRef, tokens session.Tokens) outcome {
	w.t.Helper()
	r, err := w.API.Exchange.Exchange(w.t.Context(), w.project, exchange.Request{Organization: to, Tokens: tokens})
	if refusal, ok := errors.AsType[*errs.Error](err); ok {
		return outcome{Err: refusal.Type}
	}
	w.check(err)
	o := outcome{Primary: r.Primary, Status: r.Member.Status, Verified: r.Member.EmailVerified}
	if r.Second != nil {
		o.Second, o.Texted = true, r.Second.Texted
	}
	if r.Session != nil {
		o.Session = types(r.Session.Factors)
		return o
	}
	shown := w.API.Sessions.Look(w.t.Context(), w.project, session.Tokens{Intermediate: r.Intermediate})
	w.check(w.DB.Read(w.t.Context(), func(tx *store.Tx) error {
		held, err := w.API.Sessions.FindIntermediate(w.t.Context(), tx, w.project, shown)
		if err == nil {
			o.Held = types(held.Factors)
		}
		return err
	}))
	return o
}

func types(factors []store.Factor) []string {
	var all []string
	for _, f := range factors {
		all = append(all, f.Type)
	}
	return all
}

// owned checks that the factors of the member's session name the member's own mailbox and number.
func (w *world) owned(m *store.Member) {
	w.t.Helper()
	sessions, err := w.API.Sessions.List(w.t.Context(), &store.Organization{ID: m.OrganizationID}, m)
	w.check(err)
	for _, live := range sessions {
		for _, f := range live.Session.Factors {
			if f.Email != nil && f.Email.EmailID != m.EmailID || f.Phone != nil && f.Phone.PhoneID != m.PhoneID {
				w.t.Errorf("the session of %s has the factor %s of somebody else", m.Email, f.ID())
			}
		}
	}
}
