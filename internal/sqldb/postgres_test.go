package sqldb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
)

// script runs statements on the server that have no place in the product.
func script(t *testing.T, db *DB, text string) {
	t.Helper()
	must(t, db.Write(t.Context(), func(tx *Tx) error {
		if err := tx.on.patient(); err != nil {
			return err
		}
		return tx.on.script(text)
	}))
}

func TestTrips(t *testing.T) {
	t.Parallel()
	db := open(t, pgtest.URL(t), Options{MaxConns: 1})
	add(t, db, "a")
	var n int64

	cases := []struct {
		name              string
		do                func(context.Context, func(*Tx) error) error
		fn                func(ctx context.Context, tx *Tx) error
		trips, statements int64
	}{
		{"nothing", db.Write, func(context.Context, *Tx) error { return nil }, 0, 0},
		{"BEGIN+query, COMMIT", db.Write, func(ctx context.Context, tx *Tx) error {
			return tx.QueryRow(ctx, sqlN, []any{"a"}, &n)
		}, 2, 1},
		{"BEGIN+query, Later x3+COMMIT", db.Write, func(ctx context.Context, tx *Tx) error {
			tx.AfterCommit(func() {})
			err := tx.QueryRow(ctx, sqlN, []any{"a"}, &n)
			tx.Later(sqlSetN, 1, "a", 1)
			tx.Later(sqlGuarded, 1, "a", 9)
			tx.Later(sqlAddOnce, 0, "a")
			return err
		}, 2, 4},
		{"BEGIN+Later x2+COMMIT", db.Write, func(_ context.Context, tx *Tx) error {
			tx.Later(sqlSetN, 1, "a", 1)
			tx.Later(sqlSetN, -1, "a", 2)
			return nil
		}, 1, 2},
		{"BEGIN+Later+Exec, Exec, COMMIT", db.Write, func(ctx context.Context, tx *Tx) error {
			tx.Later(sqlSetN, 1, "a", 1)
			_, err1 := tx.Exec(ctx, sqlSetN, "a", 2)
			_, err2 := tx.Exec(ctx, sqlSetN, "a", 3)
			return errors.Join(err1, err2)
		}, 3, 3},
		{"BEGIN+Later that carries no check, COMMIT", db.Write, func(_ context.Context, tx *Tx) error {
			tx.Later(sqlWith, 1, "a")
			return nil
		}, 2, 1},
		{"BEGIN+Exec, ROLLBACK", db.Write, func(ctx context.Context, tx *Tx) error {
			_, err := tx.Exec(ctx, sqlSetN, "a", 2)
			return errors.Join(err, errOwn)
		}, 2, 1},
		{"Later, own error", db.Write, func(_ context.Context, tx *Tx) error {
			tx.Later(sqlSetN, 1, "a", 2)
			return errOwn
		}, 0, 1},
		{"two reads", db.Read, func(ctx context.Context, tx *Tx) error {
			return errors.Join(tx.QueryRow(ctx, sqlN, []any{"a"}, &n), tx.QueryRow(ctx, sqlN, []any{"a"}, &n))
		}, 2, 2},
	}
	for _, c := range cases {
		for _, round := range []string{"first use", "prepared"} {
			ctx, trips := WithTrips(t.Context())
			if err := c.do(ctx, func(tx *Tx) error { return c.fn(ctx, tx) }); err != nil && !errors.Is(err, errOwn) {
				t.Errorf("%s: %v", c.name, err)
			}
			if trips.RoundTrips.Load() != c.trips || trips.Statements.Load() != c.statements {
				t.Errorf("%s (%s): %d round trips and %d statements, want %d and %d",
					c.name, round, trips.RoundTrips.Load(), trips.Statements.Load(), c.trips, c.statements)
			}
		}
	}
}

var errOwn = errors.New("own")

var (
	sqlFlaky = SQL("flaky", `SELECT flaky($1)`)
	sqlPID   = SQL("pid", `SELECT pg_backend_pid()`)
	sqlKill  = SQL("kill", `SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	sqlStar       = SQL("star", `SELECT * FROM holes WHERE id = $1`)
	sqlArm        = SQL("arm", `INSERT INTO bombs (id) VALUES ($1)`)
	sqlBombs      = SQL("bombs", `SELECT COUNT(*) FROM bombs`)
	sqlDeallocate = SQL("deallocate", `DEALLOCATE ALL`)
)

// A transaction that the server aborts for others' sake runs again, anew.
func TestRetryAborted(t *testing.T) {
	t.Parallel()
	db := open(t, pgtest.URL(t), Options{})
	script(t, db, `CREATE SEQUENCE tries;
		CREATE FUNCTION flaky(code TEXT) RETURNS BIGINT AS $$ BEGIN
			IF nextval('tries') % 3 <> 0 THEN RAISE EXCEPTION 'try again' USING ERRCODE = code; END IF;
			RETURN 1;
		END $$ LANGUAGE plpgsql`)
	for _, code := range []string{"40001", "40P01"} {
		runs, hooks := 0, 0
		times := map[time.Time]bool{}
		must(t, db.Write(t.Context(), func(tx *Tx) error {
			runs++
			times[tx.Now()] = true
			tx.AfterCommit(func() { hooks++ })
			tx.Later(sqlAdd, 1, code)
			var n int64
			if err := tx.QueryRow(t.Context(), sqlFlaky, []any{code}, &n); err != nil {
				return errOwn // whatever the function makes of it
			}
			return nil
		}))
		if runs != 3 || hooks != 1 || len(times) != 3 {
			t.Errorf("%s: %d runs with %d times and %d hooks, want 3, 3 and 1", code, runs, len(times), hooks)
		}
	}
	// An error of another kind is final.
	runs := 0
	err := db.Write(t.Context(), func(tx *Tx) error {
		runs++
		var n int64
		return tx.QueryRow(t.Context(), sqlFlaky, []any{"22000"}, &n)
	})
	if err == nil || runs != 1 {
		t.Errorf("a data error: %v after %d runs", err, runs)
	}
	if ids := allIDs(t, db); len(ids) != 2 {
		t.Errorf("rows %v", ids)
	}
}

// Two transactions that lock two rows crosswise both succeed.
func TestRetryDeadlock(t *testing.T) {
	t.Parallel()
	db := open(t, pgtest.URL(t), Options{})
	add(t, db, "a", "b")
	var locked sync.WaitGroup
	locked.Add(2)
	var wg sync.WaitGroup
	for _, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		wg.Go(func() {
			var once sync.Once
			must(t, db.Write(t.Context(), func(tx *Tx) error {
				_, err := tx.Exec(t.Context(), sqlGuarded, order[0], 9)
				once.Do(func() { locked.Done(); locked.Wait() })
				tx.Later(sqlGuarded, 1, order[1], 9)
				return err
			}))
		})
	}
	wg.Wait()
	if a, b := number(t, db, "a"), number(t, db, "b"); a != 2 || b != 2 {
		t.Errorf("a = %d, b = %d, want 2 and 2", a, b)
	}
}

// The server's restart ends all connections. No caller notices, whatever a call's first round trip is.
func TestReconnect(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	db, killer := open(t, url, Options{MaxConns: 4, Logger: discard}), open(t, url, Options{MaxConns: 1})
	add(t, db, "a")
	var n int64
	kill := func() {
		must(t, killer.Read(t.Context(), func(tx *Tx) error { return tx.QueryRow(t.Context(), sqlKill, nil, &n) }))
	}

	for range 5 {
		warm(t, db, 4)
		kill()
		must(t, db.Read(t.Context(), func(tx *Tx) error { return tx.QueryRow(t.Context(), sqlN, []any{"a"}, &n) }))
		warm(t, db, 4)
		kill()
		must(t, db.Write(t.Context(), func(tx *Tx) error { tx.Later(sqlSetN, 1, "a", 1); return nil }))
		warm(t, db, 4)
		kill()
		must(t, db.Ping(t.Context()))
	}

	// In the middle of a function: it runs once more.
	runs := 0
	must(t, db.Write(t.Context(), func(tx *Tx) error {
		runs++
		_, err := tx.Exec(t.Context(), sqlSetN, "a", runs)
		if err == nil && runs == 1 {
			kill()
		}
		return errors.Join(err, tx.QueryRow(t.Context(), sqlN, []any{"a"}, &n))
	}))
	if runs != 2 || number(t, db, "a") != 2 {
		t.Errorf("%d runs, n = %d; want 2 and 2", runs, number(t, db, "a"))
	}
	// But not for ever.
	runs = 0
	err := db.Write(t.Context(), func(tx *Tx) error {
		runs++
		_, _ = tx.Exec(t.Context(), sqlSetN, "a", 9)
		kill()
		return tx.QueryRow(t.Context(), sqlN, []any{"a"}, &n)
	})
	if err == nil || errors.Is(err, ErrCommitUnknown) || runs != 2 || number(t, db, "a") != 2 {
		t.Errorf("killed each time: %v after %d runs, n = %d", err, runs, number(t, db, "a"))
	}
}

// warm makes the pool hold n connections.
func warm(t *testing.T, db *DB, n int) {
	t.Helper()
	var in, wg sync.WaitGroup
	in.Add(n)
	for range n {
		wg.Go(func() {
			must(t, db.Read(t.Context(), func(tx *Tx) error {
				in.Done()
				in.Wait()
				var pid int64
				return tx.QueryRow(t.Context(), sqlPID, nil, &pid)
			}))
		})
	}
	wg.Wait()
}

// A connection that breaks while COMMIT is under way leaves its outcome open, so nothing is run again.
func TestCommitUnknown(t *testing.T) {
	t.Parallel()
	db := open(t, pgtest.URL(t), Options{Logger: discard})
	script(t, db, `CREATE TABLE bombs (id TEXT NOT NULL);
		CREATE FUNCTION explode() RETURNS TRIGGER AS $$ BEGIN
			PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW;
		END $$ LANGUAGE plpgsql;
		CREATE CONSTRAINT TRIGGER explode AFTER INSERT ON bombs DEFERRABLE INITIALLY DEFERRED
			FOR EACH ROW EXECUTE FUNCTION explode()`)
	for name, fn := range map[string]func(tx *Tx) error{
		"one round trip":  func(tx *Tx) error { tx.Later(sqlArm, 1, "a"); return nil },
		"two round trips": func(tx *Tx) error { _, err := tx.Exec(t.Context(), sqlArm, "a"); return err },
	} {
		runs := 0
		err := db.Write(t.Context(), func(tx *Tx) error {
			runs++
			tx.AfterCommit(func() { t.Errorf("%s: a hook ran", name) })
			return fn(tx)
		})
		if !errors.Is(err, ErrCommitUnknown) || runs != 1 {
			t.Errorf("%s: %v after %d runs, want ErrCommitUnknown after 1", name, err, runs)
		}
	}
	var n int64
	must(t, db.Read(t.Context(), func(tx *Tx) error { return tx.QueryRow(t.Context(), sqlBombs, nil, &n) }))
	if n != 0 {
		t.Errorf("%d bombs, want none", n)
	}
}

// What a connection has prepared may stop to hold: a migration changes a result, a proxy forgets.
func TestOutdatedStatements(t *testing.T) {
	t.Parallel()
	db := open(t, pgtest.URL(t), Options{MaxConns: 1, Logger: discard})
	must(t, db.Write(t.Context(), func(tx *Tx) error { tx.Later(sqlHole, 1, "h"); return nil }))
	columns := func() (n int) {
		must(t, db.Read(t.Context(), func(tx *Tx) error {
			return tx.Query(t.Context(), sqlStar, []any{"h"}, func(func(...any) error) error { n++; return nil })
		}))
		return n
	}
	columns()
	script(t, db, "ALTER TABLE holes ADD COLUMN more BIGINT")
	if columns() != 1 {
		t.Error("no row after the table changed")
	}
	must(t, db.Write(t.Context(), func(tx *Tx) error { _, err := tx.Exec(t.Context(), sqlDeallocate); return err }))
	if columns() != 1 {
		t.Error("no row after the statements were forgotten")
	}
}

// A failed statement leaves the ones after it in the same round trip unprepared; the next use prepares them.
func TestPrepareAfterFailure(t *testing.T) {
	t.Parallel()
	db := open(t, pgtest.URL(t), Options{MaxConns: 1})
	for range 3 {
		err := db.Write(t.Context(), func(tx *Tx) error {
			tx.Later(sqlAdd, 1, "a")
			tx.Later(sqlAdd, 1, "a")
			tx.Later(sqlSetN, 1, "a", 1)
			_, err := tx.Exec(t.Context(), sqlDelete, "a")
			return err
		})
		wantErr(t, err, ErrUnique)
		must(t, db.Write(t.Context(), func(tx *Tx) error {
			tx.Later(sqlAdd, 1, "a")
			tx.Later(sqlSetN, 1, "a", 1)
			_, err := tx.Exec(t.Context(), sqlDelete, "a")
			return err
		}))
	}
}

// pgconn may leave a goroutine reading from an idle connection; looking whether it is alive must not wait for that.
func TestAlive(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = l.Close() }()
	client, err := net.Dial("tcp", l.Addr().String())
	must(t, err)
	server, err := l.Accept()
	must(t, err)
	if !alive(client) {
		t.Error("a quiet connection counts as dead")
	}

	var wg sync.WaitGroup
	wg.Go(func() { _, _ = client.Read(make([]byte, 1)) })
	for range 100 {
		if !alive(client) {
			t.Fatal("a connection that is read counts as dead")
		}
		runtime.Gosched() // lets the reader start
	}
	_, err = fmt.Fprint(server, "last words")
	must(t, err)
	wg.Wait()
	if alive(client) {
		t.Error("a connection with last words to read counts as alive")
	}
	_ = server.Close()
	_ = client.Close()
	if alive(client) {
		t.Error("a closed connection counts as alive")
	}
}

// What goes in front does not wait for all who stand in line, and they move, too.
func TestInFront(t *testing.T) {
	t.Parallel()
	const callers, asked = 40, 10
	db := open(t, pgtest.URL(t), Options{MaxConns: 1})
	nap := Dynamic("nap", `SELECT CAST(pg_sleep(0.002) AS TEXT)`)
	read := func(ctx context.Context) error {
		return db.Read(ctx, func(tx *Tx) error {
			var text string
			return tx.QueryRow(ctx, nap, nil, &text)
		})
	}
	var served atomic.Int64
	over := make(chan struct{})
	var line sync.WaitGroup
	for range callers {
		line.Go(func() {
			for {
				if err := read(t.Context()); err != nil {
					t.Error(err)
					return
				}
				served.Add(1)
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	for served.Load() < 2*callers {
		must(t, read(t.Context())) // behind all of them
	}
	before := served.Load()
	for range asked {
		must(t, read(InFront(t.Context())))
	}
	between := served.Load() - before
	close(over)
	line.Wait()
	if least, most := int64(asked*frontEvery/2), int64(asked*(frontEvery+8)); between < least || between > most {
		t.Errorf("%d were served between %d that went in front, want %d to %d", between, asked, least, most)
	}
}

// Transactions that run at once have lanes of their own, and a connection that ends leaves its lane to the next one.
func TestLanes(t *testing.T) {
	t.Parallel()
	db := open(t, pgtest.URL(t), Options{MaxConns: 4})
	together := func(n int) map[int]bool {
		held := map[int]bool{}
		var within func(n int) error
		within = func(n int) error {
			if n == 0 {
				return nil
			}
			return db.Write(t.Context(), func(tx *Tx) error {
				held[tx.Lane()] = true
				return within(n - 1)
			})
		}
		must(t, within(n))
		return held
	}
	first := together(4)
	if len(first) != 4 {
		t.Errorf("four transactions at once have the lanes %v", first)
	}
	db.on.(*postgres).pool.drop()
	if again := together(4); !maps.Equal(again, first) {
		t.Errorf("new connections have the lanes %v, want those of the ones before: %v", again, first)
	}
	if lane := slices.Max(slices.Collect(maps.Keys(first))); lane >= lanes {
		t.Errorf("a lane is %d, want less than %d", lane, lanes)
	}
}
