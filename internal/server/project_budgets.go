package server

import (
	"fmt"
	"maps"
	"strings"

	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
)

func (c *projectSet) applyBudgets(s *store.ProjectSettings) error {
	s.Budgets = maps.Clone(s.Budgets) // change may run again
	if s.Budgets == nil {
		s.Budgets = store.BudgetSettings{}
	}
	if c.BudgetDay != nil {
		if err := applyBudget(s, store.ScopeProject, "", *c.BudgetDay); err != nil {
			return err
		}
	}
	for country, text := range c.BudgetCountry {
		if err := applyBudget(s, store.ScopeCountry, strings.ToUpper(country), text); err != nil {
			return err
		}
	}
	for id, text := range c.BudgetOrganization {
		if err := applyBudget(s, store.ScopeOrganization, id, text); err != nil {
			return err
		}
	}
	return nil
}

func applyBudget(s *store.ProjectSettings, scope, name, text string) error {
	key := s.Budgets.Key(scope, name)
	switch text {
	case "default":
		delete(s.Budgets, key)
		return nil
	case "none":
		s.Budgets[key] = -1
		return nil
	}
	amount := sms.ParsePrice(text, "USD")
	if amount.Currency == "" || amount.Micros > project.MaxBudget*1_000_000 {
		return fmt.Errorf("the budget %s must be an amount in US dollars such as 20 or 0.5, none, or default", key)
	}
	s.Budgets[key] = amount.Micros
	return nil
}

// defaultBudget is the key of what counts without a setting, for numbers that nobody verified.
const defaultBudget = store.ScopeProject + "/unverified"

// budgetsOf gives the budgets of a project, the default one filled in.
func budgetsOf(s *store.ProjectSettings) map[string]int64 {
	all := map[string]int64{}
	maps.Copy(all, s.Budgets)
	if !s.Budgets.Has() {
		all[defaultBudget] = guard.DefaultUnverified
	}
	return all
}

// dollars writes an amount for people.
func dollars(micros int64) string {
	if micros < 0 {
		return "none"
	}
	return guard.USD(micros) + " USD"
}
