package member

import (
	"context"
	"errors"
	"slices"

	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
)

// MayJoinByEmail decides whether somebody with the address may become a member by proving the mailbox. It fails with
// errs.EmailJITProvisioningNotAllowed or errs.InvalidEmailForJITProvisioning.
func MayJoinByEmail(o *store.Organization, address email.Address) error {
	if o.Settings.EmailJITProvisioning != store.Restricted {
		return errs.EmailJITProvisioningNotAllowed
	}
	if !slices.Contains(o.Settings.EmailAllowedDomains, address.Domain()) {
		return errs.InvalidEmailForJITProvisioning
	}
	return nil
}

// Join makes a member of somebody within a login or an invitation, in the caller's transaction. Of several at once for one
// address one makes the member, and the transactions of the others run again and find it.
func Join(
	ctx context.Context, tx *store.Tx, p *project.Project, by rbac.Caller, o *store.Organization, n New,
) (*store.Member, error) {
	m, err := Add(ctx, tx, p, o, n)
	if errors.Is(err, errs.DuplicateMemberEmail) {
		return nil, joined(ctx, tx, o, n.Email, err)
	}
	if err != nil {
		return nil, err
	}
	record(tx, p, by, m, "member.create")
	return m, nil
}

// joined tells an address that became a member's a moment ago from one that the organization keeps for somebody.
func joined(ctx context.Context, tx *store.Tx, o *store.Organization, text string, refusal error) error {
	address, err := email.Parse(text)
	if err != nil {
		return err
	}
	_, err = tx.MemberIDByEmail(ctx, o.ID, address.String())
	switch {
	case err == nil:
		return store.ErrChanged
	case errors.Is(err, store.ErrNotFound):
		return refusal
	}
	return err
}
