package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

var sqlUseTrustedToken = sqldb.SQL("use_trusted_token", `
	INSERT INTO trusted_tokens (project_id, profile_id, token_id, used_at, expires_at) VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT DO NOTHING`)

// UseTrustedToken notes that a token of another issuer was used and reports whether it was the first time: of many
// callers one is told yes. The note can go once the token has expired.
func (tx *Tx) UseTrustedToken(
	ctx context.Context, projectID, profileID, tokenID string, expires time.Time,
) (bool, error) {
	n, err := tx.Exec(ctx, sqlUseTrustedToken, projectID, profileID, tokenID, micros(tx.Now()), micros(expires))
	return n == 1, err
}
