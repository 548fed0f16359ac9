package simulate

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/thimble-auth/thimble/internal/challenge"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/price"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
)

// MaxRecorded is how many days back decisions can be replayed: that long messages are kept.
const MaxRecorded = 90

// warmUp is how many days are replayed before those that are reported, as far as there are records of them, so that the
// policy begins with counters that stand where they would: it remembers what became of codes for 60 days at most.
const warmUp = 60

// Recorded says which decisions are made again.
type Recorded struct {
	// DB and Keys are the server's, which are only read.
	DB   *store.DB
	Keys *keys.Ring
	// Project is whose decisions they are, Settings the policy to try on them.
	Project  *store.Project
	Settings store.ProjectSettings
	// Days is how far to go back, 1 to MaxRecorded.
	Days int
	// Prices is what texts cost; nil has the cautious figures of package price.
	Prices *price.Table
	// Progress is told now and then how many decisions were made again. May be nil.
	Progress func(done int64)
}

// Replay makes the recorded decisions of a project again under another policy, and tells what would have been different.
func Replay(ctx context.Context, o Recorded) (*Preview, error) {
	problems := []error{project.CheckSettings(&o.Settings)}
	if o.Days < 1 || o.Days > MaxRecorded {
		problems = append(problems, fmt.Errorf("the days must be from 1 to %d: that long decisions are kept", MaxRecorded))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}

	to := o.DB.Now()
	from := to.Add(-time.Duration(o.Days) * day).Truncate(day)
	first := from.Add(-time.Duration(min(warmUp, MaxRecorded-o.Days)) * day)
	changed := *o.Project
	changed.Settings = o.Settings
	w, err := open(ctx, &changed, o.Prices, first)
	if err != nil {
		return nil, err
	}
	r := &replay{
		world: w, history: newHistory(&o, first, to), report: newPreview(o.Project.ID, from, to), progress: o.Progress,
	}
	r.history.found = r.found
	if r.safe, err = r.history.safeList(ctx); err == nil {
		err = r.all(ctx)
	}
	if err := errors.Join(err, w.close()); err != nil {
		return nil, err
	}
	r.report.finish()
	return r.report, nil
}

// replay is recorded traffic on its way through a policy.
type replay struct {
	*world
	history  *history
	report   *Preview
	progress func(done int64)
	done     int64
	used     uses              // codes that will be used
	safe     []store.SafeEntry // that are not on the safe list yet
}

// all takes the records through in batches. They are read before each, so that no transaction waits for another database.
func (r *replay) all(ctx context.Context) error {
	for {
		records, err := r.history.some(ctx, batchSize)
		if err != nil || len(records) == 0 {
			return err
		}
		err = r.batch(ctx, func(tx *store.Tx) error {
			if err := r.reap(ctx, tx); err != nil {
				return err
			}
			for _, one := range records {
				if err := r.catchUp(ctx, tx, one.at); err != nil {
					return err
				}
				if err := r.one(ctx, tx, one); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		r.done += int64(len(records))
		if r.progress != nil {
			r.progress(r.done)
		}
	}
}

// found adds an organization of the records and members of it who had verified a number before.
func (r *replay) found(ctx context.Context, o *store.Organization, members []*store.Member) error {
	return r.batch(ctx, func(tx *store.Tx) error {
		if err := r.join(ctx, tx, o); err != nil {
			return err
		}
		for _, m := range members {
			m.ProjectID = r.project.ID
			if err := r.enrol(ctx, tx, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// catchUp tells the policy of the codes that were used by then, and of what was put on the safe list.
func (r *replay) catchUp(ctx context.Context, tx *store.Tx, by time.Time) error {
	for len(r.safe) > 0 && !r.safe[0].CreatedAt.After(by) {
		tx.PutSafe(&r.safe[0])
		r.safe = r.safe[1:]
	}
	for len(r.used) > 0 && !r.used[0].redeemedAt.After(by) {
		one := heap.Pop(&r.used).(*record) //nolint:forcetypeassert // it holds nothing else
		send := one.send(r.project)
		if err := r.redeem(ctx, tx, one.redeemedAt, send); err != nil {
			return err
		}
		if err := r.enrol(ctx, tx, send.Member); err != nil {
			return err
		}
	}
	return nil
}

// one makes a decision again.
func (r *replay) one(ctx context.Context, tx *store.Tx, one *record) error {
	if one.unreadable || one.rule == guard.RuleCountersFailed || slices.Contains(challenge.Others, one.rule) {
		r.report.kept(one)
		return nil
	}
	d, err := r.decide(ctx, tx, one.at, one.send(r.project))
	if err != nil {
		return err
	}
	if d.Refusal == nil && !one.redeemedAt.IsZero() {
		heap.Push(&r.used, one)
	}
	r.report.decided(one, d)
	return nil
}

// send is what the policy is asked about.
func (one *record) send(p *store.Project) guard.Send {
	m := &store.Member{
		ID: one.member, ProjectID: p.ID, OrganizationID: one.org.ID, Status: store.StatusActive,
		Phone: one.number.String(), PhoneVerified: one.verified,
	}
	return guard.Send{Project: p, Organization: one.org, Member: m, Number: one.number, Provider: one.provider, Verified: one.verified}
}

// uses is a heap of records by when their codes were used.
type uses []*record

// Len is part of heap.Interface.
func (u uses) Len() int { return len(u) }

// Less is part of heap.Interface.
func (u uses) Less(i, j int) bool { return u[i].redeemedAt.Before(u[j].redeemedAt) }

// Swap is part of heap.Interface.
func (u uses) Swap(i, j int) { u[i], u[j] = u[j], u[i] }

// Push is part of heap.Interface.
func (u *uses) Push(x any) { *u = append(*u, x.(*record)) } //nolint:forcetypeassert // nothing else is pushed

// Pop is part of heap.Interface.
func (u *uses) Pop() any {
	last := (*u)[len(*u)-1]
	(*u)[len(*u)-1] = nil
	*u = (*u)[:len(*u)-1]
	return last
}
