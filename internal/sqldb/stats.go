package sqldb

import (
	"context"
	"sync/atomic"
	"time"
)

// Cost is what one Write or Read asked of the database, all its runs together.
type Cost struct {
	// RoundTrips counts the times PostgreSQL was waited for, BEGIN, COMMIT and ROLLBACK included; SQLite has none.
	RoundTrips int64
	// Statements counts the statements run, BEGIN, COMMIT and ROLLBACK not included.
	Statements int64
}

// Stats is what a DB has done since it was opened, and what it does now.
type Stats struct {
	// Writes and Reads are those that ended, Failed those of both that failed for a reason of the database's: a statement,
	// a commit, a connection. What functions return on their own account is none of these, nor a caller who left.
	Writes, Reads Histogram // by seconds
	Failed        int64
	Cost          Cost
	// Conns is the size of the pool: all connections of PostgreSQL, the readers of SQLite. Busy are those in use.
	Conns, Busy int
	// Waiting is how many calls wait for a connection, or for SQLite's writer. Waits are those that had to wait for a
	// connection and got one, by seconds.
	Waiting int
	Waits   Histogram
	// Groups are SQLite's commits, by the number of calls that share one.
	Groups Histogram
}

// Histogram counts values up to each of its bounds.
type Histogram struct {
	Bounds []float64
	// Counts are how many values each bound has that the one before has not; the last of them is for no bound.
	Counts []int64
	Sum    float64
}

// counts is a Histogram that many write to at once.
type counts struct {
	bounds []float64
	counts [12]atomic.Int64 // one more than bounds
	sum    atomic.Int64     // in units
	unit   float64
}

// Bounds of the histograms: seconds, and calls.
var (
	secondBounds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .5, 2}
	groupBounds  = []float64{1, 2, 4, 8, 16, 32, 64, 128}
)

func (c *counts) add(units int64) {
	i, value := 0, float64(units)*c.unit
	for i < len(c.bounds) && value > c.bounds[i] {
		i++
	}
	c.counts[i].Add(1)
	c.sum.Add(units)
}

func (c *counts) read() Histogram {
	h := Histogram{Bounds: c.bounds, Counts: make([]int64, len(c.bounds)+1), Sum: float64(c.sum.Load()) * c.unit}
	for i := range h.Counts {
		h.Counts[i] = c.counts[i].Load()
	}
	return h
}

// tally is what a DB counts. Engines get a pointer to it.
type tally struct {
	writes, reads, waits, groups   counts
	failed, roundTrips, statements atomic.Int64
	waiting                        atomic.Int64
}

func newTally() *tally {
	t := new(tally)
	for _, c := range []*counts{&t.writes, &t.reads, &t.waits} {
		c.bounds, c.unit = secondBounds, time.Nanosecond.Seconds()
	}
	t.groups.bounds, t.groups.unit = groupBounds, 1
	return t
}

// ended counts a Write or a Read.
func (t *tally) ended(tx *Tx, took time.Duration, failed bool) {
	if tx.write {
		t.writes.add(int64(took))
	} else {
		t.reads.add(int64(took))
	}
	if failed {
		t.failed.Add(1)
	}
	t.roundTrips.Add(tx.cost.RoundTrips)
	t.statements.Add(tx.cost.Statements)
	if tx.trips != nil {
		tx.trips.RoundTrips.Add(tx.cost.RoundTrips)
		tx.trips.Statements.Add(tx.cost.Statements)
	}
}

// wait counts somebody who waits until the function returned is called, which is told whether it was for something.
func (t *tally) wait() func(got bool) {
	began := time.Now()
	t.waiting.Add(1)
	return func(got bool) {
		t.waiting.Add(-1)
		if got {
			t.waits.add(int64(time.Since(began)))
		}
	}
}

// Stats gives what the database has done and does. Its figures are read one after the other while others change them.
func (db *DB) Stats() Stats {
	t := db.tally
	s := Stats{
		Writes: t.writes.read(), Reads: t.reads.read(), Failed: t.failed.Load(), Waits: t.waits.read(),
		Cost:    Cost{RoundTrips: t.roundTrips.Load(), Statements: t.statements.Load()},
		Waiting: int(t.waiting.Load()), Groups: t.groups.read(),
	}
	queued := 0
	s.Conns, s.Busy, queued = db.on.conns()
	s.Waiting += queued
	return s
}

// Trace is told of a Write or a Read before it begins, and gives a function to be told of its end, nil when nobody
// wants to know. failed is as in Stats.
type Trace func(ctx context.Context, write bool) (end func(c Cost, failed bool))

// watched runs a Write or a Read, and counts it.
func (db *DB) watched(ctx context.Context, tx *Tx, run func() error) error {
	var end func(Cost, bool)
	if db.trace != nil {
		end = db.trace(ctx, tx.write)
	}
	began := time.Now()
	err := run()
	failed := err != nil && !tx.refused && ctx.Err() == nil
	db.tally.ended(tx, time.Since(began), failed)
	if end != nil {
		end(tx.cost, failed)
	}
	return err
}
