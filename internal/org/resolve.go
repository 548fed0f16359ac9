// Package org has the rules of organizations: who may change what, which settings fit together, and which organization
// a caller's text means.
package org

import (
	"context"
	"errors"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
)

// Resolve finds the living organization of the project that the reference means: by id, external id or slug, in this
// order. It fails with errs.OrganizationNotFound, or with the error for an id of the other environment.
func Resolve(ctx context.Context, tx *store.Tx, p *project.Project, ref ids.OrgRef) (*store.Organization, error) {
	id, err := ResolveID(ctx, tx, p, ref)
	if err != nil {
		return nil, err
	}

	o, err := tx.Organization(ctx, p.ID, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errs.OrganizationNotFound
	}
	return o, err
}

// ResolveID turns the reference into an id without looking whether an id that was given exists: the statement that
// reads the row says so, and one that reads more than the organization saves a round trip.
func ResolveID(ctx context.Context, tx *store.Tx, p *project.Project, ref ids.OrgRef) (string, error) {
	if err := CheckID(p, string(ref), errs.OrganizationNotFound); err != nil {
		return "", err
	}
	if ref.IsID() {
		return string(ref), nil
	}
	// Nothing else can be a name. What a stranger wrote does not reach the database, which cannot even hold all of it.
	if !slugForm.MatchString(string(ref)) && !externalIDForm.MatchString(string(ref)) {
		return "", errs.OrganizationNotFound
	}

	id, err := tx.OrganizationIDByName(ctx, p.ID, string(ref))
	if errors.Is(err, store.ErrNotFound) {
		return "", errs.OrganizationNotFound
	}
	return id, err
}

// CheckID refuses what has the form of an organization's or member's id and cannot be one of this project: with
// notFound when it is no id at all, else with the error for an id of the other environment. Anything else passes:
// external ids and slugs may be the caller's own ids of any form.
func CheckID(p *project.Project, ref string, notFound *errs.Error) error {
	if !ids.LooksLikeID(ref) {
		return nil
	}
	_, env, _, ok := ids.Parse(ref)
	switch {
	case !ok:
		return notFound
	case env == ids.Live && p.Env == ids.Test:
		return errs.LiveIDUsedInTestEnvironment
	case env == ids.Test && p.Env == ids.Live:
		return errs.TestIDUsedInLiveEnvironment
	}
	return nil
}
