package password

import (
	"context"
	"errors"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/mailbox"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
)

// Delete takes a password away from its member, by the password's id. Sessions stay. Passwords of addresses are no
// member's to delete: RequireReset ends those. It fails with errs.MemberPasswordNotFound.
func (s *Service) Delete(
	ctx context.Context, p *store.Project, by rbac.Caller, ref ids.OrgRef, passwordID string,
) (*member.Found, error) {
	var found member.Found
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		o, err := org.Resolve(ctx, tx, p, ref)
		if err != nil {
			return err
		}
		if err := by.InOrganization(o.ID); err != nil {
			return err
		}
		if err := org.CheckID(p, passwordID, errs.MemberPasswordNotFound); err != nil {
			return err
		}
		known, err := tx.PasswordByID(ctx, p.ID, passwordID)
		if errors.Is(err, store.ErrNotFound) || err == nil && (known.MemberID == "" || known.OrganizationID != o.ID) {
			return errs.MemberPasswordNotFound
		}
		if err != nil {
			return err
		}
		if err := by.OnMember(o.ID, known.MemberID, rbac.DeletePassword); err != nil {
			return err
		}
		m, err := tx.LockMember(ctx, p.ID, o.ID, known.MemberID)
		if err != nil {
			return err
		}
		tx.DropPassword(m)
		found = member.Found{Organization: o, Member: m, At: tx.Now()}
		recordBy(tx, p, by, m, "password.delete")
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &found, nil
}

// Require names an address whose password must be replaced.
type Require struct {
	Email        string
	Organization ids.OrgRef    // "" for any
	Member       ids.MemberRef // likewise
}

// RequireReset ends the use of an address's password: it is deleted where one active member has the address, and good for
// nothing but a reset where several have. It gives the member that was named, nil for none. It fails with
// errs.CrossOrgPasswordsNotEnabled where passwords belong to members.
func (s *Service) RequireReset(
	ctx context.Context, p *store.Project, by rbac.Caller, in Require,
) (*member.Found, error) {
	if !p.Settings.CrossOrgPasswords {
		return nil, errs.CrossOrgPasswordsNotEnabled
	}
	address, err := email.Parse(in.Email)
	if err != nil {
		return nil, err
	}
	var found *member.Found
	err = s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if found, err = in.find(ctx, tx, p, by, address); err != nil {
			return err
		}
		m := &store.Member{}
		if found != nil {
			m = found.Member
		}
		recordBy(tx, p, by, m, "password.require_reset")
		return endPassword(ctx, tx, p, address, m)
	})
	return found, err
}

// find gives the member that was named. Who acts for a member must name one, or means the one of the own organization.
func (in *Require) find(
	ctx context.Context, tx *store.Tx, p *store.Project, by rbac.Caller, address email.Address,
) (*member.Found, error) {
	ref := in.Organization
	if ref == "" && !by.Backend() {
		ref = ids.OrgRef(by.Actor.OrganizationID)
	}
	var o *store.Organization
	var m *store.Member
	var err error
	switch {
	case ref == "" && in.Member == "":
		return nil, nil
	case ref == "":
		if err := org.CheckID(p, string(in.Member), errs.MemberNotFound); err != nil {
			return nil, err
		}
		o, m, err = tx.MemberOfProject(ctx, p.ID, string(in.Member))
		if errors.Is(err, store.ErrNotFound) {
			err = errs.MemberNotFound
		}
	case in.Member != "":
		o, m, err = member.Resolve(ctx, tx, p, ref, in.Member)
	default:
		if o, err = org.Resolve(ctx, tx, p, ref); err == nil {
			m, err = mailbox.Member(ctx, tx, p, o, address)
		}
	}
	if err != nil {
		return nil, err
	}
	if m == nil || m.Email != address.String() {
		return nil, errs.MemberNotFound
	}
	if err := by.OnMember(o.ID, m.ID, rbac.DeletePassword); err != nil {
		return nil, err
	}
	return &member.Found{Organization: o, Member: m, At: tx.Now()}, nil
}

func endPassword(
	ctx context.Context, tx *store.Tx, p *store.Project, address email.Address, named *store.Member,
) error {
	known, err := tx.PasswordOfAddress(ctx, p.ID, address.String())
	if errors.Is(err, store.ErrNotFound) {
		return errs.MemberPasswordNotFound
	}
	if err != nil {
		return err
	}
	all, err := tx.MembersOfAddress(ctx, p.ID, address.String())
	if err != nil {
		return err
	}
	active := 0
	for _, m := range all {
		if m.Status == store.StatusActive {
			active++
		}
	}
	if active != 1 {
		tx.FlagPassword(known.ID)
		return nil
	}
	if _, err := tx.DeletePassword(ctx, known.ID); err != nil {
		return err
	}
	for _, m := range all {
		tx.NamePassword(m.ID, "")
	}
	named.PasswordID = ""
	return nil
}

func recordBy(tx *store.Tx, p *store.Project, by rbac.Caller, m *store.Member, action string) {
	event.Record(tx, p, audit.Event{
		ProjectID: p.ID, OrganizationID: m.OrganizationID, MemberID: m.ID, RequestID: by.RequestID,
		Action: action, Outcome: audit.Done, Details: by.Details(),
	})
}
