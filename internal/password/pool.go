package password

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
)

// Pool runs slow hashes: few at once, so that a storm of logins leaves processors and memory to everybody else, and with
// few waiting, so that who would have to wait long is told so instead. The zero value works.
type Pool struct {
	// Workers is how many hashes run at once. 0 is half of the processors, at least one.
	Workers int
	// Waiting is how many may wait for each worker. 0 is DefaultWaiting.
	Waiting int

	mu     sync.Mutex
	slots  chan struct{}
	inside int
	turns  map[string]*turn
}

// DefaultWaiting lets somebody wait about two seconds: a hash takes 20 to 40 ms of a processor.
const DefaultWaiting = 64

// comeBack is what callers are told to wait when too many wait already.
const comeBack = 2 * time.Second

// turn lets those with the same owner go one after the other.
type turn struct {
	busy    chan struct{}
	holders int
}

// place is that of one caller in the pool.
type place struct {
	pool  *Pool
	owner string
	turn  *turn
}

// enter takes a place, and waits until nobody else of the same owner has one: attempts that are counted before they are
// looked at would otherwise lock out a member who logs in on many devices at once, and a storm on one account would take
// all places to work. It fails with errs.TooManyRequests when too many wait, and with the context's error for callers who
// left.
func (p *Pool) enter(ctx context.Context, owner string) (*place, error) {
	l := &place{pool: p, owner: owner}
	if err := l.queue(); err != nil {
		return nil, err
	}
	if l.turn == nil {
		return l, nil
	}
	select {
	case l.turn.busy <- struct{}{}:
		return l, nil
	case <-ctx.Done():
		l.forget()
		return nil, ctx.Err()
	}
}

func (l *place) queue() error {
	p := l.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slots == nil {
		if p.Workers == 0 {
			p.Workers = max(1, runtime.GOMAXPROCS(0)/2)
		}
		if p.Waiting == 0 {
			p.Waiting = DefaultWaiting
		}
		p.slots, p.turns = make(chan struct{}, p.Workers), map[string]*turn{}
	}
	if p.inside >= p.Workers*(p.Waiting+1) {
		return errs.TooManyRequests.After(comeBack)
	}
	p.inside++
	if l.owner == "" {
		return nil
	}
	l.turn = p.turns[l.owner]
	if l.turn == nil {
		l.turn = &turn{busy: make(chan struct{}, 1)}
		p.turns[l.owner] = l.turn
	}
	l.turn.holders++
	return nil
}

// leave gives the place back.
func (l *place) leave() {
	if l.turn != nil {
		<-l.turn.busy
	}
	l.forget()
}

func (l *place) forget() {
	p := l.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inside--
	if l.turn == nil {
		return
	}
	if l.turn.holders--; l.turn.holders == 0 {
		delete(p.turns, l.owner)
	}
}

// run does a hash when a worker is free.
func (l *place) run(ctx context.Context, hash func()) error {
	select {
	case l.pool.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-l.pool.slots }()
	if err := ctx.Err(); err != nil {
		return err
	}
	hash()
	return nil
}

// Do runs a hash that is nobody's guess.
func (p *Pool) Do(ctx context.Context, hash func()) error {
	l, err := p.enter(ctx, "")
	if err != nil {
		return err
	}
	defer l.leave()
	return l.run(ctx, hash)
}
