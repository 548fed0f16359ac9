package sqldb

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

var (
	pgBegin    = own("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
	pgCommit   = own("COMMIT")
	pgRollback = own("ROLLBACK")
	pgPatient  = own("SET LOCAL statement_timeout = 0")
)

// divisionByZero is what a guard fails with (SQLSTATE).
const divisionByZero = "22012"

// pgTx runs a transaction on a connection. What can wait travels with what cannot: BEGIN with the first statement,
// Later statements with the next one or with COMMIT, and the preparation of a statement with its first use.
type pgTx struct {
	c         *pgConn
	tx        *Tx
	begun     bool // BEGIN is queued or sent, or not wanted
	committed bool
	trips     int    // how often the queue was sent
	unlimited bool   // wait for the server as long as it takes
	queue     []pgOp // what has not been sent yet
}

// pgOp is one statement on its way to the server and back.
type pgOp struct {
	stmt  *Stmt
	args  []any
	want  int64                               // the wanted row count, < 0 for any
	row   func(rr *pgconn.ResultReader) error // called for each row
	guard bool                                // the statement itself fails when the row count is not want
	fresh bool                                // its preparation travels with it
	count int64                               // the rows touched
	// touched gets the count, for who cannot wait for it where the statement is sent.
	touched *int64
}

func (t *pgTx) exec(s *Stmt, args []any) (int64, error) {
	return t.now(pgOp{stmt: s, args: args, want: -1})
}

func (t *pgTx) execAhead(s *Stmt, args []any) (func() (int64, error), error) {
	var touched int64
	t.enqueue(pgOp{stmt: s, args: args, want: -1, touched: &touched})
	sent := t.sent()
	return func() (int64, error) {
		err := sent()
		return touched, err
	}, nil
}

func (t *pgTx) later(s *Stmt, want int64, args []any) error {
	t.enqueue(pgOp{stmt: s, args: args, want: want})
	return nil
}

func (t *pgTx) query(s *Stmt, args []any, row func(scan func(dest ...any) error) error) error {
	var current *pgconn.ResultReader
	scan := func(dest ...any) error { return scanRow(current, dest) }
	_, err := t.now(pgOp{stmt: s, args: args, want: -1, row: func(rr *pgconn.ResultReader) error {
		current = rr
		return row(scan)
	}})
	return err
}

func (t *pgTx) queryRow(s *Stmt, args, dest []any) error {
	answer, _ := t.ask(s, args, dest)
	return answer()
}

func (t *pgTx) ask(s *Stmt, args, dest []any) (func() error, error) {
	found := false
	t.enqueue(pgOp{stmt: s, args: args, want: -1, row: func(rr *pgconn.ResultReader) error {
		if found {
			return nil
		}
		found = true
		return scanRow(rr, dest)
	}})
	sent := t.sent()
	return func() error {
		err := sent()
		if err == nil && !found {
			return ErrNoRows
		}
		return err
	}, nil
}

// sent gives a function that sends what is queued now, unless that has happened by then.
func (t *pgTx) sent() func() error {
	before := t.trips
	return func() error {
		if t.trips > before {
			return nil
		}
		_, err := t.trip()
		return err
	}
}

func (t *pgTx) lane() int { return t.c.lane % lanes }

func (t *pgTx) patient() error {
	t.unlimited = true
	_, err := t.now(pgOp{stmt: pgPatient, want: -1})
	return err
}

// script is for a transaction that has begun and has nothing queued.
func (t *pgTx) script(text string) error {
	t.tx.tripped()
	if err := t.c.Exec(context.Background(), text).Close(); err != nil {
		return translate(err)
	}
	return nil
}

func (t *pgTx) enqueue(op pgOp) {
	if !t.begun {
		t.begun = true
		t.queue = append(t.queue, pgOp{stmt: pgBegin, want: -1})
	}
	t.queue = append(t.queue, op)
}

// now sends the statement after all that waits, and returns how many rows it touched.
func (t *pgTx) now(op pgOp) (int64, error) {
	t.enqueue(op)
	return t.trip()
}

// commit sends what waits together with COMMIT. Row counts have to be right before that, so the server checks them;
// when a statement cannot carry the check, COMMIT waits for the answers.
func (t *pgTx) commit() error {
	if !t.begun {
		return nil
	}
	if t.guardQueue() {
		t.enqueue(pgOp{stmt: pgCommit, want: -1})
		_, err := t.trip()
		return err
	}
	if _, err := t.trip(); err != nil {
		return err
	}
	_, err := t.now(pgOp{stmt: pgCommit, want: -1})
	return err
}

// guardQueue makes the server check the wanted row counts. It reports false, and changes nothing, if it cannot.
func (t *pgTx) guardQueue() bool {
	for i := range t.queue {
		if op := &t.queue[i]; op.want >= 0 && op.stmt.guard(op.want) == nil {
			return false
		}
	}
	for i := range t.queue {
		if op := &t.queue[i]; op.want >= 0 {
			op.stmt, op.guard = op.stmt.guard(op.want), true
		}
	}
	return true
}

// rollback ends a transaction that was not committed. Should it fail, the pool throws the connection away, to the same
// effect.
func (t *pgTx) rollback() {
	if t.committed || t.c.IsClosed() || t.c.IsBusy() || t.c.TxStatus() == 'I' {
		return
	}
	t.queue = append(t.queue[:0], pgOp{stmt: pgRollback, want: -1})
	_, _ = t.trip()
}

// trip sends the queue in one round trip, reads the answers, and returns how many rows the last statement touched. The
// error is that of the first statement that failed.
//
// The caller's context plays no part: breaking off costs the connection, and a client could have the server dial anew
// as often as it likes. Statements are bounded by the server's own timeout, and a silent server by tripLimit.
func (t *pgTx) trip() (int64, error) {
	t.tx.tripped()
	t.trips++
	ops := t.queue
	t.queue = t.queue[:0]
	last := &ops[len(ops)-1]
	if !t.unlimited {
		t.c.limit.Reset(tripLimit)
		defer t.c.limit.Stop()
	}

	p := t.c.StartPipeline(context.Background())
	defer t.c.forget(ops)
	for i := range ops {
		if err := t.c.send(p, &ops[i]); err != nil {
			_ = p.Close() // and with it the connection: what is queued in it cannot be taken back
			return 0, named(ops[i].stmt, err)
		}
	}
	err := p.Sync()
	if err != nil {
		err = t.explain(last, err, last.stmt == pgCommit)
	}
	for i := range ops {
		if err != nil {
			break
		}
		if err = t.c.receive(p, &ops[i]); err != nil {
			err = t.explain(&ops[i], err, last.stmt == pgCommit)
		}
	}
	t.committed = err == nil && last.stmt == pgCommit
	if closeErr := p.Close(); err == nil && !t.committed && closeErr != nil {
		err = translate(closeErr)
	}
	return last.count, err
}

// explain says what an error means for the transaction. With a COMMIT under way, a server that answers with an error
// has not reached it, but a connection that breaks leaves it open.
func (t *pgTx) explain(op *pgOp, err error, committing bool) error {
	if local, ok := errors.AsType[*localError](err); ok {
		return local.error
	}
	pgErr, answered := errors.AsType[*pgconn.PgError](err)
	switch {
	case op.guard && answered && pgErr.Code == divisionByZero:
		return named(op.stmt, ErrConflict)
	case committing && (!answered || op.stmt == pgCommit && fatal(pgErr)):
		return fmt.Errorf("%w: %w", ErrCommitUnknown, err)
	}
	return named(op.stmt, translate(err))
}
