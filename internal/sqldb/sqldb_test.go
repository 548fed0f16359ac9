package sqldb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
)

var schema = fstest.MapFS{
	"0001_items.sql": {Data: []byte(`--postgres CREATE DOMAIN blob AS bytea;
		CREATE TABLE items (
			id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, n BIGINT NOT NULL, ok BOOLEAN NOT NULL, data BLOB NOT NULL);
		CREATE UNIQUE INDEX items_name ON items (name);
		CREATE TABLE holes (id TEXT NOT NULL PRIMARY KEY, n BIGINT);`)},
}

var (
	sqlInsert  = SQL("insert", `INSERT INTO items (id, name, n, ok, data) VALUES ($1, $2, $3, $4, $5)`)
	sqlAdd     = SQL("add", `INSERT INTO items (id, name, n, ok, data) VALUES ($1, $1, 0, FALSE, '')`)
	sqlAddOnce = SQL("add_once", `INSERT INTO items (id, name, n, ok, data) VALUES ($1, $1, 0, FALSE, '')
		ON CONFLICT (id) DO NOTHING`)
	sqlGet     = SQL("get", `SELECT id, name, n, ok, data FROM items WHERE id = $1`)
	sqlN       = SQL("n", `SELECT n FROM items WHERE id = $1`)
	sqlSetN    = SQL("set_n", `UPDATE items SET n = $2 WHERE id = $1`)
	sqlGuarded = SQL("guarded", `UPDATE items SET n = n + 1 WHERE id = $1 AND n < $2`)
	sqlReturn  = SQL("return", `UPDATE items SET n = n + 1 WHERE id = $1 RETURNING n`)
	sqlDelete  = SQL("delete", `DELETE FROM items WHERE id = $1`)
	sqlWith    = SQL("with", `WITH picked AS (SELECT id FROM items WHERE id = $1)
		UPDATE items SET n = 7 WHERE id IN (SELECT id FROM picked)`)
	sqlIDs   = SQL("ids", `SELECT id FROM items ORDER BY id`)
	sqlHole  = SQL("hole", `INSERT INTO holes (id) VALUES ($1)`)
	sqlHoleN = SQL("hole_n", `SELECT n FROM holes WHERE id = $1`)
)

// open opens a fresh database with the schema, closed at the end of the test.
func open(t testing.TB, url string, o Options) *DB {
	t.Helper()
	db, err := Open(context.Background(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := Migrate(context.Background(), db, schema); err != nil {
		t.Fatal(err)
	}
	return db
}

func sqliteURL(t testing.TB) string {
	return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
}

// both runs the test on both engines.
func both(t *testing.T, o Options, test func(t *testing.T, db *DB)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, sqliteURL(t), o))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, pgtest.URL(t), o))
	})
}

func add(t testing.TB, db *DB, ids ...string) {
	t.Helper()
	for _, id := range ids {
		must(t, db.Write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), sqlAdd, id)
			return err
		}))
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func number(t testing.TB, db *DB, id string) int64 {
	t.Helper()
	var n int64
	must(t, db.Read(t.Context(), func(tx *Tx) error { return tx.QueryRow(t.Context(), sqlN, []any{id}, &n) }))
	return n
}

func allIDs(t testing.TB, db *DB) []string {
	t.Helper()
	var ids []string
	must(t, db.Read(t.Context(), func(tx *Tx) error {
		ids = nil
		return tx.Query(t.Context(), sqlIDs, nil, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	}))
	return ids
}

func TestValues(t *testing.T) {
	type row struct {
		ID, Name string
		N        int64
		OK       bool
		Data     []byte
	}
	rows := []row{
		{"zero", "", 0, false, []byte{}},
		{"plain", "a name", 42, true, []byte("data")},
		{"big", strings.Repeat("å∂🙂'\"\\$1?", 2000), -1 << 63, true, bytes.Repeat([]byte{0, 1, 0xff, '\\'}, 5000)},
		{"max", "x", 1<<63 - 1, false, []byte{0}},
	}
	both(t, Options{}, func(t *testing.T, db *DB) {
		for _, want := range rows {
			data := want.Data
			if len(data) == 0 {
				data = nil // stored as an empty one
			}
			must(t, db.Write(t.Context(), func(tx *Tx) error {
				n, err := tx.Exec(t.Context(), sqlInsert, want.ID, want.Name, want.N, want.OK, data)
				if n != 1 {
					t.Errorf("%s: inserted %d rows, want 1", want.ID, n)
				}
				return err
			}))
			var got row
			var small int
			must(t, db.Read(t.Context(), func(tx *Tx) error {
				err := tx.QueryRow(t.Context(), sqlN, []any{want.ID}, &small)
				dest := []any{&got.ID, &got.Name, &got.N, &got.OK, &got.Data}
				return errors.Join(err, tx.QueryRow(t.Context(), sqlGet, []any{want.ID}, dest...))
			}))
			if diff := cmp.Diff(want, got); diff != "" || int64(small) != want.N {
				t.Errorf("%s (-want +got), as int %d: %s", want.ID, small, diff)
			}
		}
	})
}

func TestWrongUse(t *testing.T) {
	both(t, Options{}, func(t *testing.T, db *DB) {
		ctx := t.Context()
		add(t, db, "a")
		must(t, db.Write(ctx, func(tx *Tx) error { _, err := tx.Exec(ctx, sqlHole, "h"); return err }))

		var s string
		var n int64
		var f float64
		cases := map[string]func(tx *Tx) error{
			"NULL":                 func(tx *Tx) error { return tx.QueryRow(ctx, sqlHoleN, []any{"h"}, &n) },
			"too few arguments":    func(tx *Tx) error { return tx.QueryRow(ctx, sqlN, nil, &n) },
			"too many arguments":   func(tx *Tx) error { return tx.QueryRow(ctx, sqlN, []any{"a", "b"}, &n) },
			"too few destinations": func(tx *Tx) error { return tx.QueryRow(ctx, sqlGet, []any{"a"}, &s) },
			"unknown destination":  func(tx *Tx) error { return tx.QueryRow(ctx, sqlN, []any{"a"}, &f) },
			"unknown argument":     func(tx *Tx) error { return tx.QueryRow(ctx, sqlN, []any{f}, &n) },
			"text as a number":     func(tx *Tx) error { return tx.QueryRow(ctx, SQLText("SELECT name FROM items"), nil, &n) },
			"malformed":            func(tx *Tx) error { return tx.QueryRow(ctx, SQLText("SELEKT 1"), nil, &n) },
			"statement inside rows": func(tx *Tx) error {
				return tx.Query(ctx, sqlIDs, nil, func(func(...any) error) error {
					return tx.QueryRow(ctx, sqlN, []any{"a"}, &n)
				})
			},
		}
		for name, use := range cases {
			for door, do := range map[string]func(context.Context, func(*Tx) error) error{"read": db.Read, "write": db.Write} {
				if err := do(ctx, use); err == nil {
					t.Errorf("%s (%s): no error", name, door)
				}
			}
		}
		if got := number(t, db, "a"); got != 0 {
			t.Errorf("after all that n is %d, want 0", got)
		}

		var kept *Tx
		must(t, db.Read(ctx, func(tx *Tx) error { kept = tx; return nil }))
		if err := kept.QueryRow(ctx, sqlN, []any{"a"}, &n); err == nil {
			t.Error("a transaction works outside its function")
		}
	})
}

// SQLText is a statement for one test.
func SQLText(text string) *Stmt { return Dynamic("test", text) }

func TestDynamic(t *testing.T) {
	both(t, Options{}, func(t *testing.T, db *DB) {
		add(t, db, "a", "b")
		for i := range 3 {
			var id string
			s := Dynamic("search", fmt.Sprintf("SELECT id FROM items WHERE id > $1 AND n = $2 AND %d = %d", i, i))
			must(t, db.Read(t.Context(), func(tx *Tx) error { return tx.QueryRow(t.Context(), s, []any{"a", 0}, &id) }))
			if id != "b" {
				t.Errorf("got %q, want b", id)
			}
		}
		if slices.ContainsFunc(Statements(), func(s *Stmt) bool { return s.Name() == "search" }) {
			t.Error("a dynamic statement is registered")
		}
	})
}

func TestErrors(t *testing.T) {
	both(t, Options{}, func(t *testing.T, db *DB) {
		ctx := t.Context()
		add(t, db, "a", "b")
		own := errors.New("own")

		cases := map[string]struct {
			want error
			fn   func(tx *Tx) error
		}{
			"primary key": {ErrUnique, func(tx *Tx) error { _, err := tx.Exec(ctx, sqlAdd, "a"); return err }},
			"unique index": {ErrUnique, func(tx *Tx) error {
				_, err := tx.Exec(ctx, sqlInsert, "x", "a", 0, false, []byte{})
				return err
			}},
			"unique index, later":    {ErrUnique, func(tx *Tx) error { tx.Later(sqlAdd, 1, "a"); return nil }},
			"unique index, any rows": {ErrUnique, func(tx *Tx) error { tx.Later(sqlAdd, -1, "a"); return nil }},
			"failure not returned":   {ErrUnique, func(tx *Tx) error { _, _ = tx.Exec(ctx, sqlAdd, "a"); return nil }},
			"failure and a statement after it": {ErrUnique, func(tx *Tx) error {
				_, _ = tx.Exec(ctx, sqlAdd, "a")
				_, err := tx.Exec(ctx, sqlAdd, "y")
				return err
			}},
			"conflict at commit": {ErrConflict, func(tx *Tx) error { tx.Later(sqlSetN, 1, "none", 1); return nil }},
			"conflict, too many": {ErrConflict, func(tx *Tx) error { tx.Later(sqlSetN, 0, "a", 1); return nil }},
			"conflict, second": {ErrConflict, func(tx *Tx) error {
				tx.Later(sqlSetN, 1, "b", 1)
				tx.Later(sqlSetN, 1, "none", 1)
				return nil
			}},
			"conflict, RETURNING":     {ErrConflict, func(tx *Tx) error { tx.Later(sqlReturn, 1, "none"); return nil }},
			"conflict, WITH":          {ErrConflict, func(tx *Tx) error { tx.Later(sqlWith, 1, "none"); return nil }},
			"conflict, already there": {ErrConflict, func(tx *Tx) error { tx.Later(sqlAddOnce, 1, "a"); return nil }},
			"conflict, then a statement": {ErrConflict, func(tx *Tx) error {
				tx.Later(sqlSetN, 1, "none", 1)
				_, err := tx.Exec(ctx, sqlAdd, "z")
				return err
			}},
			"own error":   {own, func(tx *Tx) error { tx.Later(sqlAdd, 1, "w"); return own }},
			"own no rows": {ErrNoRows, func(tx *Tx) error { var n int64; return tx.QueryRow(ctx, sqlN, []any{"none"}, &n) }},
		}
		for name, c := range cases {
			err := db.Write(ctx, func(tx *Tx) error {
				if _, err := tx.Exec(ctx, sqlAdd, "before"); err != nil {
					return err
				}
				tx.AfterCommit(func() { t.Errorf("%s: a hook ran without a commit", name) })
				return c.fn(tx)
			})
			if !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", name, err, c.want)
			}
			if diff := cmp.Diff([]string{"a", "b"}, allIDs(t, db)); diff != "" {
				t.Fatalf("%s: something was kept (-want +got): %s", name, diff)
			}
			if number(t, db, "a") != 0 || number(t, db, "b") != 0 {
				t.Fatalf("%s: a change was kept", name)
			}
		}
	})
}

// After ErrNoRows a transaction goes on.
func TestNoRowsIsNoFailure(t *testing.T) {
	both(t, Options{}, func(t *testing.T, db *DB) {
		must(t, db.Write(t.Context(), func(tx *Tx) error {
			var n int64
			if err := tx.QueryRow(t.Context(), sqlN, []any{"a"}, &n); !errors.Is(err, ErrNoRows) {
				t.Errorf("got %v, want ErrNoRows", err)
			}
			_, err := tx.Exec(t.Context(), sqlAdd, "a")
			return err
		}))
		if diff := cmp.Diff([]string{"a"}, allIDs(t, db)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLater(t *testing.T) {
	both(t, Options{}, func(t *testing.T, db *DB) {
		ctx := t.Context()
		hooks := 0
		must(t, db.Write(ctx, func(tx *Tx) error {
			tx.Later(sqlAdd, 1, "a")
			tx.Later(sqlAddOnce, 0, "a")
			n, err := tx.Exec(ctx, sqlSetN, "a", 5) // sees what was queued before
			if n != 1 {
				t.Errorf("the queued row was not there: %d rows", n)
			}
			tx.Later(sqlGuarded, 1, "a", 6)
			tx.Later(sqlGuarded, 0, "a", 6)
			tx.Later(sqlReturn, 1, "a")
			tx.Later(sqlAdd, -1, "b")
			tx.Later(sqlDelete, -1, "none")
			tx.AfterCommit(func() { hooks++ })
			return err
		}))
		if got := number(t, db, "a"); got != 7 {
			t.Errorf("n is %d, want 7", got)
		}
		must(t, db.Write(ctx, func(tx *Tx) error { tx.Later(sqlSetN, 1, "a", 0); tx.Later(sqlWith, 1, "a"); return nil }))
		if got := number(t, db, "a"); got != 7 || hooks != 1 {
			t.Errorf("n is %d, want 7; %d hooks ran, want 1", got, hooks)
		}
	})
}

// What is asked ahead is answered as of its place among the statements, whoever makes the trip.
func TestAhead(t *testing.T) {
	both(t, Options{}, func(t *testing.T, db *DB) {
		add(t, db, "a")
		ctx, trips := WithTrips(t.Context())
		must(t, db.Write(ctx, func(tx *Tx) error {
			var before, after, other int64
			asked := tx.Ask(ctx, sqlN, []any{"a"}, &before)
			none := tx.Ask(ctx, sqlN, []any{"none"}, &other)
			set := tx.ExecAhead(ctx, sqlSetN, "a", 5)
			missed := tx.ExecAhead(ctx, sqlSetN, "none", 5)
			must(t, tx.QueryRow(ctx, sqlN, []any{"a"}, &after))
			must(t, asked())
			if err := none(); !errors.Is(err, ErrNoRows) {
				t.Errorf("a row that is not there: %v", err)
			}
			n, err := set()
			must(t, err)
			m, err := missed()
			must(t, err)
			if before != 0 || after != 5 || n != 1 || m != 0 {
				t.Errorf("before %d, after %d, touched %d and %d; want 0, 5, 1 and 0", before, after, n, m)
			}

			last := tx.Ask(ctx, sqlN, []any{"a"}, &after)
			_ = tx.Ask(ctx, sqlN, []any{"a"}, &other) // nobody wants to know
			return last()
		}))
		if want := int64(3); db.Engine() == Postgres && trips.RoundTrips.Load() != want {
			t.Errorf("%d round trips, want %d", trips.RoundTrips.Load(), want)
		}
	})
}

// A statement asked ahead that fails is the transaction's failure, also when nobody fetches its answer.
func TestAheadFails(t *testing.T) {
	both(t, Options{}, func(t *testing.T, db *DB) {
		ctx := t.Context()
		add(t, db, "a")
		var n int64
		for name, use := range map[string]func(tx *Tx){
			"exec": func(tx *Tx) { tx.ExecAhead(ctx, sqlAdd, "a") },
			"ask":  func(tx *Tx) { tx.Ask(ctx, SQLText("SELEKT 1"), nil, &n) },
		} {
			err := db.Write(ctx, func(tx *Tx) error {
				use(tx)
				_, err := tx.Exec(ctx, sqlAdd, "b")
				_ = err
				return nil
			})
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		err := db.Read(ctx, func(tx *Tx) error { _, err := tx.ExecAhead(ctx, sqlSetN, "a", 1)(); return err })
		if !errors.Is(err, ErrReadOnly) {
			t.Errorf("in a Read: %v, want ErrReadOnly", err)
		}
		if diff := cmp.Diff([]string{"a"}, allIDs(t, db)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestReadOnly(t *testing.T) {
	both(t, Options{}, func(t *testing.T, db *DB) {
		ctx := t.Context()
		add(t, db, "a")
		var n int64
		for name, fn := range map[string]func(tx *Tx) error{
			"Exec":           func(tx *Tx) error { _, err := tx.Exec(ctx, sqlSetN, "a", 1); return err },
			"Later":          func(tx *Tx) error { tx.Later(sqlSetN, 1, "a", 1); return nil },
			"with RETURNING": func(tx *Tx) error { return tx.QueryRow(ctx, sqlReturn, []any{"a"}, &n) },
		} {
			if err := db.Read(ctx, fn); !errors.Is(err, ErrReadOnly) {
				t.Errorf("%s: got %v, want ErrReadOnly", name, err)
			}
		}
		if got := number(t, db, "a"); got != 0 {
			t.Errorf("n is %d, want 0", got)
		}
		must(t, db.Write(ctx, func(tx *Tx) error { return tx.QueryRow(ctx, sqlReturn, []any{"a"}, &n) }))
		if got := number(t, db, "a"); got != 1 || n != 1 {
			t.Errorf("n is %d and was returned as %d, want 1", got, n)
		}
	})
}

func TestRowFunction(t *testing.T) {
	both(t, Options{}, func(t *testing.T, db *DB) {
		ctx := t.Context()
		add(t, db, "a", "b", "c")
		stop := errors.New("stop")
		seen := 0
		must(t, db.Write(ctx, func(tx *Tx) error {
			err := tx.Query(ctx, sqlIDs, nil, func(scan func(...any) error) error {
				seen++
				return stop
			})
			if err != stop { //nolint:errorlint // as it is
				t.Errorf("got %v, want the row function's own error", err)
			}
			_, err = tx.Exec(ctx, sqlAdd, "d") // it is no failure of the transaction
			return err
		}))
		if seen != 1 || len(allIDs(t, db)) != 4 {
			t.Errorf("the row function ran %d times, want 1; ids %v", seen, allIDs(t, db))
		}
	})
}

// 256 racers for three places: three win, whatever the engine.
func TestGuardedRace(t *testing.T) {
	both(t, Options{}, func(t *testing.T, db *DB) {
		add(t, db, "a")
		var wins, conflicts atomic.Int64
		var wg sync.WaitGroup
		for i := range 256 {
			wg.Go(func() {
				err := db.Write(t.Context(), func(tx *Tx) error {
					if i%2 == 0 {
						tx.Later(sqlGuarded, 1, "a", 3)
						return nil
					}
					n, err := tx.Exec(t.Context(), sqlGuarded, "a", 3)
					if err == nil && n == 0 {
						return ErrConflict
					}
					return err
				})
				switch {
				case err == nil:
					wins.Add(1)
				case errors.Is(err, ErrConflict):
					conflicts.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 3 || conflicts.Load() != 253 || number(t, db, "a") != 3 {
			t.Errorf("%d winners and %d losers, n = %d; want 3, 253, 3", wins.Load(), conflicts.Load(), number(t, db, "a"))
		}
	})
}

func TestPoolOfOne(t *testing.T) {
	both(t, Options{MaxConns: 1}, func(t *testing.T, db *DB) {
		add(t, db, "a")
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				var n int64
				must(t, db.Read(t.Context(), func(tx *Tx) error { return tx.QueryRow(t.Context(), sqlN, []any{"a"}, &n) }))
				add(t, db, fmt.Sprintf("b%d", i))
				must(t, db.Ping(t.Context()))
			})
		}
		wg.Wait()
		if got := len(allIDs(t, db)); got != 65 {
			t.Errorf("%d rows, want 65", got)
		}
	})
}

func TestCallersLeave(t *testing.T) {
	both(t, Options{MaxConns: 1}, func(t *testing.T, db *DB) {
		gone, leave := context.WithCancel(t.Context())
		leave()
		ran := false
		note := func(*Tx) error { ran = true; return nil } //nolint:unparam // the form that Write takes
		wantErr(t, db.Write(gone, note), context.Canceled)
		wantErr(t, db.Read(gone, note), context.Canceled)
		if ran {
			t.Error("a function ran for a caller who had left")
		}

		// One who leaves between two statements keeps nothing, and does not wait in vain for the only connection.
		ctx, leave := context.WithCancel(t.Context())
		err := db.Write(ctx, func(tx *Tx) error {
			if _, err := tx.Exec(ctx, sqlAdd, "a"); err != nil {
				return err
			}
			leave()
			waiter, giveUp := context.WithCancel(t.Context())
			go giveUp()
			if err := db.Write(waiter, note); err == nil || ran {
				t.Error("a waiting write ran inside another one")
			}
			_, err := tx.Exec(ctx, sqlAdd, "b")
			return err
		})
		wantErr(t, err, context.Canceled)
		if ids := allIDs(t, db); len(ids) != 0 {
			t.Errorf("kept %v, want nothing", ids)
		}
	})
}

func TestPanics(t *testing.T) {
	both(t, Options{Logger: discard}, func(t *testing.T, db *DB) {
		ctx := t.Context()
		for name, fn := range map[string]func(tx *Tx) error{
			"after a statement": func(tx *Tx) error {
				tx.Later(sqlAdd, 1, "p")
				_, _ = tx.Exec(ctx, sqlAdd, "q")
				panic("boom")
			},
			"inside a row": func(tx *Tx) error {
				return tx.Query(ctx, sqlIDs, nil, func(func(...any) error) error { panic("boom") })
			},
		} {
			add(t, db, name)
			for door, do := range map[string]func(context.Context, func(*Tx) error) error{"read": db.Read, "write": db.Write} {
				if err := do(ctx, fn); err == nil || !strings.Contains(err.Error(), "boom") && !errors.Is(err, ErrReadOnly) {
					t.Errorf("%s (%s): got %v, want the panic as an error", name, door, err)
				}
			}
		}
		if diff := cmp.Diff([]string{"after a statement", "inside a row"}, allIDs(t, db)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestClose(t *testing.T) {
	t.Parallel()
	for _, url := range []string{sqliteURL(t), pgtest.URL(t)} {
		db := open(t, url, Options{})
		started, finish := make(chan struct{}), make(chan struct{})
		var result error
		var wg sync.WaitGroup
		wg.Go(func() {
			result = db.Write(t.Context(), func(tx *Tx) error {
				close(started)
				<-finish
				_, err := tx.Exec(t.Context(), sqlAdd, "a")
				return err
			})
		})
		<-started
		wg.Go(func() { must(t, db.Close()) })
		close(finish)
		wg.Wait()
		must(t, result)

		wantErr(t, db.Write(t.Context(), func(*Tx) error { return nil }), ErrClosed)
		wantErr(t, db.Read(t.Context(), func(*Tx) error { return nil }), ErrClosed)
		wantErr(t, db.Ping(t.Context()), ErrClosed)
		if ids := allIDs(t, open(t, url, Options{})); len(ids) != 1 {
			t.Errorf("%s: rows %v, want the one written while closing", db.Engine(), ids)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "mysql://x", "sqlite:", "sqlite::memory:", "sqlite:file:x?mode=memory", "sqlite:/does/not/exist/x.db",
		"postgres://user:hunter2@127.0.0.1:1/x?sslmode=disable", "postgres://user:hunter2@127.0.0.1:bad/x",
	} {
		db, err := Open(t.Context(), url, Options{})
		if err == nil {
			t.Errorf("%s was opened", url)
			_ = db.Close()
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error holds the password: %v", err)
		}
	}
}

// What runs twice happens once, and is counted once.
func TestRunTwice(t *testing.T) {
	both(t, Options{RunTwice: true}, func(t *testing.T, db *DB) {
		ctx, trips := WithTrips(t.Context())
		before := db.Stats()
		runs, hooks, wrong := 0, 0, errors.New("wrong")
		must(t, db.Write(ctx, func(tx *Tx) error {
			runs++
			tx.AfterCommit(func() { hooks++ })
			_, err := tx.Exec(ctx, sqlAdd, "a")
			return err
		}))
		// On SQLite the group of a first call that fails late runs once more.
		if runs < 2 || hooks != 1 {
			t.Errorf("%d runs and %d hooks, want some and 1", runs, hooks)
		}
		after := db.Stats()
		if total(after.Writes)-total(before.Writes) != 1 || after.Failed != before.Failed || trips.Statements.Load() != 1 {
			t.Errorf("%d writes, %d failed, %d statements, want 1, 0, 1", total(after.Writes)-total(before.Writes),
				after.Failed-before.Failed, trips.Statements.Load())
		}

		runs = 0
		must(t, db.Read(ctx, func(*Tx) error {
			runs++
			return nil
		}))
		if runs != 2 {
			t.Errorf("%d runs of a Read, want 2", runs)
		}
		// The last run's word is what counts, and a first one that fails is undone like one that does not.
		wantErr(t, db.Write(ctx, func(tx *Tx) error {
			if _, err := tx.Exec(ctx, sqlAdd, "b"); err != nil {
				return err
			}
			return wrong
		}), wrong)
		wantErr(t, db.Write(ctx, func(tx *Tx) error {
			_, err := tx.Exec(ctx, sqlAdd, "a")
			return err
		}), ErrUnique)
		if diff := cmp.Diff([]string{"a"}, allIDs(t, db)); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
	})
}
