package notify

import (
	"sync"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
)

// When a provider is left alone, and for how long.
const (
	breakAfter = 5                // failures in a row
	breakFor   = 5 * time.Second  // until one message is tried again
	breakMost  = 60 * time.Second // the longest pause that a provider's own Retry-After makes
)

// breaker remembers how a provider behaves: after some failures in a row it is passed over, then tried with one message
// at a time until one is taken. Refusals that say something about the message alone are no failures. It is this node's
// view and nothing that has to survive: a new node learns the same within a few messages.
type breaker struct {
	mu       sync.Mutex
	failures int
	closedAt time.Time // from when on one message may be tried, once failures have reached breakAfter
	probing  bool      // that one is on its way
}

// allow tells whether a message may be given to the provider now. Who is allowed calls done.
func (b *breaker) allow(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < breakAfter {
		return true
	}
	if b.probing || now.Before(b.closedAt) {
		return false
	}
	b.probing = true
	return true
}

// done notes why the provider did not take a message, nil if it did.
func (b *breaker) done(now time.Time, failure *sms.Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	if failure == nil || failure.Class == sms.Permanent || failure.Class == sms.OptedOut {
		b.failures = 0
		return
	}
	b.failures++
	if failure.RetryAfter > 0 {
		b.failures = max(b.failures, breakAfter)
	}
	if until := now.Add(max(breakFor, min(failure.RetryAfter, breakMost))); b.failures >= breakAfter && until.After(b.closedAt) {
		b.closedAt = until
	}
}

// wait is how long it takes until the provider may be tried again, 0 when it may be now.
func (b *breaker) wait(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < breakAfter || !b.probing && !now.Before(b.closedAt) {
		return 0
	}
	return max(b.closedAt.Sub(now), time.Second)
}
