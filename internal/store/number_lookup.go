package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

var (
	sqlNumberKind = sqldb.SQL("number_kind", `SELECT kind FROM number_lookups WHERE phone = $1 AND at > $2`)

	sqlPutNumberKind = sqldb.SQL("put_number_kind", `
		INSERT INTO number_lookups (phone, kind, at) VALUES ($1, $2, $3)
		ON CONFLICT (phone) DO UPDATE SET kind = excluded.kind, at = excluded.at`)

	sqlReserveLookup = sqldb.SQL("reserve_lookup", `
		INSERT INTO send_counters (ends_at, name, slot, n) VALUES ($1, 'lookups', 0, 1)
		ON CONFLICT (ends_at, name, slot) DO UPDATE SET n = send_counters.n + 1 WHERE send_counters.n < $2`)
)

// NumberKind gives what a look-up after the time given said that a number is, or ErrNotFound.
func (tx *Tx) NumberKind(ctx context.Context, phone string, after time.Time) (kind string, err error) {
	err = tx.QueryRow(ctx, sqlNumberKind, []any{phone, micros(after)}, &kind)
	return kind, err
}

// PutNumberKind keeps what a look-up said.
func (tx *Tx) PutNumberKind(phone, kind string) {
	tx.Later(sqlPutNumberKind, 1, phone, kind, micros(tx.Now()))
}

// ReserveLookup counts a look-up of the day that ends then, and reports whether there were fewer than most, which is at
// least one.
func (tx *Tx) ReserveLookup(ctx context.Context, endsAt time.Time, most int64) (bool, error) {
	n, err := tx.Exec(ctx, sqlReserveLookup, micros(endsAt), most)
	return n == 1, err
}
