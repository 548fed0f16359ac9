package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// AuditEvent is a record of what was done or refused.
type AuditEvent struct {
	ID             string
	ProjectID      string
	OrganizationID string
	MemberID       string
	RequestID      string
	Action         string
	Outcome        string
	Details        string // JSON object, "" for none
	At             time.Time
}

const auditColumns = `id, project_id, organization_id, member_id, request_id, action, outcome, details, at`

var (
	sqlInsertAuditEvent = sqldb.SQL("insert_audit_event", `
		INSERT INTO audit_events (`+auditColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)

	sqlAuditEvents = sqldb.SQL("audit_events", `
		SELECT `+auditColumns+` FROM audit_events WHERE id > $1 ORDER BY id LIMIT $2`)

	sqlReapAuditEvents = sqldb.SQL("reap_audit_events", `
		DELETE FROM audit_events WHERE id IN (SELECT id FROM audit_events WHERE id < $1 ORDER BY id LIMIT $2)`)
)

// InsertAuditEvent adds the event to the transaction. It goes out with the statements after it.
func (tx *Tx) InsertAuditEvent(e *AuditEvent) {
	tx.Later(sqlInsertAuditEvent, 1, e.ID, e.ProjectID, e.OrganizationID, e.MemberID, e.RequestID, e.Action, e.Outcome,
		e.Details, micros(e.At))
}

// AuditEvents gives up to limit events after the one named, oldest first.
func (tx *Tx) AuditEvents(ctx context.Context, after string, limit int) ([]AuditEvent, error) {
	return tx.auditEvents(ctx, sqlAuditEvents, after, limit)
}

func (tx *Tx) auditEvents(ctx context.Context, s *sqldb.Stmt, args ...any) ([]AuditEvent, error) {
	var all []AuditEvent
	err := tx.Query(ctx, s, args, func(scan func(...any) error) error {
		var e AuditEvent
		var at int64
		err := scan(&e.ID, &e.ProjectID, &e.OrganizationID, &e.MemberID, &e.RequestID, &e.Action, &e.Outcome, &e.Details, &at)
		e.At = fromMicros(at)
		all = append(all, e)
		return err
	})
	return all, err
}

// ReapAuditEvents deletes up to limit events with ids before the one given.
func (tx *Tx) ReapAuditEvents(ctx context.Context, before string, limit int) (int64, error) {
	return tx.Exec(ctx, sqlReapAuditEvents, before, limit)
}
