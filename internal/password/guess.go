package password

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/errs"
	guesses "github.com/thimble-auth/thimble/internal/guess" // a guess is an attempt of ours here
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// guess is an attempt at a password with whom it counts for.
type guess struct {
	project      *store.Project
	organization *store.Organization // nil for a login without one
	member       *store.Member       // nil for an address that nobody has
	shown        bool                // on the member's row, when the attempts are used up
	password     *store.Password     // nil for a member without one
	owner        string              // of the guess budget
	requestID    string
	reserved     store.Reserved // from the budget
	verdict      verdict
}

// event is what the audit record of a lock says of the attempt: no address, even of nobody.
func (g *guess) event() audit.Event {
	e := audit.Event{
		ProjectID: g.project.ID, RequestID: g.requestID, Details: map[string]string{"method": store.MethodPassword},
	}
	if g.organization != nil {
		e.OrganizationID = g.organization.ID
	}
	if g.member != nil {
		e.MemberID = g.member.ID
	}
	return e
}

// ownerOf gives whose budget an attempt counts in. Addresses that nobody has are counted and locked like members, so that
// a lock tells nothing; they share a bounded number of rows, chosen with a key that nobody can look through.
func (s *Service) ownerOf(p *store.Project, m *store.Member, place, address string) string {
	if m != nil {
		return m.ID
	}
	_, mac := s.Keys.HashCode(p.ID, place, "password-nobody", address)
	return p.ID + "|nobody|" + mac[:4] // 65,536 rows for a project
}

// addressOwner is whose budget attempts count in at passwords that belong to addresses.
func (s *Service) addressOwner(p *store.Project, has bool, address string) string {
	if has {
		return store.AddressOwner(p.ID, address)
	}
	return s.ownerOf(p, nil, "", address)
}

// try counts the attempt as a failure, in a write of its own, and only then compares: a caller who hangs up, a crash or a
// race can lose an attempt but never gain one. It fails with errs.UserLockLimitReached, and with
// errs.UnauthorizedCredentials for every wrong password: one answer after one amount of work, whether there is such a
// member or not.
func (s *Service) try(ctx context.Context, l *place, g *guess, text secret.String) error {
	budget := limit.GuessBudget(&g.project.Settings)
	var lockedAt, now time.Time
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		now = tx.Now()
		g.reserved, err = tx.ReservePrimary(ctx, g.owner, store.MethodPassword, budget, g.shown)
		if err != nil || g.reserved.Left {
			guesses.Counted(tx, g.project, g.reserved, g.event())
			return err
		}
		_, lockedAt, err = tx.PrimaryLock(ctx, g.owner, store.MethodPassword)
		return err
	})
	if err != nil {
		return err
	}
	if !g.reserved.Left {
		return errs.UserLockLimitReached.After(lockedAt.Add(budget.Lock).Sub(now))
	}

	stored := dummy
	if g.password != nil {
		stored = g.password.Hash
	}
	err = l.run(ctx, func() { g.verdict = compare(stored, text) })
	if err != nil {
		s.giveBack(ctx, g) // nothing was compared
		return err
	}
	if !g.verdict.right || g.password == nil {
		return errs.UnauthorizedCredentials
	}
	return nil
}

// giveBack takes the counted attempt back, for a password that was right and cannot be used after all. When that is not
// possible, one attempt stays counted: no harm is done.
func (s *Service) giveBack(ctx context.Context, g *guess) {
	_ = s.DB.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		tx.ReturnPrimary(g.owner, store.MethodPassword, limit.GuessBudget(&g.project.Settings), g.shown)
		guesses.Returned(tx, g.project, g.reserved, g.event())
		return nil
	})
}

// mustReset reports whether a right password is not good enough to log in with any more.
func (s *Service) mustReset(ctx context.Context, g *guess, text secret.String, address string) bool {
	settings := &g.project.Settings
	return g.password.MustReset ||
		!settings.SkipBreachOnAuthentication && s.Breaches.Has(ctx, text) ||
		settings.ValidateOnAuthentication && !judge(settings, text, address).Valid
}

// settle is the first part of the effects of a right password: it still is the member's, from here to the commit; it is
// kept in a form of our own; and the failures before it are forgotten.
func (s *Service) settle(ctx context.Context, tx *store.Tx, g *guess) error {
	var still bool
	var err error
	if g.verdict.renewed != "" {
		still, err = tx.RehashPassword(ctx, g.password, g.verdict.renewed)
	} else {
		still, err = tx.HoldPassword(ctx, g.password)
	}
	if err != nil {
		return err
	}
	if !still {
		return errs.UnauthorizedCredentials // it was replaced, or taken away, while we looked
	}
	tx.ForgetPrimary(g.owner, store.MethodPassword, limit.GuessBudget(&g.project.Settings), g.shown)
	if g.member != nil && g.member.PasswordID != g.password.ID {
		tx.NamePassword(g.member.ID, g.password.ID)
	}
	return nil
}
