package hook

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// How long a webhook is waited for ("Request timeouts": 15 to 30 s), and how much of its answer is looked at: nothing.
const (
	callTimeout = 15 * time.Second
	maxAnswer   = 16 << 10
)

// The pauses between tries grow four times each, from five seconds to half a day.
const (
	firstPause   = 5 * time.Second
	growth       = 4
	longestPause = 12 * time.Hour
)

// lastTry is how long before its end a delivery is tried for the last time, and enough how much of its time must be left
// for that.
const (
	lastTry = 5 * time.Minute
	enough  = 10 * time.Minute
)

// outcome is what became of a call.
type outcome struct {
	answer int    // HTTP status, 0 for none
	reason string // "" when it was delivered
	wait   time.Duration
}

// Do tells one event.
func (w work) Do(ctx context.Context, j *job) time.Duration {
	out := outcome{reason: "the call was given up"}
	defer func() { w.ended(j.WebhookID, j.EventID, out.reason == "", out.wait) }()
	if w.o.DB.Now().After(j.DueAt.Add(-callTimeout)) {
		out.reason = "" // It waited here until its lease was nearly over: whoever finds it next tells it.
		return 0
	}
	out = w.call(ctx, j)
	if ctx.Err() != nil && out.reason != "" {
		w.keep(j, func(tx *store.Tx) { tx.ReleaseDelivery(j.Delivery, w.node) })
		return 0
	}
	w.settle(ctx, j, out)
	return 0
}

// call makes the signed call.
func (s *Service) call(ctx context.Context, j *job) outcome {
	if j.unknown != nil {
		s.o.Logger.ErrorContext(ctx, "a webhook cannot be called", "webhook", j.WebhookID, "error", j.unknown)
		return outcome{reason: "the webhook's secret cannot be opened"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, j.webhook.URL, strings.NewReader(j.Payload))
	if err != nil {
		return outcome{reason: "the URL cannot be called"}
	}
	req.Header.Set("Content-Type", "application/json")
	j.keys.Sign(req.Header, j.EventID, s.o.DB.Now(), []byte(j.Payload))
	res, err := s.o.HTTP.Do(req)
	if err != nil {
		return outcome{reason: httpx.Reason(err)}
	}
	defer func() { _ = res.Body.Close() }()
	return read(res)
}

// read says what an answer means ("Delivery success and failure").
func read(res *http.Response) outcome {
	out := outcome{answer: res.StatusCode}
	switch {
	case res.StatusCode/100 == 2:
		return out
	case res.StatusCode/100 == 3:
		out.reason = "the URL redirects; set the one that it leads to"
		return out
	}
	out.reason = "the answer was " + strconv.Itoa(res.StatusCode)
	out.wait = httpx.RetryAfter(res.Header)
	return out
}

// settle writes down what became of a call.
func (s *Service) settle(ctx context.Context, j *job, out outcome) {
	now := s.o.DB.Now()
	answer := int64(out.answer)
	if out.reason == "" {
		s.keep(j, func(tx *store.Tx) { tx.SettleDelivery(j.Delivery, s.node, store.DeliveryDelivered, now, answer, "") })
		return
	}
	if out.answer == http.StatusGone {
		if err := s.disable(ctx, j, answer, out.reason); err != nil {
			s.o.Logger.ErrorContext(ctx, "a webhook that is gone could not be disabled", "webhook", j.WebhookID, "error", err)
		}
		return
	}
	s.o.Logger.WarnContext(ctx, "a webhook did not take an event", "webhook", j.WebhookID, "event", j.EventID,
		"status", out.answer, "reason", out.reason, "attempts", j.Attempts+1)
	state, due := store.DeliveryPending, next(now, j.Delivery, out.wait)
	if due.IsZero() {
		state, due = store.DeliveryFailed, now
	}
	s.keep(j, func(tx *store.Tx) { tx.SettleDelivery(j.Delivery, s.node, state, due, answer, out.reason) })
}

// next is when a delivery is tried again that was just tried, the zero time for never. The pause is shortened by up to a
// quarter by chance, so that what failed together does not come back together, but never below what the answer asked for.
func next(now time.Time, d *store.Delivery, wait time.Duration) time.Time {
	pause := firstPause
	for range d.Attempts {
		pause = min(pause*growth, longestPause)
	}
	pause -= pause / 4 * time.Duration(secret.Bytes(1)[0]) / 255
	due := now.Add(max(pause, wait))
	if due.Before(d.Until) {
		return due
	}
	if d.Until.Sub(now) < enough {
		return time.Time{}
	}
	return d.Until.Add(-lastTry)
}

// disable does what an answer of 410 asks for: the webhook is not called any more until somebody enables it.
func (s *Service) disable(ctx context.Context, j *job, answer int64, reason string) error {
	ctx = context.WithoutCancel(ctx)
	return s.change(ctx, &store.Project{ID: j.ProjectID}, func(tx *store.Tx, fresh *store.Project) error {
		tx.SettleDelivery(j.Delivery, s.node, store.DeliveryFailed, tx.Now(), answer, reason)
		w, err := tx.Webhook(ctx, j.ProjectID, j.WebhookID)
		if errors.Is(err, store.ErrNotFound) || err == nil && w.Status != store.WebhookEnabled {
			return nil
		}
		if err != nil {
			return err
		}
		w.Status, w.Reason = store.WebhookDisabled, "it answered 410 Gone"
		tx.UpdateWebhook(w)
		event.Record(tx, fresh, audit.Event{
			ProjectID: fresh.ID, Action: "webhook.disable", Outcome: audit.Done,
			Details: map[string]string{"webhook_id": w.ID, "reason": w.Reason},
		})
		return nil
	})
}
