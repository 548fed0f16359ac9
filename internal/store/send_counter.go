package store

import (
	"context"
	"fmt"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// SendCounter names one counter: what is counted, in which window of the clock.
type SendCounter struct {
	Name   string
	EndsAt time.Time // the end of the window
	// Shared says that many members count here at once. Such a counter has a row for each lane (sqldb.Tx.Lane), whose sum it
	// is: one row for all would be one lock for all.
	Shared bool
	// Ceiling is how far CountSends counts a row of it.
	Ceiling int64
}

// The shapes of a send: to an unverified number, to one that the member has verified, and to a mailbox. Each has its
// statements, so that a send costs one to read and one to count. A code that a stranger used is counted in five, too.
const (
	CountersUnverified = 17
	CountersVerified   = 5
	CountersUsed       = 5
	CountersMail       = 2
)

// A counter that has reached its ceiling is not counted, so that the number of rows tells whether all were.
const (
	countInsert = `INSERT INTO send_counters (ends_at, name, slot, n) VALUES `
	countRows2  = `($1, $2, $3, 1), ($5, $6, $7, 1)`
	countRows5  = countRows2 + `, ($9, $10, $11, 1), ($13, $14, $15, 1), ($17, $18, $19, 1)`
	countRows17 = countRows5 + `, ($21, $22, $23, 1), ($25, $26, $27, 1), ($29, $30, $31, 1), ($33, $34, $35, 1),
		($37, $38, $39, 1), ($41, $42, $43, 1), ($45, $46, $47, 1), ($49, $50, $51, 1),
		($53, $54, $55, 1), ($57, $58, $59, 1), ($61, $62, $63, 1), ($65, $66, $67, 1)`
	countAdd = ` ON CONFLICT (ends_at, name, slot) DO UPDATE SET n = send_counters.n + 1
		WHERE send_counters.n < CASE excluded.name`
	ceilings2 = ` WHEN $2 THEN CAST($4 AS BIGINT) WHEN $6 THEN CAST($8 AS BIGINT)`
	ceilings5 = ceilings2 + ` WHEN $10 THEN CAST($12 AS BIGINT) WHEN $14 THEN CAST($16 AS BIGINT)
		WHEN $18 THEN CAST($20 AS BIGINT)`
	ceilings17 = ceilings5 + ` WHEN $22 THEN CAST($24 AS BIGINT) WHEN $26 THEN CAST($28 AS BIGINT)
		WHEN $30 THEN CAST($32 AS BIGINT) WHEN $34 THEN CAST($36 AS BIGINT)
		WHEN $38 THEN CAST($40 AS BIGINT) WHEN $42 THEN CAST($44 AS BIGINT)
		WHEN $46 THEN CAST($48 AS BIGINT) WHEN $50 THEN CAST($52 AS BIGINT)
		WHEN $54 THEN CAST($56 AS BIGINT) WHEN $58 THEN CAST($60 AS BIGINT)
		WHEN $62 THEN CAST($64 AS BIGINT) WHEN $66 THEN CAST($68 AS BIGINT)`
	countEnd = ` END`

	// Each sum is a subquery of its own, which both engines answer from a stretch of the primary key: one query over all
	// counters with OR and GROUP BY cost them several times as much (BenchmarkSend in package limit).
	sumFrom  = `(SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM send_counters WHERE `
	sumRows2 = `SELECT ` + sumFrom + `ends_at = $1 AND name = $2), ` + sumFrom + `ends_at = $3 AND name = $4)`
	sumRows5 = sumRows2 + `, ` + sumFrom + `ends_at = $5 AND name = $6), ` + sumFrom + `ends_at = $7 AND name = $8), ` +
		sumFrom + `ends_at = $9 AND name = $10)`
)

// countStmts and sumStmts are the statements by how many counters they take.
var (
	countStmts = map[int]*sqldb.Stmt{
		CountersMail:       sqldb.SQL("count_sends_2", countInsert+countRows2+countAdd+ceilings2+countEnd),
		CountersVerified:   sqldb.SQL("count_sends_5", countInsert+countRows5+countAdd+ceilings5+countEnd),
		CountersUnverified: sqldb.SQL("count_sends_17", countInsert+countRows17+countAdd+ceilings17+countEnd),
	}
	sumStmts = map[int]*sqldb.Stmt{
		CountersMail:     sqldb.SQL("sum_sends_2", sumRows2),
		CountersVerified: sqldb.SQL("sum_sends_5", sumRows5),
	}
)

// counterStmts are the statements on counters without which a text can be decided about, by name.
var counterStmts = map[string]bool{
	sqlSumStranger.Name(): true, sumStmts[CountersVerified].Name(): true, countStmts[CountersVerified].Name(): true,
	countStmts[CountersUnverified].Name(): true,
}

// SumSends gives how often each counter was counted, all slots together, in the order given.
func (tx *Tx) SumSends(ctx context.Context, counters []SendCounter) ([]int64, error) {
	stmt, err := bySize(sumStmts, counters)
	if err != nil {
		return nil, err
	}
	args := make([]any, 0, 2*len(counters))
	sums := make([]int64, len(counters))
	dest := make([]any, len(counters))
	for i, c := range counters {
		args = append(args, micros(c.EndsAt), c.Name)
		dest[i] = &sums[i]
	}
	return sums, tx.QueryRow(ctx, stmt, args, dest...)
}

// CountSends adds one to each counter, or fails the transaction with ErrChanged when one has reached its ceiling. It goes
// out with the statements after it. Callers name narrow counters before wide ones, since rows are locked in that order,
// and count last, since others wait for the wide ones until the commit.
func (tx *Tx) CountSends(counters []SendCounter) error {
	stmt, err := bySize(countStmts, counters)
	if err != nil {
		return err
	}
	args := make([]any, 0, 4*len(counters))
	for _, c := range counters {
		slot := int64(0)
		if c.Shared {
			slot = int64(tx.Lane()) + 1
		}
		args = append(args, micros(c.EndsAt), c.Name, slot, c.Ceiling)
	}
	tx.Later(stmt, int64(len(counters)), args...)
	return nil
}

func bySize(stmts map[int]*sqldb.Stmt, counters []SendCounter) (*sqldb.Stmt, error) {
	stmt := stmts[len(counters)]
	if stmt == nil {
		return nil, fmt.Errorf("store: no statement for %d counters", len(counters))
	}
	return stmt, nil
}
