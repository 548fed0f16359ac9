package metric

import (
	"cmp"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	// deliveryBuckets are the seconds between an accepted message and the provider that took it.
	deliveryBuckets = []float64{.02, .05, .1, .25, .5, 1, 2.5, 5, 15, 60}
	// providerBuckets are those of one call to a provider, which is waited for 1.5 s, 5 s or 10 s at most.
	providerBuckets = []float64{.025, .05, .1, .25, .5, 1, 1.5, 3, 5, 10}
)

// messages are the metrics of texts and mails.
type messages struct {
	countries, providers, decisions, outcomes set

	sends     *family[messageKey, prometheus.Counter]
	handovers *family[messageKey, prometheus.Counter]
	spends    *family[messageKey, prometheus.Counter]
	receipts  *family[messageKey, prometheus.Counter]
	results   *family[messageKey, prometheus.Counter]
	again     *family[againKey, prometheus.Counter]
	delay     *family[string, prometheus.Observer]
	call      *family[string, prometheus.Observer]

	collectors []prometheus.Collector
}

type (
	messageKey struct{ what, country, provider string }
	againKey   struct{ queue, why string }
)

// Sent is the decision about a text or a mail that was accepted; all other decisions are rules.
const Sent = "sent"

// The outcomes of a handover beside the classes of refusals.
const (
	Taken   = "taken"
	Skipped = "skipped" // the provider was not asked
)

// What becomes of a message that its provider took: the outcomes of Received.
const (
	Delivered   = "delivered"
	Undelivered = "undelivered"
)

// What is found of texts some minutes after they left: the stages of Found.
const (
	StageTaken     = "taken"
	StageMissed    = "missed"
	StageDelivered = "delivered"
	StageRedeemed  = "redeemed"
)

// Why a message comes again.
const (
	Retried  = "retried"  // nobody took it, and after a pause everybody is asked again
	Rerouted = "rerouted" // one did not take it, and the next is asked at once
	Lost     = "lost"     // one took it, and it did not arrive
)

// The queues of messages.
const (
	QueueTexts = "texts"
	QueueMails = "mails"
)

func newMessages(o Options) *messages {
	m := &messages{
		countries: setOf(o.Countries), providers: setOf(o.Providers), decisions: setOf(o.Rules, []string{Sent}),
		outcomes: setOf(o.Outcomes, []string{Taken, Skipped, Sent, Delivered, Undelivered, StageMissed, StageRedeemed}),
	}
	where := []string{"country", "provider"}
	sends := m.counter("thimble_sends_total",
		"Decisions about texts and mails: sent, or the rule that refused, by country of the number and provider.",
		append([]string{"decision"}, where...))
	m.sends = newFamily(m.boundSend, func(k messageKey) prometheus.Counter {
		return sends.WithLabelValues(k.what, k.country, k.provider)
	})
	m.handovers = m.outcome("thimble_handovers_total",
		"Attempts to hand a message to a provider: taken, skipped without asking, or the class of the refusal.", "outcome")
	m.receipts = m.outcome("thimble_receipts_total", "Reports of providers that said something new of a message.", "outcome")
	m.results = m.outcome("thimble_text_results_total",
		"What became of live texts, counted once five minutes after they were accepted, by one of all nodes.", "stage")
	spends := m.counter("thimble_spend_dollars_total",
		"What texts cost when they were handed over, in US dollars: the provider's price or the estimate.", where)
	m.spends = newFamily(m.bound, func(k messageKey) prometheus.Counter {
		return spends.WithLabelValues(k.country, k.provider)
	})
	again := m.counter("thimble_messages_again_total", "Messages that come again, by queue and reason.",
		[]string{"queue", "why"})
	m.again = newFamily(as[againKey], func(k againKey) prometheus.Counter { return again.WithLabelValues(k.queue, k.why) })
	m.delay = m.histogram("thimble_handover_seconds",
		"Time from accepting a message to its provider's yes, by provider.", deliveryBuckets)
	m.call = m.histogram("thimble_provider_call_seconds", "How long a call to a provider took, by provider.",
		providerBuckets)
	return m
}

func (m *messages) counter(name, help string, labels []string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.collectors = append(m.collectors, v)
	return v
}

func (m *messages) outcome(name, help, label string) *family[messageKey, prometheus.Counter] {
	v := m.counter(name, help, []string{label, "country", "provider"})
	return newFamily(m.bound, func(k messageKey) prometheus.Counter {
		return v.WithLabelValues(k.what, k.country, k.provider)
	})
}

func (m *messages) histogram(name, help string, buckets []float64) *family[string, prometheus.Observer] {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets},
		[]string{"provider"})
	m.collectors = append(m.collectors, v)
	return newFamily(m.providers.value, func(provider string) prometheus.Observer { return v.WithLabelValues(provider) })
}

func (m *messages) boundSend(k messageKey) messageKey {
	return messageKey{m.decisions.value(k.what), m.countries.value(k.country), m.providers.value(k.provider)}
}

func (m *messages) bound(k messageKey) messageKey {
	return messageKey{m.outcomes.value(k.what), m.countries.value(k.country), m.providers.value(k.provider)}
}

// key is what a caller says, with words for what it leaves out.
func key(what, country, provider string) messageKey {
	return messageKey{what, cmp.Or(country, None), cmp.Or(provider, None)}
}

// Decided counts a decision about a text or a mail: Sent, or the rule that refused it. country and provider may be "".
func (s *Set) Decided(decision, country, provider string) {
	if s != nil {
		s.messages.sends.child(key(decision, country, provider)).Inc()
	}
}

// Handover is what came of handing a message to a provider.
type Handover struct {
	Provider, Country string
	// Outcome is Taken, Skipped or the class of the refusal.
	Outcome string
	// Call is how long the provider was asked; Delay is how long it is since the message was accepted.
	Call, Delay time.Duration
	// Cost is in millionths of a US dollar, of a message that was taken.
	Cost int64
}

// HandedOver counts an attempt to hand a message over.
func (s *Set) HandedOver(h Handover) {
	if s == nil {
		return
	}
	m := s.messages
	m.handovers.child(key(h.Outcome, h.Country, h.Provider)).Inc()
	if h.Outcome != Skipped {
		m.call.child(h.Provider).Observe(h.Call.Seconds())
	}
	if h.Outcome != Taken {
		return
	}
	m.delay.child(h.Provider).Observe(h.Delay.Seconds())
	if h.Cost > 0 {
		m.spends.child(key(Taken, h.Country, h.Provider)).Add(float64(h.Cost) / 1e6)
	}
}

// Received counts a provider's report that said something new: Sent, Delivered or Undelivered.
func (s *Set) Received(outcome, country, provider string) {
	if s != nil {
		s.messages.receipts.child(key(outcome, country, provider)).Inc()
	}
}

// Found counts so many texts of which more is known some minutes later.
func (s *Set) Found(stage, country, provider string, texts int64) {
	if s != nil && texts > 0 {
		s.messages.results.child(key(stage, country, provider)).Add(float64(texts))
	}
}

// Again counts a message that comes again: a queue and a reason that are constants of this package.
func (s *Set) Again(queue, why string) {
	if s != nil {
		s.messages.again.child(againKey{queue, why}).Inc()
	}
}
