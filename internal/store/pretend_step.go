package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// PretendStep is something that a simulated carrier did to a text of a test project.
type PretendStep struct {
	ID        string // a UUID of the time, so that steps are in the order of their ids
	MessageID string
	ProjectID string
	Recipient string
	Carrier   string
	What      string // PretendFault or PretendArrived
	Detail    string // in words
	Rule      string // of PretendFault, in a form that package pretend reads
	At        time.Time
}

// What a PretendStep is.
const (
	PretendFault   = "simulated" // the simulator decided what becomes of the text
	PretendArrived = "arrived"   // the text is on the phone
)

// PretendDue is something that a simulated carrier is still to do.
type PretendDue struct {
	ID         string
	MessageID  string
	ProjectID  string
	Recipient  string
	Carrier    string
	ProviderID string
	What       string // package pretend's
	Callback   string // where to report
	Held       bool   // waits for another text to the same number
	At         time.Time
}

const (
	pretendStepColumns = `id, message_id, project_id, recipient, carrier, what, detail, rule, at`
	pretendDueColumns  = `id, message_id, project_id, recipient, carrier, provider_id, what, callback, held, due_at`
)

var (
	sqlInsertPretendStep = sqldb.SQL("insert_pretend_step", `
		INSERT INTO pretend_steps (`+pretendStepColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)

	sqlPretendSteps = sqldb.SQL("pretend_steps", `
		SELECT `+pretendStepColumns+` FROM pretend_steps WHERE message_id >= $1 AND message_id <= $2 ORDER BY message_id, id`)

	sqlReapPretendSteps = sqldb.SQL("reap_pretend_steps", `
		DELETE FROM pretend_steps WHERE id IN (
			SELECT old.id FROM pretend_steps AS old WHERE old.id < $1 ORDER BY old.id LIMIT $2)`)

	sqlInsertPretendDue = sqldb.SQL("insert_pretend_due", `
		INSERT INTO pretend_due (`+pretendDueColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)

	sqlPretendDue = sqldb.SQL("pretend_due", `
		SELECT `+pretendDueColumns+` FROM pretend_due WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2`)

	sqlNextPretendDue = sqldb.SQL("next_pretend_due", `SELECT due_at FROM pretend_due WHERE due_at > 0 ORDER BY due_at LIMIT 1`)

	sqlDeletePretendDue = sqldb.SQL("delete_pretend_due", `DELETE FROM pretend_due WHERE id = $1`)

	sqlPostponePretendDue = sqldb.SQL("postpone_pretend_due", `UPDATE pretend_due SET due_at = $2 WHERE id = $1`)

	sqlReleasePretendDue = sqldb.SQL("release_pretend_due", `
		UPDATE pretend_due SET due_at = $3, held = FALSE WHERE recipient = $1 AND message_id <> $2 AND held`)
)

// AddPretendStep notes what a carrier did.
func (tx *Tx) AddPretendStep(s *PretendStep) {
	tx.Later(sqlInsertPretendStep, 1, s.ID, s.MessageID, s.ProjectID, s.Recipient, s.Carrier, s.What, s.Detail, s.Rule,
		micros(s.At))
}

// PretendStepsBetween gives what carriers did to the messages from the first id to the last, both included, by message
// and in the order of time.
func (tx *Tx) PretendStepsBetween(ctx context.Context, first, last string) (map[string][]PretendStep, error) {
	all, err := tx.pretendSteps(ctx, sqlPretendSteps, first, last)
	of := map[string][]PretendStep{}
	for _, s := range all {
		of[s.MessageID] = append(of[s.MessageID], s)
	}
	return of, err
}

func (tx *Tx) pretendSteps(ctx context.Context, s *sqldb.Stmt, args ...any) ([]PretendStep, error) {
	var all []PretendStep
	err := tx.Query(ctx, s, args, func(scan func(...any) error) error {
		var s PretendStep
		var at int64
		err := scan(&s.ID, &s.MessageID, &s.ProjectID, &s.Recipient, &s.Carrier, &s.What, &s.Detail, &s.Rule, &at)
		s.At = fromMicros(at)
		all = append(all, s)
		return err
	})
	return all, err
}

// AddPretendDue notes what a carrier is still to do.
func (tx *Tx) AddPretendDue(d *PretendDue) {
	tx.Later(sqlInsertPretendDue, 1, d.ID, d.MessageID, d.ProjectID, d.Recipient, d.Carrier, d.ProviderID, d.What,
		d.Callback, d.Held, micros(d.At))
}

// PretendDue gives up to limit things whose time has come, the oldest first.
func (tx *Tx) PretendDue(ctx context.Context, limit int) ([]PretendDue, error) {
	var all []PretendDue
	err := tx.Query(ctx, sqlPretendDue, []any{micros(tx.Now()), limit}, func(scan func(...any) error) error {
		var d PretendDue
		var at int64
		err := scan(&d.ID, &d.MessageID, &d.ProjectID, &d.Recipient, &d.Carrier, &d.ProviderID, &d.What, &d.Callback, &d.Held,
			&at)
		d.At = fromMicros(at)
		all = append(all, d)
		return err
	})
	return all, err
}

// NextPretendDue gives the time of the next thing to do, the zero time when there is nothing.
func (tx *Tx) NextPretendDue(ctx context.Context) (time.Time, error) {
	var at int64
	_, err := found(tx.QueryRow(ctx, sqlNextPretendDue, nil, &at))
	return fromMicros(at), err
}

// DonePretendDue takes a thing off the list, and reports whether it was still there: who takes it off does it.
func (tx *Tx) DonePretendDue(ctx context.Context, id string) (bool, error) {
	n, err := tx.Exec(ctx, sqlDeletePretendDue, id)
	return n == 1, err
}

// PostponePretendDue has a thing happen later, if it is still on the list.
func (tx *Tx) PostponePretendDue(id string, at time.Time) {
	tx.Later(sqlPostponePretendDue, -1, id, micros(at))
}

// ReleasePretendDue has what waits for another text to the number, than that of the message, happen at a time.
func (tx *Tx) ReleasePretendDue(recipient, messageID string, at time.Time) {
	tx.Later(sqlReleasePretendDue, -1, recipient, messageID, micros(at))
}
