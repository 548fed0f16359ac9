package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Member is a person in one organization.
type Member struct {
	ID                string
	ProjectID         string
	OrganizationID    string
	ExternalID        string
	Status            string
	Name              string
	Email             string
	EmailID           string
	EmailVerified     bool
	IsBreakglass      bool
	Roles             []string // explicitly assigned, without the role that everybody has
	TrustedMetadata   json.RawMessage
	UntrustedMetadata json.RawMessage
	RetiredEmails     []RetiredEmail
	MFAEnrolled       bool
	DefaultMFAMethod  string
	Phone             string // E.164, "" for none
	PhoneID           string
	PhoneVerified     bool
	PhoneAskedAt      time.Time // when a code was last sent to a number that is not verified
	TOTPID            string    // of the verified registration
	MFAFailures       int64     // wrong second factors in a row, up to the lock
	MFAFailuresTotal  int64     // the same, counted across locks
	MFALockedAt       time.Time // when MFAFailures last reached the limit, or MFAFailuresTotal its own
	PasswordID        string
	PrimaryLockedAt   time.Time // when wrong guesses at a first factor locked that one
	PrimaryLockedTill time.Time // and until when
	CreatedAt         time.Time
	UpdatedAt         time.Time
	DeletedAt         time.Time
}

// RetiredEmail is an address that the member used to have and nobody else may take.
type RetiredEmail struct {
	EmailID string `json:"email_id"`
	Email   string `json:"email_address"`
}

// The states of a member.
const (
	StatusPending = "pending"
	StatusInvited = "invited"
	StatusActive  = "active"
	StatusDeleted = "deleted"
)

const memberColumns = `m.id, m.project_id, m.organization_id, m.external_id, m.status, m.name, m.email, m.email_id,
	m.email_verified, m.is_breakglass, m.roles, m.trusted_metadata, m.untrusted_metadata, m.retired_emails,
	m.mfa_enrolled, m.default_mfa_method, m.mfa_phone, m.mfa_phone_id, m.mfa_phone_verified, m.mfa_phone_asked_at,
	m.totp_id, m.mfa_failures, m.mfa_failures_total, m.mfa_locked_at, m.password_id, m.primary_locked_at,
	m.primary_locked_until, m.created_at, m.updated_at, m.deleted_at`

// memberScan holds what a row of memberColumns is read into before it is a Member.
type memberScan struct {
	m                                          Member
	roles, trusted, untrusted, retired         string
	asked, locked, created, updated, deletedAt int64
	primaryLocked, primaryTill                 int64
}

func (s *memberScan) dest() []any {
	m := &s.m
	return []any{
		&m.ID, &m.ProjectID, &m.OrganizationID, &m.ExternalID, &m.Status, &m.Name, &m.Email, &m.EmailID,
		&m.EmailVerified, &m.IsBreakglass, &s.roles, &s.trusted, &s.untrusted, &s.retired,
		&m.MFAEnrolled, &m.DefaultMFAMethod, &m.Phone, &m.PhoneID, &m.PhoneVerified, &s.asked,
		&m.TOTPID, &m.MFAFailures, &m.MFAFailuresTotal, &s.locked, &m.PasswordID, &s.primaryLocked, &s.primaryTill,
		&s.created, &s.updated, &s.deletedAt,
	}
}

func (s *memberScan) row() (*Member, error) {
	m := &s.m
	m.TrustedMetadata, m.UntrustedMetadata = json.RawMessage(s.trusted), json.RawMessage(s.untrusted)
	m.PhoneAskedAt, m.MFALockedAt = fromMicros(s.asked), fromMicros(s.locked)
	m.PrimaryLockedAt, m.PrimaryLockedTill = fromMicros(s.primaryLocked), fromMicros(s.primaryTill)
	m.CreatedAt, m.UpdatedAt, m.DeletedAt = fromMicros(s.created), fromMicros(s.updated), fromMicros(s.deletedAt)
	if s.roles != "[]" {
		if err := fromJSON(s.roles, &m.Roles); err != nil {
			return nil, err
		}
	}
	if s.retired != "[]" {
		if err := fromJSON(s.retired, &m.RetiredEmails); err != nil {
			return nil, err
		}
	}
	return m, nil
}

var (
	sqlMemberWithOrganization = sqldb.SQL("member_with_organization", `
		SELECT `+orgColumns+`, `+memberColumns+`
		FROM organizations o JOIN members m ON m.organization_id = o.id
		WHERE o.id = $2 AND o.project_id = $1 AND o.deleted_at = 0 AND m.id = $3`)

	sqlMemberOfProject = sqldb.SQL("member_of_project", `
		SELECT `+orgColumns+`, `+memberColumns+`
		FROM members m JOIN organizations o ON o.id = m.organization_id
		WHERE m.id = $2 AND m.project_id = $1 AND m.deleted_at = 0 AND o.deleted_at = 0`)

	sqlMemberIDByExternalID = sqldb.SQL("member_id_by_external_id", `
		SELECT id FROM members WHERE organization_id = $1 AND external_id = $2 AND external_id <> ''`)

	sqlInsertMember = sqldb.SQL("insert_member", `
		INSERT INTO members (id, project_id, organization_id, external_id, status, name, email, email_id,
			email_verified, is_breakglass, roles, trusted_metadata, untrusted_metadata, retired_emails,
			mfa_enrolled, default_mfa_method, mfa_phone, mfa_phone_id, mfa_phone_verified, mfa_phone_asked_at,
			totp_id, mfa_failures, mfa_failures_total, mfa_locked_at, created_at, updated_at, deleted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '[]', $14, '', $15, $16, FALSE, 0, '', 0, 0, 0,
			$17, $17, 0)
		ON CONFLICT DO NOTHING`)

	// See lock_organization: the row is held from here to the commit.
	sqlLockMember = sqldb.SQL("lock_member", `
		UPDATE members SET updated_at = $4 WHERE id = $3 AND organization_id = $2 AND project_id = $1`)

	sqlMember = sqldb.SQL("member", `
		SELECT `+memberColumns+` FROM members m WHERE m.id = $3 AND m.organization_id = $2 AND m.project_id = $1`)

	sqlUpdateMember = sqldb.SQL("update_member", `
		UPDATE members SET external_id = $2, status = $3, name = $4, email = $5, email_id = $6, email_verified = $7,
			is_breakglass = $8, roles = $9, trusted_metadata = $10, untrusted_metadata = $11, retired_emails = $12,
			mfa_enrolled = $13, default_mfa_method = $14, mfa_phone = $15, mfa_phone_id = $16, mfa_phone_verified = $17,
			mfa_phone_asked_at = $18, mfa_failures_total = $19, deleted_at = $20
		WHERE id = $1`)
)

// MemberWithOrganization gives a member, deleted or not, of a living organization, or ErrNotFound.
func (tx *Tx) MemberWithOrganization(ctx context.Context, projectID, orgID, memberID string) (*Organization, *Member, error) {
	return tx.memberAndOrganization(ctx, sqlMemberWithOrganization, projectID, orgID, memberID)
}

func (tx *Tx) memberAndOrganization(ctx context.Context, stmt *sqldb.Stmt, args ...any) (*Organization, *Member, error) {
	var o orgScan
	var m memberScan
	dest := append(o.dest(), m.dest()...)
	if err := tx.QueryRow(ctx, stmt, args, dest...); err != nil {
		return nil, nil, err
	}

	org, err := o.row(tx.db)
	if err != nil {
		return nil, nil, err
	}
	member, err := m.row()
	return org, member, err
}

// MemberOfProject gives a living member of a living organization of the project, or ErrNotFound.
func (tx *Tx) MemberOfProject(ctx context.Context, projectID, memberID string) (*Organization, *Member, error) {
	return tx.memberAndOrganization(ctx, sqlMemberOfProject, projectID, memberID)
}

// MemberIDByExternalID gives the id of the organization's member with that external id, or ErrNotFound.
func (tx *Tx) MemberIDByExternalID(ctx context.Context, orgID, externalID string) (string, error) {
	var id string
	err := tx.QueryRow(ctx, sqlMemberIDByExternalID, []any{orgID, externalID}, &id)
	return id, err
}

// InsertMember adds a member and reports false when the external id is taken. The address is claimed by ClaimEmail.
func (tx *Tx) InsertMember(ctx context.Context, m *Member) (bool, error) {
	n, err := tx.Exec(ctx, sqlInsertMember, m.ID, m.ProjectID, m.OrganizationID, m.ExternalID, m.Status, m.Name,
		m.Email, m.EmailID, m.EmailVerified, m.IsBreakglass, listJSON(m.Roles), string(m.TrustedMetadata),
		string(m.UntrustedMetadata), m.MFAEnrolled, m.Phone, m.PhoneID, micros(m.CreatedAt))
	return n == 1, err
}

// LockMember gives a member of the organization, deleted or not, for a change, or ErrNotFound. Until the transaction
// ends nobody else changes the row, sends and guesses included; its time of update is already now.
func (tx *Tx) LockMember(ctx context.Context, projectID, orgID, id string) (*Member, error) {
	tx.Later(sqlLockMember, -1, projectID, orgID, id, micros(tx.Now()))
	var s memberScan
	if err := tx.QueryRow(ctx, sqlMember, []any{projectID, orgID, id}, s.dest()...); err != nil {
		return nil, err
	}
	return s.row()
}

// UpdateMember writes everything that can change of a member that LockMember gave in this transaction, apart from the
// guesses in a row and their lock. It goes out with the statements after it; Write fails with sqldb.ErrUnique when
// somebody else took the external id meanwhile.
func (tx *Tx) UpdateMember(m *Member) {
	tx.Later(sqlUpdateMember, 1, m.ID, m.ExternalID, m.Status, m.Name, m.Email, m.EmailID, m.EmailVerified,
		m.IsBreakglass, listJSON(m.Roles), string(m.TrustedMetadata), string(m.UntrustedMetadata),
		listJSON(m.RetiredEmails), m.MFAEnrolled, m.DefaultMFAMethod, m.Phone, m.PhoneID, m.PhoneVerified,
		micros(m.PhoneAskedAt), m.MFAFailuresTotal, micros(m.DeletedAt))
}

// listJSON encodes a list, a missing one as an empty one.
func listJSON[T any](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	return asJSON(list)
}
