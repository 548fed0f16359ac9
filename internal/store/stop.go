package store

import (
	"context"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

var (
	// One row is in force per number and provider, however often STOP was said: the others are over from the start.
	sqlHearStop = sqldb.SQL("hear_stop", `
		INSERT INTO stops (phone, provider, said_id, over_at, created_at)
		SELECT $1, $2, $3, CASE WHEN EXISTS (SELECT 1 FROM stops WHERE phone = $1 AND provider = $2 AND over_at = 0)
			THEN CAST($4 AS BIGINT) ELSE 0 END, CAST($4 AS BIGINT)
		WHERE true ON CONFLICT DO NOTHING`)

	sqlHearStart = sqldb.SQL("hear_start", `
		INSERT INTO stops (phone, provider, said_id, over_at, created_at) VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING`)

	sqlEndStops = sqldb.SQL("end_stops", `
		UPDATE stops SET over_at = $3 WHERE phone = $1 AND over_at = 0 AND (provider = $2 OR $2 = '')`)

	sqlOptOutRecipient = sqldb.SQL("opt_out_recipient", `
		INSERT INTO stops (phone, provider, said_id, over_at, created_at)
		SELECT recipient, $2, id, 0, $3 FROM messages WHERE id = $1 AND channel = 'sms'
		ON CONFLICT DO NOTHING`)

	sqlStopsOf = sqldb.SQL("stops_of", `
		SELECT phone, provider, MIN(created_at) FROM stops WHERE phone = $1 AND over_at = 0
		GROUP BY phone, provider ORDER BY provider`)
)

// HearStop notes that the number's owner said STOP to the provider's number, and reports whether that is news: what has
// the same saidID is the same saying, and is heard once.
func (tx *Tx) HearStop(ctx context.Context, phone, provider, saidID string) (bool, error) {
	n, err := tx.Exec(ctx, sqlHearStop, phone, provider, saidID, micros(tx.Now()))
	return n == 1, err
}

// HearStart notes that the number's owner said START to the provider's number, and reports whether that is news and ends
// a STOP to the same provider. What was said to others, and what projects and operators say, stays.
func (tx *Tx) HearStart(ctx context.Context, phone, provider, saidID string) (bool, error) {
	now := micros(tx.Now())
	n, err := tx.Exec(ctx, sqlHearStart, phone, provider, saidID, now)
	if err != nil || n == 0 {
		return false, err
	}
	n, err = tx.Exec(ctx, sqlEndStops, phone, provider, now)
	return n > 0, err
}

// EndStops takes back all that the number's owner said to providers, and reports whether there was something.
func (tx *Tx) EndStops(ctx context.Context, phone string) (bool, error) {
	n, err := tx.Exec(ctx, sqlEndStops, phone, "", micros(tx.Now()))
	return n > 0, err
}

// OptOutRecipient notes that the provider refused the message because the number that it was for had said STOP.
func (tx *Tx) OptOutRecipient(id, provider string) {
	tx.Later(sqlOptOutRecipient, -1, id, provider, micros(tx.Now()))
}
