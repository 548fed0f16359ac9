package sqldb

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// clock is the time of one DB: the local clock plus an offset, never going back.
type clock struct {
	local  func() time.Time
	offset atomic.Int64 // nanoseconds: the database's lead over the local clock
	ahead  atomic.Int64 // nanoseconds: what AdvanceClock added
	newest atomic.Int64 // microseconds: the newest time given out, or the floor set by NotBefore

	mu     sync.Mutex
	err    error
	cancel context.CancelFunc
	done   chan struct{}
}

// Now returns the time in UTC and whole microseconds. It never goes back within a process.
func (db *DB) Now() time.Time {
	return time.UnixMicro(db.clock.now()).UTC()
}

// AdvanceClock moves the clock forward by d; a negative d does nothing.
func (db *DB) AdvanceClock(d time.Duration) {
	if d > 0 {
		db.clock.ahead.Add(int64(d))
	}
}

// NotBefore keeps the clock from giving a time before t: a starting node passes the newest time it finds stored.
func (db *DB) NotBefore(t time.Time) {
	db.clock.atLeast(t.UnixMicro())
}

// ClockErr returns why the clock should not be trusted, nil if it can be.
func (db *DB) ClockErr() error {
	db.clock.mu.Lock()
	defer db.clock.mu.Unlock()
	return db.clock.err
}

func (c *clock) now() int64 {
	t := c.local().Add(time.Duration(c.offset.Load() + c.ahead.Load()))
	return c.atLeast(t.UnixMicro())
}

// atLeast raises the newest time to us, in microseconds, and returns the newest time.
func (c *clock) atLeast(us int64) int64 {
	for {
		newest := c.newest.Load()
		if us <= newest {
			return newest
		}
		if c.newest.CompareAndSwap(newest, us) {
			return us
		}
	}
}

func (c *clock) stop() {
	if c.cancel != nil {
		c.cancel()
		<-c.done
	}
}

func (db *DB) followClock(ctx context.Context) error {
	return errors.New("TODO")
}
