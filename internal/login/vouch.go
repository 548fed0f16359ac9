package login

import (
	"context"

	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Vouched is a member for whom another system gives its word.
type Vouched struct {
	Project      *store.Project
	Organization *store.Organization
	Member       *store.Member
	Factor       store.Factor
	// Shown is a session that gets the factor, if it is the member's own.
	Shown     *session.Shown
	Terms     session.Terms
	RequestID string
}

// Vouch gives the member a session on the word of another system that the project trusts. The organization's policies
// were that system's to ask for. A pending or invited member becomes active by it. Open follows after the commit.
func (s *Service) Vouch(ctx context.Context, tx *store.Tx, v Vouched) (*Result, error) {
	in := &Primary{
		Project: v.Project, Organization: v.Organization, Member: v.Member, Factor: v.Factor, Shown: v.Shown,
		Terms: v.Terms, RequestID: v.RequestID,
	}
	if err := activate(ctx, tx, in); err != nil {
		return nil, err
	}
	r := &Result{Organization: v.Organization, Member: v.Member, At: tx.Now()}
	own, err := s.ownSession(ctx, tx, in)
	switch {
	case err != nil:
		return nil, err
	case own != nil:
		r.Session, err = s.step(ctx, tx, v.Project, own, v.Factor, v.Terms)
	default:
		err = s.complete(ctx, tx, in, nil, []store.Factor{v.Factor}, r)
	}
	if err != nil {
		return nil, err
	}
	record(tx, in, r)
	return r, nil
}
