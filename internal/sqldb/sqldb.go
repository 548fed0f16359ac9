// Package sqldb opens SQLite or PostgreSQL and runs statements and transactions on them: prepared once, grouped into
// one commit on SQLite, joined into few round trips on PostgreSQL, retried where that is safe. It knows no tables.
//
// Arguments are string, int64, int, bool and []byte; destinations are pointers to those. There is no NULL: a nil []byte
// is stored as an empty one, and reading a NULL is an error, so aggregates need COALESCE.
package sqldb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Engine says which database a DB talks to.
type Engine int

// The two engines.
const (
	SQLite Engine = iota
	Postgres
)

// String returns the scheme of the engine's URLs.
func (e Engine) String() string {
	if e == Postgres {
		return "postgres"
	}
	return "sqlite"
}

// The errors that callers tell apart. Errors of this package wrap them together with the statement's name.
var (
	// ErrNoRows is QueryRow's answer when there is no row. It leaves the transaction usable.
	ErrNoRows = errors.New("no rows")
	// ErrConflict says that a statement given to Later touched another number of rows than wanted. Nothing was kept.
	ErrConflict = errors.New("the row is no longer what it was")
	// ErrUnique says that a unique index or a primary key refused a row. Nothing was kept.
	ErrUnique = errors.New("a unique index is violated")
	// ErrCommitUnknown says that the connection broke while a commit was under way: it may have happened or not.
	ErrCommitUnknown = errors.New("it is unknown whether the transaction was committed")
	// ErrReadOnly says that a Read tried to write, or that the server takes no writes.
	ErrReadOnly = errors.New("read only")
	// ErrClosed says that the database was closed.
	ErrClosed = errors.New("the database is closed")

	errNull = errors.New("NULL, which only COALESCE can make a value")
)

// Options are the settings of a DB; the zero value works.
type Options struct {
	// MaxConns is the size of the pool; 0 means the default. SQLite: readers beside the one writer (3). PostgreSQL: all
	// connections (8). 1 works on both.
	MaxConns int
	// Clock is the local clock; nil means time.Now.
	Clock func() time.Time
	// FollowDatabaseClock makes Now the database's clock: the difference is measured when opening and every 30 s. It has
	// no effect on SQLite, whose clock is the local one.
	FollowDatabaseClock bool
	// Throwaway is for a database that nobody needs after this process: SQLite does not wait for the disk, and the file is
	// of no use after a crash. PostgreSQL has no such databases.
	Throwaway bool
	// RunTwice, for tests, runs each function given to Write or Read once for nothing beforehand: Write undoes that run. So
	// whoever keeps something of a first run gives wrong results always, and not once in a long while.
	RunTwice bool
	// Trace is told of each Write and Read; nil costs nothing.
	Trace Trace
	// Logger gets what no caller can be told: panics, lost connections, a jumping clock. Nil means slog.Default.
	Logger *slog.Logger
}

// DB is an open database. Its methods may be called by many goroutines at once.
type DB struct {
	engine Engine
	on     engine
	clock  clock
	logger *slog.Logger
	tally  *tally
	trace  Trace
	twice  bool // Options.RunTwice
}

// engine is what SQLite and PostgreSQL do differently.
type engine interface {
	// write runs fn in one transaction; it calls tx.begin before each run.
	write(ctx context.Context, tx *Tx, fn func(*Tx) error) error
	read(ctx context.Context, tx *Tx, fn func(*Tx) error) error
	ping(ctx context.Context) error
	// conns tells how many connections there are for calls, how many of them are in use, and how many calls are in line for
	// something else.
	conns() (all, busy, queued int)
	close() error
}

// session is the engine's part of a running transaction.
type session interface {
	exec(s *Stmt, args []any) (int64, error)
	// execAhead is exec whose count is fetched later; what fails at once is returned at once.
	execAhead(s *Stmt, args []any) (touched func() (int64, error), err error)
	later(s *Stmt, want int64, args []any) error
	// query calls row once per row, with a function that copies the row's columns out. The row function must not use
	// the transaction.
	query(s *Stmt, args []any, row func(scan func(dest ...any) error) error) error
	queryRow(s *Stmt, args []any, dest []any) error
	// ask is queryRow whose answer is fetched later; what fails at once is returned at once, but never ErrNoRows.
	ask(s *Stmt, args []any, dest []any) (answer func() error, err error)
	// lane is what Tx.Lane gives.
	lane() int
	// patient lets the statements of this transaction take as long as they take.
	patient() error
	// script runs the statements of a migration, as many as the text holds.
	script(text string) error
}

// Open opens the database of the URL: sqlite:path for a file (made if missing), postgres://user@host/name for a server.
// The caller closes it.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	db := &DB{logger: o.Logger, tally: newTally(), trace: o.Trace, twice: o.RunTwice}
	db.clock.local = o.Clock

	scheme, rest, _ := strings.Cut(url, ":")
	var err error
	switch {
	case scheme != "sqlite" && o.Throwaway:
		return nil, errors.New("open database: only SQLite has databases to throw away")
	case scheme == "sqlite":
		db.engine = SQLite
		db.on, err = openSQLite(ctx, rest, o, db.tally)
	case scheme == "postgres" || scheme == "postgresql":
		db.engine = Postgres
		db.on, err = openPostgres(ctx, url, o, db.tally)
	default:
		// The URL itself may hold a password.
		return nil, errors.New("open database: sqlite: or postgres: must begin its URL")
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}

	if db.engine == Postgres && o.FollowDatabaseClock {
		if err := db.followClock(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("open database: %w", err), db.Close())
		}
	}
	return db, nil
}

// Close closes all connections. Calls that are running come to their end first; later ones fail with ErrClosed.
func (db *DB) Close() error {
	db.clock.stop()
	return db.on.close()
}

// Engine returns the engine of the database.
func (db *DB) Engine() Engine { return db.engine }

// Ping asks the database for a sign of life.
func (db *DB) Ping(ctx context.Context) error {
	return db.on.ping(ctx)
}

// Write runs fn in a transaction and returns once its changes are on disk, or with an error and no changes; only
// ErrCommitUnknown leaves that open. fn may be run more than once, so it touches nothing but tx and its own results,
// and it must not call Write or Read. When any statement failed, Write fails too, whatever fn made of the error. A
// panic in fn is returned as an error. A caller who leaves (ctx) is noticed before fn and between statements, never
// inside one.
func (db *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	if db.twice {
		db.rehearse(ctx, db.on.write, true, fn)
	}
	tx := newTx(ctx, db, true)
	if err := db.watched(ctx, tx, func() error { return db.on.write(ctx, tx, fn) }); err != nil {
		return err
	}
	for _, f := range tx.hooks {
		f()
	}
	return nil
}

// Read runs fn with a connection on which each statement sees what is committed when it starts; there is no snapshot
// over several of them. fn may be run twice, and it must not call Write or Read. A statement that writes fails with
// ErrReadOnly.
func (db *DB) Read(ctx context.Context, fn func(tx *Tx) error) error {
	if db.twice {
		db.rehearse(ctx, db.on.read, false, fn)
	}
	tx := newTx(ctx, db, false)
	return db.watched(ctx, tx, func() error { return db.on.read(ctx, tx, fn) })
}

var errRehearsed = errors.New("this run was for nothing")

// rehearse is the run for nothing of Options.RunTwice. Nothing counts it.
func (db *DB) rehearse(
	ctx context.Context, run func(context.Context, *Tx, func(*Tx) error) error, write bool, fn func(*Tx) error,
) {
	_ = run(ctx, newTx(ctx, db, write), func(tx *Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errRehearsed
	})
}
