// Package store holds all SQL of the server: one file per table, one text for both engines.
//
// Rows are plain structs; rules take *DB and *Tx. A change of state is one guarded statement whose row count says whether
// it happened.
package store

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is the server's database. Read and Write are the only doors.
type DB struct {
	*sqldb.DB
	told     chan struct{}
	settings orgSettings
}

// Told gets a value soon after this process committed events that somebody listens to. It is a hint: one value stands for
// all that came before it was taken, and what other nodes commit gives none.
func (db *DB) Told() <-chan struct{} { return db.told }

// tell gives the hint, without waiting for anybody to take it.
func (db *DB) tell() {
	select {
	case db.told <- struct{}{}:
	default:
	}
}

// Tx is one read or one transaction.
type Tx struct {
	*sqldb.Tx
	db *DB
	// counters is the failure of a statement on the counters of sends, in the run before this one.
	counters error
}

// CountersFailed gives the error with which the database could not read or write the counters of sends, when this
// transaction is run again because of that; else nil. Then it must do without them.
func (tx *Tx) CountersFailed() error { return tx.counters }

// ErrNotFound says that there is no such row; the rule that asked knows which error a caller sees.
var ErrNotFound = sqldb.ErrNoRows

// Open opens the database at a sqlite: or postgres: URL and brings its schema up to date.
// It fails with sqldb.ErrNewerSchema on a database that a newer server has changed.
func Open(ctx context.Context, url string, o sqldb.Options) (*DB, error) {
	raw, err := sqldb.Open(ctx, url, o)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}

	db := &DB{DB: raw, told: make(chan struct{}, 1)}
	if err := sqldb.Migrate(ctx, raw, Migrations()); err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("migrate database: %w", err)
	}
	if err := db.startClock(ctx); err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("read the stored clock: %w", err)
	}
	return db, nil
}

// Migrations gives the schema's files, NNNN_what.sql.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err)
	}
	return sub
}

// ErrChanged says that what a transaction read had changed when it came to write. Write then runs it again.
var ErrChanged = sqldb.ErrConflict

// writeTries is how often a transaction runs before ErrChanged is given back.
const writeTries = 5

// Write runs f in a transaction and returns once its effects are on disk. An f that fails with ErrChanged, itself or by a
// guarded statement, is undone and run again on what is there by then; so f touches nothing but tx. One that fails because
// of the counters of sends is run again, too, and told so: see CountersFailed.
func (db *DB) Write(ctx context.Context, f func(tx *Tx) error) error {
	var err, counters error
	for range writeTries {
		err = db.DB.Write(ctx, func(tx *sqldb.Tx) error { return f(&Tx{tx, db, counters}) })
		if counters == nil && counterStmts[sqldb.FailedStatement(err)] {
			counters = err
			continue
		}
		if !errors.Is(err, ErrChanged) {
			break
		}
	}
	return err
}

// Read runs f without a transaction: every rule is right at read committed.
func (db *DB) Read(ctx context.Context, f func(tx *Tx) error) error {
	return db.DB.Read(ctx, func(tx *sqldb.Tx) error { return f(&Tx{Tx: tx, db: db}) })
}

// micros is a time as the database keeps it: microseconds UTC, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros is the reverse of micros.
func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// asJSON encodes a value that always can be: our own structs, or JSON that was checked when it came in.
func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("store: value without a JSON form: " + err.Error())
	}
	return string(b)
}

// fromJSON decodes what asJSON wrote.
func fromJSON(text string, v any) error {
	if text == "" {
		return nil
	}
	if into, ok := v.(*[]Factor); ok {
		if factors, ok := plainFactors(text); ok {
			*into = factors
			return nil
		}
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("decode stored JSON: %w", err)
	}
	return nil
}
