// Package member has the rules of members: who may create, change and delete one, and which member a caller's text
// means.
package member

import (
	"context"
	"errors"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
)

// Resolve finds the living member, and its organization, that the references mean: the organization by id, external id
// or slug, the member by id or external id. Two ids cost one statement. It fails with errs.OrganizationNotFound, with
// errs.MemberNotFound (also for a deleted member and for one of another organization), or with the error for an id of
// the other environment.
func Resolve(
	ctx context.Context, tx *store.Tx, p *project.Project, orgRef ids.OrgRef, ref ids.MemberRef,
) (*store.Organization, *store.Member, error) {
	o, m, err := resolveAny(ctx, tx, p, orgRef, ref)
	if err == nil && m.Status == store.StatusDeleted {
		return nil, nil, errs.MemberNotFound
	}
	return o, m, err
}

// resolveAny is Resolve for deleted members too.
func resolveAny(
	ctx context.Context, tx *store.Tx, p *project.Project, orgRef ids.OrgRef, ref ids.MemberRef,
) (*store.Organization, *store.Member, error) {
	orgID, err := org.ResolveID(ctx, tx, p, orgRef)
	if err != nil {
		return nil, nil, err
	}
	if err := org.CheckID(p, string(ref), errs.MemberNotFound); err != nil {
		return nil, nil, err
	}

	id := string(ref)
	if !ref.IsID() && !org.IsExternalID(id) {
		return nil, nil, missing(ctx, tx, p, orgID)
	}
	if !ref.IsID() {
		id, err = tx.MemberIDByExternalID(ctx, orgID, id)
	}
	if err == nil {
		return read(ctx, tx, p, orgID, id)
	}
	if errors.Is(err, store.ErrNotFound) {
		err = missing(ctx, tx, p, orgID)
	}
	return nil, nil, err
}

func read(
	ctx context.Context, tx *store.Tx, p *project.Project, orgID, id string,
) (*store.Organization, *store.Member, error) {
	o, m, err := tx.MemberWithOrganization(ctx, p.ID, orgID, id)
	if errors.Is(err, store.ErrNotFound) {
		err = missing(ctx, tx, p, orgID)
	}
	if err != nil {
		return nil, nil, err
	}
	return o, m, nil
}

// missing says which of the two is not there.
func missing(ctx context.Context, tx *store.Tx, p *project.Project, orgID string) error {
	if _, err := tx.Organization(ctx, p.ID, orgID); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			return errs.OrganizationNotFound
		}
		return err
	}
	return errs.MemberNotFound
}
