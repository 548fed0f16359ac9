package store

import (
	"context"
	"errors"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// What messages of test projects say stays for the inbox; all others are forgotten when nobody needs them any more.
const (
	inTest  = `id > 'message-test-' AND id < 'message-test-g'`
	forget2 = `CASE WHEN ` + inTest + ` THEN sealed ELSE $2 END`
	forget3 = `CASE WHEN ` + inTest + ` THEN sealed ELSE $3 END`
	forget4 = `CASE WHEN ` + inTest + ` THEN sealed ELSE $4 END`
)

// What of a message's reservation counts, and how a statement gives all of it back: the budgets are told by SettleOwed.
const (
	reserved = `CASE WHEN reserved_micros > 0 THEN reserved_micros ELSE 0 END`
	giveBack = `owed_micros = CASE WHEN budgets > 0 THEN owed_micros - ` + reserved + ` ELSE owed_micros END,
			reserved_micros = CASE WHEN reserved_micros > 0 THEN -reserved_micros ELSE reserved_micros END`
	// handedOver is what the text costs by its handover, unless a report named a price before that.
	handedOver = `CASE WHEN $8 = '' AND price_currency <> '' THEN ` + reserved + ` ELSE CAST($10 AS BIGINT) END`
	// heard tells of a text that arrived although nobody seemed to have taken it.
	heard = `(reserved_micros < 0 AND (provider = $2 OR status IN ('failed', 'expired')))`
)

var (
	// Whoever holds the lease by now: the provider has it, and nobody should send it again. A receipt may have come first;
	// then only the facts are added.
	sqlMessageSent = sqldb.SQL("message_sent", `
		UPDATE messages SET
			status = CASE WHEN status = 'queued' THEN 'sent' ELSE status END,
			reason = CASE WHEN status = 'queued' THEN '' ELSE reason END,
			provider = $2, provider_id = CASE WHEN provider_id = '' THEN $3 ELSE provider_id END, segments = $4,
			sealed = CASE WHEN status = 'queued' AND CAST($9 AS BIGINT) > 0 OR `+inTest+` THEN sealed ELSE $5 END,
			reroute_at = CASE WHEN status = 'queued' THEN CAST($9 AS BIGINT) ELSE 0 END,
			lease_owner = '', leased_until = 0, updated_at = $6, sent_at = $6,
			attempts = CASE WHEN attempts = 0 THEN 1 ELSE attempts END,
			price_micros = CASE WHEN $8 = '' THEN price_micros ELSE CAST($7 AS BIGINT) END,
			price_currency = CASE WHEN $8 = '' THEN price_currency ELSE $8 END,
			owed_micros = CASE WHEN budgets > 0 THEN owed_micros - `+reserved+` + `+handedOver+` ELSE owed_micros END,
			reserved_micros = `+handedOver+`
		WHERE id = $1`)

	sqlMessageFailed = sqldb.SQL("message_failed", `
		UPDATE messages SET status = 'failed', reason = $3, sealed = `+forget4+`, lease_owner = '', leased_until = 0,
			updated_at = $5, `+giveBack+`
		WHERE id = $1 AND lease_owner = $2 AND status = 'queued'`)

	sqlReceiptSent = sqldb.SQL("receipt_sent", `
		UPDATE messages SET status = 'sent', provider = $2, provider_id = $3, sealed = `+forget4+`, lease_owner = '',
			leased_until = 0, updated_at = $5
		WHERE id = $1 AND status = 'queued'
		RETURNING project_id, country`)

	sqlReceiptDelivered = sqldb.SQL("receipt_delivered", `
		UPDATE messages SET status = 'delivered', reason = '', reroute_at = 0, sealed = `+forget4+`, lease_owner = '', leased_until = 0,
			provider_id = CASE WHEN provider_id = '' OR provider <> $2 THEN $3 ELSE provider_id END, provider = $2,
			updated_at = $5,
			owed_micros = CASE WHEN budgets > 0 AND `+heard+` THEN owed_micros - reserved_micros ELSE owed_micros END,
			reserved_micros = CASE WHEN `+heard+` THEN -reserved_micros ELSE reserved_micros END
		WHERE id = $1 AND status <> 'delivered'
		RETURNING project_id, country`)

	sqlReceiptFailed = sqldb.SQL("receipt_failed", `
		UPDATE messages SET status = 'undelivered', reason = $6, reroute_at = 0, sealed = `+forget4+`, lease_owner = '', leased_until = 0,
			provider_id = CASE WHEN provider_id = '' THEN $3 ELSE provider_id END, updated_at = $5
		WHERE id = $1 AND provider = $2 AND status IN ('queued', 'sent')
		RETURNING project_id, country`)

	// A report may name the price after the one that said what became of the message, and after another provider got it:
	// that is not what the later text costs.
	sqlMessagePrice = sqldb.SQL("message_price", `
		UPDATE messages SET price_micros = $3, price_currency = $4,
			owed_micros = CASE WHEN budgets > 0 AND CAST($5 AS BIGINT) >= 0 THEN owed_micros - `+reserved+` + CAST($5 AS BIGINT)
				ELSE owed_micros END,
			reserved_micros = CASE WHEN CAST($5 AS BIGINT) >= 0 THEN CAST($5 AS BIGINT) ELSE reserved_micros END
		WHERE id = $1 AND provider = $2`)
)

// Handover is what a provider said when it took a message.
type Handover struct {
	Provider   string
	ProviderID string
	Segments   int64
	Price      int64  // millionths of Currency
	Currency   string // "" for no price
	Cost       int64  // that price, or an estimate, in millionths of a US dollar
	// RerouteAt is when the message goes to another provider if nobody has reported on it. Until then what it says is kept;
	// the zero time forgets it.
	RerouteAt time.Time
}

// MessageSent notes that a provider took the message.
func (tx *Tx) MessageSent(id string, h Handover) {
	tx.Later(sqlMessageSent, -1, id, h.Provider, h.ProviderID, h.Segments, []byte{}, micros(tx.Now()), h.Price, h.Currency,
		micros(h.RerouteAt), h.Cost)
}

// MessagePrice notes what the provider asks for the message, if it has it: in millionths of the currency, and of a US
// dollar. cost is negative when that is not known: then the estimate stays.
func (tx *Tx) MessagePrice(id, provider string, micros int64, currency string, cost int64) {
	tx.Later(sqlMessagePrice, -1, id, provider, micros, currency, cost)
}

// MessageFailed notes that no provider will take the message, if it still is the owner's, and forgets what it says.
func (tx *Tx) MessageFailed(id, owner, reason string) {
	tx.Later(sqlMessageFailed, -1, id, owner, reason, []byte{}, micros(tx.Now()))
}

// Reported is the message of a report.
type Reported struct {
	ProjectID string
	Country   string // ISO 3166-1 alpha-2
}

// ReceiveReceipt notes what a provider reports on a message that went through it: MessageSent, MessageDelivered or
// MessageUndelivered with a reason. It reports whether that was news, and then what message it is about: a status never
// moves back, and a report that comes again changes nothing.
func (tx *Tx) ReceiveReceipt(
	ctx context.Context, id, provider, providerID, status, reason string,
) (of Reported, news bool, err error) {
	args := []any{id, provider, providerID, []byte{}, micros(tx.Now())}
	s := sqlReceiptSent
	switch status {
	case MessageDelivered:
		s = sqlReceiptDelivered
	case MessageUndelivered:
		s, args = sqlReceiptFailed, append(args, reason)
	}
	news, err = found(tx.QueryRow(ctx, s, args, &of.ProjectID, &of.Country))
	return of, news, err
}

// one turns a count that is had later into whether it is one.
func one(touched func() (int64, error)) func() (bool, error) {
	return func() (bool, error) {
		n, err := touched()
		return n == 1, err
	}
}

// found turns the error of a QueryRow that only asks whether there is a row into the answer.
func found(err error) (bool, error) {
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
