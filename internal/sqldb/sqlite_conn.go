package sqldb

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	lib "modernc.org/sqlite/lib"
)

// liteConn is one SQLite connection, used by one goroutine at a time. It calls the library below the database/sql
// driver: the driver copies every parameter, column name and declared type into fresh memory at each execution.
// Reading the sixty columns of a session check (BenchmarkQueryRow) takes 48 allocations here against 240 there, and
// 0.7 of the time. It is also how the writer can ask whether its transaction is still open.
type liteConn struct {
	tls   *libc.TLS
	db    uintptr
	stmts map[*Stmt]*liteStmt
	args  uintptr // memory that text and blob arguments are bound from
	room  int     // its size
	other int64   // statements that ran and may have changed what total_changes does not count
}

type liteStmt struct {
	handle  uintptr
	params  int
	columns int
	counted bool // all that it can change is rows, which SQLite counts
}

// sqliteError is what SQLite said. It names tables and columns, never values.
type sqliteError struct {
	code    int32 // the extended result code
	message string
}

func (e *sqliteError) Error() string { return fmt.Sprintf("%s (SQLite %d)", e.message, e.code) }

func openLiteConn(path string) (*liteConn, error) {
	lib.PatchIssue199() // what the driver's own init does
	c := &liteConn{tls: libc.NewTLS(), stmts: map[*Stmt]*liteStmt{}}
	name, err := libc.CString(path)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, name)
	out := c.tls.Alloc(int(unsafe.Sizeof(c.db)))
	defer c.tls.Free(int(unsafe.Sizeof(c.db)))

	// NOMUTEX: a connection is never used by two goroutines at once, so it needs no lock of its own.
	const flags = lib.SQLITE_OPEN_READWRITE | lib.SQLITE_OPEN_CREATE | lib.SQLITE_OPEN_NOMUTEX
	rc := lib.Xsqlite3_open_v2(c.tls, name, out, flags, 0)
	c.db = **(**uintptr)(unsafe.Pointer(&out))
	if rc == lib.SQLITE_OK {
		rc = lib.Xsqlite3_extended_result_codes(c.tls, c.db, 1)
	}
	if rc != lib.SQLITE_OK {
		err := c.failure(rc)
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *liteConn) close() {
	for _, st := range c.stmts {
		lib.Xsqlite3_finalize(c.tls, st.handle)
	}
	lib.Xsqlite3_close_v2(c.tls, c.db)
	if c.args != 0 {
		libc.Xfree(c.tls, c.args)
	}
	c.tls.Close()
}

// failure makes an error of a result code.
func (c *liteConn) failure(rc int32) error {
	err := &sqliteError{code: rc, message: libc.GoString(lib.Xsqlite3_errmsg(c.tls, c.db))}
	switch rc {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return fmt.Errorf("%w: %w", ErrUnique, err)
	}
	if rc&0xff == lib.SQLITE_READONLY {
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	return err
}

// inTransaction reports whether a transaction is open: SQLite ends one by itself on some errors.
func (c *liteConn) inTransaction() bool {
	return lib.Xsqlite3_get_autocommit(c.tls, c.db) == 0
}

// script runs statements without parameters, as many as the text holds.
func (c *liteConn) script(text string) error {
	p, err := libc.CString(text)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, p)
	c.other++
	if rc := lib.Xsqlite3_exec(c.tls, c.db, p, 0, 0, 0); rc != lib.SQLITE_OK {
		return c.failure(rc)
	}
	return nil
}

// prepare returns the prepared statement and what to call when done with it.
func (c *liteConn) prepare(s *Stmt) (st *liteStmt, done func(), err error) {
	if st, ok := c.stmts[s]; ok {
		return st, nil, nil
	}
	st, err = c.compile(s.sqlite, s.id != "")
	if err != nil {
		return nil, nil, err
	}
	if s.id == "" {
		return st, func() { lib.Xsqlite3_finalize(c.tls, st.handle) }, nil
	}
	c.stmts[s] = st
	return st, nil, nil
}

func (c *liteConn) compile(text string, keep bool) (*liteStmt, error) {
	p, err := libc.CString(text)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, p)
	out := c.tls.Alloc(int(unsafe.Sizeof(p)))
	defer c.tls.Free(int(unsafe.Sizeof(p)))

	flags := uint32(0)
	if keep {
		flags = lib.SQLITE_PREPARE_PERSISTENT
	}
	if rc := lib.Xsqlite3_prepare_v3(c.tls, c.db, p, -1, flags, out, 0); rc != lib.SQLITE_OK {
		return nil, c.failure(rc)
	}
	st := &liteStmt{handle: **(**uintptr)(unsafe.Pointer(&out))}
	if st.handle == 0 {
		return nil, errors.New("the statement is empty")
	}
	st.params = int(lib.Xsqlite3_bind_parameter_count(c.tls, st.handle))
	st.columns = int(lib.Xsqlite3_column_count(c.tls, st.handle))
	st.counted = lib.Xsqlite3_stmt_readonly(c.tls, st.handle) != 0 || changesRows(text)
	return st, nil
}

// bind sets the parameters. Text and blobs are copied to c.args and bound without another copy: every parameter is
// bound anew before the statement's next step, so none is read after c.args has changed.
func (c *liteConn) bind(st *liteStmt, args []any) error {
	if len(args) != st.params {
		return fmt.Errorf("%d arguments for %d parameters", len(args), st.params)
	}
	if err := c.makeRoom(args); err != nil {
		return err
	}
	at := c.args
	for i, arg := range args {
		index := int32(i) + 1
		rc := int32(lib.SQLITE_OK)
		switch v := arg.(type) {
		case string:
			copy(memory(at, len(v)), v)
			rc = lib.Xsqlite3_bind_text(c.tls, st.handle, index, at, int32(len(v)), 0)
			at += uintptr(len(v)) + 1
		case []byte:
			copy(memory(at, len(v)), v)
			rc = lib.Xsqlite3_bind_blob(c.tls, st.handle, index, at, int32(len(v)), 0)
			at += uintptr(len(v)) + 1
		case int64:
			rc = lib.Xsqlite3_bind_int64(c.tls, st.handle, index, v)
		case int:
			rc = lib.Xsqlite3_bind_int64(c.tls, st.handle, index, int64(v))
		case bool:
			n := int64(0)
			if v {
				n = 1
			}
			rc = lib.Xsqlite3_bind_int64(c.tls, st.handle, index, n)
		default:
			return fmt.Errorf("argument %d is a %T", index, arg)
		}
		if rc != lib.SQLITE_OK {
			return c.failure(rc)
		}
	}
	return nil
}

func (c *liteConn) makeRoom(args []any) error {
	need := 1
	for _, arg := range args {
		switch v := arg.(type) {
		case string:
			need += len(v) + 1
		case []byte:
			need += len(v) + 1
		}
	}
	if need <= c.room {
		return nil
	}
	need = max(need, 4096)
	p := libc.Xmalloc(c.tls, types.Size_t(need))
	if p == 0 {
		return errors.New("out of memory")
	}
	if c.args != 0 {
		libc.Xfree(c.tls, c.args)
	}
	c.args, c.room = p, need
	return nil
}

// run executes the statement and calls row, if there is one, for each row until it returns false. A statement that
// writes always runs to its end.
func (c *liteConn) run(s *Stmt, args []any, row func(st *liteStmt) bool) error {
	st, done, err := c.prepare(s)
	if err != nil {
		return err
	}
	if done != nil {
		defer done()
	}
	if err := c.bind(st, args); err != nil {
		return err
	}
	if !st.counted {
		c.other++
	}
	// On every way out, a panic in row included: a statement left halfway would hold its snapshot open.
	defer lib.Xsqlite3_reset(c.tls, st.handle)

	for more := true; ; {
		switch rc := lib.Xsqlite3_step(c.tls, st.handle); rc {
		case lib.SQLITE_DONE:
			return nil
		case lib.SQLITE_ROW:
			more = more && row != nil && row(st)
			if !more && lib.Xsqlite3_stmt_readonly(c.tls, st.handle) != 0 {
				return nil
			}
		default:
			return c.failure(rc)
		}
	}
}

// changes returns how many rows the last statement touched.
func (c *liteConn) changes() int64 {
	return int64(lib.Xsqlite3_changes(c.tls, c.db))
}

// work tells how much was changed on this connection: while it stays the same, nothing was. It goes on counting when
// something is undone.
func (c *liteConn) work() int64 {
	return lib.Xsqlite3_total_changes64(c.tls, c.db) + c.other
}

// changesRows reports whether the statement is one that can change nothing but rows.
func changesRows(text string) bool {
	verb, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	switch verb {
	case "INSERT", "UPDATE", "DELETE", "WITH":
		return true
	}
	return false
}

// scan copies the columns of the current row to dest.
func (c *liteConn) scan(st *liteStmt, dest []any) error {
	if len(dest) != st.columns {
		return fmt.Errorf("%d destinations for %d columns", len(dest), st.columns)
	}
	for i, d := range dest {
		if err := c.column(st.handle, int32(i), d); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

func (c *liteConn) column(handle uintptr, i int32, dest any) error {
	kind := lib.Xsqlite3_column_type(c.tls, handle, i)
	if kind == lib.SQLITE_NULL {
		return errNull
	}
	switch d := dest.(type) {
	case *string:
		p := lib.Xsqlite3_column_text(c.tls, handle, i)
		*d = string(memory(p, int(lib.Xsqlite3_column_bytes(c.tls, handle, i))))
		return nil
	case *[]byte:
		p := lib.Xsqlite3_column_blob(c.tls, handle, i)
		*d = append([]byte{}, memory(p, int(lib.Xsqlite3_column_bytes(c.tls, handle, i)))...)
		return nil
	}

	if kind != lib.SQLITE_INTEGER {
		return fmt.Errorf("not an integer, but wanted as %T", dest)
	}
	n := lib.Xsqlite3_column_int64(c.tls, handle, i)
	switch d := dest.(type) {
	case *int64:
		*d = n
	case *int:
		*d = int(n)
	case *bool:
		*d = n != 0
	default:
		return fmt.Errorf("the destination is a %T", dest)
	}
	return nil
}

// memory is n bytes of the library's memory, which Go does not manage, as a slice.
func memory(p uintptr, n int) []byte {
	if p == 0 || n == 0 {
		return nil
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&p)), n)
}
