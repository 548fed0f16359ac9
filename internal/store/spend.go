package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Spend is what the texts of a project cost on a day, of one organization to one country, in millionths of a US dollar.
type Spend struct {
	Day            int64 // see Day
	OrganizationID string
	Country        string
	Texts          int64 // messages for which something was reserved and not given back
	Reserved       int64 // for those whose price no provider has named, by estimate
	Confirmed      int64 // for those whose price a provider has named
}

// MarkSpent is how far messages are summed by SumSpend.
const MarkSpent = "spend_counted_us"

// spendSums are the last three columns of a Spend, over messages.
const spendSums = `COUNT(*),
	SUM(earlier_micros + CASE WHEN price_currency = '' AND reserved_micros > 0 THEN reserved_micros ELSE 0 END),
	SUM(CASE WHEN price_currency <> '' AND reserved_micros > 0 THEN reserved_micros ELSE 0 END)`

var (
	sqlSumSpend = sqldb.SQL("sum_spend", `
		INSERT INTO spend_days (project_id, day, organization_id, country, texts, reserved_micros, confirmed_micros)
		SELECT project_id, $3, organization_id, country, `+spendSums+`
		FROM messages WHERE id >= $1 AND id < $2 AND (reserved_micros > 0 OR earlier_micros > 0)
		GROUP BY project_id, organization_id, country
		ON CONFLICT (project_id, day, organization_id, country) DO UPDATE SET texts = spend_days.texts + excluded.texts,
			reserved_micros = spend_days.reserved_micros + excluded.reserved_micros,
			confirmed_micros = spend_days.confirmed_micros + excluded.confirmed_micros`)

	sqlSpend = sqldb.SQL("spend", `
		SELECT day, organization_id, country, texts, reserved_micros, confirmed_micros FROM spend_days
		WHERE project_id = $1 AND day >= $2`)

	// What is not summed yet is a few hours.
	sqlRecentSpend = sqldb.SQL("recent_spend", `
		SELECT created_at / 86400000000, organization_id, country, `+spendSums+`
		FROM messages WHERE id >= $1 AND id < $2 AND project_id = $3 AND (reserved_micros > 0 OR earlier_micros > 0)
		GROUP BY created_at / 86400000000, organization_id, country`)

	sqlForgetSpend = sqldb.SQL("forget_spend", `DELETE FROM spend_days WHERE day < $1`)
)

// SumSpend adds what messages cost that were written from one moment to another, within one day. Call it once for each
// stretch, in the transaction that moves MarkSpent.
func (tx *Tx) SumSpend(ctx context.Context, from, to time.Time) error {
	for _, env := range []ids.Env{ids.Live, ids.Test} {
		prefix := ids.Message + "-" + string(env) + "-"
		if _, err := tx.Exec(ctx, sqlSumSpend, prefix+smallestUUID(from), prefix+smallestUUID(to), Day(from)); err != nil {
			return err
		}
	}
	return nil
}

// Spend gives what a project's texts cost since the beginning of a day: what was summed, and the messages since the
// mark, which is where MarkSpent stands. Places of a day may come twice.
func (tx *Tx) Spend(ctx context.Context, p *Project, day int64, mark time.Time) ([]Spend, error) {
	var all []Spend
	row := func(scan func(...any) error) error {
		var s Spend
		err := scan(&s.Day, &s.OrganizationID, &s.Country, &s.Texts, &s.Reserved, &s.Confirmed)
		all = append(all, s)
		return err
	}
	if err := tx.Query(ctx, sqlSpend, []any{p.ID, day}, row); err != nil {
		return nil, err
	}
	prefix := ids.Message + "-" + string(p.Env) + "-"
	err := tx.Query(ctx, sqlRecentSpend, []any{prefix + smallestUUID(mark), prefix + "g", p.ID}, row)
	return all, err
}

// ForgetSpend deletes the sums of days before the one given.
func (tx *Tx) ForgetSpend(ctx context.Context, day int64) error {
	_, err := tx.Exec(ctx, sqlForgetSpend, day)
	return err
}
