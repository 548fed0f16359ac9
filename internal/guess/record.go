package guess

import (
	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/store"
)

// What the audit log says of guesses. Wrong ones leave no event each: their counter is their record, and whoever guesses
// must not be the one who fills the log.
const (
	Locked   = "member.locked"       // too many in a row: for some time
	Disabled = "member.mfa_disabled" // too many in all: until the second factor is bound again
	Unlocked = "member.unlocked"     // the last guess was given back; a right one ends a lock by its own event
)

// Counted records the lock that begins with a counted guess, in the transaction that counted it.
func Counted(tx *store.Tx, p *store.Project, r store.Reserved, about audit.Event) {
	switch {
	case r.Disables:
		record(tx, p, Disabled, about)
	case r.Locks:
		record(tx, p, Locked, about)
	}
}

// Returned records the end of that lock, in the transaction that takes the guess back.
func Returned(tx *store.Tx, p *store.Project, r store.Reserved, about audit.Event) {
	if r.Locks || r.Disables {
		record(tx, p, Unlocked, about)
	}
}

func record(tx *store.Tx, p *store.Project, action string, about audit.Event) {
	about.Action, about.Outcome = action, audit.Done
	event.Record(tx, p, about)
}
