package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

var (
	sqlUnconfirmedMessage = sqldb.SQL("unconfirmed_message", `
		SELECT id FROM messages WHERE reroute_at > 0 AND reroute_at <= $1 LIMIT 1`)

	// The guard is said twice, see claim_messages.
	sqlClaimUnconfirmed = sqldb.SQL("claim_unconfirmed", `
		UPDATE messages SET status = 'queued', lease_owner = $1, leased_until = $3, reroute_at = 0
		WHERE id IN (SELECT id FROM messages WHERE reroute_at > 0 AND reroute_at <= $2 AND status = 'sent' AND deadline > $5
				ORDER BY reroute_at LIMIT $4)
			AND reroute_at > 0 AND reroute_at <= $2 AND status = 'sent' AND deadline > $5
		RETURNING `+messageRead)

	sqlForgetUnconfirmed = sqldb.SQL("forget_unconfirmed", `
		UPDATE messages SET sealed = `+forget2+`, reroute_at = 0
		WHERE id IN (SELECT id FROM messages WHERE reroute_at > 0 AND reroute_at <= $1
				AND (deadline <= $4 OR status <> 'sent') ORDER BY reroute_at LIMIT $3)`)

	sqlClaimLost = sqldb.SQL("claim_lost", `
		UPDATE messages SET status = 'queued', provider = $3, reason = $4, lease_owner = $5, leased_until = $6,
			reroute_at = 0, updated_at = $7
		WHERE id = $1 AND provider = $2 AND status = 'sent' AND reroute_at > 0 AND deadline > $8
		RETURNING `+messageRead)

	sqlKeepSent = sqldb.SQL("keep_sent", `
		UPDATE messages SET status = CASE WHEN $3 = '' THEN 'sent' ELSE 'undelivered' END, reason = $3, sealed = `+forget4+`,
			lease_owner = '', leased_until = 0, reroute_at = 0, updated_at = $5
		WHERE id = $1 AND lease_owner = $2 AND status = 'queued'`)

	sqlGiveBackSecond = sqldb.SQL("give_back_second", `
		UPDATE messages SET `+giveBack+` WHERE id = $1 AND lease_owner = $2 AND status = 'queued'`)
)

// AnyMessageUnconfirmed reports whether the time of a message to be reported on is over.
func (tx *Tx) AnyMessageUnconfirmed(ctx context.Context) (bool, error) {
	var id string
	err := tx.QueryRow(ctx, sqlUnconfirmedMessage, []any{micros(tx.Now())}, &id)
	return found(err)
}

// ClaimUnconfirmed queues up to limit sent messages again, leased to the owner, on which nobody reported in time and whose
// deadline is later than the time given.
func (tx *Tx) ClaimUnconfirmed(
	ctx context.Context, owner string, until, deadline time.Time, limit int,
) ([]*Message, error) {
	return tx.messages(ctx, sqlClaimUnconfirmed, owner, micros(tx.Now()), micros(until), limit, micros(deadline))
}

// ForgetUnconfirmed forgets what up to limit messages say on which nobody reported in time, and whose deadline is not later
// than the time given: those that ClaimUnconfirmed leaves, but not those that it had no room for.
func (tx *Tx) ForgetUnconfirmed(ctx context.Context, deadline time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, sqlForgetUnconfirmed, micros(tx.Now()), []byte{}, limit, micros(deadline))
}

// ClaimLost queues a message that its provider lost again, for the next one and leased to the owner, if what it says was
// kept and its deadline is later than the time given. It gives nil when it was not.
func (tx *Tx) ClaimLost(
	ctx context.Context, id, provider, next, reason, owner string, until, deadline time.Time,
) (*Message, error) {
	all, err := tx.messages(ctx, sqlClaimLost, id, provider, next, reason, owner, micros(until), micros(tx.Now()),
		micros(deadline))
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// KeepSent takes a message that was handed over before, and that no other provider takes, back to where it was: sent, or
// undelivered when it is known why. What ReserveAgain reserved for that provider is given back by GiveBackSecond before.
func (tx *Tx) KeepSent(id, owner, lost string) {
	tx.Later(sqlKeepSent, -1, id, owner, lost, []byte{}, micros(tx.Now()))
}

// GiveBackSecond gives back what was reserved for another text of a message, if it still is the owner's.
func (tx *Tx) GiveBackSecond(id, owner string) { tx.Later(sqlGiveBackSecond, -1, id, owner) }
