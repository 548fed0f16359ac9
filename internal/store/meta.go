package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

var (
	sqlMeta = sqldb.SQL("meta", `SELECT value FROM meta WHERE name = $1`)

	sqlSetMeta = sqldb.SQL("set_meta", `
		INSERT INTO meta (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`)

	sqlNewestEvent = sqldb.SQL("newest_event", `SELECT at FROM audit_events ORDER BY id DESC LIMIT 1`)
)

// The facts that meta keeps.
const (
	metaDevelopment = "development"
	metaClockOffset = "clock_offset_us"
)

// Meta gives a fact about this database, "" when it was never set.
func (tx *Tx) Meta(ctx context.Context, name string) (string, error) {
	var value string
	err := tx.QueryRow(ctx, sqlMeta, []any{name}, &value)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return value, err
}

// MarkDevelopment marks this database as one that `thimble dev` filled: fixed credentials, a clock that may be moved.
func (tx *Tx) MarkDevelopment(ctx context.Context) error {
	_, err := tx.Exec(ctx, sqlSetMeta, metaDevelopment, "yes")
	return err
}

// IsDevelopment reports whether `thimble dev` filled this database.
func (tx *Tx) IsDevelopment(ctx context.Context) (bool, error) {
	value, err := tx.Meta(ctx, metaDevelopment)
	return value != "", err
}

// MoveClock moves the time of a development database forward and keeps the distance with the data.
// It gives the time after the move.
func (db *DB) MoveClock(ctx context.Context, d time.Duration) (time.Time, error) {
	err := db.Write(ctx, func(tx *Tx) error {
		offset, err := tx.clockOffset(ctx)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlSetMeta, metaClockOffset, strconv.FormatInt((offset+d).Microseconds(), 10))
		return err
	})
	if err != nil {
		return time.Time{}, err
	}
	db.AdvanceClock(d)
	return db.Now(), nil
}

func (tx *Tx) clockOffset(ctx context.Context) (time.Duration, error) {
	value, err := tx.Meta(ctx, metaClockOffset)
	if err != nil || value == "" {
		return 0, err
	}
	us, err := strconv.ParseInt(value, 10, 64)
	return time.Duration(us) * time.Microsecond, err
}

// startClock adds the stored offset and keeps time from going below the newest event of the last run.
func (db *DB) startClock(ctx context.Context) error {
	return db.Read(ctx, func(tx *Tx) error {
		offset, err := tx.clockOffset(ctx)
		if err != nil {
			return err
		}
		db.AdvanceClock(offset)

		var at int64
		err = tx.QueryRow(ctx, sqlNewestEvent, nil, &at)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		db.NotBefore(fromMicros(at))
		return err
	})
}
