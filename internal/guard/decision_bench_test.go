package guard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
)

// BenchmarkDecision makes 500 decisions a second for strangers, an open loop: each begins when it is due, whatever became of
// those before. It prints the percentiles of a decision in process (what the guard itself does, without the statements) and
// of the whole write with its statements. docs/fraud.md names the
// command.
func BenchmarkDecision(b *testing.B) {
	for _, engine := range []sqldb.Engine{sqldb.SQLite, sqldb.Postgres} {
		b.Run(engine.String(), func(b *testing.B) {
			url := "sqlite:" + b.TempDir() + "/bench.db"
			if engine == sqldb.Postgres {
				url = pgtest.URL(b)
			}
			db, err := store.Open(b.Context(), url, sqldb.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			const perSecond, seconds = 500, 6
			own, whole := decisions(b.Context(), b, db, perSecond, seconds)
			b.ReportMetric(0, "ns/op")
			for _, m := range []struct {
				name  string
				times []time.Duration
			}{{"in-process", own}, {"whole", whole}} {
				slices.Sort(m.times)
				for _, percent := range []int{50, 99} {
					at := m.times[len(m.times)*percent/100]
					b.ReportMetric(float64(at.Microseconds())/1000, fmt.Sprintf("ms-%s-p%d", m.name, percent))
				}
			}
		})
	}
}

func decisions(ctx context.Context, b *testing.B, db *store.DB, perSecond, seconds int) (own, whole []time.Duration) {
	p := &store.Project{ID: ids.New(ids.Project, ids.Live, db.Now()), Env: ids.Live}
	p.Settings.Limits = map[string]int64{}
	for name := range limit.Defaults() {
		p.Settings.Limits[name] = 1 << 40 // out of reach: each decision ends in a write
	}
	g := &Service{}
	var (
		mu      sync.Mutex
		wg      sync.WaitGroup
		refused atomic.Int64
	)
	began := time.Now()
	pace := time.NewTicker(time.Second / time.Duration(perSecond))
	defer pace.Stop()
	for i := range perSecond * seconds {
		due := <-pace.C
		wg.Go(func() {
			in := Send{
				Project: p, Organization: &store.Organization{ID: fmt.Sprint("o", i%100)}, Member: &store.Member{ID: fmt.Sprint("m", i)},
				Number: phone.Stored(fmt.Sprintf("+1%03d%03d%04d", 201+i%700, 200+i%799, i%10000)),
			}
			var inProcess time.Duration
			err := db.Write(ctx, func(tx *store.Tx) error {
				d, took, err := decideTimed(ctx, g, tx, in)
				inProcess = took
				if err != nil || d.Refusal != nil {
					refused.Add(1)
					return err
				}
				return d.Count(ctx, tx)
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil && !errors.Is(err, context.Canceled) {
				b.Error(err)
			}
			own, whole = append(own, inProcess), append(whole, time.Since(due))
		})
	}
	wg.Wait()
	_, _ = fmt.Fprintf(os.Stderr, "%s: %d decisions in %v, %d refused\n", db.Engine(), len(own), time.Since(began).Round(time.Millisecond),
		refused.Load())
	return own, whole
}

// decideTimed decides as Check does, and measures what that takes beside the statement that reads.
func decideTimed(ctx context.Context, g *Service, tx *store.Tx, in Send) (*Decision, time.Duration, error) {
	started := time.Now()
	in.Number = in.Number.Placed()
	d := g.Screen(in)
	if d.Refusal != nil {
		return d, time.Since(started), nil
	}
	about := newStranger(&d.send, tx.Now())
	took := time.Since(started)
	if err := about.read(ctx, tx); err != nil {
		return d, took, err
	}
	started = time.Now()
	g.decide(d, about)
	return d, took + time.Since(started), nil
}
