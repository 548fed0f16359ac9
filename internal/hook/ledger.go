package hook

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/store"
)

// Outcomes of many calls share one transaction, which is given so much time.
const (
	ledgerMax     = 256
	ledgerTimeout = 10 * time.Second
)

// entry is an outcome that is to be written; it only adds statements that go out later.
type entry struct {
	record func(tx *store.Tx)
	err    error
}

func (s *Service) write(entries []*entry) {
	ctx, cancel := context.WithTimeout(context.Background(), ledgerTimeout)
	defer cancel()
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
		for _, e := range entries {
			e.record(tx)
		}
		return nil
	})
	for _, e := range entries {
		e.err = err
	}
}

// keep writes an outcome down, and tries for a second and a half. What cannot be written is told a second time when the
// lease is over.
func (s *Service) keep(j *job, record func(tx *store.Tx)) {
	e := entry{record: record}
	for pause := 100 * time.Millisecond; ; pause *= 2 {
		if s.ledger.Do(&e); e.err == nil {
			return
		}
		if pause > time.Second {
			break
		}
		time.Sleep(pause)
	}
	s.o.Logger.Error("what became of an event could not be written; it may be told again", "webhook", j.WebhookID,
		"event", j.EventID, "error", e.err)
}
