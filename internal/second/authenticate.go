package second

import (
	"context"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/guess"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/mfa"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service redeems second factors.
type Service struct {
	DB       *store.DB
	Sessions *session.Service
	Login    *login.Service
}

// Attempt is what all calls that redeem a second factor ask.
type Attempt struct {
	Organization ids.OrgRef
	Member       ids.MemberRef
	Tokens       session.Tokens // exactly one
	Terms        session.Terms
	// Enrollment is enroll, unenroll or empty.
	Enrollment string
	SetDefault bool
	RequestID  string
}

// The values of Attempt.Enrollment.
const (
	Enroll   = "enroll"
	Unenroll = "unenroll"
)

// Guess is an attempt with everything that was read about it before it was counted.
type Guess struct {
	Project      *store.Project
	Organization *store.Organization
	Member       *store.Member
	Holder       *Holder
	Attempt      *Attempt
}

// Code is a guess of one kind of second factor.
type Code interface {
	// Method is what organizations allow or forbid, such as store.MethodSMS.
	Method() string
	// Action is what the audit record says, such as sms.authenticate.
	Action() string
	// CheckForm refuses what cannot be a code of this kind. It costs no guess.
	CheckForm() error
	// Judge compares, after the guess was counted. It runs outside of transactions and may read.
	Judge(ctx context.Context, tx *store.Tx, g *Guess) (Verdict, error)
	// Complete spends the code and changes the member's row, by guarded statements, and g.Member as the row. A refusal
	// undoes everything. It may be run again: with a Guess that says what was read, and with what Judge left in the Code.
	Complete(ctx context.Context, tx *store.Tx, g *Guess) (store.Factor, error)
}

// Verdict is what a guess turned out to be.
type Verdict = guess.Verdict

// Authenticate redeems a code. The attempt is read, counted and committed, then compared, and only a right code goes on to
// have effects: a caller who hangs up, a crash or a race can lose an attempt but never gain one.
func (s *Service) Authenticate(ctx context.Context, p *store.Project, a Attempt, c Code) (*session.Live, error) {
	shown := s.Sessions.Look(ctx, p, a.Tokens)
	g := &Guess{Project: p, Attempt: &a}
	if err := s.DB.Read(ctx, func(tx *store.Tx) error { return s.read(ctx, tx, g, c, shown) }); err != nil {
		return nil, err
	}

	var found *store.Session
	var done *Guess
	err := guess.Run(ctx, s.DB, guess.Try{
		Project: p,
		About:   g.event(map[string]string{"method": c.Method()}),
		Reserve: func(ctx context.Context, tx *store.Tx) (store.Reserved, error) {
			return tx.ReserveGuess(ctx, g.Member.ID, limit.GuessBudget(&p.Settings))
		},
		NoneLeft: errs.UserLockLimitReached,
		Return:   func(tx *store.Tx) { tx.ReturnGuess(g.Member.ID) },
		Judge:    func(ctx context.Context, tx *store.Tx) (Verdict, error) { return c.Judge(ctx, tx, g) },
		Effects: func(ctx context.Context, tx *store.Tx) (err error) {
			done = g.again()
			found, err = s.effects(ctx, tx, done, c)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	return s.Sessions.Open(p, found, done.Organization, done.Member, found.LastAccessedAt)
}

// again gives a guess to have effects, which change its member: they may be undone and run again, and who the member was
// before decides what is told.
func (g *Guess) again() *Guess {
	fresh, m := *g, *g.Member
	fresh.Member = &m
	return &fresh
}

// read applies the rules that need no code, in the documented order.
func (s *Service) read(ctx context.Context, tx *store.Tx, g *Guess, c Code, shown *session.Shown) (err error) {
	a, p := g.Attempt, g.Project
	asked := Ask(ctx, tx, s.Sessions, p, shown)
	g.Organization, g.Member, err = member.Resolve(ctx, tx, p, a.Organization, a.Member)
	if err != nil {
		return err
	}
	switch a.Tokens.Count() {
	case 0:
		return errs.NoSessionArguments
	case 1:
	default:
		return errs.TooManySessionArguments
	}
	if err := a.Terms.Check(p); err != nil {
		return err
	}
	if g.Holder, err = hold(g.Organization, g.Member, asked); err != nil {
		return err
	}
	return s.readOn(tx, g, c)
}

// readOn goes on behind the token.
func (s *Service) readOn(tx *store.Tx, g *Guess, c Code) error {
	switch g.Attempt.Enrollment {
	case "", Enroll, Unenroll:
	default:
		return errs.InvalidArgument.Saying("set_mfa_enrollment must be enroll or unenroll.")
	}
	if _, err := session.MergeClaims(nil, g.Attempt.Terms.Claims); err != nil {
		return err
	}
	if g.Member.Status != store.StatusActive {
		return errs.ActionAvailableOnlyForActiveMembers
	}
	if !mfa.AllowsSecond(g.Organization, g.Member, c.Method()) {
		return errs.OperationRestrictedByOrganizationMFAMethods
	}
	if lock := limit.LockOf(g.Member, &g.Project.Settings, tx.Now()); lock.Locked {
		return locked(lock, tx)
	}
	return c.CheckForm()
}

func locked(lock limit.Lock, tx *store.Tx) error {
	if lock.Until.IsZero() {
		return errs.UserLockLimitReached
	}
	return errs.UserLockLimitReached.After(lock.Until.Sub(tx.Now()))
}

// event is the audit record of something about the guess.
func (g *Guess) event(details map[string]string) audit.Event {
	return audit.Event{
		ProjectID: g.Project.ID, OrganizationID: g.Organization.ID, MemberID: g.Member.ID, RequestID: g.Attempt.RequestID,
		Details: details,
	}
}

// effects spends the code and makes the login complete.
func (s *Service) effects(ctx context.Context, tx *store.Tx, g *Guess, c Code) (*store.Session, error) {
	consumed := g.Holder.consume(ctx, tx)
	f, err := c.Complete(ctx, tx, g)
	if err != nil {
		return nil, err
	}
	found, err := s.Login.Second(ctx, tx, login.Second{
		Project: g.Project, Member: g.Member, Factor: f, Terms: g.Attempt.Terms, RequestID: g.Attempt.RequestID,
		Session: g.Holder.Session, Intermediate: g.Holder.Intermediate, Consumed: consumed,
	})
	if err != nil {
		return nil, err
	}
	e := g.event(map[string]string{"member_session_id": found.ID})
	e.Action, e.Outcome = c.Action(), audit.Done
	event.Record(tx, g.Project, e)
	return found, nil
}

// Enrolled tells that the member has a second factor from now on that it had not before.
func (g *Guess) Enrolled(tx *store.Tx, method string) {
	event.Tell(tx, g.Project, event.Event{
		Kind: event.MFAEnrolled, OrganizationID: g.Organization.ID, MemberID: g.Member.ID, RequestID: g.Attempt.RequestID,
		Data: map[string]string{"method": method},
	})
}

// Enrolment decides what a success does to the member's enrolment: a policy that asks everybody leaves no choice.
func (g *Guess) Enrolment() store.Enrolment {
	switch {
	case g.Organization.Settings.MFAPolicy == store.MFARequired, g.Attempt.Enrollment == Enroll:
		return store.Enrol
	case g.Attempt.Enrollment == Unenroll:
		return store.Unenrol
	}
	return store.KeepEnrolment
}
