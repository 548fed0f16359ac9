// Package outbox runs work that has to survive the process: rows that are written, already leased to this node, in the
// transaction that causes them. It holds leased jobs in memory, runs many at once, comes back to those that have to
// wait, picks up rows whose lease is over, and gives its leases back when the node stops. It knows no kinds of work.
//
// What keeps work from being lost is the row, never the memory here: a job that is dropped is picked up again once its
// lease is over.
package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// Work is one kind of durable work, such as messages.
type Work[J any] interface {
	// Key names the job's row.
	Key(job J) string
	// Do works on a job. It returns 0 when there is nothing left to do here: done, given up, or the lease given back. Else
	// the job, still leased to this node, comes again after that pause. ctx ends when the node cannot wait any longer.
	Do(ctx context.Context, job J) (again time.Duration)
	// Claim leases up to limit rows to this node whose lease is over.
	Claim(ctx context.Context, limit int) ([]J, error)
	// Release gives back the leases of jobs that nobody works on.
	Release(ctx context.Context, jobs []J) error
}

// Options are the settings of a Pool. Now is needed, the rest has defaults.
type Options struct {
	// Now is the node's clock, which never goes back.
	Now func() time.Time
	// Workers is how many jobs run at once. 0 is DefaultWorkers.
	Workers int
	// Capacity is how many jobs wait in memory; those beyond it wait in the database. 0 is DefaultCapacity.
	Capacity int
	// MaxWait is the estimated wait from which Busy reports that the queue is full. 0 is DefaultMaxWait.
	MaxWait time.Duration
	// Sweep is the pause between two searches for rows whose lease is over. 0 is DefaultSweep.
	Sweep time.Duration
	// Logger gets what goes wrong. nil is slog.Default.
	Logger *slog.Logger
}

// The defaults of Options.
const (
	DefaultWorkers  = 512
	DefaultCapacity = 16384
	DefaultMaxWait  = 20 * time.Second
	DefaultSweep    = 2 * time.Second
)

// claimLimit bounds one claim, so that a node that starts beside others leaves something for them.
const claimLimit = 500

func (o *Options) fill() {
	if o.Workers <= 0 {
		o.Workers = DefaultWorkers
	}
	if o.Capacity <= 0 {
		o.Capacity = DefaultCapacity
	}
	if o.MaxWait <= 0 {
		o.MaxWait = DefaultMaxWait
	}
	if o.Sweep <= 0 {
		o.Sweep = DefaultSweep
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
}

// Nudge has Run search now: somebody knows that there is something to find.
func (p *Pool[J]) Nudge() {
	select {
	case p.nudged <- struct{}{}:
	default:
	}
}

// Run searches for rows whose lease is over, at once and then at every pause and nudge, until ctx ends.
func (p *Pool[J]) Run(ctx context.Context) {
	ticker := time.NewTicker(p.o.Sweep)
	defer ticker.Stop()
	for {
		if err := p.sweep(ctx); err != nil && ctx.Err() == nil {
			p.o.Logger.Error("search for work whose lease is over", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-p.nudged:
		}
	}
}

// sweep claims while there is something to claim and room for it.
func (p *Pool[J]) sweep(ctx context.Context) error {
	for {
		room := min(claimLimit, p.room())
		if room == 0 {
			return nil
		}
		jobs, err := p.work.Claim(ctx, room)
		if err != nil {
			return err
		}
		for _, job := range jobs {
			p.Hand(job)
		}
		if len(jobs) < room {
			return nil
		}
	}
}

// worker runs jobs until there is none. Workers come with the work and go with it: a goroutine is cheaper than one that
// waits.
func (p *Pool[J]) worker() {
	for {
		job, ok := p.take()
		if !ok {
			return
		}
		started := p.o.Now()
		again := p.do(job)
		p.finish(job, again, started)
	}
}

// do keeps a panic to the one job. Its lease runs out and it is tried again, until its deadline.
func (p *Pool[J]) do(job J) (again time.Duration) {
	defer func() {
		if r := recover(); r != nil {
			p.o.Logger.Error("panic in background work", "key", p.work.Key(job), "panic", fmt.Sprint(r),
				"stack", string(debug.Stack()))
			again = 0
		}
	}()
	return p.work.Do(p.ctx, job)
}
