package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Intermediate is an intermediate session: the factors of a login that is not complete yet, bound to no member.
type Intermediate struct {
	ID             string // a UUID, which the token carries
	ProjectID      string
	OrganizationID string // the organization it was made for, "" for none
	TokenHash      []byte
	Version        int64 // counts changes
	Email          string
	Factors        []Factor
	CreatedAt      time.Time
	ExpiresAt      time.Time
}

var (
	sqlInsertIntermediate = sqldb.SQL("insert_intermediate_session", `
		INSERT INTO intermediate_sessions (id, project_id, organization_id, token_hash, version, email, factors, created_at,
			expires_at, consumed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)`)

	sqlIntermediate = sqldb.SQL("intermediate_session", `
		SELECT id, project_id, organization_id, token_hash, version, email, factors, created_at, expires_at
		FROM intermediate_sessions
		WHERE id = $2 AND project_id = $1 AND consumed_at = 0 AND expires_at > $3`)

	sqlUpdateIntermediate = sqldb.SQL("update_intermediate_session", `
		UPDATE intermediate_sessions SET version = version + 1, factors = $3
		WHERE id = $1 AND version = $2 AND consumed_at = 0 AND expires_at > $4`)

	sqlConsumeIntermediate = sqldb.SQL("consume_intermediate_session", `
		UPDATE intermediate_sessions SET consumed_at = $2 WHERE id = $1 AND consumed_at = 0 AND expires_at > $2`)
)

// InsertIntermediate adds an intermediate session. It goes out with the statements after it.
func (tx *Tx) InsertIntermediate(i *Intermediate) {
	tx.Later(sqlInsertIntermediate, 1, i.ID, i.ProjectID, i.OrganizationID, i.TokenHash, i.Version, i.Email,
		asJSON(i.Factors), micros(i.CreatedAt), micros(i.ExpiresAt))
}

// Intermediate gives an intermediate session of the project that is neither over nor consumed, or ErrNotFound. The caller
// compares the token's hash.
func (tx *Tx) Intermediate(ctx context.Context, projectID, id string) (*Intermediate, error) {
	return tx.AskIntermediate(ctx, projectID, id)()
}

// AskIntermediate is Intermediate whose question travels with the next statement.
func (tx *Tx) AskIntermediate(ctx context.Context, projectID, id string) func() (*Intermediate, error) {
	var (
		i                Intermediate
		factors          string
		created, expires int64
	)
	answer := tx.Ask(ctx, sqlIntermediate, []any{projectID, id, micros(tx.Now())}, &i.ID, &i.ProjectID,
		&i.OrganizationID, &i.TokenHash, &i.Version, &i.Email, &factors, &created, &expires)
	return func() (*Intermediate, error) {
		if err := answer(); err != nil {
			return nil, err
		}
		i.CreatedAt, i.ExpiresAt = fromMicros(created), fromMicros(expires)
		return &i, fromJSON(factors, &i.Factors)
	}
}

// UpdateIntermediate writes the factors of an intermediate session that was read at i.Version. It reports false when it
// changed or ended since then.
func (tx *Tx) UpdateIntermediate(ctx context.Context, i *Intermediate) (bool, error) {
	n, err := tx.Exec(ctx, sqlUpdateIntermediate, i.ID, i.Version, asJSON(i.Factors), micros(tx.Now()))
	return n == 1, err
}

// ConsumeIntermediate ends an intermediate session and reports whether it was alive: of many callers one is told yes. It
// travels with the next statement.
func (tx *Tx) ConsumeIntermediate(ctx context.Context, id string) func() (bool, error) {
	return one(tx.ExecAhead(ctx, sqlConsumeIntermediate, id, micros(tx.Now())))
}
