package notify

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

// ledgerMax bounds the entries that share one transaction. A group of SQLite holds up to 256 accepted messages, and
// each has two entries: with much less room here, deliveries would fall behind whenever the writer is the bottleneck.
const ledgerMax = 8 * store.RenewLimit

// ledgerTimeout bounds one transaction, so that a database that hangs does not hold workers for ever.
const ledgerTimeout = 10 * time.Second

// entry is what one worker wants written: a renewed lease, or what became of a call. Entries of many workers share a
// transaction: on PostgreSQL that is two round trips and one wait for the disk for all of them.
type entry struct {
	renew  *store.Message     // a message that is about to leave
	record func(tx *store.Tx) // an outcome; it only adds statements that go out later
	end    *ending            // if the outcome is an end
	ok     bool               // the message may leave
	err    error
}

// write is the one place where the delivering path writes.
func (s *Service) write(entries []*entry) {
	ctx, cancel := context.WithTimeout(sqldb.InFront(context.Background()), ledgerTimeout)
	defer cancel()

	byID := make(map[string]*entry, len(entries))
	renew := make([]string, 0, len(entries))
	for _, e := range entries {
		if e.renew != nil {
			byID[e.renew.ID] = e
			renew = append(renew, e.renew.ID)
		}
	}
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
		for _, e := range entries {
			e.ok = false
			if e.record != nil {
				e.record(tx)
			}
		}
		if err := s.renewAll(ctx, tx, renew, func(id string) { byID[id].ok = true }); err != nil {
			return err
		}
		return s.tellAll(ctx, tx, entries)
	})
	for _, e := range entries {
		e.err = err
	}
}

// tellAll tells of the ends that entries are, those among them that came too late to leave.
func (s *Service) tellAll(ctx context.Context, tx *store.Tx, entries []*entry) error {
	for _, e := range entries {
		end := e.end
		if e.renew != nil && !e.ok && !tx.Now().Before(e.renew.Deadline) {
			end = &ending{e.renew, store.MessageExpired, store.ReasonDeadline}
		}
		if end == nil {
			continue
		}
		if err := s.tell(ctx, tx, *end); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) renewAll(ctx context.Context, tx *store.Tx, ids []string, ok func(id string)) error {
	until := tx.Now().Add(lease)
	for len(ids) > 0 {
		n := min(len(ids), store.RenewLimit)
		if err := tx.RenewLeases(ctx, s.node, until, ids[:n], ok); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// mayLeave is the last look before the call: it renews the lease and tells whether this node may send the message now.
func (s *Service) mayLeave(m *store.Message) (bool, error) {
	e := entry{renew: m}
	s.ledger.Do(&e)
	return e.ok && e.err == nil, e.err
}

// keep writes down what became of a call. It is tried again while the lease lasts: a row that still says queued would
// be sent a second time after that. Outcomes may be written twice.
func (s *Service) keep(ctx context.Context, id string, record func(tx *store.Tx)) {
	s.keepEntry(ctx, id, entry{record: record})
}

// keepEnd is keep for what may be the end of a message.
func (s *Service) keepEnd(ctx context.Context, end ending, record func(tx *store.Tx)) {
	s.keepEntry(ctx, end.m.ID, entry{record: record, end: &end})
}

func (s *Service) keepEntry(ctx context.Context, id string, e entry) {
	pause := 100 * time.Millisecond
	for {
		if s.ledger.Do(&e); e.err == nil {
			return
		}
		if pause > lease/2 || !sleep(ctx, pause) {
			s.o.Logger.ErrorContext(ctx, "an outcome could not be written; the message may be sent again", "message", id,
				"error", e.err)
			return
		}
		pause *= 2
	}
}

// sleep waits and reports whether it could.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
