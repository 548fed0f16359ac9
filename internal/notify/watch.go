package notify

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/metric"
	"github.com/thimble-auth/thimble/internal/outbox"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/trace"
)

// Outcomes are all that metrics and traces can say of a handover.
var Outcomes = []string{
	metric.Taken, metric.Skipped, sms.Permanent.String(), sms.OtherRoute.String(), sms.Later.String(),
	sms.OptedOut.String(),
}

// outcome names what came of a handover.
func (a *answer) outcome() string {
	switch {
	case a.failure == nil:
		return metric.Taken
	case !a.asked:
		return metric.Skipped
	}
	return a.failure.Class.String()
}

// handOver is send, watched.
func (s *Service) handOver(ctx context.Context, j *job) answer {
	m := j.m
	span := s.o.Tracer.Handover(ctx, j.origin)
	a := s.send(ctx, j)
	outcome := a.outcome()
	span.HandedOver(trace.Handover{
		Message: m.ID, Provider: m.Provider, Country: m.Country, Attempt: m.Attempts,
	}, a.failure == nil, outcome)
	if s.o.Metrics == nil {
		return a
	}

	h := metric.Handover{
		Provider: m.Provider, Country: m.Country, Outcome: outcome, Call: a.took, Delay: s.o.DB.Now().Sub(m.CreatedAt),
	}
	if a.failure == nil {
		h.Cost = s.cost(m, a)
	}
	s.o.Metrics.HandedOver(h)
	return a
}

func queueOf(channel string) string {
	if channel == store.ChannelEmail {
		return metric.QueueMails
	}
	return metric.QueueTexts
}

// Queues tells what this node has in memory, by queue.
func (s *Service) Queues() map[string]outbox.State {
	return map[string]outbox.State{metric.QueueTexts: s.texts.State(), metric.QueueMails: s.mails.State()}
}

// The states of a provider, as this node sees it.
const (
	StateClosed  = "closed"  // it takes texts
	StateOpen    = "open"    // it has failed several times in a row and is left alone
	StateProbing = "probing" // the same, and one text finds out whether that is over
	StateSilent  = "silent"  // it takes texts and reports on none: others are preferred
)

// States are all states of a provider.
var States = []string{StateClosed, StateOpen, StateProbing, StateSilent}

// Provider is what this node knows of a provider of texts.
type Provider struct {
	Name, State string
	// Failures is how many texts in a row it did not take for a reason of its own.
	Failures int
}

// Providers tells what this node knows of the providers of texts, in the order of its settings.
func (s *Service) Providers() []Provider {
	now := s.o.DB.Now()
	all := make([]Provider, 0, len(s.o.SMS))
	for _, r := range s.o.SMS {
		p := Provider{Name: r.Sender.Name()}
		p.State, p.Failures = s.health[p.Name].state(now)
		all = append(all, p)
	}
	return all
}

// state is a word for how the provider does, and how often it failed in a row.
func (h *health) state(now time.Time) (state string, failures int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.failures >= breakAfter && h.probing:
		state = StateProbing
	case h.failures >= breakAfter:
		state = StateOpen // also when the next text may try it: nobody knows yet
	case now.Before(h.quiet):
		state = StateSilent
	default:
		state = StateClosed
	}
	return state, h.failures
}
