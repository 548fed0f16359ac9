package totp

import (
	"context"
	"errors"
	"fmt"

	"github.com/thimble-auth/thimble/internal/code"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/mfa"
	"github.com/thimble-auth/thimble/internal/second"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Authenticate redeems a code of the member's app. The first right one makes a registration the member's factor. It fails
// with errs.UnableToAuthenticateTOTP for a wrong code, errs.TOTPCodeAlreadyAuthenticated for one of a time step that is
// used up, and with the errors of all second factors.
func (s *Service) Authenticate(
	ctx context.Context, p *store.Project, a second.Attempt, guess string,
) (*session.Live, error) {
	return s.Second.Authenticate(ctx, p, a, &redemption{Service: s, guess: guess})
}

// redemption is one guess at a code.
type redemption struct {
	*Service
	guess        string
	registration *store.TOTP // read after the guess was counted
	step         int64       // of a right code
}

func (r *redemption) Method() string { return store.MethodTOTP }

func (r *redemption) Action() string { return "totp.authenticate" }

// CheckForm tells a recovery code by its shape alone: comparing it would be a guess at those.
func (r *redemption) CheckForm() error {
	switch {
	case code.WellFormed(r.guess):
		return nil
	case code.LooksLikeRecovery(r.guess):
		return errs.RecoveryCodeUsedAsTOTPCode
	}
	return errs.InvalidTOTPCode
}

func (r *redemption) Judge(ctx context.Context, tx *store.Tx, g *second.Guess) (second.Verdict, error) {
	var err error
	r.registration, err = tx.TOTP(ctx, g.Member.ID)
	if errors.Is(err, store.ErrNotFound) {
		return second.Verdict{Refusal: errs.TOTPNotFound, GiveBack: true}, nil // nothing was compared
	}
	if err != nil {
		return second.Verdict{}, err
	}
	if r.registration.State == store.TOTPPending && !tx.Now().Before(r.registration.ExpiresAt) {
		return second.Verdict{Refusal: errs.ExpiredTOTP, GiveBack: true}, nil
	}
	seed, err := r.Keys.OpenSealed("totp_registrations", "sealed", r.registration.ID, r.registration.Sealed)
	if err != nil {
		return second.Verdict{}, fmt.Errorf("open a seed: %w", err)
	}

	step, fresh, old := match(seed, r.guess, r.registration.LastStep, tx.Now())
	switch {
	case fresh:
		r.step = step
		return second.Verdict{}, nil
	case old:
		return second.Verdict{Refusal: errs.TOTPCodeAlreadyAuthenticated, GiveBack: true}, nil
	}
	return second.Verdict{Refusal: errs.UnableToAuthenticateTOTP}, nil
}

// Complete uses the time step up and makes the registration the member's.
func (r *redemption) Complete(ctx context.Context, tx *store.Tx, g *second.Guess) (store.Factor, error) {
	m, id, first := g.Member, r.registration.ID, g.Member.TOTPID == ""
	if m.TOTPID == "" && !mfa.MayAddApp(g.Organization, m, g.Holder.Factors()) {
		return store.Factor{}, errs.InsufficientFactors // a number was verified since the registration was made
	}
	done, err := tx.CompleteTOTP(ctx, m, id, g.Enrolment(), g.Attempt.SetDefault)
	if err != nil {
		return store.Factor{}, err
	}
	if !done {
		return store.Factor{}, errs.TOTPNotFound // the app is another one by now, or the member is gone
	}
	spent, err := tx.SpendTOTPStep(ctx, id, r.step)
	if err != nil {
		return store.Factor{}, err
	}
	if !spent {
		return store.Factor{}, errs.TOTPCodeAlreadyAuthenticated
	}
	if first {
		g.Enrolled(tx, store.MethodTOTP)
	}

	now := store.At(tx.Now())
	return store.Factor{
		Type: store.FactorTOTP, DeliveryMethod: store.DeliverApp, SequenceOrder: store.Secondary,
		LastAuthenticatedAt: now, CreatedAt: now, UpdatedAt: now,
		TOTP: &store.TOTPFactor{TOTPID: id},
	}, nil
}
