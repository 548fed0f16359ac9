package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// The scopes of budgets.
const (
	ScopeProject      = "project"
	ScopeOrganization = "organization"
	ScopeCountry      = "country"
)

// Budgets are the bits of Message.Budgets: where its cost is counted.
type Budgets int64

// The bits. Rows are locked in the order country, organization, project.
const (
	InCountry      Budgets = 1 << iota
	InOrganization         // that of the message
	InProject
	Unverified // and in the share for numbers that the member has not verified
)

// BudgetKey names what is counted of one budget on one day.
type BudgetKey struct {
	ProjectID string
	Day       int64 // see Day
	Scope     string
	Name      string // id of the organization or code of the country, "" for a project
}

// Budget is what was spent of one budget on one day, in millionths of a US dollar.
type Budget struct {
	BudgetKey
	Spent      int64
	Unverified int64 // of Spent, for numbers that their member had not verified
	// Most is how much there was of each when a text was last reserved; math.MaxInt64 is no end.
	Most           int64
	MostUnverified int64
	// Alerted is the highest share in percent of which there was an alert.
	Alerted           int64
	AlertedUnverified int64
}

// Day counts days in UTC.
func Day(at time.Time) int64 { return at.Unix() / 86400 }

const budgetColumns = `project_id, day, scope, name, spent_micros, unverified_micros, most_micros, most_unverified_micros,
	alerted, alerted_unverified`

var (
	sqlBudget = sqldb.SQL("budget", `
		SELECT spent_micros, unverified_micros, alerted, alerted_unverified FROM budget_days
		WHERE project_id = $1 AND day = $2 AND scope = $3 AND name = $4`)

	// The guard is what makes a budget exact: a row is one lock, so that of many sends only those that fit are counted.
	sqlReserve = sqldb.SQL("reserve", `
		INSERT INTO budget_days (`+budgetColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0)
		ON CONFLICT (project_id, day, scope, name) DO UPDATE SET
			spent_micros = budget_days.spent_micros + excluded.spent_micros,
			unverified_micros = budget_days.unverified_micros + excluded.unverified_micros,
			most_micros = excluded.most_micros, most_unverified_micros = excluded.most_unverified_micros
		WHERE budget_days.spent_micros <= excluded.most_micros - excluded.spent_micros
			AND (excluded.unverified_micros = 0
				OR budget_days.unverified_micros <= excluded.most_unverified_micros - excluded.unverified_micros)`)

	sqlReserveAgain = sqldb.SQL("reserve_again", `
		UPDATE budget_days SET spent_micros = spent_micros + $5, unverified_micros = unverified_micros + $6
		WHERE project_id = $1 AND day = $2 AND scope = $3 AND name = $4 AND spent_micros <= most_micros - $5
			AND (CAST($6 AS BIGINT) = 0 OR unverified_micros <= most_unverified_micros - $6)`)

	sqlMayReserve = sqldb.SQL("may_reserve", `
		SELECT name FROM budget_days
		WHERE project_id = $1 AND day = $2 AND scope = $3 AND name = $4 AND spent_micros <= most_micros - $5
			AND (CAST($6 AS BIGINT) = 0 OR unverified_micros <= most_unverified_micros - $6)`)

	sqlMessageAgain = sqldb.SQL("message_again", `
		UPDATE messages SET reserved_micros = $2, price_micros = 0, price_currency = '',
			earlier_micros = earlier_micros + CASE WHEN reserved_micros > 0 THEN reserved_micros ELSE 0 END
		WHERE id = $1`)

	// The alert of a refusal may come before any text was counted.
	sqlAlertBudget = sqldb.SQL("alert_budget", `
		INSERT INTO budget_days (`+budgetColumns+`) VALUES ($1, $2, $3, $4, 0, 0, $7, $8, $5, 0)
		ON CONFLICT (project_id, day, scope, name) DO UPDATE SET alerted = excluded.alerted
		WHERE budget_days.alerted = $6`)

	sqlAlertBudgetUnverified = sqldb.SQL("alert_budget_unverified", `
		INSERT INTO budget_days (`+budgetColumns+`) VALUES ($1, $2, $3, $4, 0, 0, $7, $8, 0, $5)
		ON CONFLICT (project_id, day, scope, name) DO UPDATE SET alerted_unverified = excluded.alerted_unverified
		WHERE budget_days.alerted_unverified = $6`)

	sqlBudgets = sqldb.SQL("budgets", `
		SELECT `+budgetColumns+` FROM budget_days WHERE project_id = $1 AND day = $2 ORDER BY scope, name LIMIT 1000`)

	sqlOwed = sqldb.SQL("owed", `
		SELECT id, project_id, organization_id, country, created_at, budgets, owed_micros FROM messages
		WHERE owed_micros <> 0 AND id > '' ORDER BY id LIMIT $1`)

	sqlSettled = sqldb.SQL("settled", `UPDATE messages SET owed_micros = 0 WHERE id = $1 AND owed_micros = $2`)

	sqlCorrectBudget = sqldb.SQL("correct_budget", `
		UPDATE budget_days SET spent_micros = spent_micros + $5, unverified_micros = unverified_micros + $6
		WHERE project_id = $1 AND day = $2 AND scope = $3 AND name = $4`)

	sqlForgetBudgets = sqldb.SQL("forget_budgets", `DELETE FROM budget_days WHERE day < $1`)
)

// AskBudget asks what was spent of a budget; one of which nothing was is all zero. It is had as with Ask.
func (tx *Tx) AskBudget(ctx context.Context, k BudgetKey) (answer func() (*Budget, error)) {
	b := &Budget{BudgetKey: k}
	get := tx.Ask(ctx, sqlBudget, []any{k.ProjectID, k.Day, k.Scope, k.Name},
		&b.Spent, &b.Unverified, &b.Alerted, &b.AlertedUnverified)
	return func() (*Budget, error) {
		_, err := found(get())
		return b, err
	}
}

// Reserve counts a price in a budget of which b.Most and b.MostUnverified is what there is, or fails the transaction
// with ErrChanged when too little is left: who calls it has seen that there is enough. It goes out with the statements
// after it. Callers name narrow budgets before wide ones, see Budgets.
func (tx *Tx) Reserve(b *Budget, price int64, unverified bool) {
	tx.Later(sqlReserve, 1, b.ProjectID, b.Day, b.Scope, b.Name, price, share(price, unverified), b.Most, b.MostUnverified)
}

// share is what of an amount counts for unverified numbers.
func share(micros int64, unverified bool) int64 {
	if unverified {
		return micros
	}
	return 0
}

// AlertBudget notes that there was an alert at a share in percent, of all that is spent or of what is for unverified
// numbers, or fails the transaction with ErrChanged when somebody was first. It goes out with the statements after it.
func (tx *Tx) AlertBudget(b *Budget, percent int64, unverified bool) {
	stmt, before := sqlAlertBudget, b.Alerted
	if unverified {
		stmt, before = sqlAlertBudgetUnverified, b.AlertedUnverified
	}
	tx.Later(stmt, 1, b.ProjectID, b.Day, b.Scope, b.Name, percent, before, b.Most, b.MostUnverified)
}

// BudgetsOf gives what was spent of a project's budgets on a day.
func (tx *Tx) BudgetsOf(ctx context.Context, projectID string, day int64) ([]Budget, error) {
	var all []Budget
	err := tx.Query(ctx, sqlBudgets, []any{projectID, day}, func(scan func(...any) error) error {
		var b Budget
		err := scan(&b.ProjectID, &b.Day, &b.Scope, &b.Name, &b.Spent, &b.Unverified, &b.Most, &b.MostUnverified,
			&b.Alerted, &b.AlertedUnverified)
		all = append(all, b)
		return err
	})
	return all, err
}

// keys are the budgets that a message counts in, in the order in which they are locked: those of the day it was
// written.
func (m *Message) keys() []BudgetKey {
	day := Day(m.CreatedAt)
	keys := make([]BudgetKey, 0, 3)
	if m.Budgets&InCountry != 0 {
		keys = append(keys, BudgetKey{m.ProjectID, day, ScopeCountry, m.Country})
	}
	if m.Budgets&InOrganization != 0 {
		keys = append(keys, BudgetKey{m.ProjectID, day, ScopeOrganization, m.OrganizationID})
	}
	if m.Budgets&InProject != 0 {
		keys = append(keys, BudgetKey{m.ProjectID, day, ScopeProject, ""})
	}
	return keys
}

// MayReserveAgain reports whether a message's budgets have room for another text of it.
func (tx *Tx) MayReserveAgain(ctx context.Context, m *Message, price int64) (bool, error) {
	for _, k := range m.keys() {
		var name string
		ok, err := found(tx.QueryRow(ctx, sqlMayReserve,
			[]any{k.ProjectID, k.Day, k.Scope, k.Name, price, share(price, m.Budgets&Unverified != 0)}, &name))
		if err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// ReserveAgain counts another text of a message, whose first one is spent, or fails the transaction with ErrChanged
// when too little is left since MayReserveAgain. It goes out with the statements after it.
func (tx *Tx) ReserveAgain(m *Message, price int64) {
	tx.Later(sqlMessageAgain, 1, m.ID, price)
	for _, k := range m.keys() {
		tx.Later(sqlReserveAgain, 1, k.ProjectID, k.Day, k.Scope, k.Name, price, share(price, m.Budgets&Unverified != 0))
	}
}

// SettleOwed tells budgets what up to limit messages cost more, or less, than was reserved for them, and gives how many
// it were. Two nodes that settle the same message do so once.
func (tx *Tx) SettleOwed(ctx context.Context, limit int) (int, error) {
	type sum struct{ all, unverified int64 }
	owed := map[BudgetKey]sum{}
	n := 0
	var ids []string
	var amounts []int64
	err := tx.Query(ctx, sqlOwed, []any{limit}, func(scan func(...any) error) error {
		var m Message
		var created, budgets, micros int64
		if err := scan(&m.ID, &m.ProjectID, &m.OrganizationID, &m.Country, &created, &budgets, &micros); err != nil {
			return err
		}
		n++
		m.CreatedAt, m.Budgets = fromMicros(created), Budgets(budgets)
		ids, amounts = append(ids, m.ID), append(amounts, micros)
		for _, k := range m.keys() {
			s := owed[k]
			owed[k] = sum{s.all + micros, s.unverified + share(micros, m.Budgets&Unverified != 0)}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for i, id := range ids {
		tx.Later(sqlSettled, 1, id, amounts[i])
	}
	keys := make([]BudgetKey, 0, len(owed))
	for k := range owed {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b BudgetKey) int { // country, organization, project
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.ProjectID, b.ProjectID), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Day, b.Day))
	})
	for _, k := range keys {
		tx.Later(sqlCorrectBudget, -1, k.ProjectID, k.Day, k.Scope, k.Name, owed[k].all, owed[k].unverified)
	}
	return n, nil
}

// ForgetBudgets deletes what is known of budgets of days before the one given.
func (tx *Tx) ForgetBudgets(ctx context.Context, day int64) error {
	_, err := tx.Exec(ctx, sqlForgetBudgets, day)
	return err
}
