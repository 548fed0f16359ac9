package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// OptOut is a reason why no texts go to a number.
type OptOut struct {
	Phone string // E.164
	// Source is who said so: one of the OptOut constants, or the provider whose number was told STOP.
	Source    string
	CreatedAt time.Time
}

// The sources that are no provider.
const (
	OptOutAPI      = "api"      // the project's backend
	OptOutOperator = "operator" // the command line
)

var (
	sqlOptedOut = sqldb.SQL("opted_out", `
		SELECT 1 WHERE EXISTS (SELECT 1 FROM opt_outs WHERE project_id = $1 AND phone = $2)
			OR EXISTS (SELECT 1 FROM stops WHERE phone = $2 AND over_at = 0)`)

	sqlInsertOptOut = sqldb.SQL("insert_opt_out", `
		INSERT INTO opt_outs (project_id, phone, source, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`)

	sqlDeleteOptOut = sqldb.SQL("delete_opt_out", `DELETE FROM opt_outs WHERE project_id = $1 AND phone = $2`)

	sqlOptOut = sqldb.SQL("opt_out", `
		SELECT phone, source, created_at FROM opt_outs WHERE project_id = $1 AND phone = $2`)

	sqlOptOuts = sqldb.SQL("opt_outs", `
		SELECT phone, source, created_at FROM opt_outs WHERE project_id = $1 AND phone > $2 ORDER BY phone LIMIT $3`)
)

// OptedOut reports whether no texts of the project may go to the number: its owner said STOP to a number that they come
// from, or the project or its operator said so. Numbers are E.164. The question travels with the next statement.
func (tx *Tx) OptedOut(ctx context.Context, projectID, phone string) func() (bool, error) {
	var one int64
	answer := tx.Ask(ctx, sqlOptedOut, []any{projectID, phone}, &one)
	return func() (bool, error) { return found(answer()) }
}

// InsertOptOut notes that no texts of the project go to the number, and reports whether that is new. source is one of the
// OptOut constants. A number that is noted already stays as it is.
func (tx *Tx) InsertOptOut(ctx context.Context, projectID, phone, source string) (bool, error) {
	n, err := tx.Exec(ctx, sqlInsertOptOut, projectID, phone, source, micros(tx.Now()))
	return n == 1, err
}

// DeleteOptOut takes the project's note back and reports whether there was one.
func (tx *Tx) DeleteOptOut(ctx context.Context, projectID, phone string) (bool, error) {
	n, err := tx.Exec(ctx, sqlDeleteOptOut, projectID, phone)
	return n == 1, err
}

// OptOutsOf gives the project's own note about the number, if there is one, and after it what the number's owner said to
// providers that is in force.
func (tx *Tx) OptOutsOf(ctx context.Context, projectID, phone string) ([]OptOut, error) {
	own, err := tx.optOuts(ctx, sqlOptOut, projectID, phone)
	if err != nil {
		return nil, err
	}
	said, err := tx.optOuts(ctx, sqlStopsOf, phone)
	return append(own, said...), err
}

// OptOuts gives up to limit notes of the project, in the order of their numbers, behind the number given.
func (tx *Tx) OptOuts(ctx context.Context, projectID, after string, limit int) ([]OptOut, error) {
	return tx.optOuts(ctx, sqlOptOuts, projectID, after, limit)
}

func (tx *Tx) optOuts(ctx context.Context, s *sqldb.Stmt, args ...any) ([]OptOut, error) {
	var all []OptOut
	err := tx.Query(ctx, s, args, func(scan func(...any) error) error {
		var o OptOut
		var at int64
		err := scan(&o.Phone, &o.Source, &at)
		o.CreatedAt = fromMicros(at)
		all = append(all, o)
		return err
	})
	return all, err
}
