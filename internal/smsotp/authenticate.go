package smsotp

import (
	"context"
	"errors"

	"github.com/thimble-auth/thimble/internal/code"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/mfa"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/second"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

// Authenticate redeems a code that was sent by text. It fails with errs.OTPCodeNotFound for a code that never was,
// errs.UnableToAuthOTPCode for one that is used, expired or replaced, and with the errors of all second factors.
func (s *Service) Authenticate(
	ctx context.Context, p *store.Project, a second.Attempt, guess string,
) (*session.Live, error) {
	return s.Second.Authenticate(ctx, p, a, &redemption{Service: s, guess: guess})
}

// redemption is one guess at a code.
type redemption struct {
	*Service
	guess  string
	issued *store.Code // the newest code, read after the guess was counted
}

func (r *redemption) Method() string { return store.MethodSMS }

func (r *redemption) Action() string { return "sms.authenticate" }

func (r *redemption) CheckForm() error {
	if !code.WellFormed(r.guess) {
		return errs.InvalidCode
	}
	return nil
}

func (r *redemption) Judge(ctx context.Context, tx *store.Tx, g *second.Guess) (second.Verdict, error) {
	var err error
	r.issued, err = tx.Code(ctx, g.Member.ID, store.PurposeSMS)
	if errors.Is(err, store.ErrNotFound) {
		return second.Verdict{Refusal: errs.OTPCodeNotFound}, nil
	}
	if err != nil {
		return second.Verdict{}, err
	}
	verdict, err := code.Judge(r.Keys, r.issued, g.Member.Phone, r.guess, tx.Now())
	switch verdict {
	case code.Right:
		return second.Verdict{}, err
	case code.Used:
		return second.Verdict{Refusal: errs.UnableToAuthOTPCode, GiveBack: true}, err
	case code.Outdated:
		return second.Verdict{Refusal: errs.UnableToAuthOTPCode}, err
	}
	return second.Verdict{Refusal: errs.OTPCodeNotFound}, err
}

// Complete spends the code and verifies the number.
func (r *redemption) Complete(ctx context.Context, tx *store.Tx, g *second.Guess) (store.Factor, error) {
	m := g.Member
	if !mfa.MayProve(g.Organization, m, g.Holder.Factors()) {
		return store.Factor{}, errs.InsufficientFactors
	}
	stranger := !m.PhoneVerified // CompletePhone ends that
	spent := tx.SpendCode(ctx, m.ID, store.PurposeSMS, r.issued.Hash)
	done, err := tx.CompletePhone(ctx, m, g.Enrolment(), g.Attempt.SetDefault)
	if errors.Is(err, sqldb.ErrUnique) {
		return store.Factor{}, errs.DuplicateMemberPhoneNumber // somebody else verified the number meanwhile
	}
	if err != nil {
		return store.Factor{}, err
	}
	live, err := spent()
	if err != nil {
		return store.Factor{}, err
	}
	if !live {
		return store.Factor{}, errs.UnableToAuthOTPCode
	}
	if !done {
		return store.Factor{}, errs.OTPCodeNotFound // the number is another one by now, or the member is gone
	}

	if stranger {
		g.Enrolled(tx, store.MethodSMS)
	}
	tx.MessageRedeemed(r.issued.MessageID)
	r.Guard.Redeemed(tx, guard.Send{
		Project: g.Project, Organization: g.Organization, Member: m, Number: phone.Stored(m.Phone), Verified: !stranger,
	})
	now := store.At(tx.Now())
	return store.Factor{
		Type: store.FactorOTP, DeliveryMethod: store.DeliverSMS, SequenceOrder: store.Secondary,
		LastAuthenticatedAt: now, CreatedAt: now, UpdatedAt: now,
		Phone: &store.PhoneFactor{PhoneID: m.PhoneID, Phone: m.Phone},
	}, nil
}
