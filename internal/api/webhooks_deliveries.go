package api

import (
	"context"
	"slices"
	"time"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/store"
)

// webhookDeliveries lists the calls about what became of events.
func (a *API) webhookDeliveries() []endpoint.Endpoint {
	const one = "/v1/thimble/webhooks/{webhook_id}"
	return []endpoint.Endpoint{
		endpoint.GET(one+"/deliveries", "thimble.webhooks.deliveries.list", a.listDeliveries,
			errs.InvalidArgument, errs.WebhookNotFound),
		endpoint.POST(one+"/replay", "thimble.webhooks.replay", a.replayDeliveries,
			errs.InvalidArgument, errs.WebhookNotFound, errs.WebhookDeliveryNotFound),
	}
}

// WebhookDelivery is one event for one webhook.
type WebhookDelivery struct {
	// The webhook-id of its calls.
	EventID string `json:"event_id"`
	// The kind of the event.
	Type string `json:"type"`
	// pending, delivered or failed.
	Status string `json:"status"`
	// How often it was tried, since it was replayed if it was.
	Attempts int64 `json:"attempts"`
	// The HTTP status of the last answer, 0 for none.
	AnswerStatus int64 `json:"answer_status"`
	// Why the last attempt failed. Empty for one that did not.
	Reason string `json:"reason"`
	// When it is tried next, RFC 3339; empty when nobody will.
	NextAttemptAt string `json:"next_attempt_at"`
	// The body of the calls, JSON.
	Payload string `json:"payload"`
	// RFC 3339.
	CreatedAt string `json:"created_at"`
	UpdatedAt string `json:"updated_at"`
}

func wireDelivery(d *store.Delivery) WebhookDelivery {
	w := WebhookDelivery{
		EventID: d.EventID, Type: d.Kind, Status: d.State, Attempts: d.Attempts, AnswerStatus: d.Answer, Reason: d.Reason,
		Payload: d.Payload, CreatedAt: d.CreatedAt.Format(time.RFC3339), UpdatedAt: d.UpdatedAt.Format(time.RFC3339),
	}
	if d.State == store.DeliveryPending {
		w.NextAttemptAt = d.DueAt.Format(time.RFC3339)
	}
	return w
}

// ListDeliveriesRequest asks what became of events.
type ListDeliveriesRequest struct {
	// The id of the webhook.
	ID string `path:"webhook_id"`
	// pending, delivered or failed; all unless given.
	Status string `query:"status"`
	// Where the list goes on: next_cursor of the page before.
	Cursor string `query:"cursor"`
	// How many at most, 1 to 1000; 100 unless given.
	Limit int `query:"limit"`
}

// ListDeliveriesResponse tells it.
type ListDeliveriesResponse struct {
	endpoint.Reply

	// The newest first.
	Deliveries []WebhookDelivery `json:"deliveries" api:"required"`
	// Where the list goes on; empty at its end.
	NextCursor string `json:"next_cursor"`
}

var deliveryStates = []string{"", store.DeliveryPending, store.DeliveryDelivered, store.DeliveryFailed}

// Lists what a webhook was told, is to be told, and was not told.
func (a *API) listDeliveries(
	ctx context.Context, c endpoint.Call, in *ListDeliveriesRequest,
) (*ListDeliveriesResponse, error) {
	if !slices.Contains(deliveryStates, in.Status) {
		return nil, errs.InvalidArgument.Saying("The status must be pending, delivered or failed.")
	}
	if in.Limit == 0 {
		in.Limit = 100
	}
	if in.Limit < 1 || in.Limit > 1000 {
		return nil, errs.InvalidArgument.Saying("The limit must be from 1 to 1000.")
	}
	found, err := a.Hooks.Deliveries(ctx, c.Project, in.ID, in.Cursor, in.Status, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &ListDeliveriesResponse{}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		out.NextCursor = found[in.Limit-1].EventID
	}
	out.Deliveries = WireDeliveries(found)
	return out, nil
}

// WireDeliveries gives deliveries as they are shown to callers and to the command line.
func WireDeliveries(found []*store.Delivery) []WebhookDelivery {
	all := make([]WebhookDelivery, len(found))
	for i, d := range found {
		all[i] = wireDelivery(d)
	}
	return all
}

// ReplayDeliveriesRequest names one event, or a time.
type ReplayDeliveriesRequest struct {
	// The id of the webhook.
	ID string `path:"webhook_id"`
	// One event, whatever became of it.
	EventID string `json:"event_id"`
	// Instead: everything that happened since this time, RFC 3339, and was given up.
	FailedSince string `json:"failed_since"`
}

// ReplayDeliveriesResponse says how many events are told once more.
type ReplayDeliveriesResponse struct {
	endpoint.Reply

	Replayed int64 `json:"replayed"`
}

// Tells a webhook events once more, under the ids that they had.
func (a *API) replayDeliveries(
	ctx context.Context, c endpoint.Call, in *ReplayDeliveriesRequest,
) (*ReplayDeliveriesResponse, error) {
	if (in.EventID == "") == (in.FailedSince == "") {
		return nil, errs.InvalidArgument.Saying("Give event_id or failed_since.")
	}
	if in.EventID != "" {
		return &ReplayDeliveriesResponse{Replayed: 1}, a.Hooks.Replay(ctx, c.Project, c.RequestID, in.ID, in.EventID)
	}
	since, err := time.Parse(time.RFC3339, in.FailedSince)
	if err != nil {
		return nil, errs.InvalidArgument.Saying("failed_since must be a time such as 2026-11-23T08:00:00Z.").Because(err)
	}
	n, err := a.Hooks.ReplayFailed(ctx, c.Project, c.RequestID, in.ID, since)
	return &ReplayDeliveriesResponse{Replayed: n}, err
}
