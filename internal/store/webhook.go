package store

import (
	"context"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Webhook is where a project's events are told.
type Webhook struct {
	ID          string
	ProjectID   string
	URL         string
	Description string
	Kinds       []string // names and patterns
	Status      string
	Reason      string // why it is disabled
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// The states of a webhook.
const (
	WebhookEnabled  = "enabled"
	WebhookDisabled = "disabled"
)

// WebhookSecret is one of the secrets that deliveries to a webhook are signed with.
type WebhookSecret struct {
	ID        string
	Sealed    []byte
	CreatedAt time.Time
	ExpiresAt time.Time // zero: it is the newest
}

const webhookColumns = `id, project_id, url, description, kinds, status, reason, created_at, updated_at`

var (
	sqlInsertWebhook = sqldb.SQL("insert_webhook", `
		INSERT INTO webhooks (`+webhookColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)

	sqlWebhook = sqldb.SQL("webhook", `SELECT `+webhookColumns+` FROM webhooks WHERE id = $1 AND project_id = $2`)

	sqlWebhooks = sqldb.SQL("webhooks", `
		SELECT `+webhookColumns+` FROM webhooks WHERE project_id = $1 ORDER BY id`)

	sqlUpdateWebhook = sqldb.SQL("update_webhook", `
		UPDATE webhooks SET url = $2, description = $3, kinds = $4, status = $5, reason = $6, updated_at = $7 WHERE id = $1`)

	sqlDeleteWebhook = sqldb.SQL("delete_webhook", `DELETE FROM webhooks WHERE id = $1`)

	sqlInsertWebhookKind = sqldb.SQL("insert_webhook_kind", `
		INSERT INTO webhook_kinds (project_id, kind, webhook_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`)

	sqlDeleteWebhookKinds = sqldb.SQL("delete_webhook_kinds", `
		DELETE FROM webhook_kinds WHERE project_id = $1 AND webhook_id = $2`)

	sqlWebhookSecrets = sqldb.SQL("webhook_secrets", `
		SELECT id, sealed, created_at, expires_at FROM webhook_secrets WHERE webhook_id = $1 ORDER BY id DESC`)

	sqlInsertWebhookSecret = sqldb.SQL("insert_webhook_secret", `
		INSERT INTO webhook_secrets (webhook_id, id, sealed, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`)

	// A secret that ends sooner is not given more time.
	sqlRetireWebhookSecrets = sqldb.SQL("retire_webhook_secrets", `
		UPDATE webhook_secrets SET expires_at = $2 WHERE webhook_id = $1 AND (expires_at = 0 OR expires_at > $2)`)

	sqlDropWebhookSecrets = sqldb.SQL("drop_webhook_secrets", `
		DELETE FROM webhook_secrets WHERE webhook_id = $1 AND expires_at > 0 AND expires_at <= $2`)

	sqlDeleteWebhookSecrets = sqldb.SQL("delete_webhook_secrets", `DELETE FROM webhook_secrets WHERE webhook_id = $1`)
)

// Webhook gives a webhook of the project, or ErrNotFound.
func (tx *Tx) Webhook(ctx context.Context, projectID, id string) (*Webhook, error) {
	return scanWebhook(func(dest ...any) error { return tx.QueryRow(ctx, sqlWebhook, []any{id, projectID}, dest...) })
}

// Webhooks gives all webhooks of the project, oldest first.
func (tx *Tx) Webhooks(ctx context.Context, projectID string) ([]*Webhook, error) {
	var all []*Webhook
	err := tx.Query(ctx, sqlWebhooks, []any{projectID}, func(scan func(...any) error) error {
		w, err := scanWebhook(scan)
		all = append(all, w)
		return err
	})
	return all, err
}

func scanWebhook(scan func(...any) error) (*Webhook, error) {
	var w Webhook
	var kinds string
	var created, updated int64
	err := scan(&w.ID, &w.ProjectID, &w.URL, &w.Description, &kinds, &w.Status, &w.Reason, &created, &updated)
	if err != nil {
		return nil, err
	}
	w.Kinds, w.CreatedAt, w.UpdatedAt = strings.Fields(kinds), fromMicros(created), fromMicros(updated)
	return &w, nil
}

// InsertWebhook adds a webhook. It gets no events before UpdateListens. It goes out with the statements after it.
func (tx *Tx) InsertWebhook(w *Webhook) {
	tx.Later(sqlInsertWebhook, 1, w.ID, w.ProjectID, w.URL, w.Description, strings.Join(w.Kinds, " "), w.Status, w.Reason,
		micros(w.CreatedAt), micros(w.UpdatedAt))
	tx.setWebhookKinds(w)
}

// UpdateWebhook writes what can change of a webhook. The caller updates what the project listens to.
func (tx *Tx) UpdateWebhook(w *Webhook) {
	w.UpdatedAt = tx.Now()
	tx.Later(sqlUpdateWebhook, 1, w.ID, w.URL, w.Description, strings.Join(w.Kinds, " "), w.Status, w.Reason,
		micros(w.UpdatedAt))
	tx.Later(sqlDeleteWebhookKinds, -1, w.ProjectID, w.ID)
	tx.setWebhookKinds(w)
}

func (tx *Tx) setWebhookKinds(w *Webhook) {
	if w.Status != WebhookEnabled {
		return
	}
	for _, kind := range w.Kinds {
		tx.Later(sqlInsertWebhookKind, 1, w.ProjectID, kind, w.ID)
	}
}

// DeleteWebhook removes a webhook and its secrets. What was still to be told to it stays until it is reaped, untold.
func (tx *Tx) DeleteWebhook(w *Webhook) {
	tx.Later(sqlDeleteWebhook, 1, w.ID)
	tx.Later(sqlDeleteWebhookKinds, -1, w.ProjectID, w.ID)
	tx.Later(sqlDeleteWebhookSecrets, -1, w.ID)
}

// WebhookSecrets gives the secrets of a webhook, newest first, those that are over among them.
func (tx *Tx) WebhookSecrets(ctx context.Context, webhookID string) ([]WebhookSecret, error) {
	var all []WebhookSecret
	err := tx.Query(ctx, sqlWebhookSecrets, []any{webhookID}, func(scan func(...any) error) error {
		var s WebhookSecret
		var created, expires int64
		err := scan(&s.ID, &s.Sealed, &created, &expires)
		s.CreatedAt, s.ExpiresAt = fromMicros(created), fromMicros(expires)
		all = append(all, s)
		return err
	})
	return all, err
}

// AddWebhookSecret makes s the newest secret of a webhook: those before it end at the time given at the latest, and what
// is over by now is deleted.
func (tx *Tx) AddWebhookSecret(webhookID string, s WebhookSecret, others time.Time) {
	tx.Later(sqlRetireWebhookSecrets, -1, webhookID, micros(others))
	tx.Later(sqlDropWebhookSecrets, -1, webhookID, micros(tx.Now()))
	tx.Later(sqlInsertWebhookSecret, 1, webhookID, s.ID, s.Sealed, micros(s.CreatedAt), micros(s.ExpiresAt))
}
