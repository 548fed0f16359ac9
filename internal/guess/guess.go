// Package guess counts attempts at secrets that can be guessed, before it looks at them.
package guess

import (
	"context"
	"errors"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/store"
)

// Try is one attempt.
type Try struct {
	// Project is whose webhooks are told of a lock.
	Project *store.Project
	// About says in the audit record of a lock whose attempt it was and at what; Action and Outcome are left out.
	About audit.Event
	// Reserve counts the attempt as a failure in advance, if one is left.
	Reserve func(ctx context.Context, tx *store.Tx) (store.Reserved, error)
	// NoneLeft is what the caller is told when none is.
	NoneLeft *errs.Error
	// Return takes the counted attempt back.
	Return func(tx *store.Tx)
	// Judge compares. It runs outside of transactions and may read.
	Judge func(ctx context.Context, tx *store.Tx) (Verdict, error)
	// Effects spends what was right and does what follows, by guarded statements. A refusal undoes everything. It may be
	// undone and run again, like all that is given to store.DB.Write: it leaves what was read before it as it is.
	Effects func(ctx context.Context, tx *store.Tx) error
}

// Verdict is what an attempt turned out to be.
type Verdict struct {
	// Refusal is what the caller is told; nil for a right one.
	Refusal *errs.Error
	// GiveBack takes the counted attempt back, for a secret that was right before: whoever knows it guesses nothing.
	GiveBack bool
}

// Run makes the attempt. It is counted and committed, then compared, and only a right one goes on to have effects: a
// caller who hangs up, a crash or a race can lose an attempt but never gain one. A right one that cannot be used after all
// is given back: racing copies of one right code must not lock their member.
func Run(ctx context.Context, db *store.DB, t Try) error {
	var reserved store.Reserved
	err := db.Write(ctx, func(tx *store.Tx) (err error) {
		reserved, err = t.Reserve(ctx, tx)
		Counted(tx, t.Project, reserved, t.About)
		return err
	})
	if err != nil {
		return err
	}
	if !reserved.Left {
		return t.NoneLeft
	}

	var v Verdict
	err = db.Read(ctx, func(tx *store.Tx) (err error) {
		v, err = t.Judge(ctx, tx)
		return err
	})
	switch {
	case err != nil:
		return err
	case v.Refusal == nil:
		return t.effects(ctx, db, reserved)
	case v.GiveBack:
		return errors.Join(v.Refusal, t.giveBack(ctx, db, reserved))
	}
	return v.Refusal
}

func (t *Try) effects(ctx context.Context, db *store.DB, reserved store.Reserved) error {
	err := db.Write(ctx, func(tx *store.Tx) error { return t.Effects(ctx, tx) })
	if refusal, ok := errors.AsType[*errs.Error](err); ok {
		return errors.Join(refusal, t.giveBack(ctx, db, reserved))
	}
	return err
}

func (t *Try) giveBack(ctx context.Context, db *store.DB, reserved store.Reserved) error {
	return db.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		t.Return(tx)
		Returned(tx, t.Project, reserved, t.About)
		return nil
	})
}
