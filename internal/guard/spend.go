package guard

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/thimble-auth/thimble/internal/store"
)

const (
	settleEvery = 5 * time.Second
	settleBatch = 200           // messages of one transaction
	sumLag      = 2 * time.Hour // after which few prices are still missing
	sumStretch  = time.Hour     // of one transaction; days end with hours
	sumFirst    = 24 * time.Hour
	keepSpend   = 400 // days
	keepBudgets = 40  // days
)

// SpendDays is how many days a Report reaches back, today included.
const SpendDays = 30

// Run tells budgets what texts really cost, and sums it for reports, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	ticker := time.NewTicker(settleEvery)
	defer ticker.Stop()
	for {
		if err := s.Settle(ctx); err != nil && ctx.Err() == nil && s.Logger != nil {
			s.Logger.Error("settle what texts cost", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Settle does once what Run does.
func (s *Service) Settle(ctx context.Context) error {
	for n := settleBatch; n == settleBatch; {
		err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.SettleOwed(ctx, settleBatch)
			return err
		})
		if err != nil {
			return err
		}
	}
	for more := true; more; {
		mark, err := markOf(ctx, s.DB)
		if err != nil {
			return err
		}
		from, to, ok := stretch(mark, s.DB.Now())
		if more = ok; !ok {
			continue
		}
		if err := sum(ctx, s.DB, mark, from, to); err != nil {
			return err
		}
	}
	return nil
}

// markOf is read apart, so that a look at which there is nothing to do writes nothing.
func markOf(ctx context.Context, db *store.DB) (mark time.Time, err error) {
	err = db.Read(ctx, func(tx *store.Tx) error {
		mark, err = tx.Mark(ctx, store.MarkSpent)
		return err
	})
	return mark, err
}

// stretch gives the next hour to sum, and whether there is one.
func stretch(mark, now time.Time) (from, to time.Time, ok bool) {
	from = since(mark, now)
	to = from.Add(sumStretch)
	return from, to, !to.After(now.Add(-sumLag))
}

// since is the moment up to which messages are summed.
func since(mark, now time.Time) time.Time {
	if mark.IsZero() {
		return now.Add(-sumFirst).Truncate(sumStretch)
	}
	return mark
}

func sum(ctx context.Context, db *store.DB, mark, from, to time.Time) error {
	return db.Write(ctx, func(tx *store.Tx) error {
		moved, err := tx.MoveMark(ctx, store.MarkSpent, mark, to)
		if err != nil || !moved {
			return err // another node sums that hour
		}
		if err := tx.SumSpend(ctx, from, to); err != nil {
			return err
		}
		if err := tx.ForgetSpend(ctx, store.Day(to)-keepSpend); err != nil {
			return err
		}
		return tx.ForgetBudgets(ctx, store.Day(to)-keepBudgets)
	})
}

// Amount is what some texts cost, in millionths of a US dollar.
type Amount struct {
	Texts     int64
	Reserved  int64 // by estimate: no provider has named a price yet, or ever will
	Confirmed int64 // by the prices that providers named
}

func (a *Amount) add(s store.Spend) {
	a.Texts += s.Texts
	a.Reserved += s.Reserved
	a.Confirmed += s.Confirmed
}

// All is both together.
func (a Amount) All() int64 { return a.Reserved + a.Confirmed }

// Line is what texts of one kind cost: of a country, an organization or a day.
type Line struct {
	Name  string
	Today Amount
	Days  Amount // the last SpendDays, today included
}

// Report is what a project's texts cost.
type Report struct {
	Day     int64 // today: see store.Day
	Total   Line
	PerDay  []Line // the newest first; Days is empty
	Country []Line // the dearest first
	// Organization are the dearest, up to a hundred.
	Organization []Line
	// Budgets are those that count today and something was spent of.
	Budgets []store.Budget
}

const mostOrganizations = 100

// Spend reports what a project's texts cost today and in the last SpendDays.
func (s *Service) Spend(ctx context.Context, p *store.Project) (*Report, error) {
	r := &Report{}
	err := s.DB.Read(ctx, func(tx *store.Tx) error {
		today := store.Day(tx.Now())
		mark, err := tx.Mark(ctx, store.MarkSpent)
		if err != nil {
			return err
		}
		all, err := tx.Spend(ctx, p, today-SpendDays+1, since(mark, tx.Now()))
		if err != nil {
			return err
		}
		budgets, err := tx.BudgetsOf(ctx, p.ID, today)
		r = report(all, today)
		r.Budgets = budgets
		return err
	})
	return r, err
}

func report(all []store.Spend, today int64) *Report {
	r := &Report{Day: today}
	days, countries, organizations := lines{}, lines{}, lines{}
	for _, s := range all {
		if s.Day < today-SpendDays+1 {
			continue
		}
		for _, l := range []*Line{&r.Total, countries.of(s.Country), organizations.of(s.OrganizationID)} {
			l.Days.add(s)
			if s.Day == today {
				l.Today.add(s)
			}
		}
		days.of(DayText(s.Day)).Today.add(s)
	}
	r.PerDay = days.sorted(func(a, b Line) int { return cmp.Compare(b.Name, a.Name) })
	dearest := func(a, b Line) int {
		return cmp.Or(cmp.Compare(b.Days.All(), a.Days.All()), cmp.Compare(a.Name, b.Name))
	}
	r.Country, r.Organization = countries.sorted(dearest), organizations.sorted(dearest)
	r.Organization = r.Organization[:min(len(r.Organization), mostOrganizations)]
	return r
}

type lines map[string]*Line

func (l lines) of(name string) *Line {
	if l[name] == nil {
		l[name] = &Line{Name: name}
	}
	return l[name]
}

func (l lines) sorted(by func(a, b Line) int) []Line {
	all := make([]Line, 0, len(l))
	for _, one := range l {
		all = append(all, *one)
	}
	slices.SortFunc(all, by)
	return all
}
