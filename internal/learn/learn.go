// Package learn knows how well each provider serves each country: how many of the texts that it was given arrived, and
// how many of their codes were used. It counts what the messages themselves say, some minutes after they left, so that
// no text pays for it; it tells providers that want to know which codes were used; and it can put the better provider
// first.
package learn

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/thimble-auth/thimble/internal/metric"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
)

const (
	every = time.Minute         // between two looks
	lag   = 5 * time.Minute     // after which nothing more is expected of a text: its code lives for two minutes
	first = 24 * time.Hour      // what the very first look looks back on
	most  = time.Hour           // of one look, after a long sleep
	over  = 24 * time.Hour      // what Prefer looks at
	keep  = 90 * 24 * time.Hour // after which results are forgotten
)

// Service learns from the messages of all nodes. Make it with New; it is safe for concurrent use.
type Service struct {
	// Metrics, set before Run, counts what this node found; nil for nobody.
	Metrics *metric.Set

	db      *store.DB
	learner map[string]sms.Learner // by the provider's name
	log     *slog.Logger
	known   atomic.Pointer[map[string]store.ProviderResult] // by provider and country
}

// New makes a service for the providers given, of which those that are sms.Learner are told which codes were used.
func New(db *store.DB, providers []notify.SMSRoute, log *slog.Logger) *Service {
	s := &Service{db: db, learner: map[string]sms.Learner{}, log: log}
	for _, p := range providers {
		if l, ok := p.Sender.(sms.Learner); ok {
			s.learner[p.Sender.Name()] = l
		}
	}
	s.known.Store(&map[string]store.ProviderResult{})
	return s
}

// Run looks at what has become of texts, at once and then every minute, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := s.Look(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("count what became of texts", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Look does once what Run does.
func (s *Service) Look(ctx context.Context) error {
	for more := true; more; {
		var err error
		if more, err = s.count(ctx); err != nil {
			return err
		}
	}
	if err := s.read(ctx); err != nil {
		return err
	}
	for more := true; more; {
		var err error
		if more, err = s.tell(ctx); err != nil {
			return err
		}
	}
	return nil
}

// stretch gives the next stretch of time to look at, and whether there is one. It ends within its hour.
func (s *Service) stretch(mark time.Time) (from, to time.Time, ok bool) {
	now := s.db.Now()
	from = mark
	if from.IsZero() {
		from = now.Add(-first)
	}
	to = now.Add(-lag).Truncate(time.Second)
	if end := from.Truncate(most).Add(most); to.After(end) {
		to = end
	}
	return from, to, to.After(from)
}

// count adds the next stretch to the results, and reports whether there may be another.
func (s *Service) count(ctx context.Context) (more bool, err error) {
	var counted []store.ProviderResult
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		counted = nil
		mark, err := tx.Mark(ctx, store.MarkCounted)
		if err != nil {
			return err
		}
		from, to, ok := s.stretch(mark)
		if more = ok; !ok {
			return nil
		}
		moved, err := tx.MoveMark(ctx, store.MarkCounted, mark, to)
		if err != nil || !moved {
			return err // another node counts that stretch
		}
		if counted, err = tx.CountResults(ctx, from, to); err != nil {
			return err
		}
		return tx.ForgetResults(ctx, from.Add(-keep))
	})
	if err != nil {
		return false, err
	}
	for _, r := range counted {
		s.Metrics.Found(metric.StageTaken, r.Country, r.Provider, r.Taken)
		s.Metrics.Found(metric.StageMissed, r.Country, r.Provider, r.Missed)
		s.Metrics.Found(metric.StageDelivered, r.Country, r.Provider, r.Delivered)
		s.Metrics.Found(metric.StageRedeemed, r.Country, r.Provider, r.Redeemed)
	}
	return more, nil
}

func (s *Service) read(ctx context.Context) error {
	results, err := Results(ctx, s.db, s.db.Now().Add(-over))
	if err != nil {
		return err
	}
	known := make(map[string]store.ProviderResult, len(results))
	for _, r := range results {
		known[r.Provider+" "+r.Country] = r
	}
	s.known.Store(&known)
	return nil
}

// Results gives what became of the texts since a moment, by provider and country.
func Results(ctx context.Context, db *store.DB, since time.Time) (results []store.ProviderResult, err error) {
	err = db.Read(ctx, func(tx *store.Tx) (err error) {
		results, err = tx.ProviderResults(ctx, since)
		return err
	})
	return results, err
}
