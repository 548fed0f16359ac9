// Package keys keeps the server's key ring: the keys that sign session JWTs, hash one-time codes, make session tokens,
// seal recoverable secrets and vouch for callback URLs.
//
// The ring lives in the database, every secret of it sealed under a master key that does not. A key is published as
// next, becomes current ten minutes later, is retired by its successor and still checks what it made, and refuses
// everything once it is revoked. What is made with a key names the key or its version.
//
// Nothing here belongs inside a transaction: signing costs more than a millisecond, and some calls read the ring again.
package keys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/thimble-auth/thimble/internal/store"
)

const (
	// becomesCurrentAfter lets every node learn a key before the first one uses it, and verifiers that fetch the JWKS
	// every five minutes too.
	becomesCurrentAfter = 10 * time.Minute
	// shownAfterRetirement is how long JWKS shows a retired key.
	shownAfterRetirement = 30 * 24 * time.Hour
	reloadEvery          = 30 * time.Second
	// askAgainAfter bounds what callers with invented key ids can make the database do.
	askAgainAfter = 5 * time.Second
	askTimeout    = 5 * time.Second
)

// What can be wrong with a key that a stored row names. Test with errors.Is.
var (
	// ErrUnknownKey says that this node's ring has no such version.
	ErrUnknownKey = errors.New("key version is not in the ring")
	// ErrRevokedKey says that the key was revoked, so whatever it made is refused.
	ErrRevokedKey = errors.New("key is revoked")
)

// Ring is the key ring as this node knows it. All methods may be called at the same time.
type Ring struct {
	// Log is told when Run could not reload. Set it before Run; nil means slog.Default.
	Log *slog.Logger

	db    *store.DB
	known atomic.Pointer[snapshot]
	fault atomic.Pointer[error] // of the last reload
	wake  chan struct{}
	signatures

	// turn is held, by whoever filled it, to read the ring, to change it, and for the fields below.
	// It is a channel and no mutex so that a caller can leave while waiting.
	turn     chan struct{}
	master   Master
	askedAt  time.Time
	askFault error
}

// Open reads the key ring, or makes the first one. Nodes that start at the same time on an empty database end with the
// same ring. It fails with ErrWrongMaster unless m is what the ring is sealed under.
func Open(ctx context.Context, db *store.DB, m Master) (*Ring, error) {
	r := &Ring{db: db, master: m, wake: make(chan struct{}, 1), turn: make(chan struct{}, 1)}
	if err := r.open(ctx); err != nil {
		return nil, fmt.Errorf("open key ring: %w", err)
	}
	return r, nil
}

func (r *Ring) open(ctx context.Context) error {
	rows, err := r.rows(ctx)
	if err != nil {
		return err
	}
	// Before anything is added: a node with the wrong master key must leave no trace in the ring.
	if _, err := openAll(r.master, rows); err != nil {
		return err
	}
	if err := r.makeMissing(ctx, rows); err != nil {
		return err
	}
	return r.load(ctx)
}

// Reload reads the ring again and makes keys current whose time has come. What could be read is used even when an
// error is returned for the rest.
func (r *Ring) Reload(ctx context.Context) error {
	done, err := r.enter(ctx)
	if err != nil {
		return err
	}
	defer done()

	if err := r.load(ctx); err != nil {
		return fmt.Errorf("reload key ring: %w", err)
	}
	return nil
}

// Run reloads the ring every 30 seconds, and when a row names a key that this node does not know, until ctx ends.
func (r *Ring) Run(ctx context.Context) {
	tick := time.NewTicker(reloadEvery)
	defer tick.Stop()

	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.report(ctx, r.Reload(ctx))
		case <-r.wake:
			_, err := r.ask(ctx, func(*snapshot) *key { return nil })
			r.report(ctx, err)
		}
	}
}

func (r *Ring) report(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	log := r.Log
	if log == nil {
		log = slog.Default()
	}
	log.ErrorContext(ctx, "key ring not reloaded", "cause", err)
}

// Err gives what went wrong with the last reload, nil when nothing did; a readiness check shows it.
func (r *Ring) Err() error {
	if fault := r.fault.Load(); fault != nil {
		return *fault
	}
	return nil
}

// enter waits for the turn to read or change the ring.
func (r *Ring) enter(ctx context.Context) (done func(), err error) {
	select {
	case r.turn <- struct{}{}:
		return func() { <-r.turn }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the key ring: %w", ctx.Err())
	}
}

// load replaces what this node knows by what the database says. The caller has the turn.
func (r *Ring) load(ctx context.Context) error {
	err := r.reread(ctx)
	r.fault.Store(&err)
	return err
}

func (r *Ring) reread(ctx context.Context) error {
	rows, err := r.rows(ctx)
	if err != nil {
		return err
	}
	if due := dueRows(rows, r.db.Now()); len(due) > 0 {
		if err := r.promote(ctx, due); err != nil {
			return err
		}
		if rows, err = r.rows(ctx); err != nil {
			return err
		}
	}

	next, err := newSnapshot(r.known.Load(), r.master, rows)
	if next != nil {
		r.known.Store(next)
	}
	return err
}

// ask looks for a key that this node does not know, reading the ring again at most once in askAgainAfter. Callers that
// come meanwhile wait for that reading and share what it found. The key is nil when the ring does not have it.
func (r *Ring) ask(ctx context.Context, find func(*snapshot) *key) (*key, error) {
	done, err := r.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer done()

	if k := find(r.known.Load()); k != nil {
		return k, nil
	}
	now := r.db.Now()
	if !r.askedAt.IsZero() && now.Sub(r.askedAt) < askAgainAfter {
		return nil, r.askFault
	}

	// A caller who leaves must not spoil the answer for those who wait.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTimeout)
	defer cancel()
	r.askedAt = now
	if r.askFault = r.load(ctx); r.askFault != nil {
		r.askFault = fmt.Errorf("look for a key: %w", r.askFault)
	}
	return find(r.known.Load()), r.askFault
}

// versioned gives the key that a stored row names. Without a context to read the ring in, an unknown version only wakes
// Run; it happens when a key was replaced in an emergency moments ago.
func (r *Ring) versioned(purpose string, version int64) (*key, error) {
	k := r.known.Load().versions[purpose][version]
	if k == nil {
		select {
		case r.wake <- struct{}{}:
		default:
		}
		return nil, fmt.Errorf("%s key %d: %w", purpose, version, ErrUnknownKey)
	}
	if k.state == store.KeyRevoked {
		return nil, fmt.Errorf("%s key %d: %w", purpose, version, ErrRevokedKey)
	}
	return k, nil
}

func (r *Ring) rows(ctx context.Context) ([]store.RingKey, error) {
	var rows []store.RingKey
	err := r.db.Read(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.RingKeys(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read key ring: %w", err)
	}
	return rows, nil
}

// Version is what can be told of a key to anybody.
type Version struct{ Purpose, State string }

// Versions lists the keys that this node knows, in no order.
func (r *Ring) Versions() []Version {
	s := r.known.Load()
	all := make([]Version, 0, len(s.byID))
	for _, k := range s.byID {
		all = append(all, Version{k.purpose, k.state})
	}
	return all
}

// Purposes are what keys are for.
func Purposes() []string { return slices.Clone(purposes) }

// States are the states of keys, in the order in which they pass through them.
func States() []string {
	return []string{store.KeyNext, store.KeyCurrent, store.KeyRetired, store.KeyRevoked}
}
