package exchange_test

import (
	"errors"
	"testing"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/exchange"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/server/servertest"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// world is a server with a test project.
type world struct{ *servertest.World }

func engines(t *testing.T, test func(w *world)) {
	servertest.Engines(t, func(s *servertest.World) { test(&world{s}) })
}

// make makes an organization with a member.
func (w *world) make(name, address string, s side) (ids.OrgRef, *store.Member) {
	w.T.Helper()
	s.org.Name, s.org.SSOJITProvisioning = name, store.AllAllowed
	o := w.NewOrganization(s.org)
	var m *store.Member
	err := w.DB.Write(w.T.Context(), func(tx *store.Tx) (err error) {
		s.member.Email = address
		if m, err = member.Add(w.T.Context(), tx, w.Project, o, s.member); err != nil {
			return err
		}
		if s.phone != "" {
			if _, err := tx.LinkPhone(w.T.Context(), m.ID, "", s.phone, "phone-number-test-"+name); err != nil {
				return err
			}
			m.Phone, m.PhoneID = s.phone, "phone-number-test-"+name
		}
		if s.proven {
			if _, err := tx.CompletePhone(w.T.Context(), m, store.KeepEnrolment, false); err != nil {
				return err
			}
		}
		if w.Project.Settings.CrossOrgPasswords {
			m.PasswordID = "member-password-test-01234567-89ab-7def-8123-456789abcdef"
			tx.NamePassword(m.ID, m.PasswordID)
		}
		if s.mailed {
			m.EmailVerified = true
			_, err = tx.ActivateMember(w.T.Context(), m)
		}
		return err
	})
	w.Check(err)
	return ids.OrgRef(o.ID), m
}

// session gives a member a session with the factors.
func (w *world) session(m *store.Member, s side) secret.String {
	w.T.Helper()
	var factors []store.Factor
	for _, f := range s.factors {
		factors = append(factors, f(m))
	}
	found, err := w.API.Sessions.New(w.Project, m, factors, session.Terms{}, w.DB.Now())
	w.Check(err)
	w.Check(w.DB.Write(w.T.Context(), func(tx *store.Tx) error {
		tx.InsertSession(found)
		return nil
	}))
	live, err := w.API.Sessions.Open(w.Project, found, &store.Organization{ID: m.OrganizationID}, m, w.DB.Now())
	w.Check(err)
	return live.Token
}

// exchange makes the exchange and reads what it led to.
func (w *world) exchange(to ids.OrgRef, tokens session.Tokens) outcome {
	w.T.Helper()
	r, err := w.API.Exchange.Exchange(w.T.Context(), w.Project, exchange.Request{Organization: to, Tokens: tokens})
	if refusal, ok := errors.AsType[*errs.Error](err); ok {
		return outcome{Err: refusal.Type}
	}
	w.Check(err)
	o := outcome{Primary: r.Primary, Status: r.Member.Status, Verified: r.Member.EmailVerified}
	if r.Second != nil {
		o.Second, o.Texted = true, r.Second.Texted
	}
	if r.Session != nil {
		o.Session = types(r.Session.Factors)
		return o
	}
	shown := w.API.Sessions.Look(w.T.Context(), w.Project, session.Tokens{Intermediate: r.Intermediate})
	w.Check(w.DB.Read(w.T.Context(), func(tx *store.Tx) error {
		held, err := w.API.Sessions.FindIntermediate(w.T.Context(), tx, w.Project, shown)
		if err == nil {
			o.Held = types(held.Factors)
		}
		return err
	}))
	return o
}

// types names factors: by their types, and those of providers by how they came.
func types(factors []store.Factor) []string {
	var all []string
	for _, f := range factors {
		if f.Type == store.FactorOAuth {
			f.Type = f.DeliveryMethod
		}
		all = append(all, f.Type)
	}
	return all
}

// owned checks that the factors of the member's session name the member's own mailbox and number.
func (w *world) owned(m *store.Member) {
	w.T.Helper()
	sessions, err := w.API.Sessions.List(w.T.Context(), &store.Organization{ID: m.OrganizationID}, m)
	w.Check(err)
	for _, live := range sessions {
		for _, f := range live.Session.Factors {
			if f.Mailbox() != nil && f.Mailbox().EmailID != m.EmailID || f.Phone != nil && f.Phone.PhoneID != m.PhoneID {
				w.T.Errorf("the session of %s has the factor %s of somebody else", m.Email, f.ID())
			}
		}
	}
}
