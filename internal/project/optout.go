package project

import (
	"context"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

// OptIn lets texts go to a number again whose owner had stopped them, and reports whether it had. The operator has made
// sure that the owner wants it, and that the provider lets it through again: the person texts START for that.
func (s *Service) OptIn(ctx context.Context, p *Project, number phone.Number) (bool, error) {
	stopped := false
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		stopped, err = tx.DeleteOptOut(ctx, p.ID, number.String())
		if err == nil && stopped {
			audit.Record(tx, audit.Event{ProjectID: p.ID, Action: "sms.opt_in", Outcome: audit.Done})
		}
		return err
	})
	return stopped, err
}
