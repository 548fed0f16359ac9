package notify

import (
	"context"
	"errors"
	"time"

	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/mail"
	"github.com/thimble-auth/thimble/internal/metric"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
)

// answer is what a provider made of a call.
type answer struct {
	providerID string
	segments   int64
	price      sms.Price
	failure    *sms.Error // nil: taken
	asked      bool       // the provider was
	took       time.Duration
}

// send puts the message into words and hands it to its provider.
func (s *Service) send(ctx context.Context, j *job) answer {
	m := j.m
	c, err := s.open(m)
	if errors.Is(err, keys.ErrUnknownKey) {
		return refused(sms.Later, "the sealing key is not known here yet")
	}
	if err != nil {
		return refused(sms.Permanent, "the content cannot be opened")
	}
	w, err := render(m, c, s.channel(m.Provider))
	if err != nil {
		return refused(sms.Permanent, "the content cannot be put into words")
	}

	if m.Channel == store.ChannelEmail {
		return s.sendMail(ctx, m, w)
	}
	j.legs = s.legsOf(m, &c)
	return s.sendText(ctx, j, w)
}

// channel is the way by which a provider's texts reach people.
func (s *Service) channel(provider string) sms.Channel {
	if sender := s.sender(provider); sender != nil {
		return sender.Channel()
	}
	return sms.SMS
}

func refused(class sms.Class, reason string) answer {
	return answer{failure: &sms.Error{Class: class, Reason: reason}}
}

func (s *Service) sendText(ctx context.Context, j *job, w words) answer {
	m := j.m
	i := find(j.legs, m.Provider)
	if i < 0 {
		class := sms.Later // Whoever took the settings away may put them back in time.
		if len(j.legs) > 0 {
			class = sms.OtherRoute
		}
		return refused(class, "the provider is not set up any more")
	}
	left := m.Deadline.Sub(s.o.DB.Now())
	if left < time.Second {
		// No sender takes it any more. It has not failed: at its deadline it expires, like all that came too late.
		return refused(sms.Later, "the text's life is over")
	}
	h := s.health[m.Provider]
	if len(j.legs) > 1 && !h.allow(s.o.DB.Now()) {
		return refused(sms.Later, "the provider has failed several times in a row")
	}
	timeout := smsTimeout
	if i+1 < len(j.legs) && j.legs[i+1].channel == j.legs[i].channel || i > 0 && j.legs[i-1].channel == j.legs[i].channel {
		timeout = smsTimeoutWithOthers
	}
	ctx, cancel := context.WithTimeout(ctx, min(timeout, left))
	defer cancel()

	failure := &sms.Error{Class: sms.Later} // of a panic
	began := s.o.DB.Now()
	defer func() { h.done(s.o.DB.Now(), failure) }()
	result, err := j.legs[i].sender.Send(ctx, sms.Message{
		ID: m.ID, To: m.Recipient, Body: w.body, Code: w.code, Locale: m.Locale, ValidFor: left,
		CallbackURL: s.callbackURL(m.Provider, m.ID),
	})
	a := answer{asked: true, took: s.o.DB.Now().Sub(began)}
	if failure = sms.AsError(err); failure != nil {
		a.failure = failure
		return a
	}
	a.providerID, a.segments, a.price = result.ProviderID, int64(result.Segments), result.Price
	if a.segments == 0 {
		a.segments = w.segments
	}
	return a
}

func (s *Service) sendMail(ctx context.Context, m *store.Message, w words) answer {
	if s.o.Mail == nil {
		return refused(sms.Later, "no mail server is set up any more")
	}
	ctx, cancel := context.WithTimeout(ctx, min(mailTimeout, m.Deadline.Sub(s.o.DB.Now())))
	defer cancel()

	began := s.o.DB.Now()
	err := s.o.Mail.Send(ctx, mail.Message{
		ID: m.ID, From: s.o.MailFrom, To: m.Recipient, Subject: w.subject, Text: w.body, HTML: w.html,
	})
	a := answer{asked: true, took: s.o.DB.Now().Sub(began)}
	if err == nil {
		return a
	}
	e := mail.AsError(err)
	class := sms.Later // Settings as well: whoever set them may mend them in time.
	if e.Class == mail.Permanent {
		class = sms.Permanent
	}
	a.failure = &sms.Error{Class: class, Code: e.Code, Reason: e.Reason}
	return a
}

// settle writes down what became of a call and tells when to come again.
func (s *Service) settle(ctx context.Context, j *job, a answer) (again time.Duration) {
	m, f := j.m, a.failure
	if f == nil {
		h := store.Handover{
			Provider: m.Provider, ProviderID: a.providerID, Segments: a.segments, Price: a.price.Micros, Currency: a.price.Currency,
			RerouteAt: s.rerouteAt(j), Cost: s.cost(m, a),
		}
		s.keep(ctx, m.ID, func(tx *store.Tx) {
			if s.isLinked(m.Provider) {
				tx.LinkMessage(m.Provider, a.providerID, m.ID) // first, as those do who report
			}
			tx.MessageSent(m.ID, h)
		})
		return 0
	}
	tried := store.Attempt{
		MessageID: m.ID, N: m.Attempts, Provider: m.Provider, Class: f.Class.String(), Code: f.Code, Reason: f.Reason,
	}
	s.o.Logger.WarnContext(ctx, "a message was not taken", "message", m.ID, "provider", m.Provider,
		"class", f.Class.String(), "code", f.Code, "reason", f.Reason, "attempts", m.Attempts)

	if f.Unanswered {
		return s.awaitReport(ctx, j, tried)
	}
	if f.Class == sms.Later || f.Class == sms.OtherRoute {
		j.round = append(j.round, m.Provider)
		if next, ok := s.next(j.legs, j.round); ok {
			return s.reroute(ctx, j, tried, f, next)
		}
		if !m.SentAt.IsZero() { // a second time, and there is nobody else
			s.keepEnd(ctx, ending{m, store.MessageUndelivered, j.lost}, func(tx *store.Tx) {
				tx.AddAttempt(tried)
				tx.GiveBackSecond(m.ID, s.node)
				tx.KeepSent(m.ID, s.node, j.lost)
			})
			return 0
		}
		j.later = j.later || f.Class == sms.Later
		if j.later {
			return s.retry(ctx, j, tried, f)
		}
	}
	s.keepEnd(ctx, ending{m, store.MessageFailed, reason(f)}, func(tx *store.Tx) {
		tx.AddAttempt(tried)
		tx.MessageFailed(m.ID, s.node, reason(f))
		if f.Class == sms.OptedOut {
			tx.OptOutRecipient(m.ID, company(m.Provider))
		}
	})
	return 0
}

// rerouteAt is when a text that was just handed over goes another way, unless somebody reports on it: the zero time where
// nobody would, where no other way or too little of the code's life is left by then, or where it has been handed over
// before and no other channel is left.
func (s *Service) rerouteAt(j *job) time.Time {
	i := find(j.legs, j.m.Provider)
	if i < 0 || s.o.PublicURL == "" && !s.isLinked(j.m.Provider) {
		return time.Time{}
	}
	if quiet, ok := j.legs[i].sender.(sms.Quiet); ok && quiet.Quiet() {
		return time.Time{}
	}
	channels := j.legs[len(j.legs)-1].channel > j.legs[i].channel
	at := s.o.DB.Now().Add(j.legs[i].wait)
	if len(j.legs) < 2 || !j.m.SentAt.IsZero() && !channels || at.After(j.m.Deadline.Add(-worthRerouting)) {
		return time.Time{}
	}
	return at
}

func reason(f *sms.Error) string {
	if f.Code == "" {
		return f.Reason
	}
	return f.Code + " " + f.Reason
}

// reroute gives the message to the next provider, now: its code is getting old.
func (s *Service) reroute(
	ctx context.Context, j *job, tried store.Attempt, f *sms.Error, next string,
) (again time.Duration) {
	m := j.m
	s.o.Metrics.Again(queueOf(m.Channel), metric.Rerouted)
	j.later = j.later || f.Class == sms.Later
	m.Provider, j.tries = next, 0
	until := s.o.DB.Now().Add(lease)
	s.keep(ctx, m.ID, func(tx *store.Tx) {
		tx.AddAttempt(tried)
		tx.ReturnMessage(m.ID, s.node, next, reason(f), s.node, until)
	})
	return time.Millisecond
}

// retry keeps the message for another round through its routes, or gives it to whichever node comes first.
func (s *Service) retry(ctx context.Context, j *job, tried store.Attempt, f *sms.Error) (again time.Duration) {
	m := j.m
	s.o.Metrics.Again(queueOf(m.Channel), metric.Retried)
	pause := max(f.RetryAfter, backoff(m))
	first := m.Provider
	if len(j.legs) > 0 {
		first = j.legs[0].sender.Name()
	}
	j.round, j.later, j.turn, m.Provider, m.Reason = nil, false, false, first, reason(f)
	if j.tries < triesPerLease && pause < lease/2 {
		s.keep(ctx, m.ID, func(tx *store.Tx) { tx.AddAttempt(tried) })
		return pause
	}

	// At the deadline it is found by those who look for messages without a lease, and expires.
	from := s.o.DB.Now().Add(pause)
	if from.After(m.Deadline) {
		from = m.Deadline
	}
	s.keep(ctx, m.ID, func(tx *store.Tx) {
		tx.AddAttempt(tried)
		tx.ReturnMessage(m.ID, s.node, first, reason(f), "", from)
	})
	return 0
}

// backoff doubles from one second with each attempt, up to half a minute for texts and five minutes for mails, and is
// shortened by up to a quarter by chance, so that what failed together does not come back together.
func backoff(m *store.Message) time.Duration {
	longest := 30 * time.Second
	if m.Channel == store.ChannelEmail {
		longest = 5 * time.Minute
	}
	pause := min(longest, time.Second<<min(m.Attempts-1, 16))
	return pause - pause/4*time.Duration(secret.Bytes(1)[0])/255
}
