package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Both walk the primary key, whose ids are ordered by time, from where the last page ended: what is read again is decided
// again in its order, and a page is all that is held of it.
var (
	sqlProjectMessages = sqldb.SQL("project_messages", `
		SELECT `+messageRead+` FROM messages
		WHERE id > $1 AND id < $2 AND project_id = $3 AND kind = 'sms_otp' ORDER BY id LIMIT $4`)

	sqlProjectRefusals = sqldb.SQL("project_refusals", `
		SELECT `+auditColumns+` FROM audit_events
		WHERE id > $1 AND id < $2 AND project_id = $3 AND action = $4 AND outcome = 'refused' ORDER BY id LIMIT $5`)
)

// sqlVerifiedPhones walks the index of verified numbers.
var sqlVerifiedPhones = sqldb.SQL("verified_phones", `
	SELECT id, mfa_phone FROM members
	WHERE organization_id = $1 AND mfa_phone_verified = TRUE AND mfa_phone > $2 AND created_at < $3
	ORDER BY mfa_phone LIMIT $4`)

// VerifiedPhones gives the members of an organization from before a time who have verified a number, ordered by the
// numbers, from behind one of them: their ids, organization and numbers alone.
func (tx *Tx) VerifiedPhones(
	ctx context.Context, orgID, after string, before time.Time, limit int,
) ([]*Member, error) {
	var all []*Member
	err := tx.Query(ctx, sqlVerifiedPhones, []any{orgID, after, micros(before), limit}, func(scan func(...any) error) error {
		m := &Member{OrganizationID: orgID, PhoneVerified: true}
		all = append(all, m)
		return scan(&m.ID, &m.Phone)
	})
	return all, err
}

// Page is a stretch of a project's records, oldest first.
type Page struct {
	ProjectID string
	Env       ids.Env
	From, To  time.Time
	After     string // the id that the page before ended with, "" for the first one
	Limit     int
}

// CodesTexted gives the codes that went out by text in the stretch of a page.
func (tx *Tx) CodesTexted(ctx context.Context, p Page) ([]*Message, error) {
	prefix := ids.Message + "-" + string(p.Env) + "-"
	after := max(p.After, prefix+smallestUUID(p.From))
	return tx.messages(ctx, sqlProjectMessages, after, prefix+smallestUUID(p.To), p.ProjectID, p.Limit)
}

// Refusals gives what was refused of an action in the stretch of a page.
func (tx *Tx) Refusals(ctx context.Context, p Page, action string) ([]AuditEvent, error) {
	after := max(p.After, smallestUUID(p.From))
	return tx.auditEvents(ctx, sqlProjectRefusals, after, smallestUUID(p.To), p.ProjectID, action, p.Limit)
}
