package member

import (
	"context"
	"errors"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
)

// Unlock forgets the member's wrong guesses, at first factors and at the second, those counted across locks too, on behalf of an operator who knows
// that it is the member who asks. It fails with errs.MemberNotFound.
func (s *Service) Unlock(ctx context.Context, p *project.Project, memberID string) (*store.Member, error) {
	var m *store.Member
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		_, m, err = tx.MemberOfProject(ctx, p.ID, memberID)
		if errors.Is(err, store.ErrNotFound) {
			return errs.MemberNotFound
		}
		if err != nil {
			return err
		}
		unlocked, err := tx.UnlockMember(ctx, p.ID, m.ID)
		if err == nil && !unlocked {
			err = errs.MemberNotFound
		}
		tx.ForgetAllPrimary(m.ID)
		tx.ForgetAllPrimary(store.AddressOwner(p.ID, m.Email))
		event.Record(tx, p, audit.Event{
			ProjectID: p.ID, OrganizationID: m.OrganizationID, MemberID: m.ID, Action: "member.unlock", Outcome: audit.Done,
		})
		return err
	})
	return m, err
}
