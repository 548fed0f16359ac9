// Package guard decides whether a code may be texted to a number at all: by country, by limits, by what became of the
// codes before it, and by what it costs. It keeps toll fraud from becoming a bill, and never becomes a weapon against
// members: numbers that their member has verified pass everything that strangers can use up.
package guard

import (
	"context"
	"log/slog"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/price"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service decides. Its zero value decides; it is safe for concurrent use.
type Service struct {
	// DB is what Run, Settle and Spend work on. Decisions are made in their caller's transaction.
	DB *store.DB
	// Prices is what texts cost. nil has cautious figures of our own.
	Prices *price.Table
	// Logger is told of budgets that are used up. nil tells nobody.
	Logger *slog.Logger
}

// Send is a text about to be sent.
type Send struct {
	Project      *store.Project
	Organization *store.Organization
	Member       *store.Member
	Number       phone.Number // placed
	// Provider is who would carry it, "" while that is not known.
	Provider string
	// Verified: this member proved this number before.
	Verified bool
}

// Decision is what came of a Send.
type Decision struct {
	// Refusal is the answer to the caller, nil when the text may be sent.
	Refusal *errs.Error
	// Rule names what refused it, in lower case with underscores; "" when it may be sent.
	Rule string
	// Wait is how long it takes until the same send would pass, as far as time alone decides that.
	Wait time.Duration
	// Pass says what would have let it pass, for people; "" when nothing is known beside the wait.
	Pass string

	service *Service
	project *store.Project
	limits  *limit.Decision
	money   *money
}

// Record is what a message, or the record of a refusal, remembers of the counters at the decision: name=count pairs.
func (d *Decision) Record() string { return d.money.record(d.limits.Record()) }

// Price is what the text is taken to cost, in millionths of a US dollar: with as many segments as the project allows.
func (d *Decision) Price() int64 { return d.money.price }

// Budgets tells where Count counts the price.
func (d *Decision) Budgets() store.Budgets { return d.money.in }

// Check decides about a send. It reads and counts nothing; that a budget is used up may leave an alert.
func (s *Service) Check(ctx context.Context, tx *store.Tx, in Send) (*Decision, error) {
	d := &Decision{service: s, project: in.Project}
	budgets := s.askMoney(ctx, tx, &in)
	var err error
	d.limits, err = limit.Check(ctx, tx, limit.Send{
		Project: in.Project, Organization: in.Organization.ID, Member: in.Member.ID, Number: in.Number, Verified: in.Verified,
	})
	if err != nil {
		return nil, err
	}
	if d.money, err = budgets(); err != nil {
		return nil, err
	}
	if d.limits.Refused {
		d.Rule, d.Wait = d.limits.Limit, d.limits.Wait
		d.Refusal = errs.TooManyRequests.After(d.Wait)
		return d, nil
	}
	s.refuseMoney(tx, d)
	return d, nil
}

// Count counts a send that Check let through, with the statements that go out last. The transaction fails with
// store.ErrChanged when a limit was reached since Check saw it free; run again, it gives the refusal.
func (d *Decision) Count(ctx context.Context, tx *store.Tx) error {
	if err := d.limits.Count(ctx, tx, d.project); err != nil {
		return err
	}
	d.service.countMoney(tx, d.money)
	return nil
}

// Redeemed notes that the code of a send was used. It goes out with the statements after it.
func (s *Service) Redeemed(_ *store.Tx, _ Send) {}
