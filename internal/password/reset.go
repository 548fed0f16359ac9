package password

import (
	"context"
	"errors"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/link"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Reset is a new password with the token of a mail.
type Reset struct {
	Finish
	Token    secret.String
	Verifier string // PKCE
	Password secret.String
}

// Reset gives a member a new password, ends the member's sessions and goes on with the login. The token works once; a
// password that is refused does not spend it. It fails with errs.UnableToAuthPasswordResetToken for every token that is
// not good (any more), with errs.WeakPassword and with errs.BreachedPassword.
func (s *Service) Reset(ctx context.Context, p *store.Project, in Reset) (*login.Result, error) {
	if err := in.check(p); err != nil {
		return nil, err
	}
	shown := s.Sessions.Look(ctx, p, in.Tokens)
	var found *store.MagicLink
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		found, _, _, err = redeemable(ctx, tx, p, &in)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.accept(ctx, p, in.Password, found.Email); err != nil {
		return nil, err
	}
	hash, err := s.hash(ctx, in.Password)
	if err != nil {
		return nil, err
	}

	var result *login.Result
	err = s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		found, o, m, err := redeemable(ctx, tx, p, &in)
		if err != nil {
			return err
		}
		if err := spend(ctx, tx, found); err != nil {
			return err
		}
		result, err = s.replace(ctx, tx, replacement{
			project: p, organization: o, member: m, hash: hash, finish: &in.Finish, shown: shown, provesMailbox: true,
			action: "password.reset.email",
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, s.Login.Open(p, result)
}

// usable gives a link to a new password that is neither used nor too old, with the right verifier.
func usable(
	ctx context.Context, tx *store.Tx, p *store.Project, token secret.String, verifier, purpose string,
) (*store.MagicLink, error) {
	id, hash, ok := secret.ParseToken(token)
	if !ok {
		return nil, errs.UnableToAuthPasswordResetToken
	}
	found, err := tx.MagicLink(ctx, id.String())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if err != nil || !secret.Equal(found.TokenHash, hash) || found.ProjectID != p.ID || found.Purpose != purpose ||
		!found.UsedAt.IsZero() || !tx.Now().Before(found.ExpiresAt) {
		return nil, errs.UnableToAuthPasswordResetToken
	}
	return found, link.CheckVerifier(found.PKCEChallenge, verifier)
}

func redeemable(
	ctx context.Context, tx *store.Tx, p *store.Project, in *Reset,
) (*store.MagicLink, *store.Organization, *store.Member, error) {
	found, err := usable(ctx, tx, p, in.Token, in.Verifier, link.ResetPassword)
	if err != nil {
		return nil, nil, nil, err
	}
	o, m, err := member.Resolve(ctx, tx, p, ids.OrgRef(found.OrganizationID), ids.MemberRef(found.MemberID))
	switch {
	case errors.Is(err, errs.MemberNotFound), errors.Is(err, errs.OrganizationNotFound):
		return nil, nil, nil, errs.UnableToAuthPasswordResetToken // links end with their member
	case err != nil:
		return nil, nil, nil, err
	case m.Email != found.Email:
		return nil, nil, nil, errs.UnableToAuthPasswordResetToken // it proves a mailbox that is no longer the member's
	case !allows(o, m):
		return nil, nil, nil, errs.OperationRestrictedByOrganizationAuthMethods
	}
	return found, o, m, nil
}

func spend(ctx context.Context, tx *store.Tx, found *store.MagicLink) error {
	spent, err := tx.SpendMagicLink(ctx, found.ID)
	if err == nil && !spent {
		return errs.UnableToAuthPasswordResetToken
	}
	return err
}

// replacement is a new password that everything speaks for, and the login that it ends in.
type replacement struct {
	project       *store.Project
	organization  *store.Organization
	member        *store.Member
	hash          string
	finish        *Finish
	shown         *session.Shown
	provesMailbox bool
	action        string
}

// replace writes the password, ends the sessions but the shown one of the member's own, and goes on with the login. The
// password comes first: whoever logs in with the one before at the same moment is done by now, and its session ends too.
func (s *Service) replace(ctx context.Context, tx *store.Tx, r replacement) (*login.Result, error) {
	p := r.project
	// Guesses at the one before say nothing about the new one. The member is read again behind this, without the lock.
	owner := r.member.ID
	if p.Settings.CrossOrgPasswords {
		owner = store.AddressOwner(p.ID, r.member.Email)
	}
	tx.ForgetPrimary(owner, store.MethodPassword, limit.GuessBudget(&p.Settings), owner == r.member.ID)
	m, err := tx.LockMember(ctx, p.ID, r.organization.ID, r.member.ID)
	if err != nil {
		return nil, err
	}
	if m.Status == store.StatusDeleted || m.Email != r.member.Email {
		return nil, store.ErrChanged
	}
	if err := put(ctx, tx, p, m, r.hash); err != nil {
		return nil, err
	}
	own, err := s.ownSession(ctx, tx, p, m, r.shown)
	if err != nil {
		return nil, err
	}
	endSessions(tx, p, m, own)
	record(tx, p, m, r.finish.RequestID, r.action, audit.Done)
	return s.Login.Primary(ctx, tx, login.Primary{
		Project: p, Organization: r.organization, Member: m, Factor: factor(m, tx), ProvesMailbox: r.provesMailbox,
		Shown: r.shown, Terms: r.finish.Terms, Locale: r.finish.Locale, RequestID: r.finish.RequestID,
	})
}

// ExistingReset is a new password for who knows the present one.
type ExistingReset struct {
	Finish
	Organization  ids.OrgRef
	Email         string
	Existing, New secret.String
}

// ResetExisting exchanges the present password for a new one, ends the member's sessions and goes on with the login. The
// present one is guessed like in Authenticate. It fails with errs.CannotResetPasswordWithExistingPassword where knowing
// it says nothing about who asks.
func (s *Service) ResetExisting(ctx context.Context, p *store.Project, in ExistingReset) (*login.Result, error) {
	if err := in.check(p); err != nil {
		return nil, err
	}
	shown := s.Sessions.Look(ctx, p, in.Tokens)
	w, err := s.who(ctx, p, in.Organization, in.Email, in.RequestID)
	if err != nil {
		return nil, err
	}
	l, err := s.Pool.enter(ctx, w.owner)
	if err != nil {
		return nil, err
	}
	defer l.leave()
	if err := s.try(ctx, l, &w.guess, in.Existing); err != nil {
		return nil, err
	}
	result, err := s.exchange(ctx, l, w, &in, shown)
	if err != nil {
		if isRefusal(err) {
			s.giveBack(ctx, &w.guess)
		}
		return nil, err
	}
	return result, s.Login.Open(p, result)
}

// exchange goes on when the present password was right.
func (s *Service) exchange(
	ctx context.Context, l *place, w *attempt, in *ExistingReset, shown *session.Shown,
) (*login.Result, error) {
	p := w.project
	if w.password.MustReset || !p.Settings.SkipBreachOnAuthentication && s.Breaches.Has(ctx, in.Existing) {
		return nil, errs.CannotResetPasswordWithExistingPassword
	}
	if err := s.accept(ctx, p, in.New, w.address.String()); err != nil {
		return nil, err
	}
	var hash string
	if err := l.run(ctx, func() { hash = Hash(in.New) }); err != nil {
		return nil, err
	}

	var result *login.Result
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		still, err := tx.HoldPassword(ctx, w.password)
		if err != nil {
			return err
		}
		if !still {
			return errs.UnauthorizedCredentials
		}
		o, m, err := again(ctx, tx, w)
		if err != nil {
			return err
		}
		result, err = s.replace(ctx, tx, replacement{
			project: p, organization: o, member: m, hash: hash, finish: &in.Finish, shown: shown,
			action: "password.reset.existing",
		})
		return err
	})
	return result, err
}

// SessionReset is a new password for who is logged in.
type SessionReset struct {
	Finish
	Organization ids.OrgRef
	Password     secret.String
}

// recently is how long ago a factor of a session may have been proven that sets a password: a session left open is not
// enough.
const recently = 5 * time.Minute

// ResetInSession gives the session's member a new password, or the first one. The session stays and gets the factor, all
// others end. It fails with errs.SessionTooOldToResetPassword when none of its factors was proven in the last five
// minutes.
func (s *Service) ResetInSession(ctx context.Context, p *store.Project, in SessionReset) (*login.Result, error) {
	if err := in.check(p); err != nil {
		return nil, err
	}
	if in.Tokens.Count() == 0 {
		return nil, errs.NoSessionArguments
	}
	shown := s.Sessions.Look(ctx, p, in.Tokens)
	var address string
	err := s.DB.Read(ctx, func(tx *store.Tx) error {
		_, m, err := s.holder(ctx, tx, p, &in, shown)
		if err == nil {
			address = m.Email
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.accept(ctx, p, in.Password, address); err != nil {
		return nil, err
	}
	hash, err := s.hash(ctx, in.Password)
	if err != nil {
		return nil, err
	}

	var result *login.Result
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		o, m, err := s.holder(ctx, tx, p, &in, shown)
		if err != nil {
			return err
		}
		result, err = s.replace(ctx, tx, replacement{
			project: p, organization: o, member: m, hash: hash, finish: &in.Finish, shown: shown,
			action: "password.reset.session",
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, s.Login.Open(p, result)
}

// holder gives the member of the shown session, which must be fresh and of the organization named.
func (s *Service) holder(
	ctx context.Context, tx *store.Tx, p *store.Project, in *SessionReset, shown *session.Shown,
) (*store.Organization, *store.Member, error) {
	named, err := org.Resolve(ctx, tx, p, in.Organization)
	if err != nil {
		return nil, nil, err
	}
	found, err := s.Sessions.Find(ctx, tx, p, shown)
	if err != nil {
		return nil, nil, err
	}
	if found.OrganizationID != named.ID {
		return nil, nil, errs.SessionAuthorizationTenancyError
	}
	o, m, err := member.Resolve(ctx, tx, p, ids.OrgRef(found.OrganizationID), ids.MemberRef(found.MemberID))
	if errors.Is(err, errs.MemberNotFound) {
		err = errs.SessionNotFound // it ended with its member
	}
	if err != nil {
		return nil, nil, err
	}
	if !allows(o, m) {
		return nil, nil, errs.OperationRestrictedByOrganizationAuthMethods
	}
	for _, f := range found.Factors {
		if tx.Now().Sub(f.LastAuthenticatedAt.Time) <= recently {
			return o, m, nil
		}
	}
	return nil, nil, errs.SessionTooOldToResetPassword
}
