package emailotp

import (
	"context"
	"errors"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/code"
	"github.com/thimble-auth/thimble/internal/discovery"
	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/guess"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/mailbox"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Authenticate is a code to be redeemed by a member.
type Authenticate struct {
	Organization ids.OrgRef
	Email        string
	Code         string
	Tokens       session.Tokens
	Terms        session.Terms
	Locale       locale.Input
	RequestID    string
}

func (in *Authenticate) check(p *store.Project) error {
	if in.Tokens.Session != "" && in.Tokens.JWT != "" {
		return errs.TooManySessionArguments
	}
	if err := in.Terms.Check(p); err != nil {
		return err
	}
	if _, err := session.MergeClaims(nil, in.Terms.Claims); err != nil {
		return err
	}
	_, err := in.Locale.ForSMS()
	return err
}

// attempt is one guess at a code with everything that was read about it before it was counted.
type attempt struct {
	project   *store.Project
	address   email.Address
	text      string
	requestID string
	// organization and member are those whose login it would be: nil for an address that nobody has there, and both nil
	// for a login without an organization.
	organization *store.Organization
	member       *store.Member
	owner        string      // of the guess budget
	issued       *store.Code // the newest code, read after the guess was counted
}

// Authenticate redeems a code for a member's login. It fails with errs.OTPCodeNotFound alike for a wrong code, an address
// that no code was sent to and one that nobody has; with errs.UnableToAuthOTPCode for a code that is used, expired or
// replaced; and with errs.UserLockLimitReached after too many wrong ones.
func (s *Service) Authenticate(ctx context.Context, p *store.Project, in Authenticate) (*login.Result, error) {
	if err := in.check(p); err != nil {
		return nil, err
	}
	shown := s.Sessions.Look(ctx, p, in.Tokens)
	a := &attempt{project: p, text: in.Code, requestID: in.RequestID}
	if err := s.DB.Read(ctx, func(tx *store.Tx) error { return s.readMember(ctx, tx, a, &in) }); err != nil {
		return nil, err
	}

	var result *login.Result
	err := s.try(ctx, a, func(ctx context.Context, tx *store.Tx) error {
		o, m, err := a.again(ctx, tx)
		if err != nil {
			return err
		}
		result, err = s.Login.Primary(ctx, tx, login.Primary{
			Project: p, Organization: o, Member: m, Factor: factorOf(m, tx), ProvesMailbox: true, Shown: shown,
			Terms: in.Terms, Locale: in.Locale, RequestID: in.RequestID,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, s.Login.Open(p, result)
}

// readMember applies the rules that need no code, in the documented order.
func (s *Service) readMember(ctx context.Context, tx *store.Tx, a *attempt, in *Authenticate) (err error) {
	if a.organization, err = org.Resolve(ctx, tx, a.project, in.Organization); err != nil {
		return err
	}
	if a.address, err = email.Parse(in.Email); err != nil {
		return err
	}
	if a.member, err = mailbox.Member(ctx, tx, a.project, a.organization, a.address); err != nil {
		return err
	}
	if a.member != nil {
		a.owner = a.member.ID
		return a.ready(ctx, tx)
	}
	a.owner = s.nobody(a.project, a.organization.ID, a.address)
	// One more read, so that an address that nobody has costs what a member's does.
	if _, _, err := tx.MemberWithOrganization(ctx, a.project.ID, a.organization.ID, ""); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return a.ready(ctx, tx)
}

// AuthenticateDiscovery redeems a code of SendDiscovery: once, for a new intermediate session and the organizations that
// it leads to. It fails as Authenticate does.
func (s *Service) AuthenticateDiscovery(
	ctx context.Context, p *store.Project, address, text, requestID string,
) (*discovery.Begun, error) {
	a := &attempt{project: p, text: text, requestID: requestID}
	if err := s.DB.Read(ctx, func(tx *store.Tx) error { return s.readAddress(ctx, tx, a, address) }); err != nil {
		return nil, err
	}

	var begun *discovery.Begun
	err := s.try(ctx, a, func(ctx context.Context, tx *store.Tx) (err error) {
		factor := discovery.MailFactor(p, store.FactorEmailOTP, a.address, tx.Now())
		begun, err = discovery.Begin(ctx, tx, p, a.address, requestID, factor)
		return err
	})
	return begun, err
}

func (s *Service) readAddress(ctx context.Context, tx *store.Tx, a *attempt, text string) (err error) {
	if a.address, err = email.Parse(text); err != nil {
		return err
	}
	a.owner = store.AddressOwner(a.project.ID, a.address.String())
	if _, err = tx.Code(ctx, a.owner, store.PurposeEmail); errors.Is(err, store.ErrNotFound) {
		a.owner = s.nobody(a.project, "", a.address)
	} else if err != nil {
		return err
	}
	return a.ready(ctx, tx)
}

// nobody gives whose budget guesses at codes of nobody count in. They are counted and locked like others, so that a lock
// tells nothing; they share a bounded number of rows, chosen with a key that nobody can look through.
func (s *Service) nobody(p *store.Project, place string, address email.Address) string {
	_, mac := s.Keys.HashCode(p.ID, place, "email-otp-nobody", address.String())
	return p.ID + "|nobody|" + mac[:4] // 65,536 rows for a project
}

// ready refuses what costs no guess: an attempt while the budget is used up, and what cannot be a code.
func (a *attempt) ready(ctx context.Context, tx *store.Tx) error {
	failures, lockedAt, err := tx.PrimaryLock(ctx, a.owner, store.MethodEmailOTP)
	if err != nil {
		return err
	}
	if lock := limit.PrimaryLockOf(failures, lockedAt, &a.project.Settings, tx.Now()); lock.Locked {
		return errs.UserLockLimitReached.After(lock.Until.Sub(tx.Now()))
	}
	if !code.WellFormed(a.text) {
		return errs.InvalidCode
	}
	return nil
}

// try counts the guess, compares, and lets effects follow a right one.
func (s *Service) try(ctx context.Context, a *attempt, effects func(context.Context, *store.Tx) error) error {
	budget, isMember := limit.GuessBudget(&a.project.Settings), a.member != nil
	return guess.Run(ctx, s.DB, guess.Try{
		Project: a.project, About: a.event(),
		Reserve: func(ctx context.Context, tx *store.Tx) (store.Reserved, error) {
			return tx.ReservePrimary(ctx, a.owner, store.MethodEmailOTP, budget, isMember)
		},
		NoneLeft: errs.UserLockLimitReached.After(budget.Lock), // others used it up a moment ago
		Return:   func(tx *store.Tx) { tx.ReturnPrimary(a.owner, store.MethodEmailOTP, budget, isMember) },
		Judge:    func(ctx context.Context, tx *store.Tx) (guess.Verdict, error) { return s.judge(ctx, tx, a) },
		Effects: func(ctx context.Context, tx *store.Tx) error {
			spent, err := tx.SpendCode(ctx, a.issued.Owner, store.PurposeEmail, a.issued.Hash)()
			if err != nil {
				return err
			}
			if !spent {
				return errs.UnableToAuthOTPCode
			}
			tx.ForgetPrimary(a.owner, store.MethodEmailOTP, budget, isMember)
			return effects(ctx, tx)
		},
	})
}

// event is what the audit record of a lock says of the attempt: no address, even of nobody.
func (a *attempt) event() audit.Event {
	e := audit.Event{
		ProjectID: a.project.ID, RequestID: a.requestID, Details: map[string]string{"method": store.MethodEmailOTP},
	}
	if a.organization != nil {
		e.OrganizationID = a.organization.ID
	}
	if a.member != nil {
		e.MemberID = a.member.ID
	}
	return e
}

// judge compares the guess with the newest code of the address. One that is for another login is as good as none: trying
// it there tells nothing about it.
func (s *Service) judge(ctx context.Context, tx *store.Tx, a *attempt) (guess.Verdict, error) {
	wrong := guess.Verdict{Refusal: errs.OTPCodeNotFound}
	var err error
	a.issued, err = tx.Code(ctx, store.AddressOwner(a.project.ID, a.address.String()), store.PurposeEmail)
	if errors.Is(err, store.ErrNotFound) {
		return wrong, nil
	}
	if err != nil {
		return guess.Verdict{}, err
	}

	verdict, err := code.Judge(s.Keys, a.issued, a.address.String(), a.text, tx.Now())
	switch {
	case err != nil || verdict == code.Wrong || !a.mayHave(a.issued) && verdict != code.Outdated:
		return wrong, err
	case verdict == code.Right:
		return guess.Verdict{}, nil
	}
	return guess.Verdict{Refusal: errs.UnableToAuthOTPCode, GiveBack: verdict == code.Used}, nil
}

// mayHave reports whether the code is for the login that is tried.
func (a *attempt) mayHave(issued *store.Code) bool {
	if a.organization == nil {
		return issued.MemberID == ""
	}
	return a.member != nil && issued.MemberID == a.member.ID
}

// again reads the member once more within the effects: the login goes on with what is there by now.
func (a *attempt) again(ctx context.Context, tx *store.Tx) (*store.Organization, *store.Member, error) {
	o, m, err := member.Resolve(ctx, tx, a.project, ids.OrgRef(a.organization.ID), ids.MemberRef(a.member.ID))
	if errors.Is(err, errs.MemberNotFound) || errors.Is(err, errs.OrganizationNotFound) {
		return nil, nil, errs.OTPCodeNotFound // codes end with their member
	}
	if err == nil && m.Email != a.address.String() {
		return nil, nil, errs.UnableToAuthOTPCode // it proves a mailbox that is no longer the member's
	}
	return o, m, err
}

// factorOf is the proof that the member read the mail.
func factorOf(m *store.Member, tx *store.Tx) store.Factor {
	at := store.At(tx.Now())
	return store.Factor{
		Type: store.FactorEmailOTP, DeliveryMethod: store.DeliverEmail, SequenceOrder: store.Primary,
		LastAuthenticatedAt: at, CreatedAt: at, UpdatedAt: at,
		Email: &store.EmailFactor{EmailID: m.EmailID, Email: m.Email},
	}
}
