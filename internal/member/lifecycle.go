package member

import (
	"context"
	"errors"
	"time"

	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/metadata"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
)

// Create makes a member: active, or pending when asked for, with an unverified address. The organization's rules for
// invitations do not matter: the backend's word is enough.
func (s *Service) Create(
	ctx context.Context, p *project.Project, by rbac.Caller, orgRef ids.OrgRef, n New,
) (*Found, error) {
	var found Found
	err := s.DB.WriteUnique(ctx, func(tx *store.Tx) error {
		o, err := org.Resolve(ctx, tx, p, orgRef)
		if err != nil {
			return err
		}
		if err := by.OnOrganizationMembers(o.ID, rbac.Create); err != nil {
			return err
		}
		if !by.Backend() && n.TrustedMetadata != nil {
			return errs.CannotUpdateTrustedMetadata
		}

		m, err := Add(ctx, tx, p, o, n)
		if err != nil {
			return err
		}
		found = Found{o, m, tx.Now()}
		record(tx, p, by, m, "member.create")
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &found, nil
}

// Add checks the fields of a new member and writes it, within the caller's transaction and without an audit record.
// Logins that admit strangers use it too.
func Add(ctx context.Context, tx *store.Tx, p *project.Project, o *store.Organization, n New) (*store.Member, error) {
	address, err := email.Parse(n.Email)
	if err != nil {
		return nil, err
	}
	m, err := n.member(p, o, tx.Now())
	if err != nil {
		return nil, err
	}
	m.Email = address.String()
	if err := org.CheckClaim(ctx, tx, o, address); err != nil {
		return nil, err
	}
	if n.Phone.Given() {
		if err := setPhone(ctx, tx, p, m, n.Phone); err != nil {
			return nil, err
		}
	}
	return m, insert(ctx, tx, m)
}

// member builds the row from the fields that need no look at other rows.
func (n *New) member(p *project.Project, o *store.Organization, now time.Time) (*store.Member, error) {
	m := &store.Member{
		ID: ids.New(ids.Member, p.Env, now), EmailID: ids.New(ids.Email, p.Env, now),
		ProjectID: p.ID, OrganizationID: o.ID, Status: store.StatusActive,
		IsBreakglass: n.IsBreakglass, MFAEnrolled: n.MFAEnrolled, CreatedAt: now, UpdatedAt: now,
	}
	if n.Pending {
		m.Status = store.StatusPending
	}
	if n.Invited {
		m.Status = store.StatusInvited
	}

	var err error
	if m.Name, err = readName(n.Name); err != nil {
		return nil, err
	}
	if m.Roles, err = readRoles(n.Roles); err != nil {
		return nil, err
	}
	if m.ExternalID, err = readExternalID(n.ExternalID); err != nil {
		return nil, err
	}
	if m.TrustedMetadata, err = metadata.Merge(nil, n.TrustedMetadata); err != nil {
		return nil, err
	}
	m.UntrustedMetadata, err = metadata.Merge(nil, n.UntrustedMetadata)
	return m, err
}

// insert takes the address before the external id: of many who want the same one, the index lets one through.
func insert(ctx context.Context, tx *store.Tx, m *store.Member) error {
	_, ok, err := tx.ClaimEmail(ctx, m.OrganizationID, m.ID, m.Email, m.EmailID)
	if err != nil {
		return err
	}
	if !ok {
		return errs.DuplicateMemberEmail
	}

	ok, err = tx.InsertMember(ctx, m)
	if err != nil {
		return err
	}
	if !ok {
		return errs.DuplicateMemberExternalID
	}
	return nil
}

// Delete marks a member as deleted and gives its id. Sessions and codes end; addresses, number and external id are free
// for others; explicit roles are gone, so that coming back gives no power by itself.
func (s *Service) Delete(
	ctx context.Context, p *project.Project, by rbac.Caller, orgRef ids.OrgRef, ref ids.MemberRef,
) (string, error) {
	found, err := s.change(ctx, p, by, orgRef, ref, "member.delete", func(tx *store.Tx, f Found) error {
		m := f.Member
		if err := by.OnMember(f.Organization.ID, m.ID, rbac.Delete); err != nil {
			return err
		}
		if _, err := tx.RevokeMemberSessions(ctx, p.ID, m.ID); err != nil {
			return err
		}
		tx.DropPassword(m)
		tx.DropEmails(m.ID)
		clearTOTP(tx, m)
		clearPhone(tx, m)
		m.Status, m.DeletedAt, m.ExternalID, m.Roles, m.RetiredEmails = store.StatusDeleted, tx.Now(), "", nil, nil
		return nil
	})
	if err != nil {
		return "", err
	}
	return found.Member.ID, nil
}

// Reactivate brings a deleted member back, under the address it had. It takes the real id alone. The member must have
// proven that address, and nobody else may have it by now.
func (s *Service) Reactivate(
	ctx context.Context, p *project.Project, by rbac.Caller, orgRef ids.OrgRef, ref ids.MemberRef,
) (*Found, error) {
	var found Found
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		o, err := org.Resolve(ctx, tx, p, orgRef)
		if err != nil {
			return err
		}
		if err := by.OnOrganizationMembers(o.ID, rbac.Create); err != nil {
			return err
		}
		m, err := lockDeleted(ctx, tx, p, o, ref)
		if err != nil {
			return err
		}
		if err := takeAddressBack(ctx, tx, o, m); err != nil {
			return err
		}

		m.Status, m.DeletedAt = store.StatusActive, time.Time{}
		found = Found{o, m, tx.Now()}
		tx.UpdateMember(m)
		record(tx, p, by, m, "member.reactivate")
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &found, nil
}

func lockDeleted(
	ctx context.Context, tx *store.Tx, p *project.Project, o *store.Organization, ref ids.MemberRef,
) (*store.Member, error) {
	if err := org.CheckID(p, string(ref), errs.NoDeletedMemberFoundForReactivation); err != nil {
		return nil, err
	}
	if !ref.IsID() {
		return nil, errs.NoDeletedMemberFoundForReactivation
	}
	m, err := tx.LockMember(ctx, p.ID, o.ID, string(ref))
	if errors.Is(err, store.ErrNotFound) || err == nil && m.Status != store.StatusDeleted {
		return nil, errs.NoDeletedMemberFoundForReactivation
	}
	return m, err
}

func takeAddressBack(ctx context.Context, tx *store.Tx, o *store.Organization, m *store.Member) error {
	if !m.EmailVerified {
		return errs.EmailUnverifiedForReactivation
	}
	if err := org.CheckClaim(ctx, tx, o, email.Address(m.Email)); err != nil {
		return err
	}
	_, ok, err := tx.ClaimEmail(ctx, m.OrganizationID, m.ID, m.Email, m.EmailID)
	if err == nil && !ok {
		return errs.ReactivationEmailBelongsToAnotherMember
	}
	return err
}
