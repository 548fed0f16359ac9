package password

import (
	"context"
	"errors"

	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Authenticate is a login of a member.
type Authenticate struct {
	Finish
	Organization ids.OrgRef
	Email        string
	Password     secret.String
}

// Authenticate logs a member in. It fails with errs.UnauthorizedCredentials alike for a wrong password, a member without
// one and an address that nobody has; with errs.UserLockLimitReached after too many of these; and with
// errs.MemberResetPassword for a right password that must be replaced.
func (s *Service) Authenticate(ctx context.Context, p *store.Project, in Authenticate) (*login.Result, error) {
	if err := in.check(p); err != nil {
		return nil, err
	}
	shown := s.Sessions.Look(ctx, p, in.Tokens)
	w, err := s.who(ctx, p, in.Organization, in.Email, in.RequestID)
	if err != nil {
		return nil, err
	}
	l, err := s.Pool.enter(ctx, w.guess.owner)
	if err != nil {
		return nil, err
	}
	defer l.leave()
	if err := s.try(ctx, l, &w.guess, in.Password); err != nil {
		return nil, err
	}
	if s.mustReset(ctx, &w.guess, in.Password, w.address.String()) {
		s.giveBack(ctx, &w.guess)
		return nil, errs.MemberResetPassword
	}

	var result *login.Result
	err = s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		result, err = s.enterWith(ctx, tx, w, &in.Finish, shown)
		return err
	})
	if err != nil {
		if isRefusal(err) {
			s.giveBack(ctx, &w.guess)
		}
		return nil, err
	}
	return result, s.Login.Open(p, result)
}

// attempt is a guess with whom it is about.
type attempt struct {
	guess
	address email.Address
}

// who reads everything about an attempt that needs no password, in the documented order.
func (s *Service) who(
	ctx context.Context, p *store.Project, ref ids.OrgRef, text, requestID string,
) (*attempt, error) {
	w := &attempt{}
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if w.organization, err = org.Resolve(ctx, tx, p, ref); err != nil {
			return err
		}
		if w.address, err = email.Parse(text); err != nil {
			return err
		}
		w.project, w.requestID = p, requestID
		w.member, w.password, err = tx.MemberWithPassword(ctx, w.organization.ID, w.address.String(), p.Settings.CrossOrgPasswords)
		if err != nil {
			return err
		}
		asked := w.member
		if asked == nil {
			asked = &store.Member{OrganizationID: w.organization.ID}
		}
		if !allows(w.organization, asked) {
			return errs.OperationRestrictedByOrganizationAuthMethods
		}
		if w.shown = w.member != nil && !p.Settings.CrossOrgPasswords; w.shown || w.member == nil {
			w.owner = s.ownerOf(p, w.member, w.organization.ID, w.address.String())
		} else {
			w.owner = s.addressOwner(p, w.password != nil, w.address.String())
		}
		return nil
	})
	return w, err
}

// enterWith is the effects of a right password: the login goes on, with the member as it is now.
func (s *Service) enterWith(
	ctx context.Context, tx *store.Tx, w *attempt, f *Finish, shown *session.Shown,
) (*login.Result, error) {
	if err := s.settle(ctx, tx, &w.guess); err != nil {
		return nil, err
	}
	o, m, err := again(ctx, tx, w)
	if err != nil {
		return nil, err
	}
	return s.Login.Primary(ctx, tx, login.Primary{
		Project: w.project, Organization: o, Member: m, Factor: factor(m, tx),
		Shown: shown, Terms: f.Terms, Locale: f.Locale, RequestID: f.RequestID,
	})
}

// again reads the member anew: policies may have changed while the password was hashed.
func again(ctx context.Context, tx *store.Tx, w *attempt) (*store.Organization, *store.Member, error) {
	o, m, err := member.Resolve(ctx, tx, w.project, ids.OrgRef(w.organization.ID), ids.MemberRef(w.member.ID))
	switch {
	case errors.Is(err, errs.MemberNotFound), errors.Is(err, errs.OrganizationNotFound):
		return nil, nil, errs.UnauthorizedCredentials
	case err != nil:
		return nil, nil, err
	case m.Email != w.address.String():
		return nil, nil, errs.UnauthorizedCredentials
	case !allows(o, m):
		return nil, nil, errs.OperationRestrictedByOrganizationAuthMethods
	}
	return o, m, nil
}
