package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Delivery is one event for one webhook.
type Delivery struct {
	WebhookID string
	EventID   string
	ProjectID string
	Kind      string
	Payload   string
	State     string
	Attempts  int64
	DueAt     time.Time // when it is told next; while it is being told, when that has to be over
	Until     time.Time // when it is given up
	Answer    int64     // the last HTTP status, 0 for none
	Reason    string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// The states of a delivery.
const (
	DeliveryPending   = "pending"
	DeliveryDelivered = "delivered"
	DeliveryFailed    = "failed"
)

// Happened is an event for all webhooks of a project that want it.
type Happened struct {
	ID        string
	ProjectID string
	Kind      string
	Group     string // the pattern of its group, such as member.*
	Payload   string
	Until     time.Time
	// MessageID, if not "", makes it happen only if this transaction gave the message this status.
	MessageID string
	Status    string
}

const deliveryColumns = `webhook_id, event_id, project_id, kind, payload, state, attempts, due_at, until, answer, reason,
	created_at, updated_at`

// A webhook that wants an event by two of its kinds gets it once, and an event that is written again is the same one.
const (
	tellAll = `
		INSERT INTO webhook_deliveries (webhook_id, event_id, project_id, kind, payload, state, attempts, due_at, lease_owner,
			until, answer, reason, created_at, updated_at)
		SELECT k.webhook_id, CAST($4 AS TEXT), k.project_id, CAST($2 AS TEXT), CAST($5 AS TEXT), 'pending', 0,
			CAST($6 AS BIGINT), '', CAST($7 AS BIGINT), 0, '', CAST($6 AS BIGINT), CAST($6 AS BIGINT)
		FROM webhook_kinds AS k WHERE k.project_id = $1 AND k.kind IN ($2, $3, '*')`
	onlyOnce = ` ON CONFLICT DO NOTHING`
)

// What the statements on several deliveries of a webhook are made of. Which rows is chosen before the update, and the guard
// said again in it, because only that one is asked again after waiting for another node. PostgreSQL joins the chosen ones
// with all of the webhook's unless it gets them as an array: a claim beside 2,400 deliveries took 390 ms.
const (
	expire = `
		UPDATE webhook_deliveries SET state = 'failed', lease_owner = '', updated_at = $2,
			reason = CASE WHEN reason = '' THEN 'nobody could be told in time' ELSE reason END
		WHERE webhook_id = $1 AND event_id `
	expired = `SELECT d.event_id FROM webhook_deliveries AS d
			WHERE d.webhook_id = $1 AND d.state = 'pending' AND d.due_at <= $2 AND d.until <= $2 LIMIT $3`
	claim = `
		UPDATE webhook_deliveries SET lease_owner = $3, due_at = $4
		WHERE webhook_id = $1 AND event_id `
	claimable = `SELECT d.event_id FROM webhook_deliveries AS d
			WHERE d.webhook_id = $1 AND d.state = 'pending' AND d.due_at <= $2 AND d.until > $2 ORDER BY d.due_at LIMIT $5`
	stillDue = ` AND state = 'pending' AND due_at <= $2`
	claimed  = ` RETURNING ` + deliveryColumns
	replay   = `
		UPDATE webhook_deliveries SET state = 'pending', due_at = $3, until = $4, lease_owner = '', attempts = 0,
			updated_at = $3
		WHERE webhook_id = $1 AND event_id `
	replayable = `SELECT d.event_id FROM webhook_deliveries AS d
			WHERE d.webhook_id = $1 AND d.state = 'failed' AND d.created_at >= $2 ORDER BY d.created_at LIMIT $5`
	stillFailed = ` AND state = 'failed'`
)

var (
	sqlTell = sqldb.SQL("tell", tellAll+onlyOnce)

	sqlTellOfMessage = sqldb.SQL("tell_of_message", tellAll+`
		AND EXISTS (SELECT 1 FROM messages AS m WHERE m.id = $8 AND m.status = $9 AND m.updated_at = $6)`+onlyOnce)

	sqlTellOne = sqldb.SQL("tell_one", `
		INSERT INTO webhook_deliveries (webhook_id, event_id, project_id, kind, payload, state, attempts, due_at, lease_owner,
			until, answer, reason, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, 'pending', 0, $6, '', $7, 0, '', $6, $6)`)

	sqlDueWebhooks = sqldb.SQL("due_webhooks", `
		SELECT w.id, w.project_id FROM webhooks AS w WHERE w.status = 'enabled' AND EXISTS (
			SELECT 1 FROM webhook_deliveries AS d WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.due_at <= $1)`)

	sqlExpireDeliveries = sqldb.SQL2("expire_deliveries",
		expire+`IN (`+expired+`)`+stillDue, expire+`= ANY (ARRAY(`+expired+`))`+stillDue)

	sqlClaimDeliveries = sqldb.SQL2("claim_deliveries",
		claim+`IN (`+claimable+`)`+stillDue+claimed, claim+`= ANY (ARRAY(`+claimable+`))`+stillDue+claimed)

	sqlReplayFailed = sqldb.SQL2("replay_failed",
		replay+`IN (`+replayable+`)`+stillFailed, replay+`= ANY (ARRAY(`+replayable+`))`+stillFailed)

	sqlSettleDelivery = sqldb.SQL("settle_delivery", `
		UPDATE webhook_deliveries SET state = $4, due_at = $5, answer = $6, reason = $7, attempts = attempts + 1,
			lease_owner = '', updated_at = $8
		WHERE webhook_id = $1 AND event_id = $2 AND lease_owner = $3 AND state = 'pending'`)

	sqlReleaseDelivery = sqldb.SQL("release_delivery", `
		UPDATE webhook_deliveries SET due_at = $4, lease_owner = ''
		WHERE webhook_id = $1 AND event_id = $2 AND lease_owner = $3 AND state = 'pending'`)

	sqlClearDeliveryLeases = sqldb.SQL("clear_delivery_leases", `
		UPDATE webhook_deliveries SET due_at = $1, lease_owner = '' WHERE lease_owner > '' AND state = 'pending'`)

	sqlDeliveries = sqldb.SQL("deliveries", `
		SELECT `+deliveryColumns+` FROM webhook_deliveries
		WHERE webhook_id = $1 AND event_id < $2 AND (state = $3 OR $3 = '') ORDER BY event_id DESC LIMIT $4`)

	sqlReplayDelivery = sqldb.SQL("replay_delivery", `
		UPDATE webhook_deliveries SET state = 'pending', due_at = $3, until = $4, lease_owner = '', attempts = 0,
			updated_at = $3
		WHERE webhook_id = $1 AND event_id = $2 AND (state <> 'pending' OR lease_owner = '')`)
)

// Tell adds an event to what has to be told to the webhooks that want it. It goes out with the statements after it.
func (tx *Tx) Tell(h *Happened) {
	args := []any{h.ProjectID, h.Kind, h.Group, h.ID, h.Payload, micros(tx.Now()), micros(h.Until)}
	s := sqlTell
	if h.MessageID != "" {
		s, args = sqlTellOfMessage, append(args, h.MessageID, h.Status)
	}
	tx.Later(s, -1, args...)
	tx.AfterCommit(tx.db.tell)
}

// TellOne is Tell for one webhook, whatever it wants.
func (tx *Tx) TellOne(webhookID string, h *Happened) {
	tx.Later(sqlTellOne, 1, webhookID, h.ID, h.ProjectID, h.Kind, h.Payload, micros(tx.Now()), micros(h.Until))
	tx.AfterCommit(tx.db.tell)
}

// DueWebhooks gives the enabled webhooks to which something is to be told now: their ids and projects alone.
func (tx *Tx) DueWebhooks(ctx context.Context) ([]Webhook, error) {
	var all []Webhook
	err := tx.Query(ctx, sqlDueWebhooks, []any{micros(tx.Now())}, func(scan func(...any) error) error {
		var w Webhook
		err := scan(&w.ID, &w.ProjectID)
		all = append(all, w)
		return err
	})
	return all, err
}

// ExpireDeliveries gives up to limit deliveries to a webhook up whose time is over.
func (tx *Tx) ExpireDeliveries(webhookID string, limit int) {
	tx.Later(sqlExpireDeliveries, -1, webhookID, micros(tx.Now()), limit)
}

// ClaimDeliveries leases up to limit deliveries to a webhook to the owner that are due and whose time is not over.
func (tx *Tx) ClaimDeliveries(
	ctx context.Context, webhookID, owner string, until time.Time, limit int,
) ([]*Delivery, error) {
	return tx.deliveries(ctx, sqlClaimDeliveries, webhookID, micros(tx.Now()), owner, micros(until), limit)
}

func (tx *Tx) deliveries(ctx context.Context, s *sqldb.Stmt, args ...any) ([]*Delivery, error) {
	var all []*Delivery
	err := tx.Query(ctx, s, args, func(scan func(...any) error) error {
		var d Delivery
		var due, until, created, updated int64
		err := scan(&d.WebhookID, &d.EventID, &d.ProjectID, &d.Kind, &d.Payload, &d.State, &d.Attempts, &due, &until,
			&d.Answer, &d.Reason, &created, &updated)
		d.DueAt, d.Until, d.CreatedAt, d.UpdatedAt = fromMicros(due), fromMicros(until), fromMicros(created), fromMicros(updated)
		all = append(all, &d)
		return err
	})
	return all, err
}

// SettleDelivery notes what became of an attempt, if the delivery still is the owner's: its state, when it is due again if
// that is DeliveryPending, the HTTP status and why it was not delivered.
func (tx *Tx) SettleDelivery(d *Delivery, owner, state string, due time.Time, answer int64, reason string) {
	tx.Later(sqlSettleDelivery, -1, d.WebhookID, d.EventID, owner, state, micros(due), answer, reason, micros(tx.Now()))
}

// ReleaseDelivery gives the owner's lease on a delivery back, so that any node may take it at once.
func (tx *Tx) ReleaseDelivery(d *Delivery, owner string) {
	tx.Later(sqlReleaseDelivery, -1, d.WebhookID, d.EventID, owner, micros(tx.Now()))
}

// ClearDeliveryLeases ends all leases on deliveries, for a server that has the database to itself.
func (tx *Tx) ClearDeliveryLeases(ctx context.Context) (int64, error) {
	return tx.Exec(ctx, sqlClearDeliveryLeases, micros(tx.Now()))
}

// Deliveries gives up to limit deliveries to a webhook, newest first, of events before the one named, "" for the newest.
// An empty state means any.
func (tx *Tx) Deliveries(ctx context.Context, webhookID, before, state string, limit int) ([]*Delivery, error) {
	if before == "" {
		before = "event-z" // behind every environment
	}
	return tx.deliveries(ctx, sqlDeliveries, webhookID, before, state, limit)
}

// ReplayDelivery has a delivery told once more from now on, and reports whether there is one that nobody tells at this
// moment.
func (tx *Tx) ReplayDelivery(ctx context.Context, webhookID, eventID string, until time.Time) (bool, error) {
	n, err := tx.Exec(ctx, sqlReplayDelivery, webhookID, eventID, micros(tx.Now()), micros(until))
	tx.AfterCommit(tx.db.tell)
	return n == 1, err
}

// ReplayFailed has up to limit failed deliveries of events since a time told once more, and gives their number.
func (tx *Tx) ReplayFailed(
	ctx context.Context, webhookID string, since, until time.Time, limit int,
) (int64, error) {
	n, err := tx.Exec(ctx, sqlReplayFailed, webhookID, micros(since), micros(tx.Now()), micros(until), limit)
	tx.AfterCommit(tx.db.tell)
	return n, err
}
