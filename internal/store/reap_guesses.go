package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// A counter that was touched meanwhile is not what was chosen.
var sqlReapGuesses = sqldb.SQL("reap_guesses", `
	DELETE FROM primary_guesses WHERE (owner, method) IN (
		SELECT old.owner, old.method FROM primary_guesses AS old WHERE old.counted_at > 0 AND old.counted_at < $1
		ORDER BY old.counted_at LIMIT $2) AND counted_at < $1`)

// ReapGuesses forgets up to limit counters of guesses at first factors that nobody touched since the time given, and tells
// how many it forgot. That time must be longer ago than any lock lasts: then nobody gains guesses by waiting for it, who
// could have used up the rest of the budget instead and have all of it back by the end of the lock.
func (tx *Tx) ReapGuesses(ctx context.Context, before time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, sqlReapGuesses, micros(before), limit)
}
