// Package attest gives members sessions on the word of other systems that a project trusts: issuers of tokens, and the
// login that the project had before this one.
package attest

import (
	"context"
	"errors"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service takes other systems at their word.
type Service struct {
	DB       *store.DB
	Sessions *session.Service
	Login    *login.Service
	// HTTP asks userinfo endpoints and key sets.
	HTTP *httpx.Client
	keys keyCache
}

// Request is a token of another issuer to be exchanged for a session.
type Request struct {
	Profile string
	Token   secret.String
	// Organization is needed unless the token names it.
	Organization ids.OrgRef
	Tokens       session.Tokens // of a session that gets the factor, at most one
	Terms        session.Terms
	RequestID    string
}

// Attest gives the member whom the token is about a session, or adds the factor to the session shown. Each token works
// once. It fails with errs.TrustedTokenProfileNotFound, errs.InvalidTrustedAuthToken, and with the errors that say what
// is wrong with issuer, audience and claims.
func (s *Service) Attest(ctx context.Context, p *store.Project, in Request) (*login.Result, error) {
	if in.Tokens.Count() > 1 {
		return nil, errs.TooManySessionArguments
	}
	if err := in.Terms.Check(p); err != nil {
		return nil, err
	}
	profile := profileOf(p, in.Profile)
	if profile == nil {
		return nil, errs.TrustedTokenProfileNotFound
	}
	word, err := s.verify(ctx, profile, in.Token)
	if err != nil {
		return nil, err
	}
	shown := s.Sessions.Look(ctx, p, in.Tokens)

	var result *login.Result
	err = s.DB.WriteUnique(ctx, func(tx *store.Tx) (err error) {
		result, err = s.attest(ctx, tx, p, profile, &in, word, shown)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, s.Login.Open(p, result)
}

func profileOf(p *store.Project, id string) *store.TrustedTokenProfile {
	for i := range p.Settings.TrustedTokens {
		if profile := &p.Settings.TrustedTokens[i]; profile.ID == id {
			return profile
		}
	}
	return nil
}

func (s *Service) attest(
	ctx context.Context, tx *store.Tx, p *store.Project, profile *store.TrustedTokenProfile, in *Request, w *word,
	shown *session.Shown,
) (*login.Result, error) {
	by := rbac.Caller{RequestID: in.RequestID}
	o, err := organizationOf(ctx, tx, p, profile, by, in.Organization, w)
	if err != nil {
		return nil, err
	}
	m, err := memberOf(ctx, tx, p, profile, by, o, w)
	if err != nil {
		return nil, err
	}
	first, err := tx.UseTrustedToken(ctx, p.ID, profile.ID, w.tokenID, w.expires)
	if err != nil {
		return nil, err
	}
	if !first {
		return nil, errs.InvalidTrustedAuthToken.Because(errors.New("a token that was used before"))
	}

	f := factor(store.FactorTrusted, store.DeliverTrusted, tx.Now())
	f.Trusted = &store.TrustedFactor{TokenID: w.tokenID}
	return s.Login.Vouch(ctx, tx, login.Vouched{
		Project: p, Organization: o, Member: m, Factor: f, Shown: shown, Terms: in.Terms, RequestID: in.RequestID,
	})
}

func factor(typ, delivery string, now time.Time) store.Factor {
	at := store.At(now)
	return store.Factor{
		Type: typ, DeliveryMethod: delivery, SequenceOrder: store.Primary,
		LastAuthenticatedAt: at, CreatedAt: at, UpdatedAt: at,
	}
}

// organizationOf gives the organization that the token or the request names; both must mean the same. One that nobody
// knows is founded under that external id where the profile says so.
func organizationOf(
	ctx context.Context, tx *store.Tx, p *store.Project, profile *store.TrustedTokenProfile, by rbac.Caller,
	asked ids.OrgRef, w *word,
) (*store.Organization, error) {
	if w.organization == "" {
		if profile.JIT || asked == "" {
			return nil, errs.TokenMissingOrganizationIDClaim
		}
		return org.Resolve(ctx, tx, p, asked)
	}

	o, err := org.Resolve(ctx, tx, p, ids.OrgRef(w.organization))
	unknown := errors.Is(err, errs.OrganizationNotFound)
	switch {
	case unknown && profile.JIT && asked == "" && org.IsExternalID(w.organization):
		return org.Found(ctx, tx, p, by, w.organization)
	case unknown || errors.Is(err, errs.LiveIDUsedInTestEnvironment) || errors.Is(err, errs.TestIDUsedInLiveEnvironment):
		return nil, errs.InvalidTokenOrganizationIDClaim
	case err != nil || asked == "":
		return o, err
	}
	named, err := org.Resolve(ctx, tx, p, asked)
	if err == nil && named.ID != o.ID {
		return nil, errs.InvalidTokenOrganizationIDClaim
	}
	return o, err
}

// memberOf gives the member whom the token is about: by external id if it says one, else by address. A stranger becomes a
// member where the profile says so.
func memberOf(
	ctx context.Context, tx *store.Tx, p *store.Project, profile *store.TrustedTokenProfile, by rbac.Caller,
	o *store.Organization, w *word,
) (*store.Member, error) {
	id, err := "", store.ErrNotFound
	if w.externalID != "" {
		id, err = tx.MemberIDByExternalID(ctx, o.ID, w.externalID)
	}
	if errors.Is(err, store.ErrNotFound) {
		id, err = tx.MemberIDByEmail(ctx, o.ID, w.address.String())
	}
	switch {
	case err == nil:
		_, m, err := member.Resolve(ctx, tx, p, ids.OrgRef(o.ID), ids.MemberRef(id))
		return m, err
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	case !profile.JIT:
		return nil, errs.MemberNotFound
	}
	return member.Join(ctx, tx, p, by, o, member.New{
		Email: w.address.String(), ExternalID: w.externalID, Roles: w.roles, Pending: true,
	})
}
