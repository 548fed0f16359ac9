package store

import (
	"context"
	"errors"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

var (
	// One more guess at a first factor, if there is one left. Owner and method have a counter of their own: a lock of one
	// method leaves the others alone.
	sqlReservePrimary = sqldb.SQL("reserve_primary", `
		INSERT INTO primary_guesses (owner, method, failures, locked_at, counted_at)
		VALUES ($1, $2, 1, CASE WHEN $3 <= 1 THEN $4 ELSE CAST(0 AS BIGINT) END, $4)
		ON CONFLICT (owner, method) DO UPDATE SET
			failures = CASE WHEN primary_guesses.failures >= $3 THEN 1 ELSE primary_guesses.failures + 1 END,
			locked_at = CASE
				WHEN primary_guesses.failures + 1 >= $3 AND (primary_guesses.failures < $3 OR $3 <= 1) THEN $4
				ELSE primary_guesses.locked_at END,
			counted_at = excluded.counted_at
			WHERE primary_guesses.failures < $3 OR primary_guesses.locked_at <= $5
		RETURNING failures`)

	sqlPrimaryGuesses = sqldb.SQL("primary_guesses", `
		SELECT failures, locked_at FROM primary_guesses WHERE owner = $1 AND method = $2`)

	sqlReturnPrimary = sqldb.SQL("return_primary", `
		UPDATE primary_guesses SET failures = failures - 1 WHERE owner = $1 AND method = $2 AND failures > 0`)

	sqlForgetPrimary = sqldb.SQL("forget_primary", `DELETE FROM primary_guesses WHERE owner = $1 AND method = $2`)

	sqlForgetAllPrimary = sqldb.SQL("forget_all_primary", `DELETE FROM primary_guesses WHERE owner = $1`)

	// Another first factor may still be locked: that one is shown then.
	sqlHidePrimaryLock = sqldb.SQL("hide_primary_lock", `
		UPDATE members SET
			primary_locked_at = COALESCE((SELECT MAX(g.locked_at) FROM primary_guesses g
				WHERE g.owner = $1 AND g.failures >= $2 AND g.locked_at > $3), 0),
			primary_locked_until = COALESCE((SELECT MAX(g.locked_at) + $4 FROM primary_guesses g
				WHERE g.owner = $1 AND g.failures >= $2 AND g.locked_at > $3), 0)
		WHERE id = $1 AND primary_locked_until > 0`)

	sqlShowPrimaryLock = sqldb.SQL("show_primary_lock", `
		UPDATE members SET primary_locked_at = $2, primary_locked_until = $3 WHERE id = $1`)
)

// ReservePrimary counts a wrong guess of the owner at a first factor in advance, if one is left. The budget is InARow and
// Lock. A member's row says so when this guess was the last one.
func (tx *Tx) ReservePrimary(
	ctx context.Context, owner, method string, b GuessBudget, isMember bool,
) (Reserved, error) {
	now := tx.Now()
	var failures int64
	err := tx.QueryRow(ctx, sqlReservePrimary,
		[]any{owner, method, b.InARow, micros(now), micros(now.Add(-b.Lock))}, &failures)
	if errors.Is(err, ErrNotFound) {
		return Reserved{}, nil
	}
	r := Reserved{Left: err == nil, Locks: failures >= b.InARow}
	if r.Left && r.Locks && isMember {
		tx.Later(sqlShowPrimaryLock, 1, owner, micros(now), micros(now.Add(b.Lock)))
	}
	return r, err
}

// PrimaryLock gives when the owner's guesses at a first factor were last used up, and how many there were in a row.
func (tx *Tx) PrimaryLock(ctx context.Context, owner, method string) (failures int64, lockedAt time.Time, err error) {
	var at int64
	err = tx.QueryRow(ctx, sqlPrimaryGuesses, []any{owner, method}, &failures, &at)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return failures, fromMicros(at), err
}

// ReturnPrimary takes back one reserved failure, and the lock that it may have shown on the member's row. It goes out with
// the statements after it.
func (tx *Tx) ReturnPrimary(owner, method string, b GuessBudget, isMember bool) {
	tx.Later(sqlReturnPrimary, -1, owner, method)
	tx.hidePrimaryLock(owner, b, isMember)
}

// ForgetPrimary forgets the owner's failures at a first factor, after a success with it. It goes out with the statements
// after it.
func (tx *Tx) ForgetPrimary(owner, method string, b GuessBudget, isMember bool) {
	tx.Later(sqlForgetPrimary, -1, owner, method)
	tx.hidePrimaryLock(owner, b, isMember)
}

func (tx *Tx) hidePrimaryLock(owner string, b GuessBudget, isMember bool) {
	if isMember {
		tx.Later(sqlHidePrimaryLock, -1, owner, b.InARow, micros(tx.Now().Add(-b.Lock)), b.Lock.Microseconds())
	}
}

// ForgetAllPrimary forgets a member's failures at all first factors. It goes out with the statements after it.
func (tx *Tx) ForgetAllPrimary(memberID string) {
	tx.Later(sqlForgetAllPrimary, -1, memberID)
	tx.Later(sqlShowPrimaryLock, -1, memberID, int64(0), int64(0))
}
