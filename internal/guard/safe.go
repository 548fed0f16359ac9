package guard

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

// Bounds of an entry of the safe list.
const (
	maxReason = 200 // bytes
	// MaxSafeDays is how long an entry can last, in days.
	MaxSafeDays = 366
)

// SafeKind says what a value of the safe list is: number, prefix, organization or member, "" for none of them. A prefix
// is + and four to fifteen digits, of which a number is the longest.
func SafeKind(value string) string {
	if kind, _, _, ok := ids.Parse(value); ok && (kind == ids.Organization || kind == ids.Member) {
		return kind
	}
	digits, plus := strings.CutPrefix(value, "+")
	if !plus || len(digits) < minSafeDigits || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	if n, err := phone.Parse(value); err == nil && n.String() == value {
		return "number"
	}
	return "prefix"
}

// AddSafe puts a number, a prefix, an organization or a member on the project's safe list. It fails with
// errs.InvalidArgument for a value that is none of these, and without a reason and an end.
func (s *Service) AddSafe(
	ctx context.Context, p *store.Project, value, reason string, lasts time.Duration,
) (*store.SafeEntry, error) {
	reason = strings.TrimSpace(reason)
	kind := SafeKind(value)
	switch {
	case lasts <= 0 || lasts > MaxSafeDays*day:
		return nil, errs.InvalidArgument.Saying(fmt.Sprintf("A safe-list entry lasts from 1 to %d days.", MaxSafeDays))
	case kind == "":
		return nil, errs.InvalidArgument.Saying(
			"A safe-list value is + and 4 to 15 digits, or the id of an organization or a member.")
	case reason == "" || len(reason) > maxReason || strings.ContainsFunc(reason, func(r rune) bool { return r < ' ' }):
		return nil, errs.InvalidArgument.Saying(
			fmt.Sprintf("A safe-list entry needs a reason of 1 to %d characters on one line.", maxReason))
	}
	var e *store.SafeEntry
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		now := tx.Now()
		e = &store.SafeEntry{
			ID: ids.New(ids.Safe, p.Env, now), ProjectID: p.ID, Value: value, Reason: reason,
			ExpiresAt: now.Add(lasts), CreatedAt: now,
		}
		tx.PutSafe(e)
		recordSafe(tx, p, "guard.safe_list.add", map[string]string{"id": e.ID, "kind": kind, "reason": reason})
		return nil
	})
	return e, err
}

// SafeList gives the project's entries that have not expired, ordered by value.
func (s *Service) SafeList(ctx context.Context, p *store.Project) (all []store.SafeEntry, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		all = nil
		for after := ""; ; {
			some, err := tx.SafeList(ctx, p.ID, after)
			all = append(all, some...)
			if err != nil || len(some) == 0 {
				return err
			}
			after = some[len(some)-1].Value
		}
	})
	return all, err
}

// RemoveSafe takes an entry off the list, by its value or its id, and reports whether there was one.
func (s *Service) RemoveSafe(ctx context.Context, p *store.Project, valueOrID string) (found bool, err error) {
	err = s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if found, err = tx.DeleteSafe(ctx, p.ID, valueOrID); err == nil && found {
			recordSafe(tx, p, "guard.safe_list.remove", nil)
		}
		return err
	})
	return found, err
}

// recordSafe notes who was let pass, without the value: it may be a number.
func recordSafe(tx *store.Tx, p *store.Project, action string, details map[string]string) {
	audit.Record(tx, audit.Event{ProjectID: p.ID, Action: action, Outcome: audit.Done, Details: details})
}

// Days gives a number of days, none for what is out of bounds.
func Days(n int64) time.Duration {
	if n < 0 || n > MaxSafeDays {
		return 0
	}
	return time.Duration(n) * day
}
