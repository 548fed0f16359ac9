package learn

import (
	"context"
	"sync"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
)

// How providers are told which codes were used.
const (
	tellAtOnce = 8   // calls
	tellBatch  = 500 // messages of one query
	tellTries  = 3
	tellPause  = 2 * time.Second
	tellMost   = 10 * time.Second // one call
)

// tell tells providers of the codes that were used in the next stretch, and reports whether there may be another. Each
// is told once; what a provider does not take in three tries, or what was under way when the process died, it never
// learns: that is statistics.
func (s *Service) tell(ctx context.Context) (more bool, err error) {
	if len(s.learner) == 0 {
		return false, nil
	}
	var from, to time.Time
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		mark, err := tx.Mark(ctx, store.MarkTold)
		if err != nil {
			return err
		}
		if from, to, more = s.stretch(mark); !more {
			return nil
		}
		moved, err := tx.MoveMark(ctx, store.MarkTold, mark, to)
		if !moved {
			from = to // another node tells of that stretch
		}
		return err
	})
	if err != nil || !more || from.Equal(to) {
		return more && err == nil, err
	}
	return true, s.tellAll(ctx, from, to)
}

func (s *Service) tellAll(ctx context.Context, from, to time.Time) error {
	for after := ""; ; {
		var batch []store.Redeemed
		err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
			batch, err = tx.Redeemed(ctx, from, to, after, tellBatch)
			return err
		})
		if err != nil {
			return err
		}
		var wg sync.WaitGroup
		slots := make(chan struct{}, tellAtOnce)
		for _, m := range batch {
			if l := s.learner[m.Provider]; l != nil {
				slots <- struct{}{}
				wg.Go(func() {
					s.tellOne(ctx, l, m)
					<-slots
				})
			}
		}
		wg.Wait()
		if len(batch) < tellBatch {
			return ctx.Err()
		}
		after = batch[len(batch)-1].ID
	}
}

func (s *Service) tellOne(ctx context.Context, l sms.Learner, m store.Redeemed) {
	var failure *sms.Error
	for try := range tellTries {
		if try > 0 && !pause(ctx, tellPause) {
			return
		}
		once, cancel := context.WithTimeout(ctx, tellMost)
		failure = sms.AsError(l.Redeemed(once, m.ProviderID))
		cancel()
		if failure == nil {
			return
		}
		if failure.Class != sms.Later {
			break
		}
	}
	s.log.Warn("a provider was not told that a code was used", "message", m.ID, "provider", m.Provider, "code", failure.Code,
		"reason", failure.Reason)
}

// pause waits and reports whether it could.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
