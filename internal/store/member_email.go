package store

import (
	"context"
	"errors"
	"strings"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

var (
	sqlMemberIDByEmail = sqldb.SQL("member_id_by_email", `
		SELECT member_id FROM member_emails WHERE organization_id = $1 AND email = $2 AND retired = FALSE`)

	sqlClaimEmail = sqldb.SQL("claim_email", `
		INSERT INTO member_emails (organization_id, email, email_id, member_id, retired, domain)
		VALUES ($1, $2, $3, $4, FALSE, $5)
		ON CONFLICT (organization_id, email) DO UPDATE SET retired = FALSE
			WHERE member_emails.member_id = excluded.member_id
		RETURNING email_id`)

	sqlRetireEmail = sqldb.SQL("retire_email", `
		UPDATE member_emails SET retired = TRUE WHERE organization_id = $1 AND email = $2 AND member_id = $3`)

	sqlDropEmail = sqldb.SQL("drop_email", `
		DELETE FROM member_emails WHERE organization_id = $1 AND email = $2 AND member_id = $3`)

	sqlDropEmails = sqldb.SQL("drop_emails", `DELETE FROM member_emails WHERE member_id = $1`)
)

// MemberIDByEmail gives the id of the organization's member whose present address this is, or ErrNotFound.
func (tx *Tx) MemberIDByEmail(ctx context.Context, orgID, email string) (string, error) {
	var id string
	err := tx.QueryRow(ctx, sqlMemberIDByEmail, []any{orgID, email}, &id)
	return id, err
}

// ClaimEmail makes the address a present one of the member, unless another member of the organization has or had it:
// then it reports false. It gives the address's id: the one offered, or the one it had before when it is the member's
// own.
func (tx *Tx) ClaimEmail(ctx context.Context, orgID, memberID, email, emailID string) (string, bool, error) {
	_, domain, _ := strings.Cut(email, "@")
	err := tx.QueryRow(ctx, sqlClaimEmail, []any{orgID, email, emailID, memberID, domain}, &emailID)
	if errors.Is(err, ErrNotFound) {
		return "", false, nil
	}
	return emailID, err == nil, err
}

// RetireEmail keeps the member's address from being used by anybody else, without being the member's present one.
func (tx *Tx) RetireEmail(orgID, memberID, email string) {
	tx.Later(sqlRetireEmail, 1, orgID, email, memberID)
}

// DropEmail makes the member's address free for everybody.
func (tx *Tx) DropEmail(orgID, memberID, email string) {
	tx.Later(sqlDropEmail, 1, orgID, email, memberID)
}

// DropEmails makes all of the member's addresses free for everybody.
func (tx *Tx) DropEmails(memberID string) {
	tx.Later(sqlDropEmails, -1, memberID)
}
