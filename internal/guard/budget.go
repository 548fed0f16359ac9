package guard

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/store"
)

// The rules by which a budget refuses.
const (
	RuleBudgetProject      = "budget_project"
	RuleBudgetOrganization = "budget_organization"
	RuleBudgetCountry      = "budget_country"
)

var budgetRules = map[string]string{
	store.ScopeProject:      RuleBudgetProject,
	store.ScopeOrganization: RuleBudgetOrganization,
	store.ScopeCountry:      RuleBudgetCountry,
}

// DefaultUnverified is what a live project that has set no budget spends a day, at most, on texts to numbers that
// nobody has verified: millionths of a US dollar. Texts to verified numbers are not counted then.
const DefaultUnverified = 50_000_000

// alertShares are the shares of a budget, in percent, at which somebody is told.
var alertShares = []int64{50, 80, 100}

// money is what a send costs, and the budgets that it counts in.
type money struct {
	send    *Send
	price   int64
	budgets []*store.Budget // narrow before wide
	in      store.Budgets
}

// askMoney asks what was spent of the budgets of a send. The questions travel with what is asked next.
func (s *Service) askMoney(ctx context.Context, tx *store.Tx, in *Send) (answer func() (*money, error)) {
	m := &money{send: in}
	p := in.Project
	if !p.Live() && !p.Settings.EnforceLimits {
		return func() (*money, error) { return m, nil } // nothing leaves, and nothing is refused
	}
	country := in.Number.Region()
	m.price = s.Prices.Of(in.Provider, country) * max(p.Settings.TextSegments, 1)

	var answers []func() (*store.Budget, error)
	ask := func(scope, name string, most, unverified int64) {
		get := tx.AskBudget(ctx, store.BudgetKey{ProjectID: p.ID, Day: store.Day(tx.Now()), Scope: scope, Name: name})
		answers = append(answers, func() (*store.Budget, error) {
			b, err := get()
			b.Most, b.MostUnverified = most, unverified
			return b, err
		})
	}
	set := p.Settings.Budgets
	if most, ok := set.Of(store.ScopeCountry, country); ok {
		m.in |= store.InCountry
		ask(store.ScopeCountry, country, most, most/2)
	}
	if most, ok := set.Of(store.ScopeOrganization, in.Organization.ID); ok {
		m.in |= store.InOrganization
		ask(store.ScopeOrganization, in.Organization.ID, most, most/2)
	}
	most, ok := set.Of(store.ScopeProject, "")
	switch {
	case ok:
		m.in |= store.InProject
		ask(store.ScopeProject, "", most, most/2)
	case !set.Has() && !in.Verified:
		m.in |= store.InProject
		ask(store.ScopeProject, "", math.MaxInt64, DefaultUnverified)
	}
	if m.in != 0 && !in.Verified {
		m.in |= store.Unverified
	}
	return func() (*money, error) {
		for _, get := range answers {
			b, err := get()
			if err != nil {
				return nil, err
			}
			m.budgets = append(m.budgets, b)
		}
		return m, nil
	}
}

// full tells whether a budget has no room for the send, and whether it is the share for unverified numbers that is
// full.
func (m *money) full(b *store.Budget) (full, unverified bool) {
	if !m.send.Verified && b.Unverified > b.MostUnverified-m.price {
		return true, true
	}
	return b.Spent > b.Most-m.price, false
}

// refuseMoney decides, and notes that a budget is used up, of which nobody was told.
func (s *Service) refuseMoney(tx *store.Tx, d *Decision) {
	m := d.money
	for _, b := range m.budgets {
		full, unverified := m.full(b)
		if !full {
			continue
		}
		d.Rule = budgetRules[b.Scope]
		d.Wait = time.Unix((b.Day+1)*86400, 0).Sub(tx.Now())
		d.Refusal = errs.TooManyRequests.After(d.Wait)
		d.Pass = m.pass(b, unverified)
		s.alert(tx, m.send, b, unverified, 100)
		return
	}
}

// pass says what would have let the send pass.
func (m *money) pass(b *store.Budget, unverified bool) string {
	spent, most, whose := b.Spent, b.Most, "the day's budget"
	enough := spent + m.price
	if unverified {
		spent, most, whose = b.Unverified, b.MostUnverified, "the share of the day's budget for unverified numbers"
		enough = 2 * (spent + m.price) // the share is half
	}
	what := b.Scope
	if b.Name != "" {
		what += " " + b.Name
	}
	return fmt.Sprintf("%s of the %s is %s USD, of which %s are spent or reserved; this text would cost %s: "+
		"it passes after midnight UTC, or with a budget of %s USD", whose, what, USD(most), USD(spent), USD(m.price), USD(enough))
}

// record adds what is spent of each budget to the counters of a decision.
func (m *money) record(limits string) string {
	var b strings.Builder
	b.WriteString(limits)
	for _, one := range m.budgets {
		fmt.Fprintf(&b, " budget_%s=%s", one.Scope, USD(one.Spent))
		if !m.send.Verified {
			fmt.Fprintf(&b, " budget_%s_unverified=%s", one.Scope, USD(one.Unverified))
		}
	}
	return b.String()
}

// countMoney reserves the price, and tells somebody when a share of a budget is reached.
func (s *Service) countMoney(tx *store.Tx, m *money) {
	for _, b := range m.budgets {
		tx.Reserve(b, m.price, !m.send.Verified)
	}
	for _, b := range m.budgets {
		b.Spent += m.price
		s.alert(tx, m.send, b, false, reached(b.Spent, b.Most))
		if !m.send.Verified {
			b.Unverified += m.price
			s.alert(tx, m.send, b, true, reached(b.Unverified, b.MostUnverified))
		}
	}
}

// reached gives the share of a budget that is spent, in percent.
func reached(spent, most int64) int64 {
	if most <= 0 {
		return 100
	}
	return int64(100 * float64(spent) / float64(most))
}

// alert writes the event of each share up to the one given of which there was none on that day, and a line of the log.
func (s *Service) alert(tx *store.Tx, in *Send, b *store.Budget, unverified bool, percent int64) {
	spent, most, told := b.Spent, b.Most, &b.Alerted
	if unverified {
		spent, most, told = b.Unverified, b.MostUnverified, &b.AlertedUnverified
	}
	before, highest := *told, *told
	for _, share := range alertShares {
		if share > percent || share <= before {
			continue
		}
		highest = share
		details := map[string]string{
			"budget": b.Scope, "name": b.Name, "day": DayText(b.Day), "share": "all", "percent": strconv.FormatInt(share, 10),
			"spent_usd": USD(spent), "limit_usd": USD(most),
		}
		if unverified {
			details["share"] = "unverified"
		}
		event.Record(tx, in.Project, audit.Event{
			ProjectID: b.ProjectID, OrganizationID: alertOrganization(b), Action: "budget.alert", Outcome: audit.Done,
			Details: details,
		})
		if s.Logger != nil {
			tx.AfterCommit(func() {
				s.Logger.Warn("a budget for texts is being used up", "project", b.ProjectID, "budget", b.Scope, "name", b.Name,
					"share", details["share"], "percent", share, "spent_usd", details["spent_usd"], "limit_usd", details["limit_usd"])
			})
		}
	}
	if highest > before {
		tx.AlertBudget(b, highest, unverified)
		*told = highest
	}
}

// alertOrganization gives the organization that an alert is about, "" when it is about more.
func alertOrganization(b *store.Budget) string {
	if b.Scope == store.ScopeOrganization {
		return b.Name
	}
	return ""
}

// USD writes an amount in dollars, with as many digits as it needs and at least two.
func USD(micros int64) string {
	sign := ""
	if micros < 0 {
		sign, micros = "-", -micros
	}
	whole, part := micros/1_000_000, fmt.Sprintf("%06d", micros%1_000_000)
	part = part[:2] + strings.TrimRight(part[2:], "0")
	return sign + strconv.FormatInt(whole, 10) + "." + part
}

// DayText writes a day as store.Day counts them, such as 2026-11-23.
func DayText(day int64) string { return time.Unix(day*86400, 0).UTC().Format(time.DateOnly) }
