package password

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
)

// TestPoolIsBounded fills a pool: as many hashes run as it has workers, as many wait as it says, and all others are told
// to come back.
func TestPoolIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &Pool{Workers: 2, Waiting: 3}
		var wg sync.WaitGroup
		var mu sync.Mutex
		running, most, done, refused := 0, 0, 0, 0
		for range 20 {
			wg.Go(func() {
				err := p.Do(context.Background(), func() {
					mu.Lock()
					running++
					most = max(most, running)
					mu.Unlock()
					time.Sleep(30 * time.Millisecond)
					mu.Lock()
					running--
					mu.Unlock()
				})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
					return
				}
				refusal, ok := errors.AsType[*errs.Error](err)
				if !ok || !errors.Is(err, errs.TooManyRequests) || refusal.RetryAfter != comeBack {
					t.Errorf("%v, want too_many_requests with a time", err)
				}
				refused++
			})
		}
		wg.Wait()
		if most != 2 || done != 8 || refused != 12 {
			t.Errorf("%d at once, %d done, %d refused; want 2, 8 and 12", most, done, refused)
		}
		if p.inside != 0 || len(p.turns) != 0 {
			t.Errorf("%d inside and %d turns are left", p.inside, len(p.turns))
		}
	})
}

// TestPoolTakesTurns has many attempts of one owner, who go one after the other and leave room for another's.
func TestPoolTakesTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &Pool{Workers: 2, Waiting: 20}
		start := time.Now()
		attempt := func(owner string) time.Duration {
			l, err := p.enter(t.Context(), owner)
			if err != nil {
				t.Error(err)
				return 0
			}
			defer l.leave()
			if err := l.run(t.Context(), func() { time.Sleep(time.Second) }); err != nil {
				t.Error(err)
			}
			return time.Since(start)
		}
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() { attempt("storm") })
		}
		synctest.Wait()
		if took := attempt("other"); took != time.Second {
			t.Errorf("the other one took %v, want a second", took)
		}
		wg.Wait()
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("the storm took %v, want five seconds", took)
		}
	})
}

// TestPoolForgetsWhoLeft lets callers give up while they wait for a turn and for a worker.
func TestPoolForgetsWhoLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &Pool{Workers: 1, Waiting: 9}
		first, err := p.enter(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		release := make(chan struct{})
		wg.Go(func() {
			_ = first.run(context.Background(), func() { <-release })
		})
		synctest.Wait()
		ctx, leave := context.WithCancel(t.Context())
		wg.Go(func() {
			if _, err := p.enter(ctx, "a"); !errors.Is(err, context.Canceled) {
				t.Errorf("waiting for a turn: %v", err)
			}
		})
		wg.Go(func() {
			if err := p.Do(ctx, func() { t.Error("it ran") }); !errors.Is(err, context.Canceled) {
				t.Errorf("waiting for a worker: %v", err)
			}
		})
		synctest.Wait()
		leave()
		synctest.Wait()
		close(release)
		wg.Wait()
		first.leave()
		if p.inside != 0 || len(p.turns) != 0 {
			t.Errorf("%d inside and %d turns are left", p.inside, len(p.turns))
		}
	})
}
