package member

import (
	"context"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/metadata"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
)

// Invite makes an invited member of one who is pending or invited already, and gives the member what the invitation says:
// a field that it leaves out stays. It runs within the caller's transaction. An active member is refused with
// errs.DuplicateMemberEmail.
func Invite(
	ctx context.Context, tx *store.Tx, p *project.Project, o *store.Organization, known *store.Member, n New,
) (*store.Member, error) {
	m, err := tx.LockMember(ctx, p.ID, o.ID, known.ID)
	if err != nil {
		return nil, err
	}
	if m.Status != store.StatusPending && m.Status != store.StatusInvited {
		return nil, errs.DuplicateMemberEmail // it went on meanwhile
	}
	m.Status = store.StatusInvited
	if n.Name != "" {
		if m.Name, err = readName(n.Name); err != nil {
			return nil, err
		}
	}
	if n.Roles != nil {
		if m.Roles, err = readRoles(n.Roles); err != nil {
			return nil, err
		}
	}
	if m.TrustedMetadata, err = metadata.Merge(m.TrustedMetadata, n.TrustedMetadata); err != nil {
		return nil, err
	}
	if m.UntrustedMetadata, err = metadata.Merge(m.UntrustedMetadata, n.UntrustedMetadata); err != nil {
		return nil, err
	}
	tx.UpdateMember(m)
	return m, nil
}
