package notify

import (
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
)

// What is told of a provider is what decides about it.
func TestStateOfProviders(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	h := newHealth()
	want := func(state string, failures int) {
		t.Helper()
		if got, n := h.state(now); got != state || n != failures {
			t.Errorf("%s after %d failures, want %s after %d", got, n, state, failures)
		}
	}
	failed := func() { h.done(now, &sms.Error{Class: sms.Later}) }

	want(StateClosed, 0)
	for range breakAfter - 1 {
		failed()
	}
	want(StateClosed, breakAfter-1)
	failed()
	want(StateOpen, breakAfter)
	now = now.Add(breakFor)
	want(StateOpen, breakAfter) // nobody has tried yet
	if !h.allow(now) {
		t.Fatal("nobody may try")
	}
	want(StateProbing, breakAfter)
	h.done(now, nil)
	want(StateClosed, 0)
	for range silentAfter {
		h.missed(now)
	}
	want(StateSilent, 0)
	h.reported(true)
	want(StateClosed, 0)
}
