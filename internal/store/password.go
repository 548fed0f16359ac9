package store

import (
	"context"
	"errors"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Password is a member's password; or, with passwords that work in every organization, that of an address, which belongs
// to no member: MemberID is "" then.
type Password struct {
	ID             string
	ProjectID      string
	OrganizationID string
	MemberID       string
	Email          string
	Hash           string // how it is verified, see package password
	MustReset      bool
	Version        int64 // counts changes
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

const passwordColumns = `p.id, p.project_id, p.organization_id, p.member_id, p.email, p.hash, p.must_reset, p.version,
	p.created_at, p.updated_at`

type passwordScan struct {
	p                Password
	created, updated int64
}

func (s *passwordScan) dest() []any {
	p := &s.p
	return []any{
		&p.ID, &p.ProjectID, &p.OrganizationID, &p.MemberID, &p.Email, &p.Hash, &p.MustReset, &p.Version, &s.created,
		&s.updated,
	}
}

// row gives nil for the columns of a join that found nothing.
func (s *passwordScan) row() *Password {
	if s.p.ID == "" {
		return nil
	}
	s.p.CreatedAt, s.p.UpdatedAt = fromMicros(s.created), fromMicros(s.updated)
	return &s.p
}

// joinedPassword are the same columns where the join may have found nothing.
const joinedPassword = `COALESCE(p.id, ''), COALESCE(p.project_id, ''), COALESCE(p.organization_id, ''),
	COALESCE(p.member_id, ''), COALESCE(p.email, ''), COALESCE(p.hash, ''), COALESCE(p.must_reset, FALSE),
	COALESCE(p.version, 0), COALESCE(p.created_at, 0), COALESCE(p.updated_at, 0)`

var (
	// A member with an address is looked up together with the password, so that an address without either costs the same.
	sqlMemberWithPassword = sqldb.SQL("member_with_password", `
		SELECT `+memberColumns+`, `+joinedPassword+`
		FROM member_emails e
		JOIN members m ON m.id = e.member_id
		LEFT JOIN passwords p ON p.project_id = m.project_id AND p.member_id = m.id AND p.member_id <> ''
		WHERE e.organization_id = $1 AND e.email = $2 AND e.retired = FALSE AND m.deleted_at = 0`)

	sqlMemberWithCommonPassword = sqldb.SQL("member_with_common_password", `
		SELECT `+memberColumns+`, `+joinedPassword+`
		FROM member_emails e
		JOIN members m ON m.id = e.member_id
		LEFT JOIN passwords p ON p.project_id = m.project_id AND p.email = e.email AND p.member_id = ''
		WHERE e.organization_id = $1 AND e.email = $2 AND e.retired = FALSE AND m.deleted_at = 0`)

	sqlPasswordOfAddress = sqldb.SQL("password_of_address", `
		SELECT `+passwordColumns+` FROM passwords p WHERE p.project_id = $1 AND p.email = $2 AND p.member_id = ''`)

	sqlPasswordByID = sqldb.SQL("password_by_id", `
		SELECT `+passwordColumns+` FROM passwords p WHERE p.id = $1 AND p.project_id = $2`)

	sqlAnyPassword = sqldb.SQL("any_password", `
		SELECT CASE WHEN EXISTS (SELECT 1 FROM passwords WHERE project_id = $1 AND member_id <> '')
			OR EXISTS (SELECT 1 FROM passwords WHERE project_id = $1 AND member_id = '') THEN 1 ELSE 0 END`)

	// The id of a password stays when it is replaced.
	sqlPutMemberPassword = sqldb.SQL("put_member_password", `
		INSERT INTO passwords (id, project_id, organization_id, member_id, email, hash, must_reset, version, created_at,
			updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, FALSE, 1, $7, $7)
		ON CONFLICT (project_id, member_id) WHERE member_id <> '' DO UPDATE SET
			email = excluded.email, hash = excluded.hash, must_reset = FALSE, version = passwords.version + 1,
			updated_at = excluded.updated_at
		RETURNING id`)

	sqlPutCommonPassword = sqldb.SQL("put_common_password", `
		INSERT INTO passwords (id, project_id, organization_id, member_id, email, hash, must_reset, version, created_at,
			updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, FALSE, 1, $7, $7)
		ON CONFLICT (project_id, email) WHERE member_id = '' DO UPDATE SET
			hash = excluded.hash, must_reset = FALSE, version = passwords.version + 1, updated_at = excluded.updated_at
		RETURNING id`)

	sqlHoldPassword = sqldb.SQL("hold_password", `UPDATE passwords SET version = version WHERE id = $1 AND version = $2`)

	sqlRehashPassword = sqldb.SQL("rehash_password", `
		UPDATE passwords SET hash = $3, version = version + 1 WHERE id = $1 AND version = $2`)

	sqlFlagPassword = sqldb.SQL("flag_password", `
		UPDATE passwords SET must_reset = TRUE, version = version + 1, updated_at = $2 WHERE id = $1`)

	sqlDeletePassword = sqldb.SQL("delete_password", `DELETE FROM passwords WHERE id = $1`)

	sqlDropMemberPassword = sqldb.SQL("drop_member_password", `
		DELETE FROM passwords WHERE project_id = $1 AND member_id = $2 AND member_id <> ''`)

	// An address that nobody has any more keeps no password: whoever gets it next is somebody else.
	sqlDropCommonPassword = sqldb.SQL("drop_common_password", `
		DELETE FROM passwords WHERE project_id = $1 AND email = $2 AND member_id = '' AND NOT EXISTS (
			SELECT 1 FROM member_emails e JOIN members m ON m.id = e.member_id
			WHERE e.email = $2 AND e.retired = FALSE AND e.member_id <> $3 AND m.project_id = $1)`)

	sqlSetMemberPassword = sqldb.SQL("set_member_password", `
		UPDATE members SET password_id = $2, updated_at = $3 WHERE id = $1 AND password_id <> $2`)

	sqlSetPasswordOfAddress = sqldb.SQL("set_password_of_address", `
		UPDATE members SET password_id = $3, updated_at = $4
		WHERE project_id = $1 AND deleted_at = 0 AND password_id <> $3
			AND id IN (SELECT e.member_id FROM member_emails e WHERE e.email = $2 AND e.retired = FALSE)`)

	sqlMembersOfAddress = sqldb.SQL("members_of_address", `
		SELECT m.id, m.organization_id, m.status FROM member_emails e JOIN members m ON m.id = e.member_id
		JOIN organizations o ON o.id = m.organization_id
		WHERE e.email = $2 AND e.retired = FALSE AND m.project_id = $1 AND m.deleted_at = 0 AND o.deleted_at = 0
		ORDER BY m.id`)

	sqlRevokeAddressSessions = sqldb.SQL("revoke_address_sessions", `
		UPDATE sessions SET revoked_at = $4, expires_at = $4
		WHERE member_id IN (SELECT e.member_id FROM member_emails e WHERE e.email = $2 AND e.retired = FALSE)
			AND project_id = $1 AND id <> $3 AND revoked_at = 0`)
)

// MemberWithPassword gives the living member of the organization with that address and its password, each nil when there
// is none. Common passwords belong to addresses instead of members. It is one statement whatever there is.
func (tx *Tx) MemberWithPassword(ctx context.Context, orgID, email string, common bool) (*Member, *Password, error) {
	stmt := sqlMemberWithPassword
	if common {
		stmt = sqlMemberWithCommonPassword
	}
	var m memberScan
	var p passwordScan
	err := tx.QueryRow(ctx, stmt, []any{orgID, email}, append(m.dest(), p.dest()...)...)
	if errors.Is(err, ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	member, err := m.row()
	return member, p.row(), err
}

// PasswordOfAddress gives the password that an address has in all organizations of the project, or ErrNotFound.
func (tx *Tx) PasswordOfAddress(ctx context.Context, projectID, email string) (*Password, error) {
	return tx.password(ctx, sqlPasswordOfAddress, projectID, email)
}

// PasswordByID gives a password of the project, or ErrNotFound.
func (tx *Tx) PasswordByID(ctx context.Context, projectID, id string) (*Password, error) {
	return tx.password(ctx, sqlPasswordByID, id, projectID)
}

func (tx *Tx) password(ctx context.Context, stmt *sqldb.Stmt, args ...any) (*Password, error) {
	var s passwordScan
	if err := tx.QueryRow(ctx, stmt, args, s.dest()...); err != nil {
		return nil, err
	}
	return s.row(), nil
}

// AnyPassword reports whether the project has passwords.
func (tx *Tx) AnyPassword(ctx context.Context, projectID string) (bool, error) {
	var n int64
	err := tx.QueryRow(ctx, sqlAnyPassword, []any{projectID}, &n)
	return n > 0, err
}

// PutPassword gives a member, or with MemberID "" an address, a password in place of the one before, whose id it then
// has, and names it in the rows of the members. From here to the commit nobody logs in with the one before.
func (tx *Tx) PutPassword(ctx context.Context, p *Password) error {
	now := micros(tx.Now())
	stmt := sqlPutMemberPassword
	if p.MemberID == "" {
		stmt = sqlPutCommonPassword
	}
	err := tx.QueryRow(ctx, stmt,
		[]any{p.ID, p.ProjectID, p.OrganizationID, p.MemberID, p.Email, p.Hash, now}, &p.ID)
	if err != nil {
		return err
	}
	if p.MemberID == "" {
		tx.NamePasswordOfAddress(p.ProjectID, p.Email, p.ID)
		return nil
	}
	tx.NamePassword(p.MemberID, p.ID)
	return nil
}

// KeepPassword is PutPassword that leaves naming the password to the caller.
func (tx *Tx) KeepPassword(ctx context.Context, p *Password) error {
	return tx.QueryRow(ctx, sqlPutCommonPassword,
		[]any{p.ID, p.ProjectID, p.OrganizationID, p.MemberID, p.Email, p.Hash, micros(tx.Now())}, &p.ID)
}

// NamePasswordOfAddress is NamePassword for all members with the address.
func (tx *Tx) NamePasswordOfAddress(projectID, email, passwordID string) {
	tx.Later(sqlSetPasswordOfAddress, -1, projectID, email, passwordID, micros(tx.Now()))
}

// AddressOwner is whose guess budget counts at a first factor that belongs to an address instead of a member.
func AddressOwner(projectID, email string) string { return projectID + "|" + email }

// NamePassword says in a member's row which password the member has; "" for none. It goes out with the statements after
// it.
func (tx *Tx) NamePassword(memberID, passwordID string) {
	tx.Later(sqlSetMemberPassword, -1, memberID, passwordID, micros(tx.Now()))
}

// HoldPassword keeps a password from being changed until the transaction ends, and reports whether it still is the one
// that was read.
func (tx *Tx) HoldPassword(ctx context.Context, p *Password) (bool, error) {
	n, err := tx.Exec(ctx, sqlHoldPassword, p.ID, p.Version)
	return n == 1, err
}

// RehashPassword is HoldPassword that keeps the same password in another form.
func (tx *Tx) RehashPassword(ctx context.Context, p *Password, hash string) (bool, error) {
	n, err := tx.Exec(ctx, sqlRehashPassword, p.ID, p.Version, hash)
	return n == 1, err
}

// FlagPassword makes a password good for nothing but a reset. It goes out with the statements after it.
func (tx *Tx) FlagPassword(id string) { tx.Later(sqlFlagPassword, -1, id, micros(tx.Now())) }

// DeletePassword deletes a password and reports whether it was there. The rows of members are left to NamePassword.
func (tx *Tx) DeletePassword(ctx context.Context, id string) (bool, error) {
	n, err := tx.Exec(ctx, sqlDeletePassword, id)
	return n == 1, err
}

// DropPassword takes a member's password away, because the member or its address goes. That of the address goes too when
// nobody else has the address. It goes out with the statements after it.
func (tx *Tx) DropPassword(m *Member) {
	tx.Later(sqlDropMemberPassword, -1, m.ProjectID, m.ID)
	tx.Later(sqlDropCommonPassword, -1, m.ProjectID, m.Email, m.ID)
	tx.NamePassword(m.ID, "")
	m.PasswordID = ""
}

// AddressMember is a member among those with the same address.
type AddressMember struct {
	ID, OrganizationID, Status string
}

// MembersOfAddress gives the living members of the project with that present address.
func (tx *Tx) MembersOfAddress(ctx context.Context, projectID, email string) ([]AddressMember, error) {
	var all []AddressMember
	err := tx.Query(ctx, sqlMembersOfAddress, []any{projectID, email}, func(scan func(...any) error) error {
		var m AddressMember
		err := scan(&m.ID, &m.OrganizationID, &m.Status)
		all = append(all, m)
		return err
	})
	return all, err
}

// RevokeAddressSessions ends all sessions of all members of the project with that address but the one with the id; ""
// spares none. It goes out with the statements after it.
func (tx *Tx) RevokeAddressSessions(projectID, email, but string) {
	tx.Later(sqlRevokeAddressSessions, -1, projectID, email, but, micros(tx.Now()))
}
