package sqldb

import (
	"context"
	"fmt"
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
	jumped *time.Duration // a lead that waits to be measured again
	misses int            // measurements that failed since the last good one
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

// How the database's clock is followed.
const (
	measureEvery = 30 * time.Second
	// measureAgain is the time between two measurements of a clock that jumped.
	measureAgain = time.Second
	// jump is how far the two clocks may move against each other between measurements.
	jump = time.Second
	// maxMisses is how many measurements in a row may fail before the clock counts as unknown.
	maxMisses = 3
)

var sqlDatabaseClock = own("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")

// followClock measures the database's clock, and goes on doing so until the clock is stopped.
func (db *DB) followClock(ctx context.Context) error {
	lead, err := db.measureLead(ctx)
	if err != nil {
		return err
	}
	db.clock.offset.Store(int64(lead))

	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	db.clock.cancel, db.clock.done = cancel, make(chan struct{})
	go func() {
		defer close(db.clock.done)
		timer := time.NewTimer(measureEvery)
		defer timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
				timer.Reset(db.clock.measured(db.measureLead(ctx)))
			}
		}
	}()
	return nil
}

// measureLead returns how far the database's clock is ahead of the local one: the best of three measurements is the one
// with the shortest round trip.
func (db *DB) measureLead(ctx context.Context) (lead time.Duration, err error) {
	// Not db itself: its time would be told, and could not go back, before it is known.
	probe := &DB{engine: db.engine, on: db.on, logger: db.logger, tally: db.tally}
	probe.clock.local = db.clock.local

	best := time.Duration(-1)
	err = probe.Read(ctx, func(tx *Tx) error {
		for range 3 {
			var us int64
			before := db.clock.local()
			if err := tx.QueryRow(ctx, sqlDatabaseClock, nil, &us); err != nil {
				return err
			}
			trip := db.clock.local().Sub(before)
			if best < 0 || trip < best {
				best = trip
				lead = time.UnixMicro(us).Sub(before.Add(trip / 2))
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("measure the database's clock: %w", err)
	}
	return lead, nil
}

// measured takes in a measurement and returns when the next one is due. A jump is believed when it is measured twice.
func (c *clock) measured(lead time.Duration, err error) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()

	if err != nil {
		if c.misses++; c.misses >= maxMisses {
			c.err = err
		}
		return measureEvery
	}
	c.misses = 0
	expected := time.Duration(c.offset.Load())
	if c.jumped != nil {
		expected = *c.jumped
	}
	if moved := lead - expected; moved.Abs() > jump {
		c.jumped = &lead
		c.err = fmt.Errorf("the clock jumped by %s against the database's", moved.Round(time.Millisecond))
		return measureAgain
	}
	c.offset.Store(int64(lead))
	c.jumped, c.err = nil, nil
	return measureEvery
}
