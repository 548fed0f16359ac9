package outbox

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// What a pool tells of itself is what it holds, and how long the first in line has been there.
func TestState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rows{do: func(_ context.Context, key string) time.Duration {
			time.Sleep(10 * time.Second)
			if key == "again" {
				return time.Minute
			}
			return 0
		}}
		p := newPool(r, 1, 5)
		want := func(waiting, running, resting int, oldest time.Duration) {
			t.Helper()
			synctest.Wait()
			s := State{Waiting: waiting, Running: running, Resting: resting, Capacity: 5, Workers: 1, Oldest: oldest}
			if got := p.State(); got != s {
				t.Errorf("%+v, want %+v", got, s)
			}
		}
		want(0, 0, 0, 0)
		p.Hand("again")
		want(0, 1, 0, 0)
		time.Sleep(time.Second)
		p.Hand("second")
		time.Sleep(3 * time.Second)
		p.Hand("third")
		want(2, 1, 0, 3*time.Second)
		time.Sleep(7 * time.Second) // the first ends after ten
		want(1, 1, 1, 7*time.Second)
		time.Sleep(20 * time.Second)
		want(0, 0, 1, 0)
		if err := p.Drain(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
