package notify

import (
	"context"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
)

// cost is what a text is taken to cost that a provider took, in millionths of a US dollar: by its answer, or by what we
// know of its prices. Mails cost nothing.
func (s *Service) cost(m *store.Message, a answer) int64 {
	if m.Channel != store.ChannelSMS {
		return 0
	}
	if usd := s.inUSD(a.price); usd >= 0 {
		return usd
	}
	return s.priceOf(m, m.Provider, a.segments)
}

// inUSD converts what a provider asks for, or gives a negative number where that is not known.
func (s *Service) inUSD(p sms.Price) int64 {
	if p.Currency == "" {
		return -1
	}
	usd, ok := s.o.Prices.InUSD(p.Micros, p.Currency)
	if !ok {
		return -1
	}
	return usd
}

// affordable tells whether the budgets of a message have room for another text of it, by that provider.
func (s *Service) affordable(
	ctx context.Context, tx *store.Tx, m *store.Message, provider string,
) (price int64, ok bool, err error) {
	price = s.priceOf(m, provider, m.Segments)
	ok, err = tx.MayReserveAgain(ctx, m, price)
	return price, ok, err
}
