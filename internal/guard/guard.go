// Package guard decides whether a code may be texted to a number at all: by country, by the number's type, by limits, by
// what became of the codes before it, and by what it costs. It keeps toll fraud from becoming a bill, and never becomes a
// weapon against members: numbers that their member has verified pass everything that strangers can use up.
package guard

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/price"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service decides. Its zero value decides; it is safe for concurrent use.
type Service struct {
	// DB is what Run, Settle and Spend work on, and what operators ask: the safe list, and what is hot. Decisions are made
	// in their caller's transaction.
	DB *store.DB
	// Prices is what texts cost. nil has cautious figures of our own.
	Prices *price.Table
	// Logger is told of budgets that are used up, and of counters that cannot be read. nil tells nobody.
	Logger *slog.Logger
	// Lookup says what numbers are whose country does not; nil for nobody. LookupsPerDay is how often it is asked in a day.
	Lookup        Lookup
	LookupsPerDay int64

	blind blind
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
	// Kind is what a paid look-up said that the number is; "" where nobody was asked.
	Kind phone.Kind
}

// Decision is what came of a Send.
type Decision struct {
	// Refusal is the answer to the caller, nil when the text may be sent.
	Refusal *errs.Error
	// Rule names what refused it, in lower case with underscores; "" when it may be sent.
	Rule string
	// Wait is how long it takes until the same send would pass, as far as time alone decides that.
	Wait time.Duration
	// Pass says in plain words what would let the same send pass. "" when it may be sent.
	Pass string
	// Prefix is what the rule found hot: up to seven digits of the number, "" for rules of other kinds.
	Prefix string
	// Watched are the rules that would have refused it and only watch: by the project's policy, or because a test project
	// does not enforce them.
	Watched []string

	service  *Service
	send     Send
	money    *money // nil while nothing was asked of budgets
	enforced bool   // the project is live, or a test project that wants to be treated like one
	counters string
	// count counts the send; nil where nothing can be counted.
	count func(ctx context.Context, tx *store.Tx) error
}

// Record is what a message, or the record of a refusal, remembers of the counters at the decision: name=count pairs, and
// the rules that only watched.
func (d *Decision) Record() string {
	record := d.counters
	if d.money != nil {
		record = d.money.record(record)
	}
	if len(d.Watched) > 0 {
		record = strings.TrimSpace(record + " watched=" + strings.Join(d.Watched, ","))
	}
	return record
}

// Price is what the text is taken to cost, in millionths of a US dollar: with as many segments as the project allows.
// A send that its number alone refused was not priced.
func (d *Decision) Price() int64 {
	if d.money == nil {
		return 0
	}
	return d.money.price
}

// Budgets tells where Count counts the price.
func (d *Decision) Budgets() store.Budgets {
	if d.money == nil {
		return 0
	}
	return d.money.in
}

// Screen decides what the number alone decides: its country and its type. Check goes on from there.
func (s *Service) Screen(in Send) *Decision {
	d := &Decision{service: s, send: in, enforced: limit.Enforced(in.Project)}
	d.screenCountry()
	if d.Refusal == nil && !in.Verified {
		d.screenKind()
	}
	return d
}

// Check decides about a send. It reads and counts nothing; that a budget is used up may leave an alert.
func (s *Service) Check(ctx context.Context, tx *store.Tx, in Send) (*Decision, error) {
	d := s.Screen(in)
	if d.Refusal != nil {
		return d, nil
	}
	return d, s.Judge(ctx, tx, d)
}

// Judge goes on where Screen left a send unrefused: it reads the counters and the budgets, and decides.
func (s *Service) Judge(ctx context.Context, tx *store.Tx, d *Decision) error {
	budgets := s.askMoney(ctx, tx, &d.send)
	if err := s.judge(ctx, tx, d); err != nil {
		return err
	}
	var err error
	if d.money, err = budgets(); err != nil {
		return err
	}
	if d.Refusal == nil {
		s.refuseMoney(tx, d)
	}
	return nil
}

// judge decides by the counters, or without them.
func (s *Service) judge(ctx context.Context, tx *store.Tx, d *Decision) error {
	if s.blinded(tx) {
		s.judgeBlindly(tx, d)
		return nil
	}
	judge := s.judgeStranger
	if d.send.Verified {
		judge = s.judgeVerified
	}
	if err := judge(ctx, tx, d); err != nil {
		return err
	}
	s.sees(tx, d)
	return nil
}

// judgeVerified counts a member's own sends and nothing that others could use up.
func (s *Service) judgeVerified(ctx context.Context, tx *store.Tx, d *Decision) error {
	in := d.send
	limits, err := limit.Check(ctx, tx, limit.Send{
		Project: in.Project, Organization: in.Organization.ID, Member: in.Member.ID, Number: in.Number,
	})
	if err != nil {
		return err
	}
	d.limited(limits, tx.Now())
	d.counters = limits.Record()
	d.count = func(ctx context.Context, tx *store.Tx) error { return limits.Count(ctx, tx, in.Project) }
	return nil
}

// judgeStranger asks besides what became of the codes before.
func (s *Service) judgeStranger(ctx context.Context, tx *store.Tx, d *Decision) error {
	about := newStranger(&d.send, tx.Now())
	if err := about.read(ctx, tx); err != nil {
		return err
	}
	s.decide(d, about)
	return nil
}

// decide decides about a stranger's number from what was read.
func (s *Service) decide(d *Decision, about *stranger) {
	limits := about.limited()
	d.counters = about.record(limits.Record())
	d.limited(limits, about.now)
	about.free = about.sums.Safe || about.outage()
	if !about.sums.Safe {
		for _, v := range about.verdicts() {
			d.apply(v)
		}
	}
	d.count = func(_ context.Context, tx *store.Tx) error { return about.count(tx) }
	if about.warm() && d.Refusal == nil && len(d.Watched) == 0 {
		s.blind.knows(&d.send, about.now)
	}
}

// Count counts a send that Check let through, with the statements that go out last. The transaction fails with
// store.ErrChanged when a limit was reached since Check saw it free; run again, it gives the refusal.
func (d *Decision) Count(ctx context.Context, tx *store.Tx) error {
	if d.count != nil {
		if err := d.count(ctx, tx); err != nil {
			return err
		}
	}
	if d.money != nil {
		d.service.countMoney(tx, d.money)
	}
	return nil
}

// Redeemed notes that the code of a send was used. It goes out with the statements after it.
func (s *Service) Redeemed(tx *store.Tx, in Send) {
	if in.Verified || s.blinded(tx) {
		return
	}
	_ = newStranger(&in, tx.Now()).countUsed(tx) // a wrong number of counters, which there is not
}

// limited takes over what the limits say.
func (d *Decision) limited(l *limit.Decision, now time.Time) {
	if l.Refused {
		d.refuse(l.Limit, errs.TooManyRequests, l.Wait, After(now.Add(l.Wait)))
	}
	if l.Watched != "" {
		d.watch(l.Watched)
	}
}

// apply takes a verdict over: as a refusal where limits are enforced, else as something seen.
func (d *Decision) apply(v verdict) {
	if !d.enforced {
		d.watch(v.rule)
		return
	}
	if d.Refusal == nil {
		d.Prefix = v.prefix
	}
	d.refuse(v.rule, v.answer, v.wait, v.passes)
}

// refuse sets the refusal, unless there is one already.
func (d *Decision) refuse(rule string, e *errs.Error, wait time.Duration, passes string) {
	if d.Refusal != nil {
		return
	}
	if wait > 0 {
		e = e.After(wait)
	}
	d.Refusal, d.Rule, d.Wait, d.Pass = e, rule, wait, passes
}

// watch notes a rule that would have refused.
func (d *Decision) watch(rule string) {
	if !slices.Contains(d.Watched, rule) {
		d.Watched = append(d.Watched, rule)
	}
}

// After says in words that time alone lets a send pass.
func After(t time.Time) string { return "after " + t.UTC().Format("2006-01-02 15:04:05") + " UTC" }
