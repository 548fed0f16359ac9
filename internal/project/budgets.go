package project

import (
	"errors"
	"fmt"
	"strings"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

// MaxBudget bounds a budget, in dollars: more is a slip of the point.
const MaxBudget = 100_000_000

func checkBudgets(s *store.ProjectSettings) error {
	var problems []error
	for key, micros := range s.Budgets {
		if micros > MaxBudget*1_000_000 {
			problems = append(problems, fmt.Errorf("a budget is at most %d USD a day", MaxBudget))
		}
		scope, name, _ := strings.Cut(key, "/")
		switch scope {
		case store.ScopeProject:
			if name != "" {
				problems = append(problems, errors.New("the budget of the project has no name"))
			}
		case store.ScopeCountry:
			if !phone.ValidRegion(name) {
				problems = append(problems, fmt.Errorf("%q is no country code: want two capital letters such as US", name))
			}
		case store.ScopeOrganization:
			kind, _, _, ok := ids.Parse(name)
			if name != store.EachOrganization && (!ok || kind != ids.Organization) {
				problems = append(problems, fmt.Errorf("%q is no id of an organization, and not *", name))
			}
		default:
			problems = append(problems, fmt.Errorf("%q is no budget", key))
		}
	}
	return errors.Join(problems...)
}
