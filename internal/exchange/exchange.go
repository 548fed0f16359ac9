// Package exchange takes a logged-in person from one organization to another without a new login.
package exchange

import (
	"context"
	"errors"
	"slices"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service exchanges sessions.
type Service struct {
	DB       *store.DB
	Sessions *session.Service
	Login    *login.Service
}

// Request asks for a session of another organization.
type Request struct {
	Organization ids.OrgRef     // where to go
	Tokens       session.Tokens // of the session: exactly one, and no intermediate session
	Terms        session.Terms
	Locale       locale.Input // of a text that the login may send
	RequestID    string
}

func (r *Request) check(p *store.Project) error {
	switch r.Tokens.Count() {
	case 0:
		return errs.NoSessionArguments
	case 1:
	default:
		return errs.TooManySessionArguments
	}
	if err := r.Terms.Check(p); err != nil {
		return err
	}
	_, err := r.Locale.ForSMS()
	return err
}

// Exchange logs the session's person in as the member of the other organization who has the same address: with the
// factors of the session that are worth something there. The session stays. An invitation is accepted by it; nobody joins
// by it, that begins with a login. It fails with errs.MemberNotFound, and with
// errs.InsufficientFactorsForSessionExchange where nothing of the session counts elsewhere.
func (s *Service) Exchange(ctx context.Context, p *store.Project, in Request) (*login.Result, error) {
	if err := in.check(p); err != nil {
		return nil, err
	}
	shown := s.Sessions.Look(ctx, p, in.Tokens)

	var result *login.Result
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		o, err := org.Resolve(ctx, tx, p, in.Organization)
		if err != nil {
			return err
		}
		found, _, from, err := s.Sessions.FindWhole(ctx, tx, p, shown)
		if err != nil {
			return err
		}
		to, err := sameAddress(ctx, tx, p, o, from)
		if err != nil {
			return err
		}
		factors, err := moving(p, found, from)
		if err != nil {
			return err
		}
		result, err = s.Login.Exchange(ctx, tx, login.Exchange{
			Project: p, Organization: o, Member: to, Factors: factors, Terms: in.Terms, Locale: in.Locale,
			RequestID: in.RequestID,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, s.Login.Open(p, result)
}

// sameAddress gives the organization's member with the address of the session's member.
func sameAddress(
	ctx context.Context, tx *store.Tx, p *store.Project, o *store.Organization, from *store.Member,
) (*store.Member, error) {
	id, err := tx.MemberIDByEmail(ctx, o.ID, from.Email)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errs.MemberNotFound
	}
	if err != nil {
		return nil, err
	}
	_, m, err := member.Resolve(ctx, tx, p, ids.OrgRef(o.ID), ids.MemberRef(id))
	return m, err
}

// moving gives the factors that go along. Without a first factor among them, the person is at least somebody whose
// address was proven once: an administrator who wrote it down must not reach into other organizations by it.
func moving(p *store.Project, found *store.Session, from *store.Member) ([]store.Factor, error) {
	factors := login.Moving(p, found.Factors, from)
	first := slices.ContainsFunc(factors, func(f store.Factor) bool { return f.SequenceOrder == store.Primary })
	if len(factors) == 0 || !first && !from.EmailVerified {
		return nil, errs.InsufficientFactorsForSessionExchange
	}
	return factors, nil
}
