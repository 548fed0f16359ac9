package guard

import (
	"maps"
	"slices"

	"github.com/thimble-auth/thimble/internal/limit"
)

// Rules lists all names that Decision.Rule can have.
func Rules() []string {
	rules := slices.Sorted(maps.Keys(limit.Defaults()))
	return append(rules, RuleCountry, RuleNumberType, RuleSequential, RuleColdPrefix, RulePrefixShare, RuleProjectShare,
		RuleNotUsed, RuleBudgetProject, RuleBudgetOrganization, RuleBudgetCountry, RuleCountersFailed)
}

// Blind reports whether this node decides without the counters of sends, because they could not be read a moment ago.
func (s *Service) Blind() bool {
	s.blind.mu.Lock()
	defer s.blind.mu.Unlock()
	return s.DB.Now().Before(s.blind.until)
}
