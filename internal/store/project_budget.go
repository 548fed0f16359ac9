package store

// BudgetSettings are what a project spends a day at most, in millionths of a US dollar, by scope and name: project,
// country/US, organization/ID, or organization/* for each organization that has none of its own. A negative value means
// no budget, a missing one the default.
type BudgetSettings map[string]int64

// EachOrganization is the name of the budget of organizations that have none of their own.
const EachOrganization = "*"

// Key gives the key of a budget.
func (BudgetSettings) Key(scope, name string) string {
	if scope == ScopeProject {
		return scope
	}
	return scope + "/" + name
}

// Has reports whether a project has said anything about the budget of all its texts.
func (s BudgetSettings) Has() bool {
	_, ok := s[ScopeProject]
	return ok
}

// Of gives a budget that is set, and false where there is none.
func (s BudgetSettings) Of(scope, name string) (most int64, ok bool) {
	if len(s) == 0 {
		return 0, false
	}
	most, ok = s[s.Key(scope, name)]
	if !ok && scope == ScopeOrganization {
		most, ok = s[s.Key(scope, EachOrganization)]
	}
	return most, ok && most >= 0
}
