package sqldb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	defaultConns = 8
	// maxAborts is how often a transaction that the server aborted for others' sake is run again.
	maxAborts = 8
)

// postgres talks to one server through a pool of connections.
type postgres struct {
	pool   *pgPool
	logger *slog.Logger
}

func openPostgres(ctx context.Context, url string, o Options, t *tally) (engine, error) {
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		// pgconn's error repeats the URL, password struck out, yet not in every form.
		return nil, errors.New("the PostgreSQL URL is malformed")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	defaults := map[string]string{
		"application_name": "thimble",
		// Outside BEGIN READ WRITE nothing is written: a Read that tries gets ErrReadOnly, as on SQLite.
		"default_transaction_read_only":       "on",
		"statement_timeout":                   statementTimeout,
		"idle_in_transaction_session_timeout": idleTimeout,
	}
	for name, value := range defaults {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = value
		}
	}

	size := o.MaxConns
	if size <= 0 {
		size = defaultConns
	}
	db := &postgres{pool: newPool(config, size, t), logger: o.Logger}
	if err := db.ping(ctx); err != nil {
		db.pool.close()
		return nil, err
	}
	return db, nil
}

func (db *postgres) close() error {
	db.pool.close()
	return nil
}

func (db *postgres) conns() (all, busy, queued int) { return cap(db.pool.slots), len(db.pool.slots), 0 }

func (db *postgres) ping(ctx context.Context) error {
	tx := new(Tx)
	return db.retry(ctx, tx, func(c *pgConn) error {
		t := &pgTx{c: c, tx: tx, begun: true}
		_, err := t.exec(sqlPing, nil)
		return err
	})
}

func (db *postgres) read(ctx context.Context, tx *Tx, fn func(*Tx) error) error {
	return db.retry(ctx, tx, func(c *pgConn) error {
		// No BEGIN: each statement is its own transaction.
		tx.begin(&pgTx{c: c, tx: tx, begun: true})
		return tx.run(fn)
	})
}

func (db *postgres) write(ctx context.Context, tx *Tx, fn func(*Tx) error) error {
	return db.retry(ctx, tx, func(c *pgConn) error {
		t := &pgTx{c: c, tx: tx}
		defer t.rollback() // nothing after a commit
		tx.begin(t)
		if err := tx.run(fn); err != nil {
			return err
		}
		return t.commit()
	})
}

// retry runs attempt with a connection, again after an abort that leaves no doubt that nothing was kept.
func (db *postgres) retry(ctx context.Context, tx *Tx, attempt func(c *pgConn) error) error {
	aborts, losses := 0, 0
	for {
		then, err := db.once(ctx, tx, attempt)
		switch {
		case then == aborted && aborts < maxAborts:
			aborts++
			if wait(ctx, time.Duration(aborts*aborts)*time.Millisecond) != nil {
				return err
			}
		case then == lost && losses == 0:
			losses++
			db.logger.Warn("database connection lost, trying once more", "error", err)
		default:
			return err
		}
	}
}

// once runs attempt and says what may be done after its error.
func (db *postgres) once(ctx context.Context, tx *Tx, attempt func(c *pgConn) error) (kind, error) {
	c, err := db.pool.get(ctx)
	if err != nil {
		return final, err
	}
	defer db.pool.put(c)

	err = attempt(c)
	then := kindOf(err)
	if tx.err != nil {
		then = kindOf(tx.err) // whatever the function has made of it
	}
	if then == lost {
		c.end() // even if it is only outdated
		db.pool.drop()
	}
	return then, err
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// kind says what may be done after an error.
type kind int

const (
	final   kind = iota // nothing; also of no error
	aborted             // run it again: the server undid the transaction for others' sake
	lost                // run it once more: the connection is gone or outdated, and nothing was committed
)

// errLost marks the loss of a connection before COMMIT was sent.
var errLost = errors.New("connection lost")

func kindOf(err error) kind {
	if errors.Is(err, ErrCommitUnknown) {
		return final
	}
	if errors.Is(err, errLost) {
		return lost
	}
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return final
	}
	switch pgErr.Code {
	case "40001", "40P01": // serialization failure, deadlock
		return aborted
	case "0A000", "26000": // a cached plan or a prepared statement that no longer holds
		return lost
	}
	return final
}

// translate makes our error of what the server or the connection said.
func translate(err error) error {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok || fatal(pgErr):
		return fmt.Errorf("%w: %w", errLost, err)
	case pgErr.Code == "23505":
		return fmt.Errorf("%w: %w", ErrUnique, err)
	case pgErr.Code == "25006":
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	return err
}

// fatal reports whether the server ended the session with this error.
func fatal(err *pgconn.PgError) bool {
	return err.SeverityUnlocalized == "FATAL" || err.SeverityUnlocalized == "PANIC"
}
