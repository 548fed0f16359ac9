// Package second holds what every second factor shares: whose login or session a caller shows, the guess that is counted
// before it is looked at, and what a right one means for the member and the session.
package second

import (
	"context"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/mfa"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Holder is the living token that a caller showed: an intermediate session, a session, or none.
type Holder struct {
	Session      *store.Session
	Intermediate *store.Intermediate
}

// Held is the kind of token.
func (h *Holder) Held() mfa.Held {
	switch {
	case h.Intermediate != nil:
		return mfa.AnIntermediate
	case h.Session != nil:
		return mfa.ASession
	}
	return mfa.Nothing
}

// Factors are those of the token.
func (h *Holder) Factors() []store.Factor {
	switch {
	case h.Intermediate != nil:
		return h.Intermediate.Factors
	case h.Session != nil:
		return h.Session.Factors
	}
	return nil
}

// Admit checks what comes before everything else about a member's second factor: the member is active, the organization
// allows the method, at most one token was shown, and it is the member's own and far enough along.
func Admit(
	ctx context.Context, tx *store.Tx, sessions *session.Service, p *store.Project, o *store.Organization,
	m *store.Member, method string, tokens session.Tokens, shown *session.Shown,
) (*Holder, error) {
	if m.Status != store.StatusActive {
		return nil, errs.ActionAvailableOnlyForActiveMembers
	}
	if !mfa.AllowsSecond(o, m, method) {
		return nil, errs.OperationRestrictedByOrganizationMFAMethods
	}
	if tokens.Count() > 1 {
		return nil, errs.TooManySessionArguments
	}
	return hold(ctx, tx, sessions, p, o, m, shown)
}

// hold finds the token that was shown, if any.
func hold(
	ctx context.Context, tx *store.Tx, sessions *session.Service, p *store.Project, o *store.Organization,
	m *store.Member, shown *session.Shown,
) (*Holder, error) {
	switch {
	case !shown.Any():
		return &Holder{}, nil
	case shown.Err() != nil:
		return nil, shown.Err()
	case shown.Intermediate():
		found, err := sessions.FindIntermediate(ctx, tx, p, shown)
		if err != nil {
			return nil, err
		}
		return &Holder{Intermediate: found}, fits(found, o, m)
	}

	found, err := sessions.Find(ctx, tx, p, shown)
	if err != nil {
		return nil, err
	}
	if found.MemberID != m.ID {
		return nil, errs.MemberSessionMemberIDMismatch
	}
	return &Holder{Session: found}, nil
}

func fits(found *store.Intermediate, o *store.Organization, m *store.Member) error {
	if !mfa.IntermediateFits(found, m) {
		return errs.InvalidIntermediateSessionTokenForOrganization
	}
	if !mfa.PrimaryMet(found.Factors, o, m) {
		return errs.ActionAvailableOnlyOncePrimaryAuthenticationIsMet
	}
	return nil
}
