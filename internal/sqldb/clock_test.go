package sqldb

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
)

func TestClock(t *testing.T) {
	t.Parallel()
	local := time.Date(2030, 1, 2, 3, 4, 5, 6789, time.FixedZone("east", 3600))
	db := &DB{}
	db.clock.local = func() time.Time { return local }

	first := db.Now()
	if want := time.Date(2030, 1, 2, 2, 4, 5, 6000, time.UTC); !first.Equal(want) || first.Location() != time.UTC {
		t.Errorf("Now is %s, want %s in UTC", first, want)
	}
	local = local.Add(-time.Hour)
	if got := db.Now(); !got.Equal(first) {
		t.Errorf("the clock went from %s to %s", first, got)
	}
	local = local.Add(2 * time.Hour)
	if got, want := db.Now(), first.Add(time.Hour); !got.Equal(want) {
		t.Errorf("Now is %s, want %s", got, want)
	}

	db.AdvanceClock(24 * time.Hour)
	db.AdvanceClock(-time.Hour) // nothing
	if got, want := db.Now(), first.Add(25*time.Hour); !got.Equal(want) {
		t.Errorf("advanced, Now is %s, want %s", got, want)
	}
	floor := first.Add(30 * time.Hour)
	db.NotBefore(floor)
	db.NotBefore(first)
	if got := db.Now(); !got.Equal(floor) {
		t.Errorf("Now is %s, want the floor %s", got, floor)
	}
	if err := db.ClockErr(); err != nil {
		t.Error(err)
	}
}

func TestClockMany(t *testing.T) {
	t.Parallel()
	var ticks atomic.Int64
	db := &DB{}
	db.clock.local = func() time.Time { return time.UnixMicro(ticks.Add(1) % 97) } // goes back all the time
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			last := db.Now()
			for range 1000 {
				now := db.Now()
				if now.Before(last) {
					t.Errorf("from %s to %s", last, now)
					return
				}
				last = now
			}
		})
	}
	wg.Wait()
}

func TestClockJumps(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var c clock
	steps := []struct {
		lead   time.Duration
		err    error
		next   time.Duration
		red    bool
		offset time.Duration
	}{
		{lead: 100 * time.Millisecond, next: measureEvery, offset: 100 * time.Millisecond},
		{lead: 900 * time.Millisecond, next: measureEvery, offset: 900 * time.Millisecond}, // drift is followed
		{lead: 5 * time.Second, next: measureAgain, red: true, offset: 900 * time.Millisecond},
		{lead: 9 * time.Second, next: measureAgain, red: true, offset: 900 * time.Millisecond}, // still jumping
		{lead: 9100 * time.Millisecond, next: measureEvery, offset: 9100 * time.Millisecond},   // stable
		{lead: -9 * time.Second, next: measureAgain, red: true, offset: 9100 * time.Millisecond},
		{err: broken, next: measureEvery, red: true, offset: 9100 * time.Millisecond},
		{lead: -9 * time.Second, next: measureEvery, offset: -9 * time.Second},
		{err: broken, next: measureEvery, offset: -9 * time.Second},
		{err: broken, next: measureEvery, offset: -9 * time.Second},
		{err: broken, next: measureEvery, red: true, offset: -9 * time.Second}, // unknown by now
		{lead: -9 * time.Second, next: measureEvery, offset: -9 * time.Second},
	}
	for i, s := range steps {
		next := c.measured(s.lead, s.err)
		if next != s.next || (c.err != nil) != s.red || time.Duration(c.offset.Load()) != s.offset {
			t.Errorf("step %d: next %s, error %v, offset %s; want %s, red %v, %s",
				i, next, c.err, time.Duration(c.offset.Load()), s.next, s.red, s.offset)
		}
	}
}

// A node whose clock is wrong by half a minute tells the database's time.
func TestFollowDatabaseClock(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-30 * time.Second, 30 * time.Second} {
		db := open(t, pgtest.URL(t), Options{
			FollowDatabaseClock: true,
			Clock:               func() time.Time { return time.Now().Add(skew) },
		})
		if off := time.Since(db.Now()).Abs(); off > 5*time.Second {
			t.Errorf("skewed by %s, Now is %s away from the database's clock", skew, off)
		}
	}
}

func TestTxNow(t *testing.T) {
	both(t, Options{}, func(t *testing.T, db *DB) {
		before := db.Now()
		must(t, db.Write(t.Context(), func(tx *Tx) error {
			now := tx.Now()
			db.AdvanceClock(time.Hour)
			if !tx.Now().Equal(now) || now.Before(before) || now.After(before.Add(time.Hour)) {
				t.Errorf("the transaction's time went from %s to %s", now, tx.Now())
			}
			return nil
		}))
		must(t, db.Read(t.Context(), func(tx *Tx) error {
			if tx.Now().Before(before.Add(time.Hour)) {
				t.Errorf("the next transaction's time is %s", tx.Now())
			}
			return nil
		}))
	})
}

// Both engines work in a bubble, where time stands still until everybody waits.
func TestBubble(t *testing.T) {
	t.Parallel()
	for _, url := range []string{sqliteURL(t), pgtest.URL(t)} {
		synctest.Test(t, func(t *testing.T) {
			db := open(t, url, Options{})
			begin := db.Now()
			for range 3 {
				var wg sync.WaitGroup
				add(t, db, db.Now().String())
				for range 32 {
					wg.Go(func() {
						must(t, db.Write(t.Context(), func(tx *Tx) error {
							_, err := tx.Exec(t.Context(), sqlGuarded, begin.String(), 1000)
							return err
						}))
					})
				}
				wg.Wait()
				time.Sleep(121 * time.Second)
			}
			if got := db.Now().Sub(begin); got != 363*time.Second {
				t.Errorf("%s: %s have passed, want 363 s: a database took time", db.Engine(), got)
			}
			if n := number(t, db, begin.String()); n != 96 {
				t.Errorf("%s: n is %d, want 96", db.Engine(), n)
			}
		})
	}
}
