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

// consume ends the intermediate session, if that is what was shown. It travels with the next statement.
func (h *Holder) consume(ctx context.Context, tx *store.Tx) func() (bool, error) {
	if h.Intermediate == nil {
		return nil
	}
	return tx.ConsumeIntermediate(ctx, h.Intermediate.ID)
}

// Asked is the question for the token that was shown.
type Asked struct {
	shown        *session.Shown
	session      func() (*store.Session, error)
	intermediate func() (*store.Intermediate, error)
}

// Ask asks for the token that was shown. The question travels with the next statement, so callers ask before they read the
// member.
func Ask(ctx context.Context, tx *store.Tx, sessions *session.Service, p *store.Project, shown *session.Shown) *Asked {
	a := &Asked{shown: shown}
	switch {
	case !shown.Any(), shown.Err() != nil:
	case shown.Intermediate():
		a.intermediate = sessions.AskIntermediate(ctx, tx, p, shown)
	default:
		a.session = sessions.Ask(ctx, tx, p, shown)
	}
	return a
}

// Admit checks what comes before everything else about a member's second factor: the member is active, the organization
// allows the method, at most one token was shown, and it is the member's own and far enough along.
func Admit(
	o *store.Organization, m *store.Member, method string, tokens session.Tokens, asked *Asked,
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
	return hold(o, m, asked)
}

// hold is the token that was shown, if any.
func hold(o *store.Organization, m *store.Member, asked *Asked) (*Holder, error) {
	switch {
	case !asked.shown.Any():
		return &Holder{}, nil
	case asked.shown.Err() != nil:
		return nil, asked.shown.Err()
	case asked.intermediate != nil:
		found, err := asked.intermediate()
		if err != nil {
			return nil, err
		}
		return &Holder{Intermediate: found}, fits(found, o, m)
	}

	found, err := asked.session()
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
