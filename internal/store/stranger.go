package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Widths are how many prefixes of a number are counted by what became of the codes sent there.
const Widths = 3

// SendsOfStranger is how many counters there are of a send to an unverified number, but for those of what became of it.
const SendsOfStranger = 12

// SafeValues is how many values of a send can be on the safe list.
const SafeValues = 14

// Stranger asks for all that is known around a send to a number that its member has not verified.
type Stranger struct {
	// Sends are counters of the send itself.
	Sends [SendsOfStranger]SendCounter
	// Month has the counters of two long windows, that of now and the one before it, for each prefix: codes sent, and used.
	Month, LastMonth time.Time
	Sent, Used       [Widths]string
	// Day has those of the whole project, in two windows again.
	Day, LastDay     time.Time
	DaySent, DayUsed string
	// Hour has what was sent to prefixes that are known and that are not, and what was used.
	Hour, LastHour       time.Time
	Warm, Cold, HourUsed string

	ProjectID      string
	OrganizationID string
	// Safe are the values by which the send can be on the safe list.
	Safe [SafeValues]string
	// From and To bound the numbers around it, To not included: text order, in which neighbours lie together.
	From, To string
}

// StrangerSums is what is known.
type StrangerSums struct {
	Sends                          [SendsOfStranger]int64
	Sent, Used                     [Widths]int64
	DaySent, DayUsed               int64
	Warm, WarmLast, Cold, HourUsed int64
	// Safe: it is on the safe list.
	Safe bool
	// Neighbours: the organization has a member who verified a number between From and To.
	Neighbours bool
}

// One statement, and so one trip, for everything that is asked about a stranger's number. SQLite makes a table of its own of
// each list behind IN: two sums instead of one over two windows, and no look at an empty safe list, took a third of the
// time off a refusal there.
var sqlSumStranger = sqldb.SQL("sum_stranger", `SELECT `+
	sumFrom+`ends_at = $1 AND name = $2), `+
	sumFrom+`ends_at = $3 AND name = $4), `+
	sumFrom+`ends_at = $5 AND name = $6), `+
	sumFrom+`ends_at = $7 AND name = $8), `+
	sumFrom+`ends_at = $9 AND name = $10), `+
	sumFrom+`ends_at = $11 AND name = $12), `+
	sumFrom+`ends_at = $13 AND name = $14), `+
	sumFrom+`ends_at = $15 AND name = $16), `+
	sumFrom+`ends_at = $17 AND name = $18), `+
	sumFrom+`ends_at = $19 AND name = $20), `+
	sumFrom+`ends_at = $21 AND name = $22), `+
	sumFrom+`ends_at = $23 AND name = $24), `+
	sumFrom+`ends_at = $25 AND name = $27) + `+sumFrom+`ends_at = $26 AND name = $27), `+
	sumFrom+`ends_at = $25 AND name = $28) + `+sumFrom+`ends_at = $26 AND name = $28), `+
	sumFrom+`ends_at = $25 AND name = $29) + `+sumFrom+`ends_at = $26 AND name = $29), `+
	sumFrom+`ends_at = $25 AND name = $30) + `+sumFrom+`ends_at = $26 AND name = $30), `+
	sumFrom+`ends_at = $25 AND name = $31) + `+sumFrom+`ends_at = $26 AND name = $31), `+
	sumFrom+`ends_at = $25 AND name = $32) + `+sumFrom+`ends_at = $26 AND name = $32), `+
	sumFrom+`ends_at = $33 AND name = $35) + `+sumFrom+`ends_at = $34 AND name = $35), `+
	sumFrom+`ends_at = $33 AND name = $36) + `+sumFrom+`ends_at = $34 AND name = $36), `+
	sumFrom+`ends_at = $37 AND name = $39), `+
	sumFrom+`ends_at = $38 AND name = $39), `+
	sumFrom+`ends_at = $37 AND name = $40), `+
	sumFrom+`ends_at = $37 AND name = $41) + `+sumFrom+`ends_at = $38 AND name = $41), `+
	`CASE WHEN EXISTS (SELECT 1 FROM guard_safe WHERE project_id = $42) THEN
			EXISTS (SELECT 1 FROM guard_safe WHERE project_id = $42 AND expires_at > $43 AND value IN (
				$44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57)) ELSE FALSE END,
		EXISTS (SELECT 1 FROM members WHERE organization_id = $58 AND mfa_phone_verified = TRUE
			AND mfa_phone >= $59 AND mfa_phone < $60)`)

// SumStranger reads what is known around a send to an unverified number.
func (tx *Tx) SumStranger(ctx context.Context, q *Stranger) (*StrangerSums, error) {
	args := make([]any, 0, 64)
	for _, c := range q.Sends {
		args = append(args, micros(c.EndsAt), c.Name)
	}
	args = append(args, micros(q.Month), micros(q.LastMonth))
	for _, names := range [][Widths]string{q.Sent, q.Used} {
		for _, name := range names {
			args = append(args, name)
		}
	}
	args = append(args, micros(q.Day), micros(q.LastDay), q.DaySent, q.DayUsed,
		micros(q.Hour), micros(q.LastHour), q.Warm, q.Cold, q.HourUsed, q.ProjectID, micros(tx.Now()))
	for _, value := range q.Safe {
		args = append(args, value)
	}
	args = append(args, q.OrganizationID, q.From, q.To)

	var s StrangerSums
	dest := make([]any, 0, 32)
	for i := range s.Sends {
		dest = append(dest, &s.Sends[i])
	}
	for _, sums := range []*[Widths]int64{&s.Sent, &s.Used} {
		for i := range sums {
			dest = append(dest, &sums[i])
		}
	}
	dest = append(dest, &s.DaySent, &s.DayUsed, &s.Warm, &s.WarmLast, &s.Cold, &s.HourUsed, &s.Safe, &s.Neighbours)
	if err := tx.QueryRow(ctx, sqlSumStranger, args, dest...); err != nil {
		return nil, err
	}
	return &s, nil
}
