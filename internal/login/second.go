// Package login is the one place where proven factors become a session or an intermediate session, and where a login
// texts a code by itself.
package login

import (
	"context"

	"github.com/thimble-auth/thimble/internal/challenge"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service completes logins.
type Service struct {
	Sessions  *session.Service
	Challenge *challenge.Service
}

// Second is a second factor that was proven in an intermediate session or in a session: exactly one of the two is set.
type Second struct {
	Project      *store.Project
	Member       *store.Member
	Factor       store.Factor
	Terms        session.Terms
	Session      *store.Session
	Intermediate *store.Intermediate
	// Consumed tells whether this call was the one that ended the intermediate session.
	Consumed  func() (bool, error)
	RequestID string
}

// Second adds a second factor. A consumed intermediate session becomes a new session; a session keeps its id and
// its token. It fails with errs.IntermediateSessionNotFound or errs.SessionNotFound when another call ended what was
// shown, and changes nothing then.
func (s *Service) Second(ctx context.Context, tx *store.Tx, in Second) (*store.Session, error) {
	if in.Intermediate == nil {
		return s.step(ctx, tx, in.Project, in.Session, in.Factor, in.Terms)
	}

	consumed, err := in.Consumed()
	if err != nil {
		return nil, err
	}
	if !consumed {
		return nil, errs.IntermediateSessionNotFound
	}
	factors := session.AddFactor(factorsOf(in.Project, in.Member, in.Intermediate.Factors), in.Factor)
	found, err := s.Sessions.New(in.Project, in.Member, factors, in.Terms, tx.Now())
	if err != nil {
		return nil, err
	}
	tx.InsertSession(found)
	begun(tx, in.Project, found, in.RequestID)
	return found, nil
}

// begun tells of a new session.
func begun(tx *store.Tx, p *store.Project, found *store.Session, requestID string) {
	if !event.Wanted(p, event.SessionCreated) {
		return
	}
	event.Tell(tx, p, event.Event{
		Kind: event.SessionCreated, OrganizationID: found.OrganizationID, MemberID: found.MemberID, RequestID: requestID,
		Data: map[string]string{"member_session_id": found.ID},
	})
}

// step adds a factor to a session that goes on. The session is read again, because others may be changing it too.
func (s *Service) step(
	ctx context.Context, tx *store.Tx, p *store.Project, shown *store.Session, f store.Factor, t session.Terms,
) (*store.Session, error) {
	found, err := tx.Session(ctx, p.ID, shown.ID)
	if err != nil {
		return nil, notFound(err)
	}
	found.Factors = session.AddFactor(found.Factors, f)
	if err := session.Change(found, t, tx.Now()); err != nil {
		return nil, err
	}
	if err := session.Update(ctx, tx, found); err != nil {
		return nil, err
	}
	found.Version++
	return found, nil
}
