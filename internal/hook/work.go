package hook

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/thimble-auth/thimble/internal/signature"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

// lease is how long a node has a delivery to itself: longer than a call, with the time to write down what came of it.
const lease = 30 * time.Second

// What one webhook can take of this node, so that it cannot keep others waiting: so many calls at once, or one at a time
// once as many in a row have failed.
const (
	perWebhook = 16
	ailing     = 5
)

// longestRest is the longest pause between the calls to a webhook that fails, whatever waits for it.
const longestRest = time.Minute

// expireBatch bounds the deliveries that one search gives up.
const expireBatch = 500

// job is a delivery that is leased to this node, with what is needed to make the call.
type job struct {
	*store.Delivery
	webhook *store.Webhook
	keys    signature.Keys
	unknown error // why there are no keys
}

// lane is what this node knows of a webhook, in memory: another node learns it by itself.
type lane struct {
	held     map[string]bool // events that wait or run here
	failures int             // in a row
	rest     time.Time       // no call before this
	more     bool            // there was more than there was room for
}

// work is the Service as package outbox sees it.
type work struct{ *Service }

// Key names the row.
func (w work) Key(j *job) string { return j.WebhookID + " " + j.EventID }

// Start makes the service ready. A SQLite database has one server at a time, so that whoever held leases there is gone.
func (s *Service) Start(ctx context.Context) error {
	if s.o.DB.Engine() != sqldb.SQLite {
		return nil
	}
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.ClearDeliveryLeases(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("clear the leases of the last run: %w", err)
	}
	return nil
}

// Run tells webhooks what happened until ctx ends.
func (s *Service) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { s.pool.Run(ctx) })
	for {
		select {
		case <-s.o.DB.Told():
			s.pool.Nudge()
		case <-ctx.Done():
			all.Wait()
			return
		}
	}
}

// Drain stops telling: calls under way may end until ctx does, the leases of all else are given back.
func (s *Service) Drain(ctx context.Context) error { return s.pool.Drain(ctx) }

// Claim leases what is due to the webhooks that have room.
func (w work) Claim(ctx context.Context, limit int) ([]*job, error) {
	var due []store.Webhook
	err := w.o.DB.Read(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.DueWebhooks(ctx)
		return err
	})
	var jobs []*job
	for _, one := range due {
		room := min(limit-len(jobs), w.room(one.ID))
		if err != nil || room <= 0 {
			continue
		}
		var some []*job
		some, err = w.claim(ctx, one, room)
		jobs = append(jobs, some...)
	}
	// What was claimed before something failed is leased to nobody else.
	if len(jobs) > 0 && err != nil {
		w.o.Logger.ErrorContext(ctx, "search for events to tell", "error", err)
		err = nil
	}
	return jobs, err
}

// claim leases deliveries to one webhook.
func (w work) claim(ctx context.Context, due store.Webhook, room int) ([]*job, error) {
	var found []*store.Delivery
	var hook *store.Webhook
	var secrets []store.WebhookSecret
	err := w.o.DB.Write(ctx, func(tx *store.Tx) (err error) {
		found = nil
		hook, err = tx.Webhook(ctx, due.ProjectID, due.ID)
		if errors.Is(err, store.ErrNotFound) || err == nil && hook.Status != store.WebhookEnabled {
			return nil // since it was found due
		}
		if err != nil {
			return err
		}
		if secrets, err = tx.WebhookSecrets(ctx, due.ID); err != nil {
			return err
		}
		tx.ExpireDeliveries(due.ID, expireBatch)
		found, err = tx.ClaimDeliveries(ctx, due.ID, w.node, tx.Now().Add(lease), room)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim deliveries: %w", err)
	}
	ring, unknown := w.open(secrets, w.o.DB.Now())
	jobs := make([]*job, len(found))
	for i, d := range found {
		jobs[i] = &job{Delivery: d, webhook: hook, keys: ring, unknown: unknown}
	}
	w.took(due.ID, found, len(found) == room)
	return jobs, nil
}

// releaseBatch bounds the statements of one transaction.
const releaseBatch = 200

// Release gives leases back.
func (w work) Release(ctx context.Context, jobs []*job) error {
	for len(jobs) > 0 {
		n := min(len(jobs), releaseBatch)
		err := w.o.DB.Write(ctx, func(tx *store.Tx) error {
			for _, j := range jobs[:n] {
				tx.ReleaseDelivery(j.Delivery, w.node)
			}
			return nil
		})
		if err != nil {
			return err
		}
		jobs = jobs[n:]
	}
	return nil
}

// room is how many deliveries to a webhook this node may take now.
func (s *Service) room(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lane(id)
	switch {
	case s.o.DB.Now().Before(l.rest):
		return 0
	case l.failures >= ailing:
		return 1 - len(l.held)
	}
	return perWebhook - len(l.held)
}

// took counts what was claimed. What was claimed a second time, because its lease was over, counts once.
func (s *Service) took(id string, found []*store.Delivery, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lane(id)
	for _, d := range found {
		l.held[d.EventID] = true
	}
	l.more = more
}

// ended counts the end of a call. rest is a pause that the answer asked for.
func (s *Service) ended(id, eventID string, ok bool, rest time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lane(id)
	delete(l.held, eventID)
	if l.failures++; ok {
		l.failures = 0
	}
	if over := l.failures - ailing; over >= 0 {
		rest = max(rest, min(longestRest, time.Second<<min(over, 16)))
	}
	if until := s.o.DB.Now().Add(rest); until.After(l.rest) {
		l.rest = until
	}
	switch {
	case l.more && rest == 0 && len(l.held) <= perWebhook/2:
		l.more = false
		s.pool.Nudge()
	case len(l.held) == 0 && ok && rest == 0:
		delete(s.lanes, id)
	}
}

// forgive forgets what a webhook failed at.
func (s *Service) forgive(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lane(id)
	l.failures, l.rest = 0, time.Time{}
	s.pool.Nudge()
}

// lane gives what is known of a webhook. The caller holds the lock.
func (s *Service) lane(id string) *lane {
	l := s.lanes[id]
	if l == nil {
		l = &lane{held: map[string]bool{}}
		s.lanes[id] = l
	}
	return l
}
