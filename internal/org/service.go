package org

import (
	"context"
	"encoding/base32"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/optional"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service holds what the rules of organizations need.
type Service struct {
	DB *store.DB
}

// Create makes an organization. Without a slug it gets one derived from its name.
func (s *Service) Create(
	ctx context.Context, p *project.Project, by rbac.Caller, c Changes,
) (*store.Organization, error) {
	var o *store.Organization
	err := s.DB.WriteUnique(ctx, func(tx *store.Tx) (err error) {
		o, err = Add(ctx, tx, p, by, c, "")
		return err
	})
	if err != nil {
		return nil, err
	}
	return o, nil
}

// Add is Create within the caller's transaction, which store.WriteUnique runs. Logins that found organizations use it.
// Without a slug the organization gets one derived from slugFrom, or from its name where that is empty too.
func Add(
	ctx context.Context, tx *store.Tx, p *project.Project, by rbac.Caller, c Changes, slugFrom string,
) (*store.Organization, error) {
	now := tx.Now()
	o := &store.Organization{
		ID: ids.New(ids.Organization, p.Env, now), ProjectID: p.ID, Settings: defaults(&c),
		CreatedAt: now, UpdatedAt: now,
	}
	if err := c.apply(o); err != nil {
		return nil, err
	}
	if o.Name == "" {
		return nil, errs.OrganizationNameMissing
	}
	if slugFrom == "" {
		slugFrom = o.Name
	}
	if err := insert(ctx, tx, o, slugFrom); err != nil {
		return nil, err
	}
	record(tx, p, by, o, "organization.create")
	return o, nil
}

// Found makes an organization that is known by an external id alone, within the caller's transaction.
func Found(
	ctx context.Context, tx *store.Tx, p *project.Project, by rbac.Caller, externalID string,
) (*store.Organization, error) {
	o, err := Add(ctx, tx, p, by, Changes{Name: externalID, ExternalID: optional.Set(externalID)}, "")
	if errors.Is(err, errs.OrganizationExternalIDAlreadyUsed) {
		return nil, store.ErrChanged // somebody made it a moment ago: it is there when the transaction runs again
	}
	return o, err
}

// insert adds the organization, under a slug of our choice if the caller chose none.
func insert(ctx context.Context, tx *store.Tx, o *store.Organization, slugFrom string) error {
	derived := o.Slug == ""
	if derived {
		o.Slug = slugFor(slugFrom)
	}
	ok, err := tx.InsertOrganization(ctx, o)
	if err != nil {
		return err
	}

	if !ok && derived {
		if len(o.Slug) > maxDerived {
			o.Slug = o.Slug[:maxDerived]
		}
		o.Slug += "-" + suffix()
		if ok, err = tx.InsertOrganization(ctx, o); err != nil {
			return err
		}
	}
	if !ok {
		return taken(ctx, tx, o)
	}
	if len(o.Settings.ClaimedEmailDomains) > 0 {
		tx.SetClaimedDomains(o.ProjectID, o.ID, o.Settings.ClaimedEmailDomains)
	}
	if domains := joinDomains(o); len(domains) > 0 {
		tx.SetAllowedDomains(o.ProjectID, o.ID, domains)
	}
	return nil
}

// joinDomains are the domains whose people may join: those that discovery looks up.
func joinDomains(o *store.Organization) []string {
	if o.Settings.EmailJITProvisioning != store.Restricted {
		return nil
	}
	return o.Settings.EmailAllowedDomains
}

// taken says which of the organization's names another one has, nil for none.
func taken(ctx context.Context, tx *store.Tx, o *store.Organization) error {
	slug, externalID, err := tx.OrganizationTaken(ctx, o)
	switch {
	case err != nil:
		return err
	case slug:
		return errs.OrganizationSlugAlreadyUsed
	case externalID:
		return errs.OrganizationExternalIDAlreadyUsed
	}
	return nil
}

const maxDerived = 100 // leaves room for the suffix

var notInSlug = regexp.MustCompile(`[^a-z0-9]+`)

// slugFor derives a slug from a name: lower case, everything but ASCII letters and digits turned to hyphens.
func slugFor(name string) string {
	slug := strings.Trim(notInSlug.ReplaceAllString(strings.ToLower(name), "-"), "-")
	switch {
	case len(slug) < 2:
		return strings.TrimPrefix(slug+"-"+suffix(), "-")
	case ids.LooksLikeID(slug):
		return "the-" + slug
	}
	return slug
}

// suffix gives eight characters that make a collision of derived slugs unlikely.
func suffix() string {
	return strings.ToLower(base32.HexEncoding.EncodeToString(secret.Bytes(5)))
}

// Get finds an organization by id, external id or slug.
func (s *Service) Get(ctx context.Context, p *project.Project, ref ids.OrgRef) (*store.Organization, error) {
	var o *store.Organization
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		o, err = Resolve(ctx, tx, p, ref)
		return err
	})
	return o, err
}

// Update changes the fields that were given and nothing else. Acting for a member it needs a permission for each of
// them.
func (s *Service) Update(
	ctx context.Context, p *project.Project, by rbac.Caller, ref ids.OrgRef, c Changes,
) (*store.Organization, error) {
	return s.change(ctx, p, ref, func(tx *store.Tx, o *store.Organization) error {
		if err := c.authorize(by, o.ID); err != nil {
			return err
		}
		slug, externalID, domains := o.Slug, o.ExternalID, joinDomains(o)
		if err := c.apply(o); err != nil {
			return err
		}
		if slug != o.Slug || externalID != o.ExternalID {
			if err := taken(ctx, tx, o); err != nil {
				return err
			}
		}

		tx.UpdateOrganization(o)
		if c.ClaimedEmailDomains != nil {
			tx.SetClaimedDomains(o.ProjectID, o.ID, o.Settings.ClaimedEmailDomains)
		}
		if now := joinDomains(o); !slices.Equal(domains, now) {
			tx.SetAllowedDomains(o.ProjectID, o.ID, now)
		}
		record(tx, p, by, o, "organization.update")
		return nil
	})
}

// SetCountryPolicy says where the organization's members get texts: allow, monitor or block by country, "*" for all others.
// It can only narrow what the project allows. It fails with errs.InvalidArgument for what is no policy.
func (s *Service) SetCountryPolicy(
	ctx context.Context, p *project.Project, by rbac.Caller, ref ids.OrgRef, policy map[string]string,
) (*store.Organization, error) {
	if err := project.CheckCountryPolicy(policy, true); err != nil {
		return nil, errs.InvalidArgument.Saying(
			`A country policy says allow, monitor or block for codes of countries such as US, or for "*".`).Because(err)
	}
	return s.change(ctx, p, ref, func(tx *store.Tx, o *store.Organization) error {
		o.Settings.CountryPolicy = policy
		tx.UpdateOrganization(o)
		record(tx, p, by, o, "organization.country_policy.update")
		return nil
	})
}

// DeleteExternalID takes the external id away. No role permits it to a member.
func (s *Service) DeleteExternalID(
	ctx context.Context, p *project.Project, by rbac.Caller, ref ids.OrgRef,
) (*store.Organization, error) {
	return s.change(ctx, p, ref, func(tx *store.Tx, o *store.Organization) error {
		if err := by.InOrganization(o.ID); err != nil {
			return err
		}
		if !by.Backend() {
			return errs.SessionAuthorizationError
		}
		o.ExternalID = ""
		tx.UpdateOrganization(o)
		record(tx, p, by, o, "organization.external_id.delete")
		return nil
	})
}

// change runs f on an organization that nobody else changes meanwhile.
func (s *Service) change(
	ctx context.Context, p *project.Project, ref ids.OrgRef, f func(*store.Tx, *store.Organization) error,
) (*store.Organization, error) {
	var o *store.Organization
	err := s.DB.WriteUnique(ctx, func(tx *store.Tx) error {
		id, err := ResolveID(ctx, tx, p, ref)
		if err != nil {
			return err
		}
		o, err = tx.LockOrganization(ctx, p.ID, id)
		if errors.Is(err, store.ErrNotFound) {
			return errs.OrganizationNotFound
		}
		if err != nil {
			return err
		}
		return f(tx, o)
	})
	if err != nil {
		return nil, err
	}
	return o, nil
}

// Delete deletes an organization and with it its members, their sessions and everything else below it. It gives the
// organization's id.
func (s *Service) Delete(ctx context.Context, p *project.Project, by rbac.Caller, ref ids.OrgRef) (string, error) {
	var id string
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		o, err := Resolve(ctx, tx, p, ref)
		if err != nil {
			return err
		}
		if err := by.OnOrganization(o.ID, rbac.Delete); err != nil {
			return err
		}
		ok, err := tx.DeleteOrganization(ctx, p.ID, o.ID)
		if err != nil {
			return err
		}
		if !ok {
			return errs.OrganizationNotFound // somebody was faster
		}

		id = o.ID
		tx.SetClaimedDomains(p.ID, o.ID, nil)
		tx.SetAllowedDomains(p.ID, o.ID, nil)
		record(tx, p, by, o, "organization.delete")
		return nil
	})
	return id, err
}

// CheckClaim refuses an address whose domain other organizations of the project claim and this one does not, with
// errs.ActionNotAllowedEmailDomainIsClaimed.
func CheckClaim(ctx context.Context, tx *store.Tx, o *store.Organization, address email.Address) error {
	claimed, err := tx.DomainClaimedByOthers(ctx, o.ProjectID, o.ID, address.Domain())
	if err != nil {
		return err
	}
	if claimed {
		return errs.ActionNotAllowedEmailDomainIsClaimed
	}
	return nil
}

func record(tx *store.Tx, p *project.Project, by rbac.Caller, o *store.Organization, action string) {
	event.Record(tx, p, audit.Event{
		ProjectID: o.ProjectID, OrganizationID: o.ID, RequestID: by.RequestID, Action: action, Outcome: audit.Done,
		Details: by.Details(),
	})
}
