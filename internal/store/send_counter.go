package store

import (
	"context"
	"fmt"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// SendCounter names one counter: what is counted, in which window of the clock, in which of its slots.
type SendCounter struct {
	Name   string
	EndsAt time.Time // the end of the window
	Slot   int64     // 0 for a counter that few share
}

// The shapes of a send: to an unverified number, to one that the member has verified, and to a mailbox. Each has its
// statements, so that a send costs one to read and one to count.
const (
	CountersUnverified = 9
	CountersVerified   = 5
	CountersMail       = 2
)

const (
	countInsert = `INSERT INTO send_counters (ends_at, name, slot, n) VALUES `
	countRows2  = `($1, $2, $3, 1), ($4, $5, $6, 1)`
	countRows5  = countRows2 + `, ($7, $8, $9, 1), ($10, $11, $12, 1), ($13, $14, $15, 1)`
	countRows9  = countRows5 + `, ($16, $17, $18, 1), ($19, $20, $21, 1), ($22, $23, $24, 1), ($25, $26, $27, 1)`
	countAdd    = ` ON CONFLICT (ends_at, name, slot) DO UPDATE SET n = send_counters.n + 1 RETURNING name, slot, n`

	sumSelect = `SELECT name, CAST(SUM(n) AS BIGINT) FROM send_counters WHERE `
	sumRows2  = `(ends_at = $1 AND name = $2) OR (ends_at = $3 AND name = $4)`
	sumRows5  = sumRows2 + ` OR (ends_at = $5 AND name = $6) OR (ends_at = $7 AND name = $8)
		OR (ends_at = $9 AND name = $10)`
	sumRows9 = sumRows5 + ` OR (ends_at = $11 AND name = $12) OR (ends_at = $13 AND name = $14)
		OR (ends_at = $15 AND name = $16) OR (ends_at = $17 AND name = $18)`
	sumGroup = ` GROUP BY name`
)

// countStmts and sumStmts are the statements by how many counters they take.
var (
	countStmts = map[int]*sqldb.Stmt{
		CountersMail:       sqldb.SQL("count_sends_2", countInsert+countRows2+countAdd),
		CountersVerified:   sqldb.SQL("count_sends_5", countInsert+countRows5+countAdd),
		CountersUnverified: sqldb.SQL("count_sends_9", countInsert+countRows9+countAdd),
	}
	sumStmts = map[int]*sqldb.Stmt{
		CountersMail:       sqldb.SQL("sum_sends_2", sumSelect+sumRows2+sumGroup),
		CountersVerified:   sqldb.SQL("sum_sends_5", sumSelect+sumRows5+sumGroup),
		CountersUnverified: sqldb.SQL("sum_sends_9", sumSelect+sumRows9+sumGroup),
	}
)

var sqlReapSendCounters = sqldb.SQL("reap_send_counters", `
		DELETE FROM send_counters WHERE ends_at <= $1 AND ends_at IN (
			SELECT DISTINCT old.ends_at FROM send_counters old WHERE old.ends_at <= $1 ORDER BY old.ends_at LIMIT $2)`)

// SumSends gives how often each counter was counted, all slots together. Counters that never were are missing.
func (tx *Tx) SumSends(ctx context.Context, counters []SendCounter) (map[string]int64, error) {
	stmt, err := bySize(sumStmts, counters)
	if err != nil {
		return nil, err
	}
	args := make([]any, 0, 2*len(counters))
	for _, c := range counters {
		args = append(args, micros(c.EndsAt), c.Name)
	}

	sums := make(map[string]int64, len(counters))
	err = tx.Query(ctx, stmt, args, func(scan func(...any) error) error {
		var name string
		var n int64
		err := scan(&name, &n)
		sums[name] = n
		return err
	})
	return sums, err
}

// CountSends adds one to each counter, in the order given, and gives what those that nobody else shares stand at.
// Callers name narrow counters before wide ones: the rows are locked in that order.
func (tx *Tx) CountSends(ctx context.Context, counters []SendCounter) (map[string]int64, error) {
	stmt, err := bySize(countStmts, counters)
	if err != nil {
		return nil, err
	}
	args := make([]any, 0, 3*len(counters))
	for _, c := range counters {
		args = append(args, micros(c.EndsAt), c.Name, c.Slot)
	}

	counts := make(map[string]int64, len(counters))
	err = tx.Query(ctx, stmt, args, func(scan func(...any) error) error {
		var name string
		var slot, n int64
		err := scan(&name, &slot, &n)
		if slot == 0 {
			counts[name] = n
		}
		return err
	})
	return counts, err
}

func bySize(stmts map[int]*sqldb.Stmt, counters []SendCounter) (*sqldb.Stmt, error) {
	stmt := stmts[len(counters)]
	if stmt == nil {
		return nil, fmt.Errorf("store: no statement for %d counters", len(counters))
	}
	return stmt, nil
}

// ReapSendCounters deletes the counters of up to windows ends of windows that are over.
func (tx *Tx) ReapSendCounters(ctx context.Context, windows int) (int64, error) {
	return tx.Exec(ctx, sqlReapSendCounters, micros(tx.Now()), windows)
}
