package learn

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
)

// When and how one provider is preferred to another.
const (
	weight   = 100.0 // texts, that what is expected of an unknown provider counts for
	expected = 0.525 // of codes, that are used of an unknown provider's texts: the middle of a step
	step     = 0.05  // of codes used, by which one must be better
	explore  = 0.05  // of texts that begin with another than the best, so that the others can show what they are worth
)

// Prefer puts those first of whose texts for the country more codes were used in the last day. Shares are rounded to
// steps of a twentieth, within which the order stays as it is. A provider of which little is known counts as one of whose
// codes half are used.
func (s *Service) Prefer(country string, senders []sms.Sender) {
	if len(senders) < 2 {
		return
	}
	known := *s.known.Load()
	rank := func(a sms.Sender) int { return rankOf(known[a.Name()+" "+country]) }
	slices.SortStableFunc(senders, func(a, b sms.Sender) int { return cmp.Compare(rank(b), rank(a)) })
}

// Begin tells which of n providers, in the order of Prefer, a text begins with: the first, or for one text in twenty
// another by chance.
func (s *Service) Begin(n int) int {
	if n < 2 || rand.Float64() >= explore { //nolint:gosec // no secret depends on it
		return 0
	}
	return 1 + rand.IntN(n-1) //nolint:gosec // as above
}

// rankOf is the step that a provider is on. What it did not take counts against it.
func rankOf(r store.ProviderResult) int {
	return int((float64(r.Redeemed) + weight*expected) / (float64(r.Taken+r.Missed) + weight) / step)
}
