// Package limit holds the budgets: how many codes may be sent, how many may be guessed, and when a member is locked.
package limit

import (
	"time"

	"github.com/thimble-auth/thimble/internal/store"
)

// Defaults and bounds of the member lock.
const (
	DefaultLockAfter   = 10
	DefaultLockMinutes = 60
	MaxLockAfter       = 100
	MinLockMinutes     = 5
	MaxLockMinutes     = 7 * 24 * 60
)

// DisableAfter is how many wrong second factors in a row, counted across locks, disable the factor until it is bound again
// (NIST SP 800-63B-4 §3.2.2).
const DisableAfter = 100

// GuessBudget gives the guess budget that a project has set.
func GuessBudget(s *store.ProjectSettings) store.GuessBudget {
	b := store.GuessBudget{InARow: DefaultLockAfter, Lock: DefaultLockMinutes * time.Minute, InTotal: DisableAfter}
	if s.LockAfter > 0 {
		b.InARow = s.LockAfter
	}
	if s.LockMinutes > 0 {
		b.Lock = time.Duration(s.LockMinutes) * time.Minute
	}
	return b
}

// Lock says whether a member is locked, and if so from when until when. A disabled factor has no Until: time alone does
// not end it.
type Lock struct {
	Locked bool
	From   time.Time
	Until  time.Time
}

// AnyLockOf gives the lock that an answer about the member shows: of the second factor, else of a first one.
func AnyLockOf(m *store.Member, s *store.ProjectSettings, now time.Time) Lock {
	if lock := LockOf(m, s, now); lock.Locked {
		return lock
	}
	if now.Before(m.PrimaryLockedTill) {
		return Lock{Locked: true, From: m.PrimaryLockedAt, Until: m.PrimaryLockedTill}
	}
	return Lock{}
}

// LockOf gives the lock of a member's second factor at the time given. Logins by a first factor go on while it holds.
func LockOf(m *store.Member, s *store.ProjectSettings, now time.Time) Lock {
	b := GuessBudget(s)
	if m.MFAFailuresTotal >= b.InTotal {
		return Lock{Locked: true, From: m.MFALockedAt}
	}

	until := m.MFALockedAt.Add(b.Lock)
	if m.MFAFailures < b.InARow || !now.Before(until) {
		return Lock{}
	}
	return Lock{Locked: true, From: m.MFALockedAt, Until: until}
}

// PrimaryLockOf gives the lock of a first factor from its failures in a row and the time of the last one that was left.
func PrimaryLockOf(failures int64, lockedAt time.Time, s *store.ProjectSettings, now time.Time) Lock {
	b := GuessBudget(s)
	until := lockedAt.Add(b.Lock)
	if failures < b.InARow || !now.Before(until) {
		return Lock{}
	}
	return Lock{Locked: true, From: lockedAt, Until: until}
}
