package outbox

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// rows is work whose rows live in memory: what is leased, done and released.
type rows struct {
	do func(ctx context.Context, key string) time.Duration

	mu       sync.Mutex
	due      []string // nobody's lease
	done     []string
	released []string
}

func (r *rows) Key(key string) string { return key }

func (r *rows) Do(ctx context.Context, key string) time.Duration {
	again := r.do(ctx, key)
	if again == 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.done = append(r.done, key)
	}
	return again
}

func (r *rows) Claim(_ context.Context, limit int) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(limit, len(r.due))
	claimed := slices.Clone(r.due[:n])
	r.due = r.due[n:]
	return claimed, nil
}

func (r *rows) Release(_ context.Context, keys []string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.released = append(r.released, keys...)
	return nil
}

func key(i int) string {
	return string([]byte{byte('a' + i/26/26), byte('a' + i/26%26), byte('a' + i%26)})
}

func newPool(r *rows, workers, capacity int) *Pool[string] {
	return New[string](r, Options{
		Now: time.Now, Workers: workers, Capacity: capacity, Logger: slog.New(slog.DiscardHandler),
	})
}

// A job that is handed over while it runs may bring news: it runs once more, however often it was handed over. One that
// only waits does not.
func TestHandedOverWhileItRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rows{do: func(context.Context, string) time.Duration { time.Sleep(time.Second); return 0 }}
		p := newPool(r, 1, 0)
		p.Hand("a")
		synctest.Wait()
		p.Hand("b")
		p.Hand("b")
		p.Hand("a")
		p.Hand("a")
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := strings.Join(r.done, " "); got != "a b a" {
			t.Errorf("did %s, want a b a", got)
		}
		p.Hand("c")
		synctest.Wait()
		p.Hand("c")
		if err := p.Drain(t.Context()); err != nil || strings.Join(r.released, " ") != "c" {
			t.Errorf("Drain = %v, released %q", err, r.released)
		}
	})
}

func TestRunsAtMostWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now, most := 0, 0
		r := &rows{do: func(context.Context, string) time.Duration {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			now--
			mu.Unlock()
			return 0
		}}
		p := newPool(r, 7, 0)
		for i := range 100 {
			p.Hand(key(i))
			p.Hand(key(i)) // held already
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if most != 7 || len(r.done) != 100 || p.Held() != 0 {
			t.Errorf("%d ran at once, %d were done, %d are held; want 7, 100, 0", most, len(r.done), p.Held())
		}
		slices.Sort(r.done)
		if len(slices.Compact(r.done)) != 100 {
			t.Error("a job ran twice")
		}
	})
}

// A job that comes again keeps its place from being taken, and a panic is one job's end.
func TestComesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		r := &rows{do: func(_ context.Context, key string) time.Duration {
			if key == "panics" {
				panic("at once")
			}
			at = append(at, time.Now())
			if len(at) < 3 {
				return 10 * time.Second
			}
			return 0
		}}
		p := newPool(r, 1, 0)
		start := time.Now()
		p.Hand("again")
		p.Hand("panics")
		time.Sleep(5 * time.Second)
		p.Hand("again")
		time.Sleep(time.Minute)
		synctest.Wait()
		want := []time.Time{start, start.Add(10 * time.Second), start.Add(20 * time.Second)}
		if !slices.EqualFunc(at, want, time.Time.Equal) {
			t.Errorf("ran at %v, want %v", at, want)
		}
		if p.Held() != 0 {
			t.Errorf("%d are held", p.Held())
		}
	})
}

// What finds no room stays in the database and comes with a later search.
func TestCapacity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rows{do: func(context.Context, string) time.Duration { time.Sleep(time.Second); return 0 }}
		p := newPool(r, 1, 10)
		for i := range 30 {
			before := p.Held()
			if p.Hand(key(i)); p.Held() == before {
				r.due = append(r.due, key(i))
			}
		}
		if _, full := p.Busy(); !full || len(r.due) < 15 {
			t.Errorf("%d found no room, full %v", len(r.due), full)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go p.Run(ctx)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		cancel()
		synctest.Wait()
		if len(r.done) != 30 {
			t.Errorf("%d were done, want 30", len(r.done))
		}
	})
}

// Draining ends what runs, or interrupts it when the time is over, and releases the rest: waiting, pausing, and what
// wants to come again.
func TestDrainReleases(t *testing.T) {
	t.Parallel()
	for name, patience := range map[string]time.Duration{"patient": time.Minute, "impatient": time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var interrupted atomic.Bool
				r := &rows{do: func(ctx context.Context, key string) time.Duration {
					if key == "pausing" {
						return time.Hour
					}
					select {
					case <-time.After(10 * time.Second):
					case <-ctx.Done():
						interrupted.Store(true)
					}
					if key == "again" {
						return time.Second
					}
					return 0
				}}
				p := newPool(r, 2, 0)
				for _, key := range []string{"pausing", "again", "runs", "waits"} {
					p.Hand(key)
					synctest.Wait()
				}
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				if err := p.Drain(ctx); err != nil {
					t.Fatal(err)
				}
				p.Hand("late")
				time.Sleep(2 * time.Hour)
				synctest.Wait()

				slices.Sort(r.released)
				if want := []string{"again", "pausing", "waits"}; !slices.Equal(r.released, want) {
					t.Errorf("released %v, want %v", r.released, want)
				}
				if want := []string{"runs"}; !slices.Equal(r.done, want) {
					t.Errorf("done %v, want %v", r.done, want)
				}
				if interrupted.Load() != (name == "impatient") {
					t.Errorf("interrupted: %v", interrupted.Load())
				}
			})
		})
	}
}

func TestQueueIsFIFO(t *testing.T) {
	t.Parallel()
	var q queue[int]
	next, want := 0, 0
	for round := range 200 {
		for range round * 7 % 31 * 20 {
			q.push(next)
			next++
		}
		for range round * 11 % 37 * 20 {
			got, ok := q.pop()
			if ok != (want < next) || ok && got != want {
				t.Fatalf("round %d: popped %d, %v; want %d of %d", round, got, ok, want, next)
			}
			if ok {
				want++
			}
		}
		if q.len() != next-want {
			t.Fatalf("length %d, want %d", q.len(), next-want)
		}
	}
}

// While one call runs, the others gather and share the next; each gets its own answer.
func TestBatchGathers(t *testing.T) {
	t.Parallel()
	for _, parallel := range []int{0, 2} {
		synctest.Test(t, func(t *testing.T) {
			type item struct {
				n   int
				err error
			}
			odd := errors.New("odd")
			var mu sync.Mutex
			calls, most := 0, 0
			b := Batch[item]{Max: 50, Parallel: parallel, Run: func(items []*item) {
				mu.Lock()
				calls++
				most = max(most, len(items))
				mu.Unlock()
				time.Sleep(time.Second)
				for _, i := range items {
					if i.n%2 == 1 {
						i.err = odd
					}
				}
			}}
			var all sync.WaitGroup
			for n := range 101 {
				all.Go(func() {
					i := item{n: n}
					if b.Do(&i); (i.err == odd) != (n%2 == 1) { //nolint:errorlint // the value itself
						t.Errorf("item %d got %v", n, i.err)
					}
				})
			}
			all.Wait()
			if want := 3 + parallel/2; calls > want || most > 50 {
				t.Errorf("%d calls of up to %d items, want at most %d of 50", calls, most, want)
			}
			if alone := (item{n: 1}); true {
				start := time.Now()
				if b.Do(&alone); alone.err == nil || time.Since(start) != time.Second {
					t.Error("a call alone did not run at once")
				}
			}
		})
	}
}
