package member

import (
	"context"
	"errors"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service holds what the rules of members need.
type Service struct {
	DB *store.DB
}

// Found is a member with its organization, as a change left them.
type Found struct {
	Organization *store.Organization
	Member       *store.Member
	At           time.Time // when they were like this: locks end by themselves
}

// Get finds a living member by id or external id, or by present address. It needs one of the two; when both are given
// they must mean the same member.
func (s *Service) Get(
	ctx context.Context, p *project.Project, orgRef ids.OrgRef, ref ids.MemberRef, address string,
) (*Found, error) {
	if ref == "" && address == "" {
		return nil, errs.InvalidMemberGetFields
	}

	var f Found
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		found := ref
		if found == "" {
			if found, err = byEmail(ctx, tx, p, orgRef, address); err != nil {
				return err
			}
		}
		f.At = tx.Now()
		f.Organization, f.Member, err = Resolve(ctx, tx, p, orgRef, found)
		return err
	})
	if err != nil {
		return nil, err
	}
	if address != "" && !sameAddress(f.Member, address) {
		return nil, errs.MemberNotFound
	}
	return &f, nil
}

func sameAddress(m *store.Member, text string) bool {
	address, err := email.Parse(text)
	return err == nil && address.String() == m.Email
}

func byEmail(
	ctx context.Context, tx *store.Tx, p *project.Project, orgRef ids.OrgRef, text string,
) (ids.MemberRef, error) {
	o, err := org.Resolve(ctx, tx, p, orgRef)
	if err != nil {
		return "", err
	}
	address, err := email.Parse(text)
	if err != nil {
		return "", err
	}
	id, err := tx.MemberIDByEmail(ctx, o.ID, address.String())
	if errors.Is(err, store.ErrNotFound) {
		return "", errs.MemberNotFound
	}
	return ids.MemberRef(id), err
}

// Update changes the fields that were given and nothing else. Acting for a member it needs a permission for each of
// them.
func (s *Service) Update(
	ctx context.Context, p *project.Project, by rbac.Caller, orgRef ids.OrgRef, ref ids.MemberRef, c Changes,
) (*Found, error) {
	return s.change(ctx, p, by, orgRef, ref, "member.update", func(tx *store.Tx, f Found) error {
		m := f.Member
		if err := c.authorize(by, m); err != nil {
			return err
		}
		if err := setEmail(ctx, tx, f, c.Email, c.UnlinkEmail); err != nil {
			return err
		}
		if c.ExternalID.Given {
			if err := setExternalID(ctx, tx, m, c.ExternalID.Value); err != nil {
				return err
			}
		}
		if c.Phone.Given() {
			if err := setPhone(ctx, tx, p, m, c.Phone); err != nil {
				return err
			}
		}
		return c.apply(m)
	})
}

// DeletePhone takes the member's number away, with the live code to it. Sessions stay, and so does mfa_enrolled: the
// next login asks for a new number. It fails with errs.MemberPhoneNumberNotFound when there is no number.
func (s *Service) DeletePhone(
	ctx context.Context, p *project.Project, by rbac.Caller, orgRef ids.OrgRef, ref ids.MemberRef,
) (*Found, error) {
	return s.change(ctx, p, by, orgRef, ref, "member.phone.delete", func(tx *store.Tx, f Found) error {
		if err := by.OnMember(f.Organization.ID, f.Member.ID, rbac.DeletePhone); err != nil {
			return err
		}
		if f.Member.Phone == "" {
			return errs.MemberPhoneNumberNotFound
		}
		clearPhone(tx, f.Member)
		return nil
	})
}

// DeleteTOTP takes the member's authenticator app away, with its recovery codes. Sessions stay, and so does mfa_enrolled.
// It fails with errs.TOTPNotFound when there is no active registration.
func (s *Service) DeleteTOTP(
	ctx context.Context, p *project.Project, by rbac.Caller, orgRef ids.OrgRef, ref ids.MemberRef,
) (*Found, error) {
	return s.change(ctx, p, by, orgRef, ref, "member.totp.delete", func(tx *store.Tx, f Found) error {
		if err := by.OnMember(f.Organization.ID, f.Member.ID, rbac.DeleteTOTP); err != nil {
			return err
		}
		if f.Member.TOTPID == "" {
			return errs.TOTPNotFound
		}
		clearTOTP(tx, f.Member)
		return nil
	})
}

// DeleteExternalID takes the external id away. No role permits it to a member.
func (s *Service) DeleteExternalID(
	ctx context.Context, p *project.Project, by rbac.Caller, orgRef ids.OrgRef, ref ids.MemberRef,
) (*Found, error) {
	return s.change(ctx, p, by, orgRef, ref, "member.external_id.delete", func(_ *store.Tx, f Found) error {
		if err := by.InOrganization(f.Organization.ID); err != nil {
			return err
		}
		if !by.Backend() {
			return errs.SessionAuthorizationError
		}
		f.Member.ExternalID = ""
		return nil
	})
}

// change runs f on a living member that nobody else changes meanwhile, and writes what f made of it.
func (s *Service) change(
	ctx context.Context, p *project.Project, by rbac.Caller, orgRef ids.OrgRef, ref ids.MemberRef, action string,
	f func(*store.Tx, Found) error,
) (*Found, error) {
	var found Found
	err := s.DB.WriteUnique(ctx, func(tx *store.Tx) error {
		o, m, err := Resolve(ctx, tx, p, orgRef, ref)
		if err != nil {
			return err
		}
		if err := by.InOrganization(o.ID); err != nil {
			return err
		}
		if m, err = tx.LockMember(ctx, p.ID, o.ID, m.ID); err != nil {
			return err
		}
		if m.Status == store.StatusDeleted {
			return errs.MemberNotFound // somebody was faster
		}

		found = Found{o, m, tx.Now()}
		if err := f(tx, found); err != nil {
			return err
		}
		tx.UpdateMember(m)
		record(tx, p, by, m, action)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &found, nil
}

func record(tx *store.Tx, p *project.Project, by rbac.Caller, m *store.Member, action string) {
	event.Record(tx, p, audit.Event{
		ProjectID: m.ProjectID, OrganizationID: m.OrganizationID, MemberID: m.ID, RequestID: by.RequestID,
		Action: action, Outcome: audit.Done, Details: by.Details(),
	})
}
