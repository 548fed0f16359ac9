package store

import (
	"context"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

var (
	sqlOptedOut = sqldb.SQL("opted_out", `SELECT 1 FROM opt_outs WHERE project_id = $1 AND phone = $2`)

	sqlInsertOptOut = sqldb.SQL("insert_opt_out", `
		INSERT INTO opt_outs (project_id, phone, source, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`)

	sqlDeleteOptOut = sqldb.SQL("delete_opt_out", `DELETE FROM opt_outs WHERE project_id = $1 AND phone = $2`)
)

// OptedOut reports whether the number's owner told the project to send no more texts. Numbers are E.164.
// The question travels with the next statement.
func (tx *Tx) OptedOut(ctx context.Context, projectID, phone string) func() (bool, error) {
	var one int64
	answer := tx.Ask(ctx, sqlOptedOut, []any{projectID, phone}, &one)
	return func() (bool, error) { return found(answer()) }
}

// InsertOptOut notes that the number's owner wants no more texts of the project. source tells who said so, such as the
// name of a provider. A number that is noted already stays as it is.
func (tx *Tx) InsertOptOut(projectID, phone, source string) {
	tx.Later(sqlInsertOptOut, -1, projectID, phone, source, micros(tx.Now()))
}

// DeleteOptOut takes the note back and reports whether there was one.
func (tx *Tx) DeleteOptOut(ctx context.Context, projectID, phone string) (bool, error) {
	n, err := tx.Exec(ctx, sqlDeleteOptOut, projectID, phone)
	return n == 1, err
}
