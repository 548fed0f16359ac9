package smsotp

import (
	"context"

	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

// lookUp asks what the number of a send is, where the server is set up for that and nothing else says it. It comes before
// the send's transaction, in which nobody is waited for; whatever fails here, the send goes on without an answer.
func (s *Service) lookUp(ctx context.Context, p *store.Project, in Send) phone.Kind {
	if !s.Guard.LooksUp() {
		return ""
	}
	var (
		number phone.Number
		known  phone.Kind
		ask    bool
	)
	err := s.DB.Read(ctx, func(tx *store.Tx) error {
		o, m, err := member.Resolve(ctx, tx, p, in.Organization, in.Member)
		if err != nil {
			return err
		}
		number = phone.Stored(m.Phone)
		if in.Phone.Given() {
			if number, err = in.Phone.Parse(p.Live()); err != nil {
				return err
			}
		}
		if number.String() == "" {
			return nil
		}
		number = number.Placed()
		known, ask, err = s.Guard.WorthAsking(ctx, tx, guard.Send{
			Project: p, Organization: o, Member: m, Number: number,
			Verified: m.PhoneVerified && m.Phone == number.String(),
		})
		return err
	})
	if err != nil || !ask {
		return known
	}
	return s.Guard.LookUp(ctx, number)
}
