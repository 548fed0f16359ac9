package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// MagicLink is a link that was mailed to a member.
type MagicLink struct {
	ID             string // a UUID, which the token carries
	ProjectID      string
	OrganizationID string
	MemberID       string
	TokenHash      []byte
	Purpose        string // login, signup or invite
	Email          string // where it was sent: the mailbox it proves
	RedirectURL    string
	PKCEChallenge  string // base64url SHA-256 of the verifier, "" for none
	CreatedAt      time.Time
	ExpiresAt      time.Time
	UsedAt         time.Time
}

var (
	sqlInsertMagicLink = sqldb.SQL("insert_magic_link", `
		INSERT INTO magic_links (id, project_id, organization_id, member_id, token_hash, purpose, email, redirect_url,
			pkce_challenge, created_at, expires_at, used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)`)

	sqlMagicLink = sqldb.SQL("magic_link", `
		SELECT id, project_id, organization_id, member_id, token_hash, purpose, email, redirect_url, pkce_challenge,
			created_at, expires_at, used_at
		FROM magic_links WHERE id = $1`)

	sqlSpendMagicLink = sqldb.SQL("spend_magic_link", `
		UPDATE magic_links SET used_at = $2 WHERE id = $1 AND used_at = 0 AND expires_at > $2`)
)

// InsertMagicLink adds a link. It goes out with the statements after it.
func (tx *Tx) InsertMagicLink(l *MagicLink) {
	tx.Later(sqlInsertMagicLink, 1, l.ID, l.ProjectID, l.OrganizationID, l.MemberID, l.TokenHash, l.Purpose, l.Email,
		l.RedirectURL, l.PKCEChallenge, micros(l.CreatedAt), micros(l.ExpiresAt))
}

// MagicLink gives a link in whatever state and of whatever project, or ErrNotFound. The caller compares the project and
// the token's hash.
func (tx *Tx) MagicLink(ctx context.Context, id string) (*MagicLink, error) {
	var (
		l                      MagicLink
		created, expires, used int64
	)
	err := tx.QueryRow(ctx, sqlMagicLink, []any{id}, &l.ID, &l.ProjectID, &l.OrganizationID, &l.MemberID, &l.TokenHash,
		&l.Purpose, &l.Email, &l.RedirectURL, &l.PKCEChallenge, &created, &expires, &used)
	l.CreatedAt, l.ExpiresAt, l.UsedAt = fromMicros(created), fromMicros(expires), fromMicros(used)
	return &l, err
}

// SpendMagicLink uses a link up and reports whether it was still good: of many callers one is told yes.
func (tx *Tx) SpendMagicLink(ctx context.Context, id string) (bool, error) {
	n, err := tx.Exec(ctx, sqlSpendMagicLink, id, micros(tx.Now()))
	return n == 1, err
}
