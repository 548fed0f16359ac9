package simulate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/price"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

const (
	databaseFile = "simulation.db"
	// batchSize is how many events share a transaction: a commit each would cost more than the decisions. So would
	// thousands, since every step walks the list of pages that the transaction has changed.
	batchSize = 128
	// tries is how often a request runs again that found something changed under it.
	tries = 5
)

// world is what a policy works on: a database of its own, a clock that follows the traffic, and a project.
type world struct {
	db      *store.DB
	folder  string
	guard   *guard.Service
	clock   time.Time
	project *store.Project
	reaped  time.Time
}

// open makes a world for a project, with a clock that begins at a moment.
func open(ctx context.Context, p *store.Project, prices *price.Table, at time.Time) (*world, error) {
	folder, err := os.MkdirTemp("", "thimble-simulate-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the simulation: %w", err)
	}
	w := &world{folder: folder, clock: at, project: p, guard: &guard.Service{Prices: prices}}
	// The clock is read by the one writer, between two steps that this package runs.
	w.db, err = store.Open(ctx, "sqlite:"+filepath.Join(folder, databaseFile), sqldb.Options{
		MaxConns: 1, Throwaway: true, Clock: func() time.Time { return w.clock },
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	err = w.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.InsertProject(ctx, p)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *world) close() error { return errors.Join(w.db.Close(), os.RemoveAll(w.folder)) }

// batch runs f in one transaction. What f did cannot be taken back, so that it runs once or the simulation ends.
func (w *world) batch(ctx context.Context, f func(tx *store.Tx) error) error {
	runs := 0
	return w.db.Write(ctx, func(tx *store.Tx) error {
		if runs++; runs > 1 {
			return errors.New("the database of the simulation broke: is there room in the folder for temporary files?")
		}
		return f(tx)
	})
}

// at runs f at a moment, as if it were a transaction of its own.
func (w *world) at(tx *store.Tx, at time.Time, f func() error) error {
	w.clock = at
	var err error
	for range tries {
		if err = tx.Step(f); !errors.Is(err, store.ErrChanged) {
			break
		}
	}
	return err
}

// decide asks the policy about a send, and counts it if it may go out.
func (w *world) decide(ctx context.Context, tx *store.Tx, at time.Time, s guard.Send) (*guard.Decision, error) {
	var d *guard.Decision
	err := w.at(tx, at, func() (err error) {
		if d, err = w.guard.Check(ctx, tx, s); err != nil || d.Refusal != nil {
			return err
		}
		return d.Count(ctx, tx)
	})
	return d, err
}

// redeem tells the policy that the code of a send was used.
func (w *world) redeem(_ context.Context, tx *store.Tx, at time.Time, s guard.Send) error {
	return w.at(tx, at, func() error {
		w.guard.Redeemed(tx, s)
		return nil
	})
}

// reap forgets counters that are over, as a server does, once an hour: a table that only grows makes everything slower.
func (w *world) reap(ctx context.Context, tx *store.Tx) error {
	const every, rows = time.Hour, 1000
	if w.clock.Sub(w.reaped) < every {
		return nil
	}
	w.reaped = w.clock
	for n := int64(rows); n == rows; {
		var err error
		if n, err = tx.Reap(ctx, store.ReapSendCounters, w.clock.Add(-every), rows); err != nil {
			return err
		}
	}
	return nil
}

// enrol lets a member have verified a number, as the policy can see in the members of an organization.
func (w *world) enrol(ctx context.Context, tx *store.Tx, m *store.Member) error {
	row := *m
	row.Status, row.PhoneID, row.CreatedAt = store.StatusActive, fixedID(ids.Phone, 0), w.clock
	err := tx.Step(func() error {
		if _, err := tx.InsertMember(ctx, &row); err != nil {
			return err
		}
		_, err := tx.CompletePhone(ctx, &row, store.Enrol, true)
		return err
	})
	if errors.Is(err, sqldb.ErrUnique) {
		return nil // somebody of the organization verified that number before: chance made it twice
	}
	return err
}

// join adds organizations, unless they are there.
func (w *world) join(ctx context.Context, tx *store.Tx, all ...*store.Organization) error {
	for _, o := range all {
		row := *o
		row.ProjectID = w.project.ID
		if _, err := tx.InsertOrganization(ctx, &row); err != nil {
			return err
		}
	}
	return nil
}

// fixedID makes the n-th identifier of a kind: the same in every run.
func fixedID(kind string, n uint64) string {
	var u ids.UUID
	n = mix(n)
	for i := range 8 {
		u[15-i] = byte(n >> (8 * i))
	}
	u[6], u[8] = 0x70, u[8]&0x3f|0x80
	return ids.Format(kind, ids.Live, u)
}

// mix spreads neighbouring numbers over all of them, each to another one (the finalizer of splitmix64).
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
