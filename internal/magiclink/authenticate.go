package magiclink

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/link"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Authenticate is a link to be redeemed.
type Authenticate struct {
	Token        secret.String
	PKCEVerifier string
	Tokens       session.Tokens
	Terms        session.Terms
	Locale       locale.Input
	RequestID    string
}

// Authenticate redeems a link: once, and only where nothing else refuses. It works for login, signup and invite links.
func (s *Service) Authenticate(ctx context.Context, p *store.Project, in Authenticate) (*login.Result, error) {
	if in.Tokens.Session != "" && in.Tokens.JWT != "" {
		return nil, errs.TooManySessionArguments
	}
	if err := in.Terms.Check(p); err != nil {
		return nil, err
	}
	if _, err := in.Locale.ForSMS(); err != nil {
		return nil, err
	}
	if sandbox, err := s.sandboxToken(p, in.Token); err != nil {
		return nil, err
	} else if sandbox {
		return s.sandboxLogin(p, &in)
	}
	shown := s.Sessions.Look(ctx, p, in.Tokens)

	var result *login.Result
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		found, err := s.usable(ctx, tx, p, in.Token, in.PKCEVerifier, link.Login, link.Signup, link.Invite)
		if err != nil {
			return err
		}
		result, err = s.redeem(ctx, tx, p, &in, found, shown)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, s.Login.Open(p, result)
}

// usable gives the project's link with the token if it is for one of the purposes, neither used nor too old, and the
// verifier is the right one.
func (s *Service) usable(
	ctx context.Context, tx *store.Tx, p *store.Project, token secret.String, verifier string, purposes ...string,
) (*store.MagicLink, error) {
	found, err := s.findAny(ctx, tx, token)
	if err != nil {
		return nil, err
	}
	if found.ProjectID != p.ID || !slices.Contains(purposes, found.Purpose) {
		return nil, errs.MagicLinkNotFound
	}
	if !found.UsedAt.IsZero() || !tx.Now().Before(found.ExpiresAt) {
		return nil, errs.UnableToAuthMagicLink
	}
	return found, link.CheckVerifier(found.PKCEChallenge, verifier)
}

// spend uses the link up.
func spend(ctx context.Context, tx *store.Tx, found *store.MagicLink) error {
	spent, err := tx.SpendMagicLink(ctx, found.ID)
	if err == nil && !spent {
		return errs.UnableToAuthMagicLink
	}
	return err
}

func (s *Service) findAny(ctx context.Context, tx *store.Tx, token secret.String) (*store.MagicLink, error) {
	id, hash, ok := secret.ParseToken(token)
	if !ok {
		return nil, errs.MagicLinkNotFound
	}
	found, err := tx.MagicLink(ctx, id.String())
	if errors.Is(err, store.ErrNotFound) || err == nil && !secret.Equal(found.TokenHash, hash) {
		return nil, errs.MagicLinkNotFound
	}
	return found, err
}

// redeem spends the link and goes on with the login of its member.
func (s *Service) redeem(
	ctx context.Context, tx *store.Tx, p *store.Project, in *Authenticate, found *store.MagicLink, shown *session.Shown,
) (*login.Result, error) {
	o, m, err := member.Resolve(ctx, tx, p, ids.OrgRef(found.OrganizationID), ids.MemberRef(found.MemberID))
	if errors.Is(err, errs.MemberNotFound) || errors.Is(err, errs.OrganizationNotFound) {
		return nil, errs.MagicLinkNotFound // links end with their member
	}
	if err != nil {
		return nil, err
	}
	if m.Email != found.Email {
		return nil, errs.UnableToAuthMagicLink // it proves a mailbox that is no longer the member's
	}
	if err := spend(ctx, tx, found); err != nil {
		return nil, err
	}
	return s.Login.Primary(ctx, tx, login.Primary{
		Project: p, Organization: o, Member: m, ProvesMailbox: true, Factor: linkFactor(m, tx.Now()),
		Shown: shown, Terms: in.Terms, Locale: in.Locale, RequestID: in.RequestID,
	})
}

// linkFactor is the proof that the member read the mail.
func linkFactor(m *store.Member, now time.Time) store.Factor {
	at := store.At(now)
	return store.Factor{
		Type: store.FactorMagicLink, DeliveryMethod: store.DeliverEmail, SequenceOrder: store.Primary,
		LastAuthenticatedAt: at, CreatedAt: at, UpdatedAt: at,
		Email: &store.EmailFactor{EmailID: m.EmailID, Email: m.Email},
	}
}
