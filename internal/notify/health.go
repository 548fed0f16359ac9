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
	outageFrom = 20 * time.Second // of failures alone, until codes are refused that nobody would carry
)

// When a provider that takes texts and reports on none is left alone, and how many texts are sent a second time on its
// account. A report that never comes says little by itself: a phone is switched off, or nobody can reach our callbacks.
const (
	silentAfter = 20               // texts in a row without a report
	silentFor   = 60 * time.Second // until it is preferred again
	hedgeMost   = 100              // texts that may be sent again, all in all
	hedgeEarned = 0.2              // of one more, by each text that is reported to have arrived
)

// health remembers how a provider behaves: after some failures in a row it is passed over, then tried with one message
// at a time until one is taken. Refusals that say something about the message alone are no failures. It is this node's
// view and nothing that has to survive: a new node learns the same within a few messages.
type health struct {
	mu       sync.Mutex
	failures int
	since    time.Time // when the first of the failures was
	closedAt time.Time // from when on one message may be tried, once failures have reached breakAfter
	probing  bool      // that one is on its way

	silent int       // texts without a report since the last report
	quiet  time.Time // until when it is passed over for that
	hedges float64   // texts that may still be sent a second time
}

func newHealth() *health { return &health{hedges: hedgeMost} }

// forget begins anew.
func (h *health) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failures, h.since, h.closedAt = 0, time.Time{}, time.Time{}
	h.silent, h.quiet, h.hedges = 0, time.Time{}, hedgeMost
}

// allow tells whether a message may be given to the provider now. Who is allowed calls done.
func (h *health) allow(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failures < breakAfter {
		return true
	}
	if h.probing || now.Before(h.closedAt) {
		return false
	}
	h.probing = true
	return true
}

// done notes why the provider did not take a message, nil if it did.
func (h *health) done(now time.Time, failure *sms.Error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.probing = false
	if failure == nil || failure.Class == sms.Permanent || failure.Class == sms.OptedOut {
		h.failures = 0
		return
	}
	if h.failures++; h.failures == 1 {
		h.since = now
	}
	if failure.RetryAfter > 0 {
		h.failures = max(h.failures, breakAfter)
	}
	if until := now.Add(max(breakFor, min(failure.RetryAfter, breakMost))); h.failures >= breakAfter && until.After(h.closedAt) {
		h.closedAt = until
	}
}

// wait is how long it takes until the provider may be tried again, 0 when it may be now; silent tells that others are
// preferred, because nothing is heard of the texts that it took.
func (h *health) wait(now time.Time) (broken time.Duration, silent bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.broken(now), now.Before(h.quiet)
}

// broken is the first part of wait. The caller holds the lock.
func (h *health) broken(now time.Time) time.Duration {
	if h.failures < breakAfter || !h.probing && !now.Before(h.closedAt) {
		return 0
	}
	return max(h.closedAt.Sub(now), time.Second)
}

// outage tells whether the provider has taken nothing for a while and is not to be tried now, and how long that lasts.
func (h *health) outage(now time.Time) (wait time.Duration, out bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	wait = h.broken(now)
	return wait, wait > 0 && now.Sub(h.since) >= outageFrom
}

// reported notes that the provider reported on a text.
func (h *health) reported(arrived bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.silent, h.quiet = 0, time.Time{}
	if arrived {
		h.hedges = min(hedgeMost, h.hedges+hedgeEarned)
	}
}

// missed notes that a report did not come in time, and tells whether the text may be sent a second time.
func (h *health) missed(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.silent++; h.silent >= silentAfter {
		h.quiet = now.Add(silentFor)
	}
	if h.hedges < 1 {
		return false
	}
	h.hedges--
	return true
}
