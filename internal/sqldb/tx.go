package sqldb

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// Tx is a running Write or Read. It belongs to the function it was given to: one goroutine, and not after its end.
type Tx struct {
	db    *DB
	on    session // nil while fn is not running
	now   time.Time
	hooks []func()
	err   error // the first failure of a statement; nothing runs after it
	trips *Trips
	cost  Cost // of all runs
	write bool
	inRow bool // a row function is running
	// refused says that the function failed for a reason of its own.
	refused bool
}

// Trips sums up what the Writes and Reads made under a context cost, each when it ends. Its fields are those of Cost.
type Trips struct {
	RoundTrips atomic.Int64
	Statements atomic.Int64
}

type tripsKey struct{}

// WithTrips returns a context whose calls are counted in the Trips returned.
func WithTrips(ctx context.Context) (context.Context, *Trips) {
	t := new(Trips)
	return context.WithValue(ctx, tripsKey{}, t), t
}

type frontKey struct{}

// InFront returns a context whose calls do not stand in line for one of PostgreSQL's connections with all others. It is for
// the few that finish what was promised: behind hundreds of requests they would come seconds too late.
func InFront(ctx context.Context) context.Context { return context.WithValue(ctx, frontKey{}, true) }

func inFront(ctx context.Context) bool { return ctx.Value(frontKey{}) != nil }

func newTx(ctx context.Context, db *DB, write bool) *Tx {
	t, _ := ctx.Value(tripsKey{}).(*Trips)
	return &Tx{db: db, trips: t, write: write}
}

// Exec runs the statement now and returns how many rows it touched.
func (tx *Tx) Exec(ctx context.Context, s *Stmt, args ...any) (int64, error) {
	if err := tx.ready(ctx, s, true); err != nil {
		return 0, err
	}
	n, err := tx.on.exec(s, args)
	return n, tx.failed(err)
}

// ExecAhead is Exec for a caller who can wait for the count, see Ask.
func (tx *Tx) ExecAhead(ctx context.Context, s *Stmt, args ...any) (touched func() (int64, error)) {
	if err := tx.ready(ctx, s, true); err != nil {
		return func() (int64, error) { return 0, err }
	}
	get, err := tx.on.execAhead(s, args)
	_ = tx.failed(err)
	return func() (int64, error) {
		if tx.err != nil {
			return 0, tx.err
		}
		n, err := get()
		return n, tx.failed(err)
	}
}

// Later runs the statement before the transaction is committed, and after those given before it. On PostgreSQL it
// travels with the next statement or with the COMMIT, on SQLite it runs at once. When it touches another number of
// rows than want, Write fails with ErrConflict and nothing is kept; with want < 0 any number is right. The arguments
// must not be changed before Write has returned.
func (tx *Tx) Later(s *Stmt, want int64, args ...any) {
	// Its failure is Write's failure: tx.err.
	if err := tx.ready(context.Background(), s, true); err != nil {
		return
	}
	_ = tx.failed(tx.on.later(s, want, args))
}

// QueryRow runs the statement and copies the columns of its first row to dest. It returns ErrNoRows if there is none.
func (tx *Tx) QueryRow(ctx context.Context, s *Stmt, args []any, dest ...any) error {
	if err := tx.ready(ctx, s, false); err != nil {
		return err
	}
	err := tx.on.queryRow(s, args, dest)
	if err == ErrNoRows { //nolint:errorlint // our own value, straight from the session
		return ErrNoRows
	}
	return tx.failed(err)
}

// Ask is QueryRow for a caller who can wait: on PostgreSQL the question travels with the next statement, on SQLite it is
// answered at once. The answer is had by calling what Ask returns, which makes the trip itself if nothing has since. dest
// is nobody else's until then.
func (tx *Tx) Ask(ctx context.Context, s *Stmt, args []any, dest ...any) (answer func() error) {
	if err := tx.ready(ctx, s, false); err != nil {
		return func() error { return err }
	}
	get, err := tx.on.ask(s, args, dest)
	_ = tx.failed(err) // also for a caller who never asks for the answer
	return func() error {
		if tx.err != nil {
			return tx.err
		}
		err := get()
		if err == ErrNoRows { //nolint:errorlint // our own value, straight from the session
			return ErrNoRows
		}
		return tx.failed(err)
	}
}

// Query runs the statement and calls row for each of its rows, with a function that copies the columns out. An error of
// row ends the query and is returned as it is. row must not use the transaction.
func (tx *Tx) Query(ctx context.Context, s *Stmt, args []any, row func(scan func(dest ...any) error) error) error {
	if err := tx.ready(ctx, s, false); err != nil {
		return err
	}
	var rowErr error
	tx.inRow = true
	err := tx.on.query(s, args, func(scan func(dest ...any) error) error {
		rowErr = row(scan)
		return rowErr
	})
	tx.inRow = false
	if rowErr != nil {
		return rowErr
	}
	return tx.failed(err)
}

// Now returns the time of the transaction, in UTC and whole microseconds. It is the same all through one run of the
// function given to Write or Read, and newer when the function is run again.
func (tx *Tx) Now() time.Time { return tx.now }

// Lane is a small number that no other transaction of this process has while this one runs, as long as there are at most
// 64 connections; on SQLite, where there is one at a time, it is 0. Who spreads a row that everybody writes over one row
// for each lane waits for nobody, and whoever reads has few rows to add up. It holds for one run of the function.
func (tx *Tx) Lane() int {
	if tx.on == nil {
		return 0
	}
	return tx.on.lane()
}

// Step runs fn as a part of the transaction with a time of its own: Now is taken anew before it, and when fn or a
// statement in it fails, what it did is undone, Step gives the error, and the transaction goes on. It is for whoever runs
// many requests in one transaction by a clock of its own. Only SQLite can; elsewhere it fails with errors.ErrUnsupported.
func (tx *Tx) Step(fn func() error) error {
	if tx.on == nil || tx.err != nil || !tx.write {
		return tx.ready(context.Background(), liteStepSave, true)
	}
	on, able := tx.on.(interface {
		step(fn func() error) (err, broken error)
	})
	if !able {
		return fmt.Errorf("a step of a transaction: %w", errors.ErrUnsupported)
	}

	hooks := len(tx.hooks)
	tx.now = tx.db.Now()
	err, broken := on.step(func() error {
		if err := fn(); err != nil {
			return err
		}
		return tx.err
	})
	if err != nil || broken != nil {
		clear(tx.hooks[hooks:])
		tx.hooks = tx.hooks[:hooks]
	}
	if tx.err = broken; broken != nil {
		return broken
	}
	return err
}

// AfterCommit has f called once the transaction is committed, before Write returns; never if it is not. It is for hints
// within the process: the commit has happened whatever f does.
func (tx *Tx) AfterCommit(f func()) {
	tx.hooks = append(tx.hooks, f)
}

// begin makes tx ready for a run of the function: nothing of an earlier run stays.
func (tx *Tx) begin(on session) {
	clear(tx.hooks)
	*tx = Tx{db: tx.db, on: on, now: tx.db.Now(), hooks: tx.hooks[:0], trips: tx.trips, cost: tx.cost, write: tx.write}
}

// run calls fn and turns its panic into an error. The caller has called begin.
func (tx *Tx) run(fn func(*Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			tx.db.logger.Error("panic in a transaction", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic in a transaction: %v", p)
		}
		tx.on = nil
	}()
	if err := fn(tx); err != nil {
		tx.refused = tx.err == nil
		return err
	}
	return tx.err
}

func (tx *Tx) ready(ctx context.Context, s *Stmt, writes bool) error {
	switch {
	case tx.on == nil:
		return errors.New("a transaction is used outside its function")
	case tx.err != nil:
		return tx.err
	case tx.inRow:
		return tx.failed(named(s, errors.New("a statement inside a row function")))
	case writes && !tx.write:
		return tx.failed(named(s, ErrReadOnly))
	}
	if err := ctx.Err(); err != nil {
		return tx.failed(named(s, err))
	}
	tx.cost.Statements++
	return nil
}

// failed keeps the first failure. Both engines then refuse everything else: PostgreSQL has aborted the transaction, and
// SQLite may have undone it, so that the next statement would be committed on its own.
func (tx *Tx) failed(err error) error {
	if err != nil {
		tx.err = err
	}
	return err
}

// named says which statement an error belongs to.
func named(s *Stmt, err error) error {
	if err == nil {
		return nil
	}
	return &stmtError{s.name, err}
}

// stmtError is an error of a statement.
type stmtError struct {
	name string
	err  error
}

func (e *stmtError) Error() string { return e.name + ": " + e.err.Error() }

func (e *stmtError) Unwrap() error { return e.err }

// FailedStatement gives the name of the statement that a Write failed with, when the database answered that it cannot run
// it: nothing of the Write was kept, and a Write without that statement may do. It gives "" for all other failures.
func FailedStatement(err error) string {
	e, ok := errors.AsType[*stmtError](err)
	if !ok {
		return ""
	}
	for _, other := range []error{
		ErrConflict, ErrUnique, ErrCommitUnknown, ErrReadOnly, ErrClosed, errLost, errNull, context.Canceled,
		context.DeadlineExceeded,
	} {
		if errors.Is(err, other) {
			return ""
		}
	}
	return e.name
}

func (tx *Tx) tripped() { tx.cost.RoundTrips++ }
