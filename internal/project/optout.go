package project

import (
	"context"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

// OptOut notes that no texts of the project go to a number, and gives the note: that of the first time where there is one
// already. source is store.OptOutAPI or store.OptOutOperator.
func (s *Service) OptOut(
	ctx context.Context, p *Project, number phone.Number, source, requestID string,
) (store.OptOut, bool, error) {
	var note store.OptOut
	news := false
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if news, err = tx.InsertOptOut(ctx, p.ID, number.String(), source); err != nil {
			return err
		}
		all, err := tx.OptOutsOf(ctx, p.ID, number.String())
		if err != nil {
			return err
		}
		if note = all[0]; news {
			recordOpt(tx, p, "sms.opt_out", requestID)
		}
		return nil
	})
	return note, news, err
}

// OptOuts gives up to limit notes of the project, in the order of their numbers, behind the number given.
func (s *Service) OptOuts(ctx context.Context, p *Project, after string, limit int) ([]store.OptOut, error) {
	var all []store.OptOut
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.OptOuts(ctx, p.ID, after, limit)
		return err
	})
	return all, err
}

// OptOutsOf gives the reasons why no texts of the project go to a number: its own note, and the STOPs that the number's
// owner said.
func (s *Service) OptOutsOf(ctx context.Context, p *Project, number phone.Number) ([]store.OptOut, error) {
	var all []store.OptOut
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.OptOutsOf(ctx, p.ID, number.String())
		return err
	})
	return all, err
}

// WithdrawOptOut takes the project's own note back, and gives the reasons that are left. It fails with
// errs.OptOutNotFound when there is no reason at all, and with errs.OptOutByOwner when there is none but what the number's
// owner said: a backend cannot speak for the owner.
func (s *Service) WithdrawOptOut(
	ctx context.Context, p *Project, number phone.Number, requestID string,
) ([]store.OptOut, error) {
	var left []store.OptOut
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		there, err := tx.DeleteOptOut(ctx, p.ID, number.String())
		if err != nil {
			return err
		}
		if left, err = tx.OptOutsOf(ctx, p.ID, number.String()); err != nil {
			return err
		}
		switch {
		case there:
			recordOpt(tx, p, "sms.opt_in", requestID)
			return nil
		case len(left) > 0:
			return errs.OptOutByOwner
		}
		return errs.OptOutNotFound
	})
	return left, err
}

// OptIn lets texts go to a number again, whoever had stopped them, and reports whether anybody had. The operator has made
// sure that the owner wants it, and that the provider lets it through again: the person texts START for that.
func (s *Service) OptIn(ctx context.Context, p *Project, number phone.Number) (bool, error) {
	stopped := false
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		own, err := tx.DeleteOptOut(ctx, p.ID, number.String())
		if err != nil {
			return err
		}
		said, err := tx.EndStops(ctx, number.String())
		if stopped = own || said; err == nil && stopped {
			recordOpt(tx, p, "sms.opt_in", "")
		}
		return err
	})
	return stopped, err
}

func recordOpt(tx *store.Tx, p *Project, action, requestID string) {
	audit.Record(tx, audit.Event{ProjectID: p.ID, RequestID: requestID, Action: action, Outcome: audit.Done})
}
