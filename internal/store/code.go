package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Code is the newest one-time code of an owner for a purpose. Only keyed hashes are kept.
type Code struct {
	Owner      string // a member's id, or for codes by mail what AddressOwner gives
	Purpose    string
	ProjectID  string
	Recipient  string // the number or address it was sent to
	Hash       string // hex
	KeyVersion int64  // of the pepper in Hash
	State      string
	MessageID  string
	IssuedAt   time.Time
	ExpiresAt  time.Time
	Recent     string // the hashes before it, newest first, CodeHashLength characters each
	// Of codes by mail: the login that it is for, both "" for one without an organization.
	MemberID       string
	OrganizationID string
}

// The states of a code.
const (
	CodeLive   = "live"
	CodeUsed   = "used"
	CodeKilled = "killed"
)

// CodeHashLength is the length of a code's hash in characters.
const CodeHashLength = 64

// The purposes of codes: a second factor by text, a first one by mail.
const (
	PurposeSMS   = "sms"
	PurposeEmail = "email"
)

var (
	// The row of the code before becomes the row of the new one: there is never a second live code, and the last eight
	// hashes stay known so that a code that was replaced is told from one that never existed.
	sqlIssueCode = sqldb.SQL("issue_code", `
		INSERT INTO otp_codes (owner, purpose, project_id, recipient, hash, key_version, state, message_id, issued_at,
			expires_at, recent, member_id, organization_id)
		VALUES ($1, $2, $3, $4, $5, $6, 'live', $7, $8, $9, '', $10, $11)
		ON CONFLICT (owner, purpose) DO UPDATE SET
			recent = CASE WHEN otp_codes.recipient = excluded.recipient
				THEN substr(otp_codes.hash || otp_codes.recent, 1, 512) ELSE '' END,
			recipient = excluded.recipient, hash = excluded.hash, key_version = excluded.key_version, state = 'live',
			message_id = excluded.message_id, issued_at = excluded.issued_at, expires_at = excluded.expires_at,
			member_id = excluded.member_id, organization_id = excluded.organization_id`)

	sqlCode = sqldb.SQL("code", `
		SELECT owner, purpose, project_id, recipient, hash, key_version, state, message_id, issued_at, expires_at, recent,
			member_id, organization_id
		FROM otp_codes WHERE owner = $1 AND purpose = $2`)

	sqlSpendCode = sqldb.SQL("spend_code", `
		UPDATE otp_codes SET state = 'used'
		WHERE owner = $1 AND purpose = $2 AND hash = $3 AND state = 'live' AND expires_at > $4`)

	sqlKillCode = sqldb.SQL("kill_code", `
		UPDATE otp_codes SET state = 'killed', recipient = '' WHERE owner = $1 AND purpose = $2`)
)

// IssueCode makes c the one live code of its owner and purpose. It goes out with the statements after it.
func (tx *Tx) IssueCode(c *Code) {
	tx.Later(sqlIssueCode, 1, c.Owner, c.Purpose, c.ProjectID, c.Recipient, c.Hash, c.KeyVersion, c.MessageID,
		micros(c.IssuedAt), micros(c.ExpiresAt), c.MemberID, c.OrganizationID)
}

// Code gives the newest code of the owner for the purpose in whatever state, or ErrNotFound.
func (tx *Tx) Code(ctx context.Context, owner, purpose string) (*Code, error) {
	var (
		c               Code
		issued, expires int64
	)
	err := tx.QueryRow(ctx, sqlCode, []any{owner, purpose}, &c.Owner, &c.Purpose, &c.ProjectID, &c.Recipient, &c.Hash,
		&c.KeyVersion, &c.State, &c.MessageID, &issued, &expires, &c.Recent, &c.MemberID, &c.OrganizationID)
	c.IssuedAt, c.ExpiresAt = fromMicros(issued), fromMicros(expires)
	return &c, err
}

// SpendCode uses the live code with that hash up and reports whether there was one: of many callers one is told yes. It
// travels with the next statement.
func (tx *Tx) SpendCode(ctx context.Context, owner, purpose, hash string) func() (bool, error) {
	return one(tx.ExecAhead(ctx, sqlSpendCode, owner, purpose, hash, micros(tx.Now())))
}

// KillCodes ends the owner's code for the purpose, if there is one. It goes out with the statements after it.
func (tx *Tx) KillCodes(owner, purpose string) {
	tx.Later(sqlKillCode, -1, owner, purpose)
}
