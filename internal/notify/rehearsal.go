package notify

import (
	"strings"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
)

// Rehearsal is what carries texts of test projects in place of the inbox: package pretend. Texts of live projects never go
// to its carriers, and those of test projects to nobody else, whatever On says.
type Rehearsal struct {
	// Carriers take the texts, the preferred one first. Their names are not those of providers.
	Carriers []sms.Sender
	// On reports whether they are to take new texts.
	On func() bool
}

// rehearsing reports whether a new text of a test project goes to the rehearsal's carriers.
func (s *Service) rehearsing() bool { return s.o.Rehearsal != nil && s.o.Rehearsal.On() }

// rehearsed are the rehearsal's carriers, none where there is no rehearsal.
func (s *Service) rehearsed() []sms.Sender {
	if s.o.Rehearsal == nil {
		return nil
	}
	return s.o.Rehearsal.Carriers
}

// isTest tells whose a message is by its id, which names the environment.
func isTest(messageID string) bool {
	return strings.HasPrefix(messageID, ids.Message+"-"+string(ids.Test)+"-")
}

// carries tells whether a provider may have to do with a message at all.
func (s *Service) carries(provider, messageID string) bool {
	for _, sender := range s.rehearsed() {
		if sender.Name() == provider {
			return isTest(messageID)
		}
	}
	return !isTest(messageID)
}

// ForgetRehearsal forgets how the rehearsal's carriers behaved, so that the next rehearsal begins with well ones.
func (s *Service) ForgetRehearsal() {
	for _, sender := range s.rehearsed() {
		s.health[sender.Name()].forget()
	}
}

// priceOf is what the budgets are told that a text costs: nothing new for one of a test project, which nobody bills.
func (s *Service) priceOf(m *store.Message, provider string, segments int64) int64 {
	if isTest(m.ID) {
		return max(m.Reserved, 0)
	}
	return s.o.Prices.Of(provider, m.Country) * max(segments, 1)
}
