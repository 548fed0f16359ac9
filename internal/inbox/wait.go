package inbox

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/notify"
)

// The bounds of waiting. A waiter costs a connection and a question to the database for each message to its recipient.
const (
	maxWait    = time.Minute
	maxWaiters = 64
)

// fromStart is the after that is before every message.
const fromStart = "start"

// arrivals answers GET /dev/messages with after or wait: what arrived after the cursor, oldest first. When there is nothing,
// it waits until there is, or until the time is over. Without a cursor it begins where the inbox ends now.
func (i *Inbox) arrivals(w http.ResponseWriter, r *http.Request, q query) error {
	wait, err := readWait(r.URL.Query().Get("wait"))
	if err != nil {
		return err
	}
	if wait > 0 {
		if i.waiting.Add(1) > maxWaiters {
			i.waiting.Add(-1)
			return errs.TooManyRequests.After(time.Second).Saying("64 calls wait for messages already: end some of them.")
		}
		defer i.waiting.Add(-1)
		if i.Patient != nil {
			i.Patient(w, wait)
		}
	}
	rung, stop := i.Notify.Listen(q.to) // before the first look, so that nothing comes between the two
	defer stop()

	after, err := i.cursor(r, q)
	if err != nil {
		return err
	}
	found, next, err := i.waitFor(r.Context(), q, after, rung, wait)
	if r.Context().Err() != nil {
		return nil // whoever asked has left
	}
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"messages": Messages(found), "cursor": next.String()})
}

// readWait reads a time to wait, in the form of Go's durations or as whole seconds.
func readWait(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	wait, err := time.ParseDuration(text)
	if n, notSeconds := strconv.Atoi(text); notSeconds == nil && n <= int(maxWait/time.Second) {
		wait, err = time.Duration(n)*time.Second, nil
	}
	if err != nil || wait < 0 || wait > maxWait {
		return 0, errs.InvalidArgument.Saying("wait must be a time of up to 60s, such as 10s or 500ms.")
	}
	return wait, nil
}

// cursor is where a call begins.
func (i *Inbox) cursor(r *http.Request, q query) (notify.Cursor, error) {
	switch text := r.URL.Query().Get("after"); text {
	case "":
		return i.Notify.Newest(r.Context(), q.project, q.to)
	case fromStart:
		return notify.Start, nil
	default:
		c, ok := notify.ParseCursor(text)
		if !ok {
			return c, errs.InvalidArgument.Saying("after must be start, or the cursor of an answer of this call.")
		}
		return c, nil
	}
}

func (i *Inbox) waitFor(
	ctx context.Context, q query, after notify.Cursor, rung <-chan struct{}, wait time.Duration,
) ([]notify.Letter, notify.Cursor, error) {
	over := time.NewTimer(wait)
	defer over.Stop()
	var poll <-chan time.Time
	if i.Poll > 0 {
		ticker := time.NewTicker(i.Poll)
		defer ticker.Stop()
		poll = ticker.C
	}
	for {
		found, next, err := i.Notify.Arrivals(ctx, q.project, q.to, after, q.limit)
		if err != nil || len(found) > 0 || wait <= 0 {
			return found, next, err
		}
		after = next
		select {
		case <-rung:
		case <-poll:
		case <-over.C:
			wait = 0 // one last look
		case <-i.Leaving:
			wait = 0
		case <-ctx.Done():
			return nil, after, errors.New("nobody waits any more")
		}
	}
}
