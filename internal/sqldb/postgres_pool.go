package sqldb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// tripLimit is how long the server may be waited for; it ends statements itself after statementTimeout.
	tripLimit        = 15 * time.Second
	statementTimeout = "10s"
	// idleTimeout ends a session whose node hangs inside a transaction and holds its locks.
	idleTimeout    = "30s"
	connectTimeout = 5 * time.Second
	// maxAge makes connections follow a moved server. Busy ones die of it, idle ones are never used again.
	maxAge = time.Hour
	// frontEvery is how many slots become free for one that is passed on to who goes in front. Each of them would be
	// dear: what delivers writes in groups that grow while it waits.
	frontEvery = 16
	// lanes bounds over how many rows a hot counter is spread, however many nodes and connections there are.
	lanes = 64
)

// pgPool hands out connections, the most recently used first: the others may grow old.
type pgPool struct {
	config  *pgconn.Config
	tally   *tally
	slots   chan struct{} // one for each connection in use
	front   chan struct{} // a slot is passed on here to who goes in front
	closing chan struct{}
	once    sync.Once

	mu    sync.Mutex
	idle  []*pgConn
	freed int // how often a slot became free
	// first is where this node's lanes begin, by chance, and taken tells which of those from there on have a connection.
	first int
	taken []bool
}

func newPool(config *pgconn.Config, size int, t *tally) *pgPool {
	return &pgPool{
		config: config, tally: t, slots: make(chan struct{}, size), front: make(chan struct{}), closing: make(chan struct{}),
		first: rand.IntN(lanes),
	}
}

// get returns a connection that is not known to be dead; put gives it back.
func (p *pgPool) get(ctx context.Context) (*pgConn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-p.closing:
		return nil, ErrClosed
	default:
	}
	if err := p.enter(ctx); err != nil {
		return nil, err
	}
	for c := p.pop(); c != nil; c = p.pop() {
		if time.Since(c.born) < maxAge && alive(c.Conn()) {
			return c, nil
		}
		p.end(c)
	}
	c, err := dial(ctx, p.config)
	if err != nil {
		p.free()
		return nil, fmt.Errorf("connect: %w", err)
	}
	c.lane = p.lane()
	return c, nil
}

// lane takes the first lane that is free.
func (p *pgPool) lane() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.taken, false)
	if i < 0 {
		i = len(p.taken)
		p.taken = append(p.taken, true)
	}
	p.taken[i] = true
	return p.first + i
}

// end closes a connection whose lane another may take.
func (p *pgPool) end(c *pgConn) {
	c.end()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken[c.lane-p.first] = false
}

// enter takes a slot, when there is one.
func (p *pgPool) enter(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	var front chan struct{} // nil: nothing ever comes
	if inFront(ctx) {
		front = p.front
	}
	waited := p.tally.wait()
	select {
	case p.slots <- struct{}{}:
	case <-front:
	case <-ctx.Done():
		waited(false)
		return ctx.Err()
	case <-p.closing:
		waited(false)
		return ErrClosed
	}
	waited(true)
	return nil
}

func (p *pgPool) put(c *pgConn) {
	if c.IsClosed() || c.IsBusy() || c.TxStatus() != 'I' {
		p.end(c)
	} else {
		p.mu.Lock()
		p.idle = append(p.idle, c)
		p.mu.Unlock()
	}
	p.free()
}

// free gives a slot back, or passes it on to who goes in front.
func (p *pgPool) free() {
	p.mu.Lock()
	p.freed++
	pass := p.freed%frontEvery == 0
	p.mu.Unlock()
	if pass {
		select {
		case p.front <- struct{}{}:
			return
		default:
		}
	}
	<-p.slots
}

func (p *pgPool) pop() *pgConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	c := p.idle[n-1]
	p.idle = p.idle[:n-1]
	return c
}

// close waits for the connections in use and closes them all.
func (p *pgPool) close() {
	p.once.Do(func() {
		close(p.closing)
		for range cap(p.slots) {
			p.slots <- struct{}{}
		}
		p.drop()
	})
}

// drop closes all idle connections: where one was lost, the others probably are, so that the next call needs a new one.
func (p *pgPool) drop() {
	for c := p.pop(); c != nil; c = p.pop() {
		p.end(c)
	}
}
