package store

import (
	"context"
	"strconv"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
)

// ProviderResult counts what became of the texts that a provider was given for a country.
type ProviderResult struct {
	Provider  string
	Country   string // ISO 3166-1 alpha-2
	Taken     int64  // it took them, and nobody else did afterwards
	Missed    int64  // it did not, or lost them, or never reported on them so that another got them
	Delivered int64  // of those taken: it reported that they arrived, or their code was used
	Redeemed  int64  // of those taken: their code was used
}

// The marks up to which all messages of live projects have been looked at.
const (
	MarkCounted = "providers_counted_us" // for CountResults
	MarkTold    = "providers_told_us"    // for Redeemed
)

var (
	// The place of a mark that moves is named, so that of two nodes only one moves it.
	sqlMoveMark = sqldb.SQL("move_mark", `UPDATE meta SET value = $3 WHERE name = $1 AND value = $2`)

	sqlFirstMark = sqldb.SQL("first_mark", `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`)

	sqlTakenTexts = sqldb.SQL("taken_texts", `
		SELECT provider, country, COUNT(*), 0,
			SUM(CASE WHEN status = 'delivered' OR redeemed_at > 0 THEN 1 ELSE 0 END),
			SUM(CASE WHEN redeemed_at > 0 THEN 1 ELSE 0 END)
		FROM messages WHERE id >= $1 AND id < $2 AND channel = 'sms' AND sent_at > 0
		GROUP BY provider, country`)

	sqlMissedTexts = sqldb.SQL("missed_texts", `
		SELECT a.provider, m.country, 0, COUNT(*), 0, 0
		FROM message_attempts AS a JOIN messages AS m ON m.id = a.message_id
		WHERE a.message_id >= $1 AND a.message_id < $2 AND m.channel = 'sms' AND a.class IN ('later', 'other_route')
		GROUP BY a.provider, m.country`)

	sqlAddResult = sqldb.SQL("add_provider_result", `
		INSERT INTO provider_results (hour, provider, country, taken, missed, delivered, redeemed)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (hour, provider, country) DO UPDATE SET taken = provider_results.taken + excluded.taken,
			missed = provider_results.missed + excluded.missed,
			delivered = provider_results.delivered + excluded.delivered,
			redeemed = provider_results.redeemed + excluded.redeemed`)

	sqlProviderResults = sqldb.SQL("provider_results", `
		SELECT provider, country, SUM(taken), SUM(missed), SUM(delivered), SUM(redeemed) FROM provider_results
		WHERE hour >= $1 GROUP BY provider, country ORDER BY provider, country`)

	sqlForgetResults = sqldb.SQL("forget_provider_results", `DELETE FROM provider_results WHERE hour < $1`)

	sqlRedeemedMessages = sqldb.SQL("redeemed_messages", `
		SELECT id, provider, provider_id FROM messages
		WHERE id > $1 AND id < $2 AND channel = 'sms' AND redeemed_at > 0 AND provider_id <> '' ORDER BY id LIMIT $3`)
)

// Mark gives the moment up to which messages have been looked at, the zero time before the first.
func (tx *Tx) Mark(ctx context.Context, name string) (time.Time, error) {
	value, err := tx.Meta(ctx, name)
	if err != nil || value == "" {
		return time.Time{}, err
	}
	us, err := strconv.ParseInt(value, 10, 64)
	return fromMicros(us), err
}

// MoveMark moves a mark and reports whether it was still where from says: somebody else may have moved it.
func (tx *Tx) MoveMark(ctx context.Context, name string, from, to time.Time) (bool, error) {
	value := strconv.FormatInt(micros(to), 10)
	if from.IsZero() {
		n, err := tx.Exec(ctx, sqlFirstMark, name, value)
		return n == 1, err
	}
	n, err := tx.Exec(ctx, sqlMoveMark, name, strconv.FormatInt(micros(from), 10), value)
	return n == 1, err
}

// CountResults adds the texts of live projects that were written from one moment to another to the results of the hour of
// the first, and gives what it added: a provider and country may come twice. Call it once for each stretch, in the
// transaction that moves MarkCounted.
func (tx *Tx) CountResults(ctx context.Context, from, to time.Time) ([]ProviderResult, error) {
	var all []ProviderResult
	for _, s := range []*sqldb.Stmt{sqlTakenTexts, sqlMissedTexts} {
		found, err := tx.results(ctx, s, liveMessage(from), liveMessage(to))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	for _, r := range all {
		tx.Later(sqlAddResult, 1, hour(from), r.Provider, r.Country, r.Taken, r.Missed, r.Delivered, r.Redeemed)
	}
	return all, nil
}

func (tx *Tx) results(ctx context.Context, s *sqldb.Stmt, args ...any) ([]ProviderResult, error) {
	var all []ProviderResult
	err := tx.Query(ctx, s, args, func(scan func(...any) error) error {
		var r ProviderResult
		err := scan(&r.Provider, &r.Country, &r.Taken, &r.Missed, &r.Delivered, &r.Redeemed)
		all = append(all, r)
		return err
	})
	return all, err
}

// ForgetResults deletes the results of hours before a moment.
func (tx *Tx) ForgetResults(ctx context.Context, before time.Time) error {
	_, err := tx.Exec(ctx, sqlForgetResults, hour(before))
	return err
}

// ProviderResults gives the sums of all hours since a moment.
func (tx *Tx) ProviderResults(ctx context.Context, since time.Time) ([]ProviderResult, error) {
	return tx.results(ctx, sqlProviderResults, hour(since))
}

// Redeemed is a message whose code was used, as its provider knows it.
type Redeemed struct {
	ID, Provider, ProviderID string
}

// Redeemed gives up to limit messages of live projects, written from one moment to another and after the message with the
// id given, whose codes were used, in the order of their ids. An empty id begins at the beginning.
func (tx *Tx) Redeemed(ctx context.Context, from, to time.Time, after string, limit int) ([]Redeemed, error) {
	if after == "" {
		after = liveMessage(from)
	}
	var all []Redeemed
	err := tx.Query(ctx, sqlRedeemedMessages, []any{after, liveMessage(to), limit}, func(scan func(...any) error) error {
		var r Redeemed
		err := scan(&r.ID, &r.Provider, &r.ProviderID)
		all = append(all, r)
		return err
	})
	return all, err
}

// liveMessage gives a text that sorts before every message that a live project writes from that moment on.
func liveMessage(at time.Time) string {
	return ids.Message + "-" + string(ids.Live) + "-" + smallestUUID(at)
}

func hour(at time.Time) int64 { return at.Unix() / 3600 }
