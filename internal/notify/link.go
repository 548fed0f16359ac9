package notify

import (
	"context"
	"errors"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
)

// How long a report on a text is waited for that its provider may have taken: the answer was lost with the connection.
// Until then a second text may be one too many; after that the first is taken for lost. Where another provider can take
// it, the whole wait is shorter than the five seconds in which a text is to be on its next way.
const (
	unansweredWait           = 10 * time.Second
	unansweredWaitWithOthers = 2 * time.Second
)

// unanswered is the code of such an attempt.
const unanswered = "unanswered"

// desk takes what comes over the connection of a provider.
type desk struct {
	s        *Service
	provider string
}

// Reported takes a report. One whose message is not known yet is kept until it is: by the id that its provider gave it,
// which another server may be about to write, or by the number.
func (d desk) Reported(ctx context.Context, r sms.LinkReport) error {
	if r.ID != "" {
		return d.s.receiveOf(ctx, d.provider, r.Receipt, func(tx *store.Tx) (string, error) {
			tx.LinkMessage(d.provider, r.ProviderID, r.ID)
			return r.ID, nil
		})
	}
	status, _ := statusOf(r.Receipt)
	row := store.LinkReport{Provider: d.provider, ProviderID: r.ProviderID, Phone: r.To, Status: status}
	if r.Error != nil {
		row.Class, row.Code, row.Reason = int64(r.Error.Class), r.Error.Code, r.Error.Reason
	}
	return d.s.receiveOf(ctx, d.provider, r.Receipt, func(tx *store.Tx) (string, error) { return tx.MeetReport(ctx, row) })
}

// Texted takes what somebody texted to the provider's number.
func (d desk) Texted(ctx context.Context, heard sms.Heard) error {
	err := d.s.hear(ctx, company(d.provider), heard)
	if errors.Is(err, sms.ErrBadReceipt) {
		return nil // it would not be better the next time
	}
	return err
}

// isLinked reports whether the provider reports over a connection.
func (s *Service) isLinked(provider string) bool {
	_, ok := s.sender(provider).(sms.Linked)
	return ok
}

// receiptOf is the report in a row.
func receiptOf(row *store.LinkReport) sms.Receipt {
	r := sms.Receipt{ProviderID: row.ProviderID, Status: sms.Sent}
	switch row.Status {
	case store.MessageDelivered:
		r.Status = sms.Delivered
	case store.MessageUndelivered:
		r.Status = sms.Failed
		r.Error = &sms.Error{Class: sms.Class(row.Class), Code: row.Code, Reason: row.Reason}
	}
	return r
}

// applyDue applies reports that came before their messages were known.
func (s *Service) applyDue(ctx context.Context) error {
	if !s.linked {
		return nil
	}
	for {
		var due []store.LinkReport
		err := s.o.DB.Read(ctx, func(tx *store.Tx) (err error) {
			due, err = tx.DueLinkReports(ctx, releaseBatch)
			return err
		})
		if err != nil || len(due) == 0 {
			return err
		}
		for _, row := range due {
			err := s.take(ctx, row.Provider, receiptOf(&row), func(tx *store.Tx) (string, error) {
				tx.EndLinkReport(row)
				return row.MessageID, nil
			})
			if err != nil {
				return err
			}
		}
	}
}

// awaitReport keeps a text whose provider may have taken it, until a report would have come. One that was handed over
// before is left at that: a third is never sent.
func (s *Service) awaitReport(ctx context.Context, j *job, tried store.Attempt) (again time.Duration) {
	m := j.m
	tried.Code = unanswered
	if !m.SentAt.IsZero() {
		s.keep(ctx, m.ID, func(tx *store.Tx) {
			tx.AddAttempt(tried)
			tx.KeepSent(m.ID, s.node, "")
		})
		return 0
	}
	j.round = append(j.round, m.Provider)
	j.later = true
	m.Reason = unanswered + " " + tried.Reason
	next, other := s.next(j.legs, j.round)
	now := s.o.DB.Now()
	if other {
		m.Provider, j.tries, j.handed = next, 0, false
		j.notBefore = now.Add(unansweredWaitWithOthers)
		s.keep(ctx, m.ID, func(tx *store.Tx) {
			tx.AddAttempt(tried)
			tx.ReturnMessage(m.ID, s.node, next, m.Reason, s.node, now.Add(lease))
		})
		return unansweredWaitWithOthers
	}
	if len(j.legs) > 0 {
		m.Provider = j.legs[0].sender.Name()
	}
	from := minTime(now.Add(unansweredWait), m.Deadline)
	s.keep(ctx, m.ID, func(tx *store.Tx) {
		tx.AddAttempt(tried)
		tx.ReturnMessage(m.ID, s.node, m.Provider, m.Reason, "", from)
	})
	return 0
}

// reported looks, before a text goes out again, whether its provider has reported on it meanwhile without our having
// learned its id there: by its number, since a number has one live code. here tells that it is not to be sent now.
func (w work) reported(ctx context.Context, j *job) (wait time.Duration, here bool) {
	if w.mails || !w.linked || j.m.Attempts == 0 {
		return 0, false
	}
	found := false
	err := w.o.DB.Write(ctx, func(tx *store.Tx) error {
		found = false
		tried, err := tx.Attempts(ctx, j.m.ID)
		if err != nil {
			return err
		}
		for _, a := range tried {
			if a.Code != unanswered || found {
				continue
			}
			if found, err = w.applyStray(ctx, tx, j, &a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.o.Logger.ErrorContext(ctx, "the reports on a message could not be read", "message", j.m.ID, "error", err)
		return time.Second, true
	}
	return 0, found
}

// applyStray applies a report that fits an attempt that nobody answered, and reports whether the message is done with.
func (w work) applyStray(ctx context.Context, tx *store.Tx, j *job, a *store.Attempt) (bool, error) {
	row, err := tx.StrayReport(ctx, a.Provider, j.m.Recipient, j.m.ID, a.At.Add(-smsTimeout))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	tx.EndLinkReport(row)
	r := receiptOf(&row)
	if r.Error != nil && r.Error.Class != sms.Permanent {
		return false, nil // known lost: another text is right
	}
	_, err = w.apply(ctx, tx, a.Provider, j.m.ID, r)
	return err == nil, err
}
