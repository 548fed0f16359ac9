// Package event tells the webhooks of a project what happened, in the transaction in which it happens: what is answered is
// not lost, and what is rolled back is never told. Package hook delivers it.
//
// Most events are audit records under a name of their own, see kinds.go. An event that no webhook of the project wants
// costs a look at the project's record, which is in memory anyway.
package event

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/store"
)

// Life is how long somebody tries to tell an event.
const Life = 3 * 24 * time.Hour

// Event is what happened. Data holds ids and words of ours: no codes, no tokens, no addresses, numbers only masked.
type Event struct {
	Kind           string
	OrganizationID string
	MemberID       string
	RequestID      string
	Data           map[string]string
	// MessageID and Status, if given, make it happen only if this transaction gave the message this status.
	MessageID, Status string
}

// Record writes the audit record, and tells the project's webhooks if it has a name of its own. more is said to them
// alone.
func Record(tx *store.Tx, p *store.Project, e audit.Event, more ...map[string]string) {
	audit.Record(tx, e)
	if len(p.Listens) == 0 {
		return
	}
	as, ok := tellings[telling{e.Action, e.Outcome}]
	if !ok || !Wanted(p, as.kind) {
		return
	}
	if group(as.kind) == "member" && e.MemberID == "" {
		return // a lock of an address that nobody has
	}
	data := map[string]string{}
	for _, field := range kinds[as.kind].Fields {
		if value := e.Details[field.Name]; value != "" {
			data[field.Name] = value
		}
	}
	maps.Copy(data, as.fixed)
	for _, one := range more {
		maps.Copy(data, one)
	}
	Tell(tx, p, Event{
		Kind: as.kind, OrganizationID: e.OrganizationID, MemberID: e.MemberID, RequestID: e.RequestID, Data: data,
	})
}

// Tell tells the project's webhooks that want it what happened.
func Tell(tx *store.Tx, p *store.Project, e Event) {
	if !Wanted(p, e.Kind) {
		return
	}
	h := Compose(p, e, tx.Now())
	tx.Tell(&h)
}

// Wanted reports whether a webhook of the project wants events of the kind.
func Wanted(p *store.Project, kind string) bool {
	return slices.ContainsFunc(p.Listens, func(pattern string) bool { return Fits(pattern, kind) })
}

// Fits reports whether a name or a pattern stands for the kind.
func Fits(pattern, kind string) bool {
	return pattern == kind || pattern == All || pattern == groupOf(kind)
}

// All is the pattern of all kinds.
const All = "*"

// groupOf is the pattern of a kind's group.
func groupOf(kind string) string { return group(kind) + ".*" }

func group(kind string) string {
	name, _, _ := strings.Cut(kind, ".")
	return name
}

// Known reports whether a name or a pattern stands for any kind there is.
func Known(pattern string) bool {
	if pattern == All {
		return true
	}
	for kind := range kinds {
		if Fits(pattern, kind) {
			return true
		}
	}
	return false
}

// payload is the body of a call (Standard Webhooks, "Payload structure").
type payload struct {
	Type      string            `json:"type"`
	Timestamp string            `json:"timestamp"`
	Data      map[string]string `json:"data"`
}

// Compose puts an event into the words in which it is told.
func Compose(p *store.Project, e Event, at time.Time) store.Happened {
	data := map[string]string{"project_id": p.ID}
	maps.Copy(data, e.Data)
	for name, value := range map[string]string{
		"organization_id": e.OrganizationID, "member_id": e.MemberID, "request_id": e.RequestID,
	} {
		if value != "" {
			data[name] = value
		}
	}
	text, err := json.Marshal(payload{e.Kind, at.UTC().Format(time.RFC3339Nano), data})
	if err != nil {
		panic("event: texts have a JSON form: " + err.Error())
	}
	return store.Happened{
		ID: ids.New(ids.Event, p.Env, at), ProjectID: p.ID, Kind: e.Kind, Group: groupOf(e.Kind), Payload: string(text),
		Until: at.Add(Life), MessageID: e.MessageID, Status: e.Status,
	}
}
