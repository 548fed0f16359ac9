package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// PretendRule says what the simulated carriers of test projects do to which texts: see package pretend.
type PretendRule struct {
	ID        string
	ProjectID string // "" for every test project
	Prefix    string // of the number, + and digits; "" for every number
	Fault     string
	Carriers  string
	Delay     time.Duration
	Remaining int64 // texts that it still holds for; negative has no end
	CreatedAt time.Time
}

const pretendRuleColumns = `id, project_id, prefix, fault, carriers, delay_micros, remaining, created_at`

var (
	sqlPretendRules = sqldb.SQL("pretend_rules", `
		SELECT `+pretendRuleColumns+` FROM pretend_rules ORDER BY id DESC LIMIT 1000`)

	sqlInsertPretendRule = sqldb.SQL("insert_pretend_rule", `
		INSERT INTO pretend_rules (`+pretendRuleColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)

	sqlDeletePretendRule = sqldb.SQL("delete_pretend_rule", `DELETE FROM pretend_rules WHERE id = $1`)

	sqlUsePretendRule = sqldb.SQL("use_pretend_rule", `
		UPDATE pretend_rules SET remaining = remaining - 1 WHERE id = $1 AND remaining > 0`)
)

// PretendRules gives all rules, the newest first.
func (tx *Tx) PretendRules(ctx context.Context) ([]PretendRule, error) {
	var all []PretendRule
	err := tx.Query(ctx, sqlPretendRules, nil, func(scan func(...any) error) error {
		var r PretendRule
		var delay, created int64
		err := scan(&r.ID, &r.ProjectID, &r.Prefix, &r.Fault, &r.Carriers, &delay, &r.Remaining, &created)
		r.Delay, r.CreatedAt = time.Duration(delay)*time.Microsecond, fromMicros(created)
		all = append(all, r)
		return err
	})
	return all, err
}

// InsertPretendRule adds a rule.
func (tx *Tx) InsertPretendRule(r *PretendRule) {
	tx.Later(sqlInsertPretendRule, 1, r.ID, r.ProjectID, r.Prefix, r.Fault, r.Carriers, r.Delay.Microseconds(), r.Remaining,
		micros(r.CreatedAt))
}

// DeletePretendRule removes a rule, if it is there.
func (tx *Tx) DeletePretendRule(id string) { tx.Later(sqlDeletePretendRule, -1, id) }

// UsePretendRule takes one of the texts that a rule still holds for, and reports whether there was one left.
func (tx *Tx) UsePretendRule(ctx context.Context, id string) (bool, error) {
	n, err := tx.Exec(ctx, sqlUsePretendRule, id)
	return n == 1, err
}
