package guard

import (
	"fmt"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/limit"
)

// The rules about numbers that nobody has verified, by what became of the codes before.
const (
	// RuleSequential: many neighbouring numbers in an hour.
	RuleSequential = "sequential_numbers"
	// RuleColdPrefix: codes were sent to the prefix, and none was ever used.
	RuleColdPrefix = "cold_prefix"
	// RulePrefixShare: of the codes sent to the prefix few were used.
	RulePrefixShare = "prefix_share"
	// RuleProjectShare: of the project's codes few were used, and nothing is known of the prefix.
	RuleProjectShare = "project_share"
	// RuleNotUsed: nobody uses codes at present, not even where they always were, so that texts seem not to arrive.
	RuleNotUsed = "no_codes_used"
)

// verdict is a rule that says no.
type verdict struct {
	rule   string
	answer *errs.Error
	wait   time.Duration
	passes string
	prefix string
}

// verdicts asks every rule, in the order in which they refuse.
func (s *stranger) verdicts() []verdict {
	var all []verdict
	for _, rule := range []func() (verdict, bool){s.sequential, s.coldPrefix, s.prefixShare, s.notUsed, s.projectShare} {
		if v, no := rule(); no {
			all = append(all, v)
		}
	}
	return all
}

func (s *stranger) limit(name string) int64 { return limit.Of(s.send.Project, name) }

// reached reports whether a count is at a limit that there is.
func (s *stranger) reached(n int64, name string) bool {
	most := s.limit(name)
	return most >= 0 && n >= most
}

// sequential counts neighbours: the different ones of ten, and all texts to a hundred, within an hour. A company's numbers
// are neighbours, too, so that a block whose people use their codes is let through.
func (s *stranger) sequential() (verdict, bool) {
	ten, hundred := s.sums.Sends[6], s.sums.Sends[7]
	if s.sums.Used[0]*2 >= max(1, s.sums.Sent[0]) {
		return verdict{}, false
	}
	if !s.reached(ten, limit.Block10Hour) && !s.reached(hundred, limit.Block100Hour) {
		return verdict{}, false
	}
	end := s.buckets.Block10.Counter.EndsAt
	return verdict{
		rule: RuleSequential, answer: errs.TooManyRequests, wait: end.Sub(s.now), prefix: s.prefixes[1],
		passes: After(end) + ", when half of the codes sent to these neighbouring numbers are used, or " +
			s.operator(s.prefixes[1]),
	}, true
}

// coldPrefix is for prefixes where no code was ever used. The present hour is counted apart, because people need a moment
// to type. Where the organization has members with numbers of their own, the share decides.
func (s *stranger) coldPrefix() (verdict, bool) {
	if s.sums.Neighbours {
		return verdict{}, false
	}
	for i, prefix := range s.prefixes {
		if s.sums.Used[i] > 0 {
			continue
		}
		if s.reached(s.mature(i), limit.ColdPrefix) || s.reached(s.sums.Sent[i], limit.ColdPrefixBurst) {
			return s.about(prefix, verdict{rule: RuleColdPrefix, passes: "when one of the codes sent"}), true
		}
	}
	return verdict{}, false
}

// prefixShare is for prefixes where some codes were used, and too few of those beyond the first. Asked after every code, this
// is a sequential test (Wald, 1945): the chance that a prefix whose people use their codes ever fails it does not grow with
// their number. More of the present hour's codes are let pass, because people need a moment to type, and all of
// colleagues, who may enrol together.
func (s *stranger) prefixShare() (verdict, bool) {
	percent := s.limit(limit.SharePercent)
	few := func(i int, sent int64, but string) bool {
		first := s.limit(but)
		return percent >= 0 && first >= 0 && s.sums.Used[i]*100 < (sent-first)*percent
	}
	for i, prefix := range s.prefixes {
		if few(i, s.mature(i), limit.ShareAfter) || !s.sums.Neighbours && few(i, s.sums.Sent[i], limit.ColdPrefixBurst) {
			passes := fmt.Sprintf("when %d %% of the codes sent", percent)
			return s.about(prefix, verdict{rule: RulePrefixShare, passes: passes}), true
		}
	}
	return verdict{}, false
}

// notUsed bounds what leaves while texts seem not to arrive at all.
func (s *stranger) notUsed() (verdict, bool) {
	if !s.outage() || !s.reached(s.sums.Warm+s.sums.Cold, limit.OutageHour) {
		return verdict{}, false
	}
	return s.hour(RuleNotUsed, "when a code is used again, "), true
}

// projectShare closes a project under attack to prefixes of which it knows nothing, but for a trickle: real people in it
// use their codes and open it again.
func (s *stranger) projectShare() (verdict, bool) {
	percent := s.limit(limit.ProjectSharePercent)
	if s.warm() || percent < 0 || !s.reached(s.sums.DaySent, limit.ProjectShareAfter) ||
		s.sums.DayUsed*100 >= s.sums.DaySent*percent || !s.reached(s.sums.Cold, limit.ProjectColdHour) {
		return verdict{}, false
	}
	return s.hour(RuleProjectShare, fmt.Sprintf("when %d %% of the project's codes of two days are used, ", percent)), true
}

// outage reports that nobody uses codes where codes were used before: then texts do not arrive, which must not be held
// against the prefixes for a month.
func (s *stranger) outage() bool {
	return s.reached(s.sums.WarmLast, limit.OutageAfter) && s.sums.HourUsed == 0
}

// mature is how many codes were sent to a prefix, those of the present hour not counted.
func (s *stranger) mature(width int) int64 { return max(0, s.sums.Sent[width]-s.sums.Sends[7+width]) }

// about completes a verdict on a prefix.
func (s *stranger) about(prefix string, v verdict) verdict {
	shown := prefix[:min(len(prefix), len(s.prefixes[1]))]
	v.answer, v.prefix = errs.TooFewTokensAuthenticated, shown
	v.passes += " to numbers that begin with +" + shown + " is used, " + After(kept(s.now, month, 0)) + ", or " +
		s.operator(shown)
	return v
}

// hour completes a verdict that the next hour takes back.
func (s *stranger) hour(rule, passes string) verdict {
	end := s.now.Truncate(hour).Add(hour)
	return verdict{
		rule: rule, answer: errs.TooFewTokensAuthenticated, wait: end.Sub(s.now),
		passes: passes + After(end) + ", or " + s.operator(s.prefixes[1]),
	}
}

// operator says what an operator can do.
func (s *stranger) operator(prefix string) string {
	return "with a safe-list entry (thimble guard safe add), or thimble guard clear " + s.send.Project.ID + " +" + prefix
}
