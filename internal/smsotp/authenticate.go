package smsotp

import (
	"context"
	"errors"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/code"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/mfa"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

// Authenticate is a code to be redeemed.
type Authenticate struct {
	Organization ids.OrgRef
	Member       ids.MemberRef
	Code         string
	Tokens       session.Tokens
	Terms        session.Terms
	// Enrollment is enroll, unenroll or empty.
	Enrollment string
	SetDefault bool
	RequestID  string
}

// The values of Authenticate.Enrollment.
const (
	Enroll   = "enroll"
	Unenroll = "unenroll"
)

// guess is what was read about an attempt before it is counted.
type guess struct {
	project      *store.Project
	organization *store.Organization
	member       *store.Member
	holder       *holder
	in           *Authenticate
	issued       *store.Code // read after the attempt was counted
}

// Authenticate redeems a code. The attempt is read, counted and committed, then compared, and only a right code goes on to
// have effects: a caller who hangs up, a crash or a race can lose an attempt but never gain one.
func (s *Service) Authenticate(ctx context.Context, p *store.Project, in Authenticate) (*session.Live, error) {
	shown := s.Sessions.Look(ctx, p, in.Tokens)
	g := &guess{project: p, in: &in}
	if err := s.DB.Read(ctx, func(tx *store.Tx) error { return s.read(ctx, tx, g, shown) }); err != nil {
		return nil, err
	}
	if err := s.reserve(ctx, g); err != nil {
		return nil, err
	}

	verdict, err := s.judge(ctx, g)
	if err != nil {
		return nil, err
	}
	switch verdict {
	case code.Right:
		return s.effects(ctx, g)
	case code.Used:
		return nil, errors.Join(errs.UnableToAuthOTPCode, s.giveBack(ctx, g))
	case code.Outdated:
		return nil, errs.UnableToAuthOTPCode
	}
	return nil, errs.OTPCodeNotFound
}

// read applies the rules that need no code, in the documented order.
func (s *Service) read(ctx context.Context, tx *store.Tx, g *guess, shown *session.Shown) (err error) {
	in, p := g.in, g.project
	g.organization, g.member, err = member.Resolve(ctx, tx, p, in.Organization, in.Member)
	if err != nil {
		return err
	}
	switch in.Tokens.Count() {
	case 0:
		return errs.NoSessionArguments
	case 1:
	default:
		return errs.TooManySessionArguments
	}
	if err := in.Terms.Check(p); err != nil {
		return err
	}
	if g.holder, err = s.hold(ctx, tx, p, g.organization, g.member, shown); err != nil {
		return err
	}

	switch in.Enrollment {
	case "", Enroll, Unenroll:
	default:
		return errs.InvalidArgument.Saying("set_mfa_enrollment must be enroll or unenroll.")
	}
	if _, err := session.MergeClaims(nil, in.Terms.Claims); err != nil {
		return err
	}
	if g.member.Status != store.StatusActive {
		return errs.ActionAvailableOnlyForActiveMembers
	}
	if !mfa.AllowsSecond(g.organization, g.member, store.MethodSMS) {
		return errs.OperationRestrictedByOrganizationMFAMethods
	}
	if limit.LockOf(g.member, &p.Settings, tx.Now()).Locked {
		return s.locked(g)
	}
	if !code.WellFormed(in.Code) {
		return errs.InvalidCode
	}
	return nil
}

func (s *Service) locked(g *guess) error {
	if until := limit.LockOf(g.member, &g.project.Settings, s.DB.Now()).Until; !until.IsZero() {
		return errs.UserLockLimitReached.After(until.Sub(s.DB.Now()))
	}
	return errs.UserLockLimitReached
}

// reserve counts the attempt as a failure before anything is compared.
func (s *Service) reserve(ctx context.Context, g *guess) error {
	reserved := false
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		reserved, err = tx.ReserveGuess(ctx, g.member.ID, limit.GuessBudget(&g.project.Settings))
		return err
	})
	if err == nil && !reserved {
		return s.locked(g)
	}
	return err
}

func (s *Service) judge(ctx context.Context, g *guess) (code.Verdict, error) {
	var verdict code.Verdict
	err := s.DB.Read(ctx, func(tx *store.Tx) error {
		c, err := notFoundIsNil(tx.Code(ctx, g.member.ID, store.PurposeSMS))
		if err != nil {
			return err
		}
		g.issued = c
		verdict, err = code.Judge(s.Keys, c, g.member.Phone, g.in.Code, tx.Now())
		return err
	})
	return verdict, err
}

// giveBack takes the reservation back: whoever shows a code that was right guesses nothing, and racing copies of one right
// code must not lock their member.
func (s *Service) giveBack(ctx context.Context, g *guess) error {
	return s.DB.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		tx.ReturnGuess(g.member.ID)
		return nil
	})
}

// effects spends the code and makes the login complete, in one transaction of guarded statements. A right code that
// cannot be used after all gives its reservation back.
func (s *Service) effects(ctx context.Context, g *guess) (*session.Live, error) {
	var found *store.Session
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		if !mfa.MayProve(g.organization, g.member, g.holder.factors()) {
			return errs.InsufficientFactors
		}
		spent, err := tx.SpendCode(ctx, g.member.ID, store.PurposeSMS, g.issued.Hash)
		if err != nil {
			return err
		}
		if !spent {
			return errs.UnableToAuthOTPCode
		}
		found, err = s.complete(ctx, tx, g)
		return err
	})
	if errors.Is(err, sqldb.ErrUnique) {
		err = errs.DuplicateMemberPhoneNumber
	}
	if refusal, ok := errors.AsType[*errs.Error](err); ok {
		return nil, errors.Join(refusal, s.giveBack(ctx, g))
	}
	if err != nil {
		return nil, err
	}
	return s.Sessions.Open(g.project, found, g.organization, g.member, found.LastAccessedAt)
}

// complete applies what a success means to the member and to the session.
func (s *Service) complete(ctx context.Context, tx *store.Tx, g *guess) (*store.Session, error) {
	now, o, m := tx.Now(), g.organization, g.member
	done, err := tx.CompletePhone(ctx, m, enrolment(o, g.in.Enrollment), g.in.SetDefault)
	if err != nil {
		return nil, err
	}
	if !done {
		return nil, errs.OTPCodeNotFound // the number is another one by now, or the member is gone
	}

	factor := store.Factor{
		Type: store.FactorOTP, DeliveryMethod: store.DeliverSMS, SequenceOrder: store.Secondary,
		LastAuthenticatedAt: store.At(now), CreatedAt: store.At(now), UpdatedAt: store.At(now),
		Phone: &store.PhoneFactor{PhoneID: m.PhoneID, Phone: m.Phone},
	}
	found, err := s.Login.Second(ctx, tx, login.Second{
		Project: g.project, Member: m, Factor: factor, Terms: g.in.Terms,
		Session: g.holder.session, Intermediate: g.holder.intermediate,
	})
	if err != nil {
		return nil, err
	}
	audit.Record(tx, audit.Event{
		ProjectID: g.project.ID, OrganizationID: o.ID, MemberID: m.ID, RequestID: g.in.RequestID,
		Action: "sms.authenticate", Outcome: audit.Done, Details: map[string]string{"member_session_id": found.ID},
	})
	return found, nil
}

// enrolment decides what happens to the member's enrolment: a policy that asks everybody leaves no choice.
func enrolment(o *store.Organization, wish string) store.Enrolment {
	switch {
	case o.Settings.MFAPolicy == store.MFARequired, wish == Enroll:
		return store.Enrol
	case wish == Unenroll:
		return store.Unenrol
	}
	return store.KeepEnrolment
}
