package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// calls is one kind of request. Its methods are called by many goroutines at once.
type calls interface {
	// next writes the next request into the empty buffer and names it; ok is false when there is none left.
	next(buf []byte) (request []byte, id int, ok bool)
	// answered is told about every answer.
	answered(id, status int, at time.Time)
}

// load is how calls are made.
type load struct {
	address string
	conns   int
	length  time.Duration
	// rate is how many calls begin per second, whatever becomes of those before (open loop). 0 begins the next call of a
	// connection when the one before is answered (closed loop).
	rate int
	// most ends the load early, after that many calls; 0 for no bound.
	most int
}

// outcome is what a load measured.
type outcome struct {
	ended     time.Time
	took      time.Duration // until the last answer
	latencies []time.Duration
	statuses  map[int]int
	refusal   string // the body of one answer that was not 200
	body      []byte // of one answer that was
}

// run makes the calls and measures each from the moment it was meant to begin: with a rate, a call that waits for a free
// connection because others are slow is itself slow. Otherwise a server that stops for a second would seem to have one
// slow call and not all those that would have come meanwhile.
func (l load) run(ctx context.Context, c calls) (*outcome, error) {
	conns, err := dialAll(l.address, l.conns)
	if err != nil {
		return nil, err
	}
	defer closeAll(conns)

	began := time.Now()
	s := &schedule{began: began, until: began.Add(l.length), most: int64(l.most)}
	if l.rate > 0 {
		s.every = time.Second / time.Duration(l.rate)
	}
	all := make([]*runner, l.conns)
	var group sync.WaitGroup
	for i, conn := range conns {
		all[i] = &runner{client: conn, schedule: s, calls: c, statuses: map[int]int{}}
		group.Go(func() { all[i].run(ctx) })
	}
	group.Wait()
	return gather(all, began)
}

// schedule says when calls begin. It is shared by all connections of a load.
type schedule struct {
	began, until time.Time
	every        time.Duration
	most         int64
	taken        atomic.Int64
}

// take waits for the next call's time and gives it, or false when there is no more.
func (s *schedule) take(ctx context.Context, timer *time.Timer) (time.Time, bool) {
	n := s.taken.Add(1) - 1
	if s.most > 0 && n >= s.most || ctx.Err() != nil {
		return time.Time{}, false
	}
	now := time.Now()
	if s.every == 0 {
		return now, now.Before(s.until)
	}
	due := s.began.Add(time.Duration(n) * s.every)
	if !due.Before(s.until) {
		return due, false
	}
	if wait := due.Sub(now); wait > 0 {
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			return due, false
		}
	}
	return due, true
}

// runner is the goroutine of one connection.
type runner struct {
	client    *client
	schedule  *schedule
	calls     calls
	latencies []time.Duration
	statuses  map[int]int
	refusal   string
	ended     time.Time
	err       error
}

func (r *runner) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	buf := make([]byte, 0, 2<<10)
	for {
		due, ok := r.schedule.take(ctx, timer)
		if !ok {
			return
		}
		request, id, ok := r.calls.next(buf[:0])
		if !ok {
			return
		}
		status, err := r.client.do(request)
		if err != nil {
			r.err = fmt.Errorf("a call was not answered: %w", err)
			return
		}
		r.ended = time.Now()
		r.latencies = append(r.latencies, r.ended.Sub(due))
		r.note(status)
		r.calls.answered(id, status, r.ended)
	}
}

func (r *runner) note(status int) {
	r.statuses[status]++
	if status != 200 && r.refusal == "" {
		r.refusal = string(r.client.body)
	}
}

func gather(all []*runner, began time.Time) (*outcome, error) {
	o := &outcome{statuses: map[int]int{}, ended: began}
	for _, r := range all {
		if r.err != nil {
			return nil, r.err
		}
		o.latencies = append(o.latencies, r.latencies...)
		for status, n := range r.statuses {
			o.statuses[status] += n
		}
		if r.refusal != "" {
			o.refusal = r.refusal
		}
		if r.ended.After(o.ended) {
			o.ended = r.ended
		}
		if r.statuses[200] > 0 {
			o.body = slices.Clone(r.client.body)
		}
	}
	o.took = o.ended.Sub(began)
	slices.Sort(o.latencies)
	return o, nil
}

func (o *outcome) calls() int { return len(o.latencies) }

func (o *outcome) perSecond() float64 {
	if o.took <= 0 {
		return 0
	}
	return float64(o.statuses[200]) / o.took.Seconds()
}

// percentile gives the latency that p of 100 calls did not exceed, in milliseconds.
func (o *outcome) percentile(p float64) float64 {
	if len(o.latencies) == 0 {
		return 0
	}
	i := min(len(o.latencies)-1, int(float64(len(o.latencies))*p/100))
	return milliseconds(o.latencies[i])
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
