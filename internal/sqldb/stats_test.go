package sqldb

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func total(h Histogram) (n int64) {
	for _, c := range h.Counts {
		n += c
	}
	return n
}

// What is counted of the whole database is what its calls were told of themselves.
func TestStats(t *testing.T) {
	both(t, Options{}, func(t *testing.T, db *DB) {
		before := db.Stats()
		ctx, trips := WithTrips(t.Context())
		must(t, db.Write(ctx, func(tx *Tx) error {
			tx.Later(sqlAdd, 1, "a")
			tx.Later(sqlAdd, 1, "b")
			return nil
		}))
		failure := errors.New("no")
		wantErr(t, db.Write(ctx, func(*Tx) error { return failure }), failure) // nothing of the database's
		wantErr(t, db.Write(ctx, func(tx *Tx) error { _, err := tx.Exec(ctx, sqlAdd, "a"); return err }), ErrUnique)
		must(t, db.Read(ctx, func(tx *Tx) error {
			var n int64
			return tx.QueryRow(ctx, sqlN, []any{"a"}, &n)
		}))

		after := db.Stats()
		got := []int64{
			total(after.Writes) - total(before.Writes), total(after.Reads) - total(before.Reads), after.Failed - before.Failed,
			after.Cost.Statements - before.Cost.Statements, after.Cost.RoundTrips - before.Cost.RoundTrips,
		}
		want := []int64{3, 1, 1, 4, 0}
		if db.Engine() == Postgres {
			want[4] = 4 // one each, and the ROLLBACK; a transaction without a statement makes none
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("writes, reads, failed, statements, round trips (-want +got):\n%s", diff)
		}
		if got[3] != trips.Statements.Load() || got[4] != trips.RoundTrips.Load() {
			t.Errorf("the calls were told of %d statements and %d trips", trips.Statements.Load(), trips.RoundTrips.Load())
		}
		if after.Writes.Sum <= before.Writes.Sum || after.Busy != 0 || after.Waiting != 0 {
			t.Errorf("time %v to %v, %d busy, %d waiting", before.Writes.Sum, after.Writes.Sum, after.Busy, after.Waiting)
		}
	})
}

// Who waits for a connection is seen while it waits, and counted once it has got one.
func TestStatsOfWaiting(t *testing.T) {
	both(t, Options{MaxConns: 1}, func(t *testing.T, db *DB) {
		add(t, db, "a")
		before := db.Stats()
		inside, leave := make(chan struct{}), make(chan struct{})
		var all sync.WaitGroup
		read := func(f func()) {
			all.Go(func() {
				err := db.Read(t.Context(), func(*Tx) error { f(); return nil })
				if err != nil {
					t.Error(err)
				}
			})
		}
		read(func() { close(inside); <-leave })
		<-inside
		read(func() {})
		for db.Stats().Waiting == 0 {
			runtime.Gosched() // it is seen sooner or later, or the test runs out of its time
		}
		if s := db.Stats(); s.Conns != 1 || s.Busy != 1 || total(s.Waits) != total(before.Waits) {
			t.Errorf("%d of %d busy, %d have waited", s.Busy, s.Conns, total(s.Waits))
		}
		close(leave)
		all.Wait()
		if s := db.Stats(); s.Busy != 0 || s.Waiting != 0 || total(s.Waits) != total(before.Waits)+1 {
			t.Errorf("afterwards %d busy, %d waiting, %d have waited", s.Busy, s.Waiting, total(s.Waits))
		}
	})
}

// Calls that wait for the writer together are one group.
func TestStatsOfGroups(t *testing.T) {
	t.Parallel()
	db := open(t, sqliteURL(t), Options{})
	before := db.Stats()
	inside, leave := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			err := db.Write(t.Context(), func(*Tx) error {
				if i == 0 {
					close(inside)
					<-leave
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		if i == 0 {
			<-inside
		}
	}
	for db.Stats().Waiting < 19 {
		runtime.Gosched() // as above
	}
	close(leave)
	all.Wait()
	after := db.Stats()
	for i := range after.Groups.Counts {
		after.Groups.Counts[i] -= before.Groups.Counts[i]
	}
	if want := []int64{0, 0, 0, 0, 0, 1, 0, 0, 0}; !slices.Equal(after.Groups.Counts, want) {
		t.Errorf("groups are %v up to %v, want one of 20", after.Groups.Counts, after.Groups.Bounds)
	}
}

func TestTrace(t *testing.T) {
	type told struct {
		Write  bool
		Cost   Cost
		Failed bool
	}
	type wants struct{}
	var lock sync.Mutex
	byDB := map[any][]told{}
	o := Options{Trace: func(ctx context.Context, write bool) func(Cost, bool) {
		who := ctx.Value(wants{})
		if who == nil {
			return nil
		}
		return func(c Cost, failed bool) {
			lock.Lock()
			defer lock.Unlock()
			byDB[who] = append(byDB[who], told{write, c, failed})
		}
	}}
	both(t, o, func(t *testing.T, db *DB) {
		ctx := context.WithValue(t.Context(), wants{}, db)
		must(t, db.Write(ctx, func(tx *Tx) error { tx.Later(sqlAdd, 1, "a"); return nil }))
		wantErr(t, db.Read(ctx, func(tx *Tx) error { return tx.QueryRow(ctx, sqlN, []any{"b"}, new(int64)) }), ErrNoRows)
		must(t, db.Read(t.Context(), func(*Tx) error { return nil }))
		wantErr(t, db.Write(ctx, func(tx *Tx) error { _, err := tx.Exec(ctx, sqlAdd, "a"); return err }), ErrUnique)
		trip := int64(0)
		if db.Engine() == Postgres {
			trip = 1
		}
		want := []told{{true, Cost{trip, 1}, false}, {false, Cost{trip, 1}, false}, {true, Cost{2 * trip, 1}, true}}
		lock.Lock()
		defer lock.Unlock()
		if diff := cmp.Diff(want, byDB[db]); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}
