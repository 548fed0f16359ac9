package magiclink

import (
	"context"
	"errors"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
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
	shown := s.Sessions.Look(ctx, p, in.Tokens)

	var result *login.Result
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		link, err := s.find(ctx, tx, p, in.Token)
		if err != nil {
			return err
		}
		if !link.UsedAt.IsZero() || !tx.Now().Before(link.ExpiresAt) {
			return errs.UnableToAuthMagicLink
		}
		if err := checkPKCE(link.PKCEChallenge, in.PKCEVerifier); err != nil {
			return err
		}
		result, err = s.redeem(ctx, tx, p, &in, link, shown)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, s.Login.Open(p, result)
}

// find gives the project's link with the token, in whatever state.
func (s *Service) find(ctx context.Context, tx *store.Tx, p *store.Project, token secret.String) (*store.MagicLink, error) {
	link, err := s.findAny(ctx, tx, token)
	if err == nil && link.ProjectID != p.ID {
		return nil, errs.MagicLinkNotFound
	}
	return link, err
}

func (s *Service) findAny(ctx context.Context, tx *store.Tx, token secret.String) (*store.MagicLink, error) {
	id, hash, ok := secret.ParseToken(token)
	if !ok {
		return nil, errs.MagicLinkNotFound
	}
	link, err := tx.MagicLink(ctx, id.String())
	if errors.Is(err, store.ErrNotFound) || err == nil && !secret.Equal(link.TokenHash, hash) {
		return nil, errs.MagicLinkNotFound
	}
	return link, err
}

// redeem spends the link and goes on with the login of its member.
func (s *Service) redeem(
	ctx context.Context, tx *store.Tx, p *store.Project, in *Authenticate, link *store.MagicLink, shown *session.Shown,
) (*login.Result, error) {
	o, m, err := member.Resolve(ctx, tx, p, ids.OrgRef(link.OrganizationID), ids.MemberRef(link.MemberID))
	if errors.Is(err, errs.MemberNotFound) || errors.Is(err, errs.OrganizationNotFound) {
		return nil, errs.MagicLinkNotFound // links end with their member
	}
	if err != nil {
		return nil, err
	}
	if m.Email != link.Email {
		return nil, errs.UnableToAuthMagicLink // it proves a mailbox that is no longer the member's
	}
	spent, err := tx.SpendMagicLink(ctx, link.ID)
	if err != nil {
		return nil, err
	}
	if !spent {
		return nil, errs.UnableToAuthMagicLink
	}

	now := store.At(tx.Now())
	return s.Login.Primary(ctx, tx, login.Primary{
		Project: p, Organization: o, Member: m, ProvesMailbox: true,
		Factor: store.Factor{
			Type: store.FactorMagicLink, DeliveryMethod: store.DeliverEmail, SequenceOrder: store.Primary,
			LastAuthenticatedAt: now, CreatedAt: now, UpdatedAt: now,
			Email: &store.EmailFactor{EmailID: m.EmailID, Email: m.Email},
		},
		Shown: shown, Terms: in.Terms, Locale: in.Locale, RequestID: in.RequestID,
	})
}
