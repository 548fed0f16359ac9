package session

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/thimble-auth/thimble/internal/store"
)

// seenEvery is how often the times of last access are written. They are the one thing that is answered before it is on
// disk: losing two seconds of them loses nothing that anybody decides by.
const seenEvery = 2 * time.Second

// seenBatch is how many rows one transaction touches.
const seenBatch = 500

// seen collects which sessions were accessed when.
type seen struct {
	sync.Mutex
	at map[string]time.Time
}

func (s *seen) note(id string, at time.Time) {
	s.Lock()
	defer s.Unlock()
	if s.at == nil {
		s.at = map[string]time.Time{}
	}
	s.at[id] = at
}

func (s *seen) take() map[string]time.Time {
	s.Lock()
	defer s.Unlock()
	at := s.at
	s.at = nil
	return at
}

// Run writes times of last access until ctx ends, and once more then.
func (s *Service) Run(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(seenEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.writeSeen(ctx, log)
		case <-ctx.Done():
			s.writeSeen(context.WithoutCancel(ctx), log)
			return
		}
	}
}

func (s *Service) writeSeen(ctx context.Context, log *slog.Logger) {
	at := s.seen.take()
	accessed := make([]string, 0, len(at))
	for id := range at {
		accessed = append(accessed, id)
	}
	slices.Sort(accessed) // two nodes lock rows in one order

	for batch := range slices.Chunk(accessed, seenBatch) {
		err := s.DB.Write(ctx, func(tx *store.Tx) error {
			for _, id := range batch {
				tx.TouchSession(id, at[id])
			}
			return nil
		})
		if err != nil {
			log.LogAttrs(ctx, slog.LevelWarn, "times of last access not written",
				slog.Int("sessions", len(batch)), slog.Any("error", err))
		}
	}
}
