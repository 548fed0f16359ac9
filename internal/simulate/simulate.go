// Package simulate shows what a policy would do, before anybody pays for finding out. It lets made-up traffic, or the
// recorded traffic of a project, ask package guard for texts, under a clock of its own and over a database that is
// thrown away, and counts what was refused, who was hurt, and what it cost. No text leaves.
package simulate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/price"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
)

// Bounds of what can be asked for.
const (
	MaxDays     = 366
	MaxRequests = 20_000_000
	maxPrefixes = 10_000
)

// start is when made-up traffic begins: a Monday, so that a run gives the same whenever it is made.
var start = time.Date(2027, 1, 4, 0, 0, 0, 0, time.UTC)

// Options say what is simulated.
type Options struct {
	// Shapes are the kinds of traffic, see Parse. At least one.
	Shapes []Shape
	// Days is how long the traffic lasts, 1 to MaxDays; 0 is what the shapes need.
	Days int
	// Seed decides everything that chance decides: the same seed gives the same run.
	Seed uint64
	// Settings are the policy: those of a live project.
	Settings store.ProjectSettings
	// Prices is what texts cost; nil has the cautious figures of package price.
	Prices *price.Table
	// Progress is told now and then how many of the requests are done. May be nil.
	Progress func(done, total int64)

	noScouts bool // decide everything in turn
}

// Check says everything that is wrong with the options, nil for nothing.
func (o *Options) Check() error {
	problems := []error{project.CheckSettings(&o.Settings)}
	if len(o.Shapes) == 0 {
		problems = append(problems, errors.New("name at least one kind of traffic: "+names()))
	}
	if o.Days < 0 || o.Days > MaxDays {
		problems = append(problems, fmt.Errorf("the days must be from 1 to %d", MaxDays))
	}
	seen := map[string]bool{}
	for _, s := range o.Shapes {
		if seen[s.Name] {
			problems = append(problems, fmt.Errorf("%s is named twice", s.Name))
		}
		seen[s.Name] = true
	}
	return errors.Join(problems...)
}

// days gives the length of the run: that of its longest shape, unless it is said.
func (o *Options) days() int {
	if o.Days > 0 {
		return o.Days
	}
	days := 0
	for _, s := range o.Shapes {
		days = max(days, s.days)
	}
	return days
}

// Run simulates made-up traffic. The options are checked first.
func Run(ctx context.Context, o Options) (*Report, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	t, err := newTraffic(&o)
	if err != nil {
		return nil, err
	}
	w, err := open(ctx, madeUp(&o.Settings), o.Prices, start.Add(-past))
	if err != nil {
		return nil, err
	}
	r := newReport(&o)
	run := &run{world: w, traffic: t, report: r, progress: o.Progress}
	if run.scouts, err = w.sendScouts(ctx, o.scouts()); err == nil {
		err = run.all(ctx)
	}
	if err := errors.Join(err, closeScouts(run.scouts), w.close()); err != nil {
		return nil, err
	}
	r.finish()
	return r, nil
}

// run is made-up traffic on its way through a policy.
type run struct {
	*world
	traffic  *traffic
	report   *Report
	progress func(done, total int64)
	done     int64
	scouts   []*scout
	inTurn   int // so many events are decided one after the other before scouts go ahead again
	patience int // what inTurn becomes when they went in vain
}

// all takes the traffic through.
func (r *run) all(ctx context.Context) error {
	err := r.batch(ctx, func(tx *store.Tx) error {
		for i := range organizations {
			if err := r.join(ctx, tx, organization(r.project, i)); err != nil {
				return err
			}
		}
		return nil
	})
	for more := true; more && err == nil; {
		if r.inTurn == 0 {
			if err := r.scout(ctx); err != nil {
				return err
			}
		}
		more, err = r.together(ctx)
		if r.progress != nil {
			r.progress(r.done, r.traffic.total)
		}
	}
	return err
}

// together takes the next events through in one transaction: at least one, and then up to where scouts may go ahead
// again. It reports whether there may be more.
func (r *run) together(ctx context.Context) (more bool, err error) {
	err = r.batch(ctx, func(tx *store.Tx) error {
		if err := r.reap(ctx, tx); err != nil {
			return err
		}
		for n := range batchSize {
			if n > 0 && r.inTurn == 0 && len(r.scouts) > 0 && r.traffic.floods() {
				return nil
			}
			var e event
			if e, more = r.traffic.next(); !more {
				return nil
			}
			r.inTurn = max(r.inTurn-1, 0)
			if err := r.one(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	return more, err
}

// one lets somebody ask for a text, or use a code.
func (r *run) one(ctx context.Context, tx *store.Tx, e event) error {
	a := e.ask
	send := a.who.send(r.project)
	if e.redeem {
		if err := r.redeem(ctx, tx, e.at, send); err != nil {
			return err
		}
		if !a.who.verified {
			a.who.verified = true
			if err := r.enrol(ctx, tx, send.Member); err != nil {
				return err
			}
		}
		r.report.redeemed(a)
		return nil
	}

	d, err := r.decide(ctx, tx, e.at, send)
	if err != nil {
		return err
	}
	if a.past {
		r.traffic.answered(e, true) // whatever the policy says: they are members by now
		return nil
	}
	if !a.again {
		r.done++
	}
	r.report.asked(e.at, a, d)
	r.traffic.answered(e, d.Refusal == nil)
	return nil
}

// past is how long before the beginning the members have enrolled that there are, so that a policy knows what it would
// know of a project that is in use.
const past = 30 * day

// organizations is how many organizations made-up traffic is spread over.
const organizations = 50

// madeUp is the project that made-up traffic goes to.
func madeUp(s *store.ProjectSettings) *store.Project {
	return &store.Project{
		ID: fixedID(ids.Project, 0), Env: ids.Live, Name: "Simulation", PublicToken: fixedID(ids.PublicToken, 0),
		Settings: *s, CreatedAt: start, UpdatedAt: start,
	}
}

// organization is the i-th that made-up traffic goes to.
func organization(p *store.Project, i int) *store.Organization {
	name := fmt.Sprintf("organization-%d", i)
	return &store.Organization{
		ID: fixedID(ids.Organization, uint64(i)), ProjectID: p.ID, Slug: name, Name: name, CreatedAt: start.Add(-past),
	}
}

// countriesOf gives the countries that a policy lets texts go to.
func countriesOf(s *store.ProjectSettings) []string {
	if len(s.Countries) > 0 {
		return s.Countries
	}
	return guard.DefaultCountries
}
