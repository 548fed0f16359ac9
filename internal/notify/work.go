package notify

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/metric"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/trace"
)

// job is a message that is leased to this node.
type job struct {
	m     *store.Message
	tries int // on this lease
	// round are the providers that were tried since the last pause, later tells whether one of them may take it after one.
	round []string
	later bool
	// lost is why a message that was handed over before is known not to have arrived.
	lost string
	// legs are the ways of a text; empty until its content was opened.
	legs []leg
	// turn tells that this round has its place among those that came back.
	turn bool
	// notBefore is until when a report is waited for that would make another text needless.
	notBefore time.Time
	// handed tells that the message came from the request that wrote it, and not out of the database.
	handed bool
	// origin is that request, while it is known.
	origin trace.Origin
}

// freshFor is how long a message that was just written may leave without another look at the database: this node has
// leased it for much longer, and its code was live a moment ago. Somebody who asks for a newer code in the meantime gets
// two texts. It saves a statement for each text: on PostgreSQL a fifth of the database's work for a send.
const freshFor = time.Second

// fresh reports whether the message may leave as it was written.
func (j *job) fresh(now time.Time) bool {
	return j.handed && j.tries == 0 && now.Sub(j.m.CreatedAt) < freshFor
}

// triesPerLease is how often a node tries before it lets others try, whose network may be better.
const triesPerLease = 2

// work is the Service as package outbox sees it: one kind of work for mails and one for everything else.
type work struct {
	*Service
	mails bool
}

// Key names the row.
func (w work) Key(j *job) string { return j.m.ID }

// Do sends one message, if it is still worth sending.
func (w work) Do(ctx context.Context, j *job) (again time.Duration) {
	if wait, here := w.reported(ctx, j); here {
		return wait
	}
	if wait, now := w.mayStart(ctx, j); !now {
		return wait
	}
	if w.mails || !j.fresh(w.o.DB.Now()) {
		ok, err := w.mayLeave(j.m)
		if err != nil {
			w.o.Logger.ErrorContext(ctx, "a lease could not be renewed", "message", j.m.ID, "error", err)
			return time.Second
		}
		if !ok {
			return 0
		}
	}
	j.tries++
	j.m.Attempts++
	return w.settle(ctx, j, w.handOver(ctx, j))
}

// mayStart lets a text begin a round. Those that nobody took before come back one after the other.
func (w work) mayStart(ctx context.Context, j *job) (wait time.Duration, ok bool) {
	now := w.o.DB.Now()
	switch {
	case w.mails || len(j.round) > 0 || j.turn:
		return 0, true
	case j.m.Reason == "": // new, or given back before anybody refused it
		w.pace.fresh(now)
		return 0, true
	}
	wait, j.turn = w.pace.turn(now, lease/2)
	if j.turn {
		return wait, wait == 0
	}
	from := minTime(now.Add(wait-lease/4), j.m.Deadline)
	w.keep(ctx, j.m.ID, func(tx *store.Tx) {
		tx.ReturnMessage(j.m.ID, w.node, j.m.Provider, j.m.Reason, "", from)
	})
	return 0, false
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Claim leases messages that a node left behind, and ends those whose time is over.
func (w work) Claim(ctx context.Context, limit int) ([]*job, error) {
	var unconfirmed []*job
	if !w.mails {
		if err := w.applyDue(ctx); err != nil {
			return nil, err
		}
		var err error
		if unconfirmed, err = w.claimUnconfirmed(ctx, limit); err != nil || len(unconfirmed) == limit {
			return unconfirmed, err
		}
	}
	due, err := w.claimDue(ctx, limit-len(unconfirmed))
	return append(unconfirmed, due...), err
}

// claimDue takes what a node left behind.
func (w work) claimDue(ctx context.Context, limit int) ([]*job, error) {
	var due bool
	err := w.o.DB.Read(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.AnyMessageDue(ctx, w.mails)
		return err
	})
	if err != nil || !due {
		return nil, err
	}

	var messages []*store.Message
	for ended := limit; ended == limit && err == nil; {
		err = w.o.DB.Write(ctx, func(tx *store.Tx) (err error) {
			ended, err = w.expire(ctx, tx, limit)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	err = w.o.DB.Write(ctx, func(tx *store.Tx) (err error) {
		messages, err = tx.ClaimMessages(ctx, w.mails, w.node, tx.Now().Add(lease), limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	jobs := make([]*job, len(messages))
	for i, m := range messages {
		jobs[i] = &job{m: m}
	}
	return jobs, nil
}

// expire ends messages whose time is over.
func (w work) expire(ctx context.Context, tx *store.Tx, limit int) (int, error) {
	ended, err := tx.ExpireMessages(ctx, limit)
	for _, m := range ended {
		if err == nil && m.Status == store.MessageExpired {
			err = w.tell(ctx, tx, ending{m, m.Status, m.Reason})
		}
	}
	return len(ended), err
}

// claimUnconfirmed takes texts on which no provider reported in time, to send them another way. What is too old for that
// is forgotten.
func (w work) claimUnconfirmed(ctx context.Context, limit int) ([]*job, error) {
	var due bool
	err := w.o.DB.Read(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.AnyMessageUnconfirmed(ctx)
		return err
	})
	if err != nil || !due {
		return nil, err
	}

	var jobs []*job
	hedges := map[string]bool{} // decided once, even if the transaction is run again
	err = w.o.DB.Write(ctx, func(tx *store.Tx) error {
		jobs = nil
		now := tx.Now()
		found, err := tx.ClaimUnconfirmed(ctx, w.node, now.Add(lease), now.Add(worthRerouting), limit)
		if err != nil {
			return err
		}
		for _, m := range found {
			if _, ok := hedges[m.ID]; !ok {
				hedges[m.ID] = w.health[m.Provider] == nil || w.health[m.Provider].missed(now)
			}
			j, err := w.another(ctx, tx, m, hedges[m.ID])
			if err != nil {
				return err
			}
			if j != nil {
				jobs = append(jobs, j)
			}
		}
		_, err = tx.ForgetUnconfirmed(ctx, now.Add(worthRerouting), limit)
		return err
	})
	return jobs, err
}

// another sends a text another way whose first provider did not report, if it may and can be paid, and leaves it at that
// if not.
func (w work) another(ctx context.Context, tx *store.Tx, m *store.Message, may bool) (*job, error) {
	c, err := w.open(m)
	legs := w.legsOf(m, &c)
	next, ok := w.second(legs, m.Provider)
	if err != nil || !ok || !may {
		tx.KeepSent(m.ID, w.node, "")
		return nil, nil
	}
	price, ok, err := w.affordable(ctx, tx, m, next)
	if err != nil {
		return nil, err
	}
	if !ok {
		tx.KeepSent(m.ID, w.node, "")
		return nil, nil
	}
	tx.ReserveAgain(m, price)
	tx.AddAttempt(store.Attempt{
		MessageID: m.ID, N: m.Attempts, Provider: m.Provider, Class: sms.Later.String(), Reason: noReport,
	})
	tx.ReturnMessage(m.ID, w.node, next, noReport, w.node, tx.Now().Add(lease))
	tx.AfterCommit(func() { w.o.Metrics.Again(metric.QueueTexts, metric.Lost) })
	j := &job{m: m, round: []string{m.Provider}, legs: legs}
	m.Provider = next
	return j, nil
}

const noReport = "no report that it arrived"

// releaseBatch bounds the statements of one transaction.
const releaseBatch = 200

// Release gives leases back, so that another node, or this one after its start, need not wait for their end.
func (w work) Release(ctx context.Context, jobs []*job) error {
	for len(jobs) > 0 {
		n := min(len(jobs), releaseBatch)
		err := w.o.DB.Write(ctx, func(tx *store.Tx) error {
			for _, j := range jobs[:n] {
				if j.notBefore.After(tx.Now()) {
					tx.ReturnMessage(j.m.ID, w.node, j.m.Provider, j.m.Reason, "", j.notBefore)
					continue
				}
				tx.ReleaseMessage(j.m.ID, w.node)
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
