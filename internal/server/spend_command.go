package server

import (
	"errors"
	"fmt"
	"math"

	"github.com/thimble-auth/thimble/internal/api"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
)

type spendCommand struct {
	storage
	Project string `arg:"" help:"Id of the project."`
	JSON    bool   `name:"json" help:"Answer in JSON, as GET /v1/thimble/spend does."`
}

// Help is shown below the summary.
func (spendCommand) Help() string {
	return `What a project's texts cost today and in the last 30 days, in UTC and in US dollars, by country and by organization.
"Confirmed" is what providers have asked for, "reserved" what texts are taken to cost whose price nobody has named: by
the price file, see thimble serve --help, or by cautious figures of our own.

The budgets of today follow: what is spent and reserved, of how much; and of it for numbers that their member has not
verified. thimble project set --budget-day, --budget-country and --budget-organization set them. Example:

    thimble spend PROJECT`
}

// Run shows the report.
func (c *spendCommand) Run(r *runner) error {
	db, err := c.open(r)
	if err != nil {
		return err
	}
	report, err := c.report(r, db)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if c.JSON {
		return r.json(api.WireSpend(report))
	}
	r.printf("%-58s %24s %32s\n", "USD, confirmed + reserved (texts)", "today "+guard.DayText(report.Day), "last 30 days")
	r.spendLine("all", report.Total)
	for _, l := range report.Country {
		r.spendLine("country "+or(l.Name, "unknown"), l)
	}
	for _, l := range report.Organization {
		r.spendLine(l.Name, l)
	}
	for _, b := range report.Budgets {
		name := b.Scope
		if b.Name != "" {
			name += " " + b.Name
		}
		r.printf("budget %s: %s of %s; unverified numbers %s of %s\n", name, guard.USD(b.Spent), most(b.Most),
			guard.USD(b.Unverified), most(b.MostUnverified))
	}
	return nil
}

func (c *spendCommand) report(r *runner, db *store.DB) (*guard.Report, error) {
	p, err := (&project.Service{DB: db}).Get(r.ctx, c.Project)
	if err != nil {
		return nil, err
	}
	return (&guard.Service{DB: db}).Spend(r.ctx, p)
}

func (r *runner) spendLine(name string, l guard.Line) {
	amount := func(a guard.Amount) string {
		return fmt.Sprintf("%s + %s (%d)", guard.USD(a.Confirmed), guard.USD(a.Reserved), a.Texts)
	}
	r.printf("%-58s %24s %32s\n", name, amount(l.Today), amount(l.Days))
}

func most(micros int64) string {
	if micros == math.MaxInt64 {
		return "no end"
	}
	return guard.USD(micros)
}
