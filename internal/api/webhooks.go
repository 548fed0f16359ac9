package api

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/hook"
	"github.com/thimble-auth/thimble/internal/store"
)

// webhooks lists the calls about who is told of events: this server's own, beyond the API that it is compatible with.
func (a *API) webhooks() []endpoint.Endpoint {
	const (
		all = "/v1/thimble/webhooks"
		one = all + "/{webhook_id}"
	)
	return []endpoint.Endpoint{
		endpoint.GET(all, "thimble.webhooks.list", a.listWebhooks),
		endpoint.POST(all, "thimble.webhooks.create", a.createWebhook,
			errs.InvalidArgument, errs.InvalidWebhookURL, errs.InvalidWebhookEvents, errs.TooManyWebhooks),
		endpoint.GET(one, "thimble.webhooks.get", a.getWebhook, errs.WebhookNotFound),
		endpoint.PUT(one, "thimble.webhooks.update", a.updateWebhook,
			errs.InvalidArgument, errs.InvalidWebhookURL, errs.InvalidWebhookEvents, errs.WebhookNotFound),
		endpoint.DELETE(one, "thimble.webhooks.delete", a.deleteWebhook, errs.WebhookNotFound),
		endpoint.POST(one+"/secrets", "thimble.webhooks.secrets.create", a.rotateWebhookSecret,
			errs.InvalidArgument, errs.TooManyWebhookSecrets, errs.WebhookNotFound),
		endpoint.POST(one+"/test", "thimble.webhooks.test", a.testWebhook, errs.InvalidArgument, errs.WebhookNotFound),
	}
}

// Webhook is where events of the project are told. docs/webhooks.md lists their kinds and says how calls are signed.
type Webhook struct {
	WebhookID string `json:"webhook_id"`
	URL       string `json:"url"`
	// Names of kinds, groups such as member.*, or * for all.
	Events      []string `json:"events" api:"required"`
	Description string   `json:"description"`
	// enabled or disabled.
	Status string `json:"status"`
	// Why it is disabled.
	DisabledReason string `json:"disabled_reason"`
	// RFC 3339.
	CreatedAt string `json:"created_at"`
	UpdatedAt string `json:"updated_at"`
}

func wireWebhook(w *store.Webhook) Webhook {
	return Webhook{
		WebhookID: w.ID, URL: w.URL, Events: w.Kinds, Description: w.Description, Status: w.Status, DisabledReason: w.Reason,
		CreatedAt: w.CreatedAt.Format(time.RFC3339), UpdatedAt: w.UpdatedAt.Format(time.RFC3339),
	}
}

// ListWebhooksRequest asks for all of them.
type ListWebhooksRequest struct{}

// ListWebhooksResponse has the project's webhooks.
type ListWebhooksResponse struct {
	endpoint.Reply

	// The oldest first.
	Webhooks []Webhook `json:"webhooks" api:"required"`
}

// Gives the project's webhooks.
func (a *API) listWebhooks(ctx context.Context, c endpoint.Call, _ *ListWebhooksRequest) (*ListWebhooksResponse, error) {
	found, err := a.Hooks.List(ctx, c.Project)
	if err != nil {
		return nil, err
	}
	return &ListWebhooksResponse{Webhooks: WireWebhooks(found)}, nil
}

// WireWebhooks gives webhooks as they are shown to callers and to the command line.
func WireWebhooks(found []*store.Webhook) []Webhook {
	all := make([]Webhook, len(found))
	for i, w := range found {
		all[i] = wireWebhook(w)
	}
	return all
}

// CreateWebhookRequest says whom to tell what.
type CreateWebhookRequest struct {
	// Where events are posted to, https.
	URL string `json:"url" api:"required"`
	// Names of kinds, groups such as member.*, or * for all.
	Events []string `json:"events" api:"required"`
	// For whoever reads the list later.
	Description string `json:"description"`
}

// CreateWebhookResponse has the webhook, and its secret this once.
type CreateWebhookResponse struct {
	endpoint.Reply

	Webhook Webhook `json:"webhook" api:"required"`
	// whsec_ and base64: what calls to the webhook are signed with.
	Secret string `json:"secret" api:"required"`
}

// Adds a webhook. It is told what happens from then on; nodes other than the one that answers know it within five seconds.
func (a *API) createWebhook(
	ctx context.Context, c endpoint.Call, in *CreateWebhookRequest,
) (*CreateWebhookResponse, error) {
	w, secret, err := a.Hooks.Create(ctx, c.Project, c.RequestID, hook.Change{
		URL: &in.URL, Kinds: &in.Events, Description: &in.Description,
	})
	if err != nil {
		return nil, err
	}
	return &CreateWebhookResponse{Webhook: wireWebhook(w), Secret: secret.Reveal()}, nil
}

// GetWebhookRequest names a webhook.
type GetWebhookRequest struct {
	// The id of the webhook.
	ID string `path:"webhook_id"`
}

// WebhookResponse has a webhook.
type WebhookResponse struct {
	endpoint.Reply

	Webhook Webhook `json:"webhook" api:"required"`
}

// Gives one webhook.
func (a *API) getWebhook(ctx context.Context, c endpoint.Call, in *GetWebhookRequest) (*WebhookResponse, error) {
	w, err := a.Hooks.Get(ctx, c.Project, in.ID)
	if err != nil {
		return nil, err
	}
	return &WebhookResponse{Webhook: wireWebhook(w)}, nil
}

// UpdateWebhookRequest says what shall be different. What is left out stays.
type UpdateWebhookRequest struct {
	// The id of the webhook.
	ID string `path:"webhook_id"`
	// Where events are posted to, https.
	URL *string `json:"url"`
	// Names of kinds, groups such as member.*, or * for all.
	Events []string `json:"events"`
	// For whoever reads the list later.
	Description *string `json:"description"`
	// enabled or disabled. While a webhook is disabled nothing is told to it, and what happens meanwhile it never hears.
	Status string `json:"status"`
}

// Changes a webhook, enables or disables it.
func (a *API) updateWebhook(ctx context.Context, c endpoint.Call, in *UpdateWebhookRequest) (*WebhookResponse, error) {
	change := hook.Change{URL: in.URL, Description: in.Description}
	if in.Events != nil {
		change.Kinds = &in.Events
	}
	switch in.Status {
	case "":
	case store.WebhookEnabled, store.WebhookDisabled:
		enabled := in.Status == store.WebhookEnabled
		change.Enabled = &enabled
	default:
		return nil, errs.InvalidArgument.Saying("The status must be enabled or disabled.")
	}
	w, err := a.Hooks.Change(ctx, c.Project, c.RequestID, in.ID, change)
	if err != nil {
		return nil, err
	}
	return &WebhookResponse{Webhook: wireWebhook(w)}, nil
}

// DeleteWebhookRequest names a webhook.
type DeleteWebhookRequest struct {
	// The id of the webhook.
	ID string `path:"webhook_id"`
}

// DeleteWebhookResponse says no more than that it is gone.
type DeleteWebhookResponse struct {
	endpoint.Reply
}

// Removes a webhook. What it was not told yet it never hears.
func (a *API) deleteWebhook(
	ctx context.Context, c endpoint.Call, in *DeleteWebhookRequest,
) (*DeleteWebhookResponse, error) {
	if err := a.Hooks.Remove(ctx, c.Project, c.RequestID, in.ID); err != nil {
		return nil, err
	}
	return &DeleteWebhookResponse{}, nil
}

// RotateWebhookSecretRequest asks for a new secret.
type RotateWebhookSecretRequest struct {
	// The id of the webhook.
	ID string `path:"webhook_id"`
	// For how many hours calls are signed with the secrets before it, too: 0 to 168; 24 unless given.
	ExpireOthersInHours *int64 `json:"expire_others_in_hours"`
}

// RotateWebhookSecretResponse has the new secret, this once.
type RotateWebhookSecretResponse struct {
	endpoint.Reply

	Secret string `json:"secret" api:"required"`
}

// Gives a webhook a new secret. Those before it go on beside it for a while, so that no call is refused meanwhile.
func (a *API) rotateWebhookSecret(
	ctx context.Context, c endpoint.Call, in *RotateWebhookSecretRequest,
) (*RotateWebhookSecretResponse, error) {
	hours := int64(24)
	if in.ExpireOthersInHours != nil {
		hours = max(-1, min(*in.ExpireOthersInHours, int64(hook.MaxOverlap/time.Hour)+1))
	}
	secret, err := a.Hooks.Rotate(ctx, c.Project, c.RequestID, in.ID, time.Duration(hours)*time.Hour)
	if err != nil {
		return nil, err
	}
	return &RotateWebhookSecretResponse{Secret: secret.Reveal()}, nil
}

// TestWebhookRequest names a webhook.
type TestWebhookRequest struct {
	// The id of the webhook.
	ID string `path:"webhook_id"`
}

// TestWebhookResponse has the id of the event.
type TestWebhookResponse struct {
	endpoint.Reply

	EventID string `json:"event_id" api:"required"`
}

// Tells a webhook an event of the kind webhook.test, whatever it listens to.
func (a *API) testWebhook(ctx context.Context, c endpoint.Call, in *TestWebhookRequest) (*TestWebhookResponse, error) {
	id, err := a.Hooks.Test(ctx, c.Project, c.RequestID, in.ID)
	if err != nil {
		return nil, err
	}
	return &TestWebhookResponse{EventID: id}, nil
}
