package outbox

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Pool runs the jobs of one kind of work on this node. Make it with New; it is safe for concurrent use.
type Pool[J any] struct {
	work Work[J]
	o    Options
	ctx  context.Context // of running jobs
	stop context.CancelFunc
	// nudged holds one call for a search.
	nudged chan struct{}

	mu       sync.Mutex
	waiting  queue[waiter[J]]
	held     map[string]struct{}    // waiting, running or resting here: not to be taken a second time
	busy     map[string]struct{}    // of these, running
	behind   map[string]J           // handed over while they ran: to run once more
	resting  map[string]*resting[J] // to come again after a pause
	running  int
	draining bool
	idle     chan struct{} // closed when nothing runs any more while draining
	service  time.Duration // how long a job takes, a moving average
	finished time.Time     // when the last one ended
}

type waiter[J any] struct {
	job   J
	since time.Time
}

type resting[J any] struct {
	job   J
	timer *time.Timer
}

// New makes a pool. Jobs run from the first Hand on; Run adds those of the database.
func New[J any](work Work[J], o Options) *Pool[J] {
	o.fill()
	p := &Pool[J]{
		work: work, o: o, idle: make(chan struct{}), nudged: make(chan struct{}, 1),
		held: map[string]struct{}{}, resting: map[string]*resting[J]{},
		busy: map[string]struct{}{}, behind: map[string]J{},
	}
	p.ctx, p.stop = context.WithCancel(context.Background())
	return p
}

// Hand gives a job that is leased to this node to its workers. It never blocks. A job that the pool holds already is
// not taken twice, unless it runs: what happened meanwhile may be news to it, so the new one runs behind it. One that finds no room, or a pool that drains, waits in the database until its lease is over.
func (p *Pool[J]) Hand(job J) {
	key := p.work.Key(job)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.draining || p.waiting.len() >= p.o.Capacity {
		return
	}
	if _, runs := p.busy[key]; runs {
		p.behind[key] = job
		return
	}
	if _, ok := p.held[key]; ok {
		return
	}
	p.held[key] = struct{}{}
	p.enqueue(job)
}

// enqueue puts a held job into the queue and starts a worker for it while there may be more. The caller holds the lock.
func (p *Pool[J]) enqueue(job J) {
	now := p.o.Now()
	p.waiting.push(waiter[J]{job, now})
	if p.running < p.o.Workers {
		if p.running++; p.running == p.o.Workers {
			p.finished = now // from now on waiting means waiting for an end
		}
		go p.worker()
	}
}

func (p *Pool[J]) take() (J, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	next, ok := p.waiting.pop()
	if ok {
		p.busy[p.work.Key(next.job)] = struct{}{}
		return next.job, true
	}
	if p.running--; p.running == 0 && p.draining {
		close(p.idle)
	}
	return next.job, false
}

func (p *Pool[J]) finish(job J, again time.Duration, started time.Time) {
	now := p.o.Now()
	key := p.work.Key(job)

	p.mu.Lock()
	defer p.mu.Unlock()
	p.finished = now
	// A sixteenth of each: a slow spell shows within a few dozen jobs, one slow job hardly.
	p.service += (now.Sub(started) - p.service) / 16

	delete(p.busy, key)
	next, more := p.behind[key]
	delete(p.behind, key)
	if again <= 0 {
		switch {
		case !more:
			delete(p.held, key)
		case p.draining:
			p.resting[key] = &resting[J]{job: next} // to be given back
		default:
			p.enqueue(next)
		}
		return
	}
	r := &resting[J]{job: job}
	p.resting[key] = r
	if !p.draining {
		r.timer = time.AfterFunc(again, func() { p.wake(key, r) })
	}
}

// wake brings a job back after its pause.
func (p *Pool[J]) wake(key string, r *resting[J]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.draining || p.resting[key] != r {
		return
	}
	delete(p.resting, key)
	p.enqueue(r.job)
}

func (p *Pool[J]) room() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.draining {
		return 0
	}
	return max(0, p.o.Capacity-p.waiting.len())
}

// Busy estimates how long a job handed over now would wait for a worker, and tells whether that is too long to take on
// more.
func (p *Pool[J]) Busy() (wait time.Duration, full bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	waiting := p.waiting.len()
	if waiting == 0 {
		return 0, false
	}
	service := p.service
	// When all workers hang, the average says nothing yet: the time since the last end does.
	if hanging := p.o.Now().Sub(p.finished); p.running == p.o.Workers && hanging > service {
		service = hanging
	}
	wait = service * time.Duration(waiting) / time.Duration(p.o.Workers)
	return wait, wait > p.o.MaxWait || waiting >= p.o.Capacity
}

// State is what a pool has in memory at one moment.
type State struct {
	// Waiting are for a worker, Running have one, Resting come again after a pause.
	Waiting, Running, Resting int
	// Capacity is how many may wait, Workers how many may run.
	Capacity, Workers int
	// Oldest is how long the first in line has been waiting, 0 when nothing waits.
	Oldest time.Duration
}

// State tells what the pool has in memory.
func (p *Pool[J]) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := State{
		Waiting: p.waiting.len(), Running: p.running, Resting: len(p.resting), Capacity: p.o.Capacity, Workers: p.o.Workers,
	}
	if first, ok := p.waiting.peek(); ok {
		s.Oldest = p.o.Now().Sub(first.since)
	}
	return s
}

// Held tells how many jobs the pool has in memory: waiting, running or pausing.
func (p *Pool[J]) Held() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.held)
}

// Drain stops the pool: nothing new is begun, what runs may end, the leases of the rest are given back. When ctx ends
// first, running jobs are interrupted. Call it once, after the last Hand: later ones are left to the database.
func (p *Pool[J]) Drain(ctx context.Context) error {
	rest := p.close()
	err := p.work.Release(ctx, rest)

	select {
	case <-p.idle:
	case <-ctx.Done():
		p.stop()
		<-p.idle
	}
	p.stop()

	// Jobs that ended with the wish to come again.
	again := p.takeResting()
	if len(again) > 0 && err == nil {
		err = p.work.Release(context.WithoutCancel(ctx), again)
	}
	if err != nil {
		return fmt.Errorf("give leases back: %w", err)
	}
	return nil
}

// close takes the jobs that nobody works on out of the pool.
func (p *Pool[J]) close() []J {
	rest := p.takeResting()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draining = true
	for next, ok := p.waiting.pop(); ok; next, ok = p.waiting.pop() {
		rest = append(rest, next.job)
	}
	if p.running == 0 {
		close(p.idle)
	}
	return rest
}

func (p *Pool[J]) takeResting() []J {
	p.mu.Lock()
	defer p.mu.Unlock()
	var jobs []J
	for key, r := range p.resting {
		if r.timer != nil {
			r.timer.Stop()
		}
		delete(p.resting, key)
		jobs = append(jobs, r.job)
	}
	return jobs
}
