package password

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

// Migrate is a password that a member has elsewhere, with what is known about the member there.
type Migrate struct {
	Organization      ids.OrgRef
	Email             string
	Hash              Import
	Name              string
	ExternalID        string // of a new member alone
	Roles             []string
	PreserveSessions  bool
	Phone             phone.Input
	PhoneVerified     bool // the caller's word
	TrustedMetadata   json.RawMessage
	UntrustedMetadata json.RawMessage
	RequestID         string
}

// Migrated is the member who has the password now.
type Migrated struct {
	member.Found
	Created bool
}

// Migrate gives a member the hash of a password, and makes the member where there is none. The backend's word is enough:
// the address counts as verified. It fails with errs.PasswordAlreadyExists for a member who has one.
func (s *Service) Migrate(ctx context.Context, p *store.Project, in Migrate) (*Migrated, error) {
	foreign, err := in.Hash.Read()
	if err != nil {
		return nil, err
	}
	hash := foreign.keep()
	if foreign.isOwn() {
		hash = in.Hash.Hash
	}

	var out Migrated
	err = s.DB.WriteUnique(ctx, func(tx *store.Tx) error {
		out = Migrated{}
		o, err := org.Resolve(ctx, tx, p, in.Organization)
		if err != nil {
			return err
		}
		address, err := email.Parse(in.Email)
		if err != nil {
			return err
		}
		m, known, err := tx.MemberWithPassword(ctx, o.ID, address.String(), p.Settings.CrossOrgPasswords)
		if err != nil {
			return err
		}
		if m != nil && known != nil && (known.MemberID != "" || m.PasswordID == known.ID) {
			return errs.PasswordAlreadyExists
		}
		out.Created = m == nil
		if out.Created {
			m, err = in.add(ctx, tx, p, o, address)
		} else {
			m, err = in.change(ctx, tx, p, o, m)
		}
		if err != nil {
			return err
		}
		out.Found = member.Found{Organization: o, Member: m, At: tx.Now()}
		kind := event.MemberUpdated
		if out.Created {
			kind = event.MemberCreated
		}
		event.Tell(tx, p, event.Event{
			Kind: kind, OrganizationID: m.OrganizationID, MemberID: m.ID, RequestID: in.RequestID,
		})
		record(tx, p, m, in.RequestID, "password.migrate", audit.Done)
		return giveMigrated(ctx, tx, p, m, hash)
	})
	if errors.Is(err, sqldb.ErrUnique) {
		return nil, errs.DuplicateMemberPhoneNumber // the one thing that no rule looks at before
	}
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// giveMigrated writes the password. Where addresses have passwords, the first organization's migration brings it, and the
// ones of the others name it.
func giveMigrated(ctx context.Context, tx *store.Tx, p *store.Project, m *store.Member, hash string) error {
	if !p.Settings.CrossOrgPasswords {
		return put(ctx, tx, p, m, hash)
	}
	known, err := tx.PasswordOfAddress(ctx, p.ID, m.Email)
	if err == nil {
		tx.NamePassword(m.ID, known.ID)
		m.PasswordID = known.ID
		return nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	row := &store.Password{
		ID: ids.New(ids.Password, p.Env, tx.Now()), ProjectID: p.ID, Email: m.Email, Hash: hash,
	}
	if err := tx.KeepPassword(ctx, row); err != nil {
		return err
	}
	tx.NamePassword(m.ID, row.ID)
	m.PasswordID = row.ID
	return nil
}

// add makes the member.
func (in *Migrate) add(
	ctx context.Context, tx *store.Tx, p *store.Project, o *store.Organization, address email.Address,
) (*store.Member, error) {
	m, err := member.Add(ctx, tx, p, o, member.New{
		Email: address.String(), Name: in.Name, ExternalID: in.ExternalID, Phone: in.Phone, Roles: in.Roles,
		TrustedMetadata: in.TrustedMetadata, UntrustedMetadata: in.UntrustedMetadata,
	})
	if err != nil {
		return nil, err
	}
	if m, err = tx.LockMember(ctx, p.ID, o.ID, m.ID); err != nil {
		return nil, err
	}
	in.vouch(m)
	tx.UpdateMember(m)
	return m, nil
}

// change brings a member that there is up to date.
func (in *Migrate) change(
	ctx context.Context, tx *store.Tx, p *store.Project, o *store.Organization, m *store.Member,
) (*store.Member, error) {
	m, err := tx.LockMember(ctx, p.ID, o.ID, m.ID)
	if err != nil {
		return nil, err
	}
	c := member.Changes{
		Roles: in.Roles, PreserveSessions: in.PreserveSessions, Phone: in.Phone,
		TrustedMetadata: in.TrustedMetadata, UntrustedMetadata: in.UntrustedMetadata,
	}
	if in.Name != "" {
		c.Name = &in.Name
	}
	if err := member.Change(ctx, tx, p, m, c); err != nil {
		return nil, err
	}
	in.vouch(m)
	tx.UpdateMember(m)
	return m, nil
}

// vouch notes what the caller has verified.
func (in *Migrate) vouch(m *store.Member) {
	m.EmailVerified = true
	if !in.PhoneVerified || m.Phone == "" {
		return
	}
	m.PhoneVerified = true
	if m.DefaultMFAMethod == "" {
		m.DefaultMFAMethod = store.MethodSMS
	}
}
