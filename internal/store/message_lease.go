package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// RenewLimit is how many leases RenewLeases renews at once.
const RenewLimit = 32

// worthSending holds what makes a queued message still of use to its reader: the code in it is the live one, the link
// in it is not used and its member still there. Only messages of kinds with such a rule are held against it.
const worthSending = `
	(kind <> 'sms_otp' OR EXISTS (SELECT 1 FROM otp_codes AS c
		WHERE c.owner = messages.member_id AND c.purpose = 'sms' AND c.message_id = messages.id AND c.state = 'live'))
	AND (kind NOT IN ('email_otp_login', 'email_otp_signup', 'email_otp_discovery') OR EXISTS (
		SELECT 1 FROM otp_codes AS c
		WHERE c.owner = messages.project_id || '|' || messages.recipient AND c.purpose = 'email'
			AND c.message_id = messages.id AND c.state = 'live'))
	AND (link_id = '' OR EXISTS (SELECT 1 FROM magic_links AS l WHERE l.id = messages.link_id AND l.used_at = 0))
	AND (link_id = '' OR NOT EXISTS (SELECT 1 FROM members AS m WHERE m.id = messages.member_id AND m.deleted_at > 0))`

var (
	// Unused places are filled with '', which is no id.
	sqlRenewLeases = sqldb.SQL("renew_leases", `
		UPDATE messages SET leased_until = $3, attempts = attempts + 1, updated_at = $2
		WHERE id IN ($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
				$25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35)
			AND lease_owner = $1 AND status = 'queued' AND deadline > $2 AND `+worthSending+`
		RETURNING id`)

	sqlRenewLease = sqldb.SQL("renew_lease", `
		UPDATE messages SET leased_until = $3, attempts = attempts + 1, updated_at = $2
		WHERE id = $4 AND lease_owner = $1 AND status = 'queued' AND deadline > $2 AND `+worthSending+`
		RETURNING id`)

	sqlGiveUpMessage = sqldb.SQL("give_up_message", `
		UPDATE messages SET status = CASE WHEN sent_at > 0 THEN 'sent' ELSE 'expired' END, sealed = `+forget3+`, lease_owner = '',
			leased_until = 0, updated_at = $4, `+giveBack+`,
			reason = CASE WHEN sent_at > 0 THEN '' WHEN deadline <= $4 THEN 'deadline' ELSE 'replaced' END
		WHERE id = $1 AND lease_owner = $2 AND status = 'queued'`)

	sqlReturnMessage = sqldb.SQL("return_message", `
		UPDATE messages SET provider = $3, reason = $4, lease_owner = $5, leased_until = $6, updated_at = $7
		WHERE id = $1 AND lease_owner = $2 AND status = 'queued'`)

	sqlReleaseMessage = sqldb.SQL("release_message", `
		UPDATE messages SET lease_owner = '', leased_until = 0 WHERE id = $1 AND lease_owner = $2 AND status = 'queued'`)

	// A time without an owner is no lease: nobody is to try before.
	sqlClearLeases = sqldb.SQL("clear_leases", `
		UPDATE messages SET lease_owner = '', leased_until = 0
		WHERE status = 'queued' AND leased_until > 0 AND lease_owner <> ''`)

	sqlDueMessage = sqldb.SQL("due_message", `
		SELECT id FROM messages WHERE status = 'queued' AND leased_until <= $1 AND (channel = 'email') = $2 LIMIT 1`)

	// Of two nodes that choose the same rows, the later one waits for the earlier and then finds the lease taken: the
	// guard is said twice because only the outer one is asked again.
	sqlClaimMessages = sqldb.SQL("claim_messages", `
		UPDATE messages SET lease_owner = $1, leased_until = $3
		WHERE id IN (SELECT id FROM messages WHERE status = 'queued' AND leased_until <= $2 AND deadline > $2
				AND (channel = 'email') = $5 ORDER BY leased_until LIMIT $4)
			AND status = 'queued' AND leased_until <= $2
		RETURNING `+messageRead)

	sqlExpireMessages = sqldb.SQL("expire_messages", `
		UPDATE messages SET status = CASE WHEN sent_at > 0 THEN 'sent' ELSE 'expired' END, sealed = `+forget2+`, lease_owner = '',
			leased_until = 0, updated_at = $1, reason = CASE WHEN reason = '' THEN 'deadline' ELSE reason END, `+giveBack+`
		WHERE id IN (SELECT id FROM messages WHERE status = 'queued' AND leased_until <= $1 AND deadline <= $1
				ORDER BY leased_until LIMIT $3)
			AND status = 'queued' AND leased_until <= $1
		RETURNING `+messageRead)
)

// RenewLeases is the last look before messages leave: it renews the leases of up to RenewLimit messages, counts an
// attempt for each, and calls ok for those that the owner may send now. The others are not leased to the owner any
// more, are done, or no longer worth sending; of the last kind, what is still leased to the owner becomes expired.
func (tx *Tx) RenewLeases(ctx context.Context, owner string, until time.Time, ids []string, ok func(id string)) error {
	now := micros(tx.Now())
	renewed := make(map[string]bool, len(ids))
	s, args := sqlRenewLease, make([]any, 0, 3+RenewLimit)
	args = append(args, owner, now, micros(until))
	for _, id := range ids {
		args = append(args, id)
	}
	if len(ids) > 1 {
		s = sqlRenewLeases
		for range RenewLimit - len(ids) {
			args = append(args, "")
		}
	}

	err := tx.Query(ctx, s, args, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		renewed[id] = true
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if renewed[id] {
			ok(id)
			continue
		}
		tx.Later(sqlGiveUpMessage, -1, id, owner, []byte{}, now)
	}
	return nil
}

// ReturnMessage puts a message that could not be handed over back, if it still is the owner's: with the provider to try
// next, why the last one did not take it, and who may try from when on. A new owner of "" means any node.
func (tx *Tx) ReturnMessage(id, owner, provider, reason, newOwner string, from time.Time) {
	tx.Later(sqlReturnMessage, -1, id, owner, provider, reason, newOwner, micros(from), micros(tx.Now()))
}

// ReleaseMessage gives the owner's lease on a message back, so that any node may take it at once.
func (tx *Tx) ReleaseMessage(id, owner string) {
	tx.Later(sqlReleaseMessage, -1, id, owner)
}

// ClearLeases ends all leases. It is for a server that has the database to itself: whoever held them is gone.
func (tx *Tx) ClearLeases(ctx context.Context) (int64, error) {
	return tx.Exec(ctx, sqlClearLeases)
}

// AnyMessageDue reports whether a queued mail, or a queued message of any other channel, waits with nobody's lease on it.
func (tx *Tx) AnyMessageDue(ctx context.Context, mails bool) (bool, error) {
	var id string
	err := tx.QueryRow(ctx, sqlDueMessage, []any{micros(tx.Now()), mails}, &id)
	return found(err)
}

// ClaimMessages leases up to limit queued messages, whose lease is over and whose deadline is not, to the owner: mails, or
// those of all other channels.
func (tx *Tx) ClaimMessages(
	ctx context.Context, mails bool, owner string, until time.Time, limit int,
) ([]*Message, error) {
	return tx.messages(ctx, sqlClaimMessages, owner, micros(tx.Now()), micros(until), limit, mails)
}

// ExpireMessages ends up to limit queued messages whose lease and deadline are over, forgets what they say, and gives them
// as they are then.
func (tx *Tx) ExpireMessages(ctx context.Context, limit int) ([]*Message, error) {
	return tx.messages(ctx, sqlExpireMessages, micros(tx.Now()), []byte{}, limit)
}
