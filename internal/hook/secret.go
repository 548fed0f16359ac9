package hook

import (
	"context"
	"fmt"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/signature"
	"github.com/thimble-auth/thimble/internal/store"
)

// MaxOverlap is how long a secret can go on beside its successor, at most.
const MaxOverlap = 7 * 24 * time.Hour

// Rotate gives a webhook a new secret, shown this once. Those before it go on beside it for the time given: every call is
// signed with each. It fails with errs.WebhookNotFound, errs.TooManyWebhookSecrets, and errs.InvalidArgument for a time
// that is negative or longer than MaxOverlap.
func (s *Service) Rotate(
	ctx context.Context, p *store.Project, requestID, id string, overlap time.Duration,
) (secret.String, error) {
	if overlap < 0 || overlap > MaxOverlap {
		return "", errs.InvalidArgument.Saying("The field expire_others_in_hours must be 0 to 168 hours.")
	}
	var text secret.String
	// By the change of the project, of two rotations at once one is done again: each counts what the other has added.
	err := s.change(ctx, p, func(tx *store.Tx, fresh *store.Project) error {
		w, err := find(ctx, tx, p, id)
		if err != nil {
			return err
		}
		held, err := tx.WebhookSecrets(ctx, w.ID)
		if err != nil {
			return err
		}
		if overlap > 0 && len(living(held, tx.Now())) >= MaxSecrets {
			return errs.TooManyWebhookSecrets
		}
		if text, err = s.addSecret(tx, p, w.ID, tx.Now().Add(overlap)); err != nil {
			return err
		}
		record(tx, fresh, requestID, "webhook.secret.rotate", w.ID)
		return nil
	})
	return text, err
}

// addSecret makes a secret; those before it end at the time given.
func (s *Service) addSecret(tx *store.Tx, p *store.Project, webhookID string, others time.Time) (secret.String, error) {
	key, text := signature.New()
	row := store.WebhookSecret{ID: ids.New(ids.WebhookKey, p.Env, tx.Now()), CreatedAt: tx.Now()}
	var err error
	if row.Sealed, err = s.o.Keys.Seal("webhook_secrets", "sealed", row.ID, key); err != nil {
		return "", fmt.Errorf("seal a webhook's secret: %w", err)
	}
	tx.AddWebhookSecret(webhookID, row, others)
	return text, nil
}

// living gives the secrets that are not over.
func living(all []store.WebhookSecret, now time.Time) []store.WebhookSecret {
	var left []store.WebhookSecret
	for _, one := range all {
		if one.ExpiresAt.IsZero() || now.Before(one.ExpiresAt) {
			left = append(left, one)
		}
	}
	return left
}

// open opens the secrets that are not over, newest first.
func (s *Service) open(all []store.WebhookSecret, now time.Time) (signature.Keys, error) {
	var ring signature.Keys
	for _, one := range living(all, now) {
		key, err := s.o.Keys.OpenSealed("webhook_secrets", "sealed", one.ID, one.Sealed)
		if err != nil {
			return nil, fmt.Errorf("open a webhook's secret: %w", err)
		}
		ring = append(ring, key)
	}
	return ring, nil
}
