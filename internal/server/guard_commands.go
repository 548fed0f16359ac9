package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
)

type guardCommands struct {
	Status    guardStatus    `cmd:"" help:"Show which prefixes are hot, and which are refused."`
	Clear     guardClear     `cmd:"" help:"Forget codes that nobody used, so that strangers get codes again."`
	Safe      safeCommands   `cmd:"" help:"What the guard lets pass, for a reason and a time."`
	Countries guardCountries `cmd:"" help:"Narrow where an organization's members get texts."`
}

// guarded is what the commands on one project have in common.
type guarded struct {
	storage

	Project string `arg:"" help:"Id of the project."`
}

// with runs f with the project and its guard.
func (c *guarded) with(r *runner, f func(ctx context.Context, g *guard.Service, p *store.Project) error) error {
	return c.withProjects(r, func(s *project.Service) error {
		p, err := s.Get(r.ctx, c.Project)
		if err != nil {
			return err
		}
		return f(r.ctx, &guard.Service{DB: s.DB}, p)
	})
}

type guardStatus struct {
	guarded
	JSON bool `name:"json" help:"Answer in JSON."`
}

// Help is shown below the summary.
func (guardStatus) Help() string {
	return `Shown are codes to numbers that nobody has verified, of the present 30 days and those before: how many were sent and
used, for the prefixes where most were not used. A rule in the last column refuses strangers there; docs/fraud.md
says what each does, and what to do when it refuses real people.

Example:

    thimble guard status PROJECT`
}

// hotView is a prefix as people and scripts see it.
type hotView struct {
	Prefix string `json:"prefix"`
	Sent   int64  `json:"sent"`
	Used   int64  `json:"used"`
	Rule   string `json:"rule"`
}

// Run shows what is hot.
func (c *guardStatus) Run(r *runner) error {
	return c.with(r, func(ctx context.Context, g *guard.Service, p *store.Project) error {
		s, err := g.Status(ctx, p)
		if err != nil {
			return err
		}
		hot := make([]hotView, len(s.Hot))
		for i, h := range s.Hot {
			hot[i] = hotView{"+" + h.Prefix, h.Sent, h.Used, h.Rule}
		}
		if c.JSON {
			return r.json(map[string]any{"two_days_sent": s.DaySent, "two_days_used": s.DayUsed, "prefixes": hot})
		}
		r.printf("Codes to strangers, yesterday and today: %d sent, %d used.\n", s.DaySent, s.DayUsed)
		w := tabwriter.NewWriter(r.stdout, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "PREFIX\tSENT\tUSED\tREFUSED BY")
		for _, h := range hot {
			_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", h.Prefix, h.Sent, h.Used, orDash(h.Rule))
		}
		return w.Flush()
	})
}

type guardClear struct {
	guarded
	Prefix string `arg:"" optional:"" help:"+ and the digits that numbers begin with."`
	All    bool   `name:"all" help:"Everything, such as after texts did not arrive for a while."`
}

// Run forgets.
func (c *guardClear) Run(r *runner) error {
	digits, plus := strings.CutPrefix(c.Prefix, "+")
	if c.All != (c.Prefix == "") || !c.All && (!plus || len(digits) < 5 || strings.Trim(digits, "0123456789") != "") {
		return errors.New("give + and at least five digits, or --all")
	}
	return c.with(r, func(ctx context.Context, g *guard.Service, p *store.Project) error {
		found, err := g.Clear(ctx, p, digits)
		if err != nil {
			return err
		}
		if !found {
			return errors.New("nothing is remembered of that")
		}
		r.printf("Forgotten. Strangers there get codes again.\n")
		return nil
	})
}

type safeCommands struct {
	Add    safeAdd    `cmd:"" help:"Let something pass."`
	List   safeList   `cmd:"" help:"List what passes."`
	Remove safeRemove `cmd:"" help:"Do not let it pass any more."`
}

type safeAdd struct {
	guarded
	Value  string `arg:"" help:"+ and a number or at least four of its first digits, or the id of an organization or a member."`
	Reason string `name:"reason" required:"" help:"Why, for whoever reads the list later."`
	Days   int64  `name:"days" default:"30" help:"For how long, 1 to 366."`
}

// Help is shown below the summary.
func (safeAdd) Help() string {
	return `What is on the list is not held to the rules about prefixes, about codes that nobody uses, about neighbouring numbers
and about types of numbers. Limits of a number, a member, an organization and the project hold all the same, and so
does the country policy.

Examples:

    thimble guard safe add PROJECT +12025550162 --reason "ticket 4711"
    thimble guard safe add PROJECT organization-live-... --reason "moves in on Monday" --days 3`
}

// Run adds the entry.
func (c *safeAdd) Run(r *runner) error {
	return c.with(r, func(ctx context.Context, g *guard.Service, p *store.Project) error {
		e, err := g.AddSafe(ctx, p, c.Value, c.Reason, guard.Days(c.Days))
		if err != nil {
			return said(err)
		}
		r.printf("%s  passes until %s\n", e.ID, stamp(e.ExpiresAt))
		return nil
	})
}

type safeList struct{ guarded }

// Run lists the entries.
func (c *safeList) Run(r *runner) error {
	return c.with(r, func(ctx context.Context, g *guard.Service, p *store.Project) error {
		all, err := g.SafeList(ctx, p)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(r.stdout, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "VALUE\tUNTIL\tREASON")
		for _, e := range all {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", e.Value, stamp(e.ExpiresAt), e.Reason)
		}
		return w.Flush()
	})
}

type safeRemove struct {
	guarded
	Value string `arg:"" help:"The value or the id of the entry."`
}

// Run removes the entry.
func (c *safeRemove) Run(r *runner) error {
	return c.with(r, func(ctx context.Context, g *guard.Service, p *store.Project) error {
		found, err := g.RemoveSafe(ctx, p, c.Value)
		if err == nil && !found {
			err = errors.New("there is no such entry: thimble guard safe list shows all")
		}
		return err
	})
}

type guardCountries struct {
	guarded
	Organization string            `arg:"" help:"The organization, by id, slug or external id."`
	Policy       map[string]string `arg:"" optional:"" mapsep:"," help:"Such as US=allow,*=block. None takes it away."`
}

// Run sets the policy.
func (c *guardCountries) Run(r *runner) error {
	return c.with(r, func(ctx context.Context, g *guard.Service, p *store.Project) error {
		policy := applyPolicies(nil, c.Policy, strings.ToUpper)
		o, err := (&org.Service{DB: g.DB}).SetCountryPolicy(ctx, p, rbac.Caller{}, ids.OrgRef(c.Organization), policy)
		if err != nil {
			return said(err)
		}
		r.printf("%s  %s\n", o.ID, pairs(o.Settings.CountryPolicy))
		return nil
	})
}

// said gives what a person is told of an error that calls answer with.
func said(err error) error {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return errors.New(e.Message)
	}
	return err
}
