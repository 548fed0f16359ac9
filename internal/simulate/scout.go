package simulate

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

// A stopped attack is a million refusals that change nothing. So those in a row can be decided at the same time, each by
// its own clock, and what comes of it is what comes of deciding them in turn: from the first one on that is let
// through, they are decided again.
const (
	maxScouts   = 4
	groupSize   = 64
	minPatience = 8
	maxPatience = 4096
)

// scout decides ahead, on a connection of its own, without changing anything.
type scout struct {
	db    *store.DB
	clock time.Time
}

// scouts is how many of them a run is worth. It does not matter for what comes out.
func (o *Options) scouts() int {
	if n := min(runtime.GOMAXPROCS(0), maxScouts); n > 1 && !o.noScouts {
		return n
	}
	return 0
}

// sendScouts opens n scouts. The caller closes those that it gets with an error, too.
func (w *world) sendScouts(ctx context.Context, n int) ([]*scout, error) {
	var all []*scout
	for range n {
		s := &scout{clock: w.clock}
		var err error
		s.db, err = store.Open(ctx, "sqlite:"+filepath.Join(w.folder, databaseFile), sqldb.Options{
			MaxConns: 1, Throwaway: true, Clock: func() time.Time { return s.clock },
		})
		if err != nil {
			return all, err
		}
		all = append(all, s)
	}
	return all, nil
}

func closeScouts(all []*scout) error {
	var err error
	for _, s := range all {
		err = errors.Join(err, s.db.Close())
	}
	return err
}

// scout has the next requests of attacks decided at the same time, as long as all of a group are refused.
func (r *run) scout(ctx context.Context) error {
	for len(r.scouts) > 0 {
		group := r.traffic.ahead(groupSize)
		if len(group) == 0 {
			return ctx.Err()
		}
		refused := 0
		for i, d := range r.lookAhead(ctx, group) {
			if d == nil || d.Refusal == nil {
				break
			}
			r.done++
			r.report.asked(group[i].at, group[i].ask, d)
			refused++
		}
		if refused < len(group) {
			r.traffic.putBack(group[refused:])
			r.inTurn, r.patience = max(r.patience, minPatience), min(2*max(r.patience, minPatience), maxPatience)
			return ctx.Err()
		}
		r.patience = minPatience
		if r.progress != nil {
			r.progress(r.done, r.traffic.total)
		}
	}
	return nil
}

// lookAhead gives the decisions about requests as they would be if none changed anything, nil where one wants to.
func (r *run) lookAhead(ctx context.Context, group []event) []*guard.Decision {
	all := make([]*guard.Decision, len(group))
	var next atomic.Int64
	var wg sync.WaitGroup
	for _, s := range r.scouts[:min(len(r.scouts), len(group))] {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(group)); i = next.Add(1) - 1 {
				all[i] = s.look(ctx, r, group[i])
			}
		})
	}
	wg.Wait()
	return all
}

// look gives the decision about a request, nil when it cannot be had without a change.
func (s *scout) look(ctx context.Context, r *run, e event) *guard.Decision {
	if e.at.Before(s.clock) {
		return nil // the clock of a database does not go back
	}
	s.clock = e.at
	var d *guard.Decision
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		d, err = r.guard.Check(ctx, tx, e.ask.who.send(r.project))
		return err
	})
	if err != nil {
		return nil
	}
	return d
}
