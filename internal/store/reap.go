package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Reapable is a kind of rows that are deleted some time after they have lost their use.
type Reapable string

// The kinds, and from when their age counts.
const (
	ReapCodes                Reapable = "codes"                 // the end of their validity
	ReapMagicLinks           Reapable = "magic_links"           // the end of their validity
	ReapIntermediateSessions Reapable = "intermediate_sessions" // the end of their validity
	ReapTrustedTokens        Reapable = "trusted_tokens"        // the end of their validity
	ReapSendCounters         Reapable = "send_counters"         // the end of their window
	ReapSafe                 Reapable = "guard_safe"            // the end of the entry
	ReapLookups              Reapable = "number_lookups"        // the time of the look-up
	ReapMessages             Reapable = "messages"              // the time they were written
	ReapSessions             Reapable = "sessions"              // the time they expire or are revoked
	ReapAudit                Reapable = "audit_events"          // the time of the event
	ReapStops                Reapable = "stops"                 // the time they were taken back
	ReapLinkReports          Reapable = "link_reports"          // the time the message was taken, or the report came
	ReapDeliveries           Reapable = "webhook_deliveries"    // the time they are given up at the latest
)

// Each statement deletes the oldest rows of its kind up to a limit, along the index that orders them by age, so that no
// transaction is long whatever has gathered.
var reapStmts = map[Reapable]*sqldb.Stmt{
	ReapCodes: sqldb.SQL("reap_codes", `
		DELETE FROM otp_codes WHERE (owner, purpose) IN (
			SELECT old.owner, old.purpose FROM otp_codes AS old WHERE old.expires_at < $1
			ORDER BY old.expires_at LIMIT $2) AND expires_at < $1`),

	ReapMagicLinks: sqldb.SQL("reap_magic_links", `
		DELETE FROM magic_links WHERE id IN (
			SELECT old.id FROM magic_links AS old WHERE old.expires_at < $1 ORDER BY old.expires_at LIMIT $2)`),

	ReapIntermediateSessions: sqldb.SQL("reap_intermediate_sessions", `
		DELETE FROM intermediate_sessions WHERE id IN (
			SELECT old.id FROM intermediate_sessions AS old WHERE old.expires_at < $1
			ORDER BY old.expires_at LIMIT $2) AND expires_at < $1`),

	ReapTrustedTokens: sqldb.SQL("reap_trusted_tokens", `
		DELETE FROM trusted_tokens WHERE (project_id, profile_id, token_id) IN (
			SELECT old.project_id, old.profile_id, old.token_id FROM trusted_tokens AS old WHERE old.expires_at < $1
			ORDER BY old.expires_at LIMIT $2)`),

	ReapSendCounters: sqldb.SQL("reap_counters", `
		DELETE FROM send_counters WHERE (ends_at, name, slot) IN (
			SELECT old.ends_at, old.name, old.slot FROM send_counters AS old WHERE old.ends_at < $1
			ORDER BY old.ends_at, old.name, old.slot LIMIT $2)`),

	ReapLookups: sqldb.SQL("reap_lookups", `
		DELETE FROM number_lookups WHERE phone IN (
			SELECT old.phone FROM number_lookups AS old WHERE old.at < $1 ORDER BY old.at LIMIT $2) AND at < $1`),

	ReapSafe: sqldb.SQL("reap_safe", `
		DELETE FROM guard_safe WHERE (project_id, value) IN (
			SELECT old.project_id, old.value FROM guard_safe AS old WHERE old.expires_at < $1
			ORDER BY old.expires_at LIMIT $2) AND expires_at < $1`),

	// What still has to leave is not old, whatever its date: its deadline ends it first.
	// Messages have no index of their age, which every text would pay for: their ids are ordered by it, see reapMessages.
	ReapMessages: sqldb.SQL("reap_messages", `
		DELETE FROM messages WHERE id IN (
			SELECT old.id FROM messages AS old WHERE old.id >= $1 AND old.id < $2 ORDER BY old.id LIMIT $3)
			AND status <> 'queued'`),

	// A session that was extended meanwhile is not what was chosen.
	ReapSessions: sqldb.SQL("reap_sessions", `
		DELETE FROM sessions WHERE id IN (
			SELECT old.id FROM sessions AS old WHERE old.expires_at < $1 ORDER BY old.expires_at LIMIT $2)
			AND expires_at < $1`),

	ReapLinkReports: sqldb.SQL("reap_link_reports", `
		DELETE FROM link_reports WHERE (provider, provider_id) IN (
			SELECT old.provider, old.provider_id FROM link_reports AS old WHERE old.at < $1
			ORDER BY old.at LIMIT $2) AND at < $1`),
	ReapDeliveries: sqldb.SQL("reap_deliveries", `
		DELETE FROM webhook_deliveries WHERE (webhook_id, event_id) IN (
			SELECT old.webhook_id, old.event_id FROM webhook_deliveries AS old WHERE old.until < $1
			ORDER BY old.until LIMIT $2) AND until < $1`),

	ReapStops: sqldb.SQL("reap_stops", `
		DELETE FROM stops WHERE (phone, provider, said_id) IN (
			SELECT old.phone, old.provider, old.said_id FROM stops AS old WHERE old.over_at > 0 AND old.over_at < $1
			ORDER BY old.over_at LIMIT $2)`),
}

// Reap deletes up to limit rows of a kind whose age counts from before the time given, and tells how many it deleted.
func (tx *Tx) Reap(ctx context.Context, kind Reapable, before time.Time, limit int) (int64, error) {
	switch kind {
	case ReapAudit:
		// Events are keyed by UUIDs of their time, of which the smallest of a moment is made here.
		return tx.ReapAuditEvents(ctx, smallestUUID(before), limit)
	case ReapMessages:
		return tx.reapMessages(ctx, smallestUUID(before), limit)
	}
	return tx.Exec(ctx, reapStmts[kind], micros(before), limit)
}

// reapMessages deletes messages of each environment whose id is smaller than the smallest of a moment.
func (tx *Tx) reapMessages(ctx context.Context, smallest string, limit int) (deleted int64, err error) {
	for _, env := range []ids.Env{ids.Live, ids.Test} {
		first := ids.Message + "-" + string(env) + "-"
		n, err := tx.Exec(ctx, reapStmts[ReapMessages], first, first+smallest, limit-int(deleted))
		if err != nil {
			return deleted, err
		}
		deleted += n
		if _, err := tx.Exec(ctx, sqlReapAttempts, first, first+smallest, limit); err != nil {
			return deleted, err
		}
	}
	_, err = tx.Exec(ctx, sqlReapPretendSteps, smallest, limit)
	return deleted, err
}

// smallestUUID gives a text that sorts before every version 7 UUID of that millisecond and after those of earlier ones.
func smallestUUID(at time.Time) string {
	const digits = "0123456789abcdef"
	ms := at.UnixMilli()
	var b [13]byte
	for i := 12; i >= 0; i-- {
		if i == 8 {
			b[i] = '-'
			continue
		}
		b[i] = digits[ms&15]
		ms >>= 4
	}
	return string(b[:])
}
