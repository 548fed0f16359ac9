package guard

import (
	"context"
	"errors"
	"time"

	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

// Lookup asks somebody else, mostly for money, what a number is.
type Lookup interface {
	// Kind gives one of phone.Kinds. It is called outside of transactions.
	Kind(ctx context.Context, n phone.Number) (phone.Kind, error)
}

const (
	lookupLasts   = 90 * day
	lookupTimeout = 2 * time.Second
)

// LooksUp reports whether numbers are looked up at all.
func (s *Service) LooksUp() bool { return s.Lookup != nil && s.LookupsPerDay > 0 }

// WorthAsking reports whether what is known for nothing leaves open what the number of a send is: nobody verified it, its
// country's plan does not say, and nothing else would refuse it. It gives what an earlier look-up said.
func (s *Service) WorthAsking(ctx context.Context, tx *store.Tx, in Send) (known phone.Kind, ask bool, err error) {
	if !s.LooksUp() || in.Verified || in.Number.IsSandbox() || in.Number.Kind() != phone.Unknown {
		return "", false, nil
	}
	kind, err := tx.NumberKind(ctx, in.Number.String(), tx.Now().Add(-lookupLasts))
	if !errors.Is(err, store.ErrNotFound) {
		return phone.Kind(kind), false, err
	}
	d, err := s.Check(ctx, tx, in)
	return "", err == nil && d.Refusal == nil, err
}

// LookUp asks what a number is, as long as the day's budget lasts, and keeps the answer. "" is no answer: then what the
// number's country says stands. It is called outside of transactions.
func (s *Service) LookUp(ctx context.Context, n phone.Number) phone.Kind {
	reserved := false
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		reserved, err = tx.ReserveLookup(ctx, tx.Now().Truncate(day).Add(day), s.LookupsPerDay)
		return err
	})
	if err != nil || !reserved {
		return ""
	}
	asking, stop := context.WithTimeout(ctx, lookupTimeout)
	defer stop()
	kind, err := s.Lookup.Kind(asking, n)
	if err != nil {
		s.log().Warn("a number could not be looked up", "error", err)
		return ""
	}
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		tx.PutNumberKind(n.String(), string(kind))
		return nil
	})
	if err != nil {
		s.log().Warn("what a look-up said could not be kept", "error", err)
	}
	return kind
}
