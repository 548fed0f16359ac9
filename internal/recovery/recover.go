package recovery

import (
	"context"

	"github.com/thimble-auth/thimble/internal/code"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/second"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Recover redeems a recovery code and tells how many are left. It fails with errs.UnableToAuthenticateRecoveryCode for one
// that is wrong or used, errs.RecoveryCodesNotFound for a member who has none, and with the errors of all second factors.
// The app stays the member's, and so does the default method.
func (s *Service) Recover(
	ctx context.Context, p *store.Project, a second.Attempt, guess string,
) (live *session.Live, left int64, err error) {
	r := &redemption{Service: s, guess: guess}
	live, err = s.Second.Authenticate(ctx, p, a, r)
	return live, r.left, err
}

// redemption is one guess at a code.
type redemption struct {
	*Service
	guess string
	found *store.RecoveryCode // an unused one, read after the guess was counted
	left  int64               // once it is spent
}

// Method is that of the app: where apps are not allowed, neither is what stands in for them.
func (r *redemption) Method() string { return store.MethodTOTP }

func (r *redemption) Action() string { return "recovery_codes.recover" }

func (r *redemption) CheckForm() error {
	switch {
	case code.WellFormed(code.PlainRecovery(r.guess)):
		return errs.TOTPCodeUsedAsRecoveryCode
	case !code.MayBeRecovery(r.guess):
		return errs.InvalidRecoveryCode
	}
	return nil
}

func (r *redemption) Judge(ctx context.Context, tx *store.Tx, g *second.Guess) (second.Verdict, error) {
	rows, err := tx.RecoveryCodes(ctx, g.Member.ID, g.Member.TOTPID)
	if err != nil {
		return second.Verdict{}, err
	}
	if len(rows) == 0 {
		return second.Verdict{Refusal: errs.RecoveryCodesNotFound, GiveBack: true}, nil // nothing was compared
	}
	found, err := code.FindRecovery(r.Keys, rows, r.guess)
	switch {
	case err != nil:
		return second.Verdict{}, err
	case found == nil:
		return second.Verdict{Refusal: errs.UnableToAuthenticateRecoveryCode}, nil
	case !found.UsedAt.IsZero():
		return second.Verdict{Refusal: errs.UnableToAuthenticateRecoveryCode, GiveBack: true}, nil
	}
	r.found = found
	return second.Verdict{}, nil
}

// Complete spends the code. The member's row comes first, as wherever something of the app changes.
func (r *redemption) Complete(ctx context.Context, tx *store.Tx, g *second.Guess) (store.Factor, error) {
	m := g.Member
	done, err := tx.CompleteRecovery(ctx, m, r.found.RegistrationID, g.Enrolment())
	if err != nil {
		return store.Factor{}, err
	}
	spent := false
	if done {
		if spent, err = tx.SpendRecoveryCode(ctx, m.ID, r.found.ID); err != nil {
			return store.Factor{}, err
		}
	}
	if !spent {
		return store.Factor{}, errs.UnableToAuthenticateRecoveryCode
	}
	if r.left, err = tx.UnusedRecoveryCodes(ctx, m.ID, r.found.RegistrationID); err != nil {
		return store.Factor{}, err
	}

	now := store.At(tx.Now())
	return store.Factor{
		Type: store.FactorRecovery, DeliveryMethod: store.DeliverRecovery, SequenceOrder: store.Secondary,
		LastAuthenticatedAt: now, CreatedAt: now, UpdatedAt: now,
		Recovery: &store.RecoveryFactor{CodeID: r.found.ID},
	}, nil
}
