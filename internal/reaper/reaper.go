// Package reaper deletes rows that nobody needs any more, in small batches and outside requests.
package reaper

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// Ages are how long rows are kept after they have lost their use. Zero means the default, a negative age means for
// ever.
type Ages struct {
	Codes    time.Duration // codes, links, half logins, safe-list entries and ids at providers, after their use; default a day
	Counters time.Duration // counters of sends, after their window; default an hour
	Messages time.Duration // messages with their delivery, look-ups, and each STOP after its START; default 90 days
	Sessions time.Duration // sessions, after they expire or are revoked; default 30 days
	Audit    time.Duration // audit events; default 400 days
	Webhooks time.Duration // what was told to webhooks, after the last try there can be; default 30 days
}

const day = 24 * time.Hour

var defaults = Ages{Codes: day, Counters: time.Hour, Messages: 90 * day, Sessions: 30 * day, Audit: 400 * day, Webhooks: 30 * day}

// guesses is how long counters of guesses are kept that nobody touches: no setting, since it must be longer than any lock.
const guesses = day + limit.MaxLockMinutes*time.Minute

// batch bounds the rows of one transaction, pause is the breath between two: a backlog is worked off at up to five
// thousand rows a second, and whoever waits to write meanwhile waits for one batch.
const (
	batch = 500
	pause = 100 * time.Millisecond
	round = time.Minute
)

// Reaper deletes what is too old.
type Reaper struct {
	DB     *store.DB
	Ages   Ages
	Logger *slog.Logger // nil is slog.Default
}

// Run deletes once a minute until ctx ends. Several nodes may do so at once.
func (r *Reaper) Run(ctx context.Context) {
	// Nodes that start together do not reap together.
	wait := round * time.Duration(secret.Bytes(1)[0]) / 256
	for sleep(ctx, wait) {
		if err := r.Round(ctx); err != nil && ctx.Err() == nil {
			r.logger().ErrorContext(ctx, "delete old rows", "error", err)
		}
		wait = round
	}
}

// Round deletes everything that is too old now.
func (r *Reaper) Round(ctx context.Context) error {
	for _, kind := range []struct {
		rows     store.Reapable
		age, std time.Duration
	}{
		{store.ReapCodes, r.Ages.Codes, defaults.Codes},
		{store.ReapMagicLinks, r.Ages.Codes, defaults.Codes},
		{store.ReapIntermediateSessions, r.Ages.Codes, defaults.Codes},
		{store.ReapTrustedTokens, r.Ages.Codes, defaults.Codes},
		{store.ReapSendCounters, r.Ages.Counters, defaults.Counters},
		{store.ReapSafe, r.Ages.Codes, defaults.Codes},
		{store.ReapLinkReports, r.Ages.Codes, defaults.Codes},
		{store.ReapLookups, r.Ages.Messages, defaults.Messages},
		{store.ReapMessages, r.Ages.Messages, defaults.Messages},
		{store.ReapStops, r.Ages.Messages, defaults.Messages},
		{store.ReapSessions, r.Ages.Sessions, defaults.Sessions},
		{store.ReapDeliveries, r.Ages.Webhooks, defaults.Webhooks},
		{store.ReapAudit, r.Ages.Audit, defaults.Audit},
	} {
		age := kind.age
		if age == 0 {
			age = kind.std
		}
		if age < 0 {
			continue
		}
		err := r.reap(ctx, age, func(tx *store.Tx, before time.Time) (int64, error) {
			return tx.Reap(ctx, kind.rows, before, batch)
		})
		if err != nil {
			return fmt.Errorf("reap %s: %w", kind.rows, err)
		}
	}
	err := r.reap(ctx, guesses, func(tx *store.Tx, before time.Time) (int64, error) {
		return tx.ReapGuesses(ctx, before, batch)
	})
	if err != nil {
		return fmt.Errorf("reap guesses: %w", err)
	}
	return nil
}

// reap deletes rows of an age batch after batch.
func (r *Reaper) reap(
	ctx context.Context, age time.Duration, some func(tx *store.Tx, before time.Time) (int64, error),
) error {
	for {
		var n int64
		err := r.DB.Write(ctx, func(tx *store.Tx) (err error) {
			n, err = some(tx, tx.Now().Add(-age))
			return err
		})
		if err != nil || n < batch {
			return err
		}
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

func (r *Reaper) logger() *slog.Logger {
	if r.Logger == nil {
		return slog.Default()
	}
	return r.Logger
}

// sleep waits and reports whether it could.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
