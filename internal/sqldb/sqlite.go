package sqldb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
)

const defaultReaders = 3

// The settings of connections. The writer's come first in a new file: page_size only counts before WAL. With NORMAL SQLite
// syncs the log before each checkpoint alone; logSync does it for each commit.
const (
	writerPragmas = `PRAGMA busy_timeout = 5000; PRAGMA page_size = 4096; PRAGMA journal_mode = WAL;
		PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = 1; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;
		PRAGMA wal_autocheckpoint = 16000`
	readerPragmas = `PRAGMA busy_timeout = 5000; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;
		PRAGMA query_only = 1`
	checkpointPragmas = `PRAGMA synchronous = NORMAL; PRAGMA journal_mode = WAL`
	// throwawayPragmas follow the others where nothing has to outlive the process.
	throwawayPragmas = `; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000`
)

// sqlite is one file: one connection that writes and some that read.
type sqlite struct {
	writer  *writer
	readers chan *liteConn
	closing chan struct{}
	once    sync.Once
	tally   *tally
}

func openSQLite(_ context.Context, path string, o Options, t *tally) (engine, error) {
	path = strings.TrimPrefix(path, "//") // sqlite:///var/lib/x.db
	if path == "" || path == ":memory:" || strings.HasPrefix(path, "file:") {
		return nil, errors.New("a SQLite database is a file: sqlite:path")
	}
	if err := createFile(path); err != nil {
		return nil, err
	}

	count := o.MaxConns
	if count <= 0 {
		count = defaultReaders
	}
	var conns []*liteConn
	for _, pragmas := range allPragmas(count, o.Throwaway) {
		conn, err := openWith(path, pragmas)
		if err != nil {
			for _, conn := range conns {
				conn.close()
			}
			return nil, err
		}
		conns = append(conns, conn)
	}

	db := &sqlite{readers: make(chan *liteConn, count), closing: make(chan struct{}), tally: t}
	for _, conn := range conns[1 : count+1] {
		db.readers <- conn
	}
	var d disk
	if !o.Throwaway {
		log := startLogSync(conns[0].logPath())
		d = disk{log, startCheckpointer(conns[count+1], log)}
	}
	db.writer = startWriter(conns[0], d, t)
	return db, nil
}

// allPragmas are the settings of each connection: the writer's, the readers', and, unless the database is one to throw
// away, those of the connection for checkpoints.
func allPragmas(readers int, throwaway bool) []string {
	all := slices.Insert(slices.Repeat([]string{readerPragmas}, readers), 0, writerPragmas)
	if throwaway {
		for i := range all {
			all[i] += throwawayPragmas
		}
		return all
	}
	return append(all, checkpointPragmas)
}

// createFile makes the file, readable by its owner alone; SQLite gives its other files the same mode. An existing
// file is not touched: closing it would drop the locks that this process holds on it.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func openWith(path, pragmas string) (*liteConn, error) {
	conn, err := openLiteConn(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := conn.script(pragmas); err != nil {
		conn.close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return conn, nil
}

func (db *sqlite) close() error {
	db.once.Do(func() {
		close(db.closing)
		db.writer.stop()
		for range cap(db.readers) {
			conn := <-db.readers
			conn.close()
		}
	})
	return nil
}

func (db *sqlite) reader(ctx context.Context) (*liteConn, error) {
	select {
	case <-db.closing:
		return nil, ErrClosed
	default:
	}
	select {
	case conn := <-db.readers:
		return conn, nil
	default:
	}
	waited := db.tally.wait()
	select {
	case conn := <-db.readers:
		waited(true)
		return conn, nil
	case <-ctx.Done():
		waited(false)
		return nil, ctx.Err()
	case <-db.closing:
		waited(false)
		return nil, ErrClosed
	}
}

// conns are the readers; in line are the calls that wait for the writer.
func (db *sqlite) conns() (all, busy, queued int) {
	all = cap(db.readers)
	return all, all - len(db.readers), len(db.writer.calls)
}

func (db *sqlite) read(ctx context.Context, tx *Tx, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	conn, err := db.reader(ctx)
	if err != nil {
		return err
	}
	defer func() { db.readers <- conn }()

	tx.begin(&liteSession{conn})
	return tx.run(fn)
}

func (db *sqlite) write(ctx context.Context, tx *Tx, fn func(*Tx) error) error {
	return db.writer.do(ctx, tx, fn)
}

func (db *sqlite) ping(ctx context.Context) error {
	if err := db.writer.disk.err(); err != nil {
		return err
	}
	conn, err := db.reader(ctx)
	if err != nil {
		return err
	}
	defer func() { db.readers <- conn }()
	return conn.run(sqlPing, nil, nil)
}

// liteSession runs a transaction's statements on a connection, the writer's or a reader's. They run without the
// caller's context: an interrupted statement makes SQLite undo the whole transaction, and with it other callers'
// work.
type liteSession struct{ conn *liteConn }

func (l *liteSession) lane() int { return 0 }

func (l *liteSession) exec(s *Stmt, args []any) (int64, error) {
	if err := l.conn.run(s, args, nil); err != nil {
		return 0, named(s, err)
	}
	return l.conn.changes(), nil
}

func (l *liteSession) execAhead(s *Stmt, args []any) (func() (int64, error), error) {
	n, err := l.exec(s, args)
	return func() (int64, error) { return n, err }, err
}

func (l *liteSession) later(s *Stmt, want int64, args []any) error {
	n, err := l.exec(s, args)
	if err == nil && want >= 0 && n != want {
		return named(s, ErrConflict)
	}
	return err
}

func (l *liteSession) query(s *Stmt, args []any, row func(scan func(dest ...any) error) error) error {
	var rowErr error
	var current *liteStmt
	scan := func(dest ...any) error { return l.conn.scan(current, dest) }
	err := l.conn.run(s, args, func(st *liteStmt) bool {
		current = st
		rowErr = row(scan)
		return rowErr == nil
	})
	return named(s, errors.Join(err, rowErr))
}

func (l *liteSession) queryRow(s *Stmt, args, dest []any) error {
	var scanErr error
	found := false
	err := l.conn.run(s, args, func(st *liteStmt) bool {
		found = true
		scanErr = l.conn.scan(st, dest)
		return false
	})
	switch {
	case err != nil:
		return named(s, err)
	case scanErr != nil:
		return named(s, scanErr)
	case !found:
		return ErrNoRows
	}
	return nil
}

func (l *liteSession) ask(s *Stmt, args, dest []any) (func() error, error) {
	err := l.queryRow(s, args, dest)
	if err == ErrNoRows { //nolint:errorlint // our own value
		return func() error { return ErrNoRows }, nil
	}
	return func() error { return err }, err
}

// step runs fn in a savepoint of its own. When that cannot be undone or kept, the transaction is gone, and broken.
func (l *liteSession) step(fn func() error) (err, broken error) {
	if err := l.conn.run(liteStepSave, nil, nil); err != nil {
		return nil, named(liteStepSave, err)
	}
	err = fn()
	if err != nil {
		if broken := l.conn.run(liteStepUndo, nil, nil); broken != nil {
			return err, errors.Join(err, named(liteStepUndo, broken))
		}
	}
	return err, named(liteStepRelease, l.conn.run(liteStepRelease, nil, nil))
}

func (l *liteSession) patient() error { return nil }

func (l *liteSession) script(text string) error { return l.conn.script(text) }
