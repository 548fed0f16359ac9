package hook

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/store"
)

// replayBatch bounds the rows of one transaction.
const replayBatch = 500

// Deliveries gives up to limit deliveries to a webhook, newest first, of events before the one named ("" for the newest)
// and in the state given ("" for any). It fails with errs.WebhookNotFound.
func (s *Service) Deliveries(
	ctx context.Context, p *store.Project, id, before, state string, limit int,
) (all []*store.Delivery, err error) {
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		if _, err := find(ctx, tx, p, id); err != nil {
			return err
		}
		all, err = tx.Deliveries(ctx, id, before, state, limit)
		return err
	})
	return all, err
}

// Replay tells a webhook an event once more, whatever became of it before. It fails with errs.WebhookNotFound and
// errs.WebhookDeliveryNotFound.
func (s *Service) Replay(ctx context.Context, p *store.Project, requestID, id, eventID string) error {
	return s.o.DB.Write(ctx, func(tx *store.Tx) error {
		w, err := find(ctx, tx, p, id)
		if err != nil {
			return err
		}
		found, err := tx.ReplayDelivery(ctx, w.ID, eventID, until(tx.Now()))
		if err != nil {
			return err
		}
		if !found {
			return errs.WebhookDeliveryNotFound
		}
		record(tx, p, requestID, "webhook.replay", w.ID)
		return nil
	})
}

// ReplayFailed tells a webhook everything once more that happened since a time and was given up, and gives their number. It
// fails with errs.WebhookNotFound.
func (s *Service) ReplayFailed(
	ctx context.Context, p *store.Project, requestID, id string, since time.Time,
) (int64, error) {
	var all int64
	for {
		var n int64
		err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
			w, err := find(ctx, tx, p, id)
			if err != nil {
				return err
			}
			if n, err = tx.ReplayFailed(ctx, w.ID, since, until(tx.Now()), replayBatch); err == nil && all == 0 {
				record(tx, p, requestID, "webhook.replay", w.ID)
			}
			return err
		})
		all += n
		if err != nil || n < replayBatch {
			return all, err
		}
	}
}

// Test tells a webhook an event that says nothing, and gives its id. It fails with errs.WebhookNotFound, and
// errs.InvalidArgument for a disabled one.
func (s *Service) Test(ctx context.Context, p *store.Project, requestID, id string) (string, error) {
	var h store.Happened
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
		w, err := find(ctx, tx, p, id)
		if err != nil {
			return err
		}
		if w.Status != store.WebhookEnabled {
			return errs.InvalidArgument.Saying("The webhook is disabled: enable it first.")
		}
		h = event.Compose(p, event.Event{Kind: event.WebhookTest, RequestID: requestID}, tx.Now())
		tx.TellOne(w.ID, &h)
		return nil
	})
	return h.ID, err
}
