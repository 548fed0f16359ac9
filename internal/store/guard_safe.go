package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// SafeEntry is what the guard lets pass in a project, until a time and for a reason.
type SafeEntry struct {
	ID        string
	ProjectID string
	// Value is + and the digits of a number or of its beginning, or the id of an organization or a member.
	Value     string
	Reason    string
	ExpiresAt time.Time
	CreatedAt time.Time
}

var (
	sqlPutSafe = sqldb.SQL("put_safe", `
		INSERT INTO guard_safe (project_id, value, id, reason, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (project_id, value) DO UPDATE SET id = excluded.id, reason = excluded.reason,
			expires_at = excluded.expires_at, created_at = excluded.created_at`)

	sqlSafeList = sqldb.SQL("safe_list", `
		SELECT id, project_id, value, reason, expires_at, created_at FROM guard_safe
		WHERE project_id = $1 AND value > $2 AND expires_at > $3 ORDER BY project_id, value LIMIT 1000`)

	sqlDeleteSafe = sqldb.SQL("delete_safe", `DELETE FROM guard_safe WHERE project_id = $1 AND (value = $2 OR id = $2)`)

	sqlHotCounters = sqldb.SQL("hot_counters", `
		SELECT name, CAST(SUM(n) AS BIGINT) FROM send_counters
		WHERE ends_at = $1 AND name >= $2 AND name < $3 GROUP BY name ORDER BY 2 DESC, name LIMIT $4`)

	sqlClearCounters = sqldb.SQL("clear_counters", `
		DELETE FROM send_counters WHERE ends_at = $1 AND name >= $2 AND name < $3`)
)

// PutSafe puts a value on the safe list, in place of an entry that it has already.
func (tx *Tx) PutSafe(e *SafeEntry) {
	tx.Later(sqlPutSafe, 1, e.ProjectID, e.Value, e.ID, e.Reason, micros(e.ExpiresAt), micros(e.CreatedAt))
}

// SafeList gives the entries of a project that have not expired, ordered by value, up to a thousand of those after the
// value given.
func (tx *Tx) SafeList(ctx context.Context, projectID, after string) ([]SafeEntry, error) {
	var all []SafeEntry
	err := tx.Query(ctx, sqlSafeList, []any{projectID, after, micros(tx.Now())}, func(scan func(...any) error) error {
		var (
			e                SafeEntry
			expires, created int64
		)
		err := scan(&e.ID, &e.ProjectID, &e.Value, &e.Reason, &expires, &created)
		e.ExpiresAt, e.CreatedAt = fromMicros(expires), fromMicros(created)
		all = append(all, e)
		return err
	})
	return all, err
}

// DeleteSafe takes an entry off the safe list, by its value or its id, and reports whether there was one.
func (tx *Tx) DeleteSafe(ctx context.Context, projectID, valueOrID string) (bool, error) {
	n, err := tx.Exec(ctx, sqlDeleteSafe, projectID, valueOrID)
	return n > 0, err
}

// HotCounters calls f for the highest counters of a window, all slots together, whose names lie between from and to, to not
// included: the highest first, up to limit.
func (tx *Tx) HotCounters(
	ctx context.Context, endsAt time.Time, from, to string, limit int, f func(name string, n int64),
) error {
	return tx.Query(ctx, sqlHotCounters, []any{micros(endsAt), from, to, limit}, func(scan func(...any) error) error {
		var (
			name string
			n    int64
		)
		if err := scan(&name, &n); err != nil {
			return err
		}
		f(name, n)
		return nil
	})
}

// ClearCounters forgets the counters of a window whose names lie between from and to, to not included, and tells how many
// rows that were.
func (tx *Tx) ClearCounters(ctx context.Context, endsAt time.Time, from, to string) (int64, error) {
	return tx.Exec(ctx, sqlClearCounters, micros(endsAt), from, to)
}
