package notify

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/test/vendors"
)

// BenchmarkDeliver is the whole life of a text: the rule's write (message and code), the last look, the call to a
// provider in the same process, and the outcome. 64 callers write, so that there is something to group.
func BenchmarkDeliver(b *testing.B) {
	for _, delay := range []time.Duration{0, 200 * time.Millisecond} {
		b.Run(fmt.Sprintf("sqlite/%s", delay), func(b *testing.B) {
			benchDeliver(b, "sqlite:"+filepath.Join(b.TempDir(), "test.db"), delay)
		})
		b.Run(fmt.Sprintf("postgres/%s", delay), func(b *testing.B) { benchDeliver(b, pgtest.URL(b), delay) })
	}
}

func benchDeliver(b *testing.B, url string, delay time.Duration) {
	w := &world{t: b, url: url, twilio: vendors.NewTwilio()}
	w.twilio.Forget = true
	w.twilio.Behave(vendors.Slow(delay))
	n := w.node()
	var calls, entries atomic.Int64
	write := n.ledger.Run
	n.ledger.Run = func(e []*entry) {
		calls.Add(1)
		entries.Add(int64(len(e)))
		write(e)
	}
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				m, err := n.tryWrite(liveProject, fmt.Sprintf("member-live-%d", i), fmt.Sprintf("+1202%07d", 5550000+i%400000))
				if err != nil {
					b.Error(err)
					return
				}
				n.Hand(b.Context(), m)
			}
		})
	}
	all.Wait()
	written := b.Elapsed()
	for n.texts.Held() > 0 {
		time.Sleep(time.Millisecond)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "delivered/s")
	b.ReportMetric(float64(b.N)/written.Seconds(), "accepted/s")
	b.ReportMetric(float64(entries.Load())/float64(calls.Load()), "entries/commit")
	if got := w.twilio.Taken(); got != b.N {
		b.Errorf("%d texts were taken, want %d", got, b.N)
	}
	if err := n.Drain(context.Background()); err != nil {
		b.Error(err)
	}
}
