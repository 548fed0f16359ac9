// Package audit records what was done and what was refused, in the transaction that does or refuses it.
package audit

import (
	"encoding/json"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/store"
)

// Outcomes of an event.
const (
	Done    = "done"
	Refused = "refused"
)

// Event is what happened. Details hold no addresses, numbers, codes or tokens; of a number, the
// first seven digits and a keyed hash at most.
type Event struct {
	ProjectID      string
	OrganizationID string
	MemberID       string
	RequestID      string
	Action         string // what was asked for, such as sms.send, or what began by itself, such as member.locked
	Outcome        string // Done or Refused
	Details        map[string]string
}

// Record adds the event to the transaction.
func Record(tx *store.Tx, e Event) {
	details := ""
	if len(e.Details) > 0 {
		b, err := json.Marshal(e.Details)
		if err != nil {
			panic("audit: a map of texts has a JSON form: " + err.Error())
		}
		details = string(b)
	}

	now := tx.Now()
	tx.InsertAuditEvent(&store.AuditEvent{
		ID: ids.NewUUID(now).String(), ProjectID: e.ProjectID, OrganizationID: e.OrganizationID, MemberID: e.MemberID,
		RequestID: e.RequestID, Action: e.Action, Outcome: e.Outcome, Details: details, At: now,
	})
}
