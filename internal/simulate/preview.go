package simulate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/guard"
)

// Preview is what another policy would have made of what was decided.
type Preview struct {
	ProjectID string    `json:"project_id"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	// Texts and Refused are what was decided, WouldText and WouldRefuse what would have been.
	Texts       int64 `json:"texts"`
	Refused     int64 `json:"refused"`
	WouldText   int64 `json:"would_text"`
	WouldRefuse int64 `json:"would_refuse"`
	// More are the texts that would have left and did not, Fewer those that left and would not have.
	More  int64 `json:"texts_more"`
	Fewer int64 `json:"texts_fewer"`
	// MoreMicros and FewerMicros are what they would have cost and did cost, in millionths of a US dollar.
	MoreMicros  int64 `json:"micros_more"`
	FewerMicros int64 `json:"micros_fewer"`
	// LoginsRefused are those of Fewer whose code somebody used: people who logged in and would not have been able to.
	LoginsRefused int64 `json:"logins_refused"`
	// OtherRules counts what was refused for a reason that no policy changes, Unreadable what is from before decisions
	// were recorded well enough. Neither was decided again.
	OtherRules int64 `json:"other_rules"`
	Unreadable int64 `json:"unreadable"`

	Rules    []PreviewRule    `json:"rules"`
	PerDay   []PreviewDay     `json:"per_day"`
	Examples []PreviewExample `json:"examples"`

	rules map[string]*PreviewRule
	days  map[string]*PreviewDay
}

// PreviewRule is what would have been different about a rule.
type PreviewRule struct {
	Rule string `json:"rule"`
	// Refused is what it refused, WouldRefuse what it would have.
	Refused     int64 `json:"refused"`
	WouldRefuse int64 `json:"would_refuse"`
	// Texts are those that left and that it would have refused, Logins those of them whose code somebody used.
	Texts  int64 `json:"texts_fewer"`
	Logins int64 `json:"logins_refused"`
	// LetGo are those that it refused and nothing would have.
	LetGo int64 `json:"texts_more"`

	examples [2]int
}

// PreviewDay is a day in UTC.
type PreviewDay struct {
	Day         string `json:"day"`
	Texts       int64  `json:"texts"`
	WouldText   int64  `json:"would_text"`
	More        int64  `json:"texts_more"`
	Fewer       int64  `json:"texts_fewer"`
	Logins      int64  `json:"logins_refused"`
	MoreMicros  int64  `json:"micros_more"`
	FewerMicros int64  `json:"micros_fewer"`
}

// PreviewExample is a request that would have been answered differently. thimble why tells the rest of it.
type PreviewExample struct {
	RequestID string    `json:"request_id"`
	At        time.Time `json:"at"`
	// Change is more or fewer, Rule what refused it or would have.
	Change string `json:"change"`
	Rule   string `json:"rule"`
	// Used: somebody used the code of the text.
	Used bool `json:"code_used"`
}

// The two ways in which a decision can be different.
const (
	changeMore = iota
	changeFewer
)

// examples is how many requests are named for each rule and change.
const examples = 3

func newPreview(projectID string, from, to time.Time) *Preview {
	return &Preview{
		ProjectID: projectID, From: from, To: to, Examples: []PreviewExample{},
		rules: map[string]*PreviewRule{}, days: map[string]*PreviewDay{},
	}
}

// kept counts a record that was not decided again.
func (p *Preview) kept(one *record) {
	if one.at.Before(p.From) {
		return
	}
	if one.unreadable {
		p.Unreadable++
		return
	}
	p.OtherRules++
}

// decided counts a record and the decision of the other policy.
func (p *Preview) decided(one *record, d *guard.Decision) {
	if one.at.Before(p.From) {
		return // only to warm the counters up
	}
	today := p.dayOf(one.at)
	left, would := one.rule == "", d.Refusal == nil
	if left {
		p.Texts++
		today.Texts++
	} else {
		p.Refused++
		p.ruleOf(one.rule).Refused++
	}
	if would {
		p.WouldText++
		today.WouldText++
	} else {
		p.WouldRefuse++
		p.ruleOf(d.Rule).WouldRefuse++
	}
	switch {
	case would && !left:
		p.more(one, d.Price(), today)
	case left && !would:
		p.fewer(one, d.Rule, today)
	}
}

func (p *Preview) more(one *record, cost int64, today *PreviewDay) {
	p.More++
	p.MoreMicros += cost
	today.More++
	today.MoreMicros += cost
	rule := p.ruleOf(one.rule)
	rule.LetGo++
	p.example(rule, changeMore, PreviewExample{RequestID: one.request, At: one.at, Change: "more", Rule: one.rule})
}

func (p *Preview) fewer(one *record, name string, today *PreviewDay) {
	p.Fewer++
	p.FewerMicros += one.cost
	today.Fewer++
	today.FewerMicros += one.cost
	rule := p.ruleOf(name)
	rule.Texts++
	used := !one.redeemedAt.IsZero()
	if used {
		p.LoginsRefused++
		rule.Logins++
		today.Logins++
	}
	p.example(rule, changeFewer, PreviewExample{RequestID: one.request, At: one.at, Change: "fewer", Rule: name, Used: used})
}

func (p *Preview) example(rule *PreviewRule, change int, e PreviewExample) {
	if rule.examples[change] < examples {
		rule.examples[change]++
		p.Examples = append(p.Examples, e)
	}
}

func (p *Preview) ruleOf(name string) *PreviewRule {
	if p.rules[name] == nil {
		p.rules[name] = &PreviewRule{Rule: name}
	}
	return p.rules[name]
}

func (p *Preview) dayOf(at time.Time) *PreviewDay {
	name := at.Format(time.DateOnly)
	if p.days[name] == nil {
		p.days[name] = &PreviewDay{Day: name}
	}
	return p.days[name]
}

// finish puts what was counted in order.
func (p *Preview) finish() {
	p.Rules, p.PerDay = []PreviewRule{}, []PreviewDay{}
	for _, name := range slices.Sorted(maps.Keys(p.rules)) {
		p.Rules = append(p.Rules, *p.rules[name])
	}
	slices.SortStableFunc(p.Rules, func(a, b PreviewRule) int {
		return cmp.Compare(b.Texts+b.LetGo, a.Texts+a.LetGo)
	})
	for _, name := range slices.Sorted(maps.Keys(p.days)) {
		p.PerDay = append(p.PerDay, *p.days[name])
	}
}

// Text writes the preview for people.
func (p *Preview) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s to %s\n\n", p.ProjectID, p.From.Format(time.DateOnly), p.To.Format(time.DateOnly))
	fmt.Fprintf(&b, "decided     %d texts, %d refused\n", p.Texts, p.Refused)
	fmt.Fprintf(&b, "would be    %d texts, %d refused\n", p.WouldText, p.WouldRefuse)
	fmt.Fprintf(&b, "difference  %d texts more (%s USD), %d texts fewer (%s USD)\n", p.More, Money(p.MoreMicros), p.Fewer,
		Money(p.FewerMicros))
	fmt.Fprintf(&b, "people      %d who used their code would have been refused\n\n", p.LoginsRefused)
	if p.OtherRules > 0 {
		fmt.Fprintf(&b, "%d refusals have reasons that no policy changes, and stay.\n\n", p.OtherRules)
	}
	if p.Unreadable > 0 {
		fmt.Fprintf(&b, "%d decisions are from before Thimble recorded enough of them, and are left out.\n\n", p.Unreadable)
	}
	if p.More+p.Fewer == 0 {
		b.WriteString("Nothing would have been different.\n")
		return b.String()
	}
	table(&b, "RULE\tREFUSED\tWOULD REFUSE\tTEXTS FEWER\tOF THEM USED\tTEXTS MORE", func(row func(string, ...any)) {
		for _, r := range p.Rules {
			row("%s\t%d\t%d\t%d\t%d\t%d", r.Rule, r.Refused, r.WouldRefuse, r.Texts, r.Logins, r.LetGo)
		}
	})
	table(&b, "DAY\tTEXTS\tWOULD BE\tMORE\tFEWER\tOF THEM USED\tUSD", func(row func(string, ...any)) {
		for _, d := range p.PerDay {
			row("%s\t%d\t%d\t%d\t%d\t%d\t%+.2f", d.Day, d.Texts, d.WouldText, d.More, d.Fewer, d.Logins,
				float64(d.MoreMicros-d.FewerMicros)/1e6)
		}
	})
	b.WriteString("Examples, of which thimble why tells more:\n\n")
	table(&b, "REQUEST\tAT\tCHANGE\tRULE\tCODE USED", func(row func(string, ...any)) {
		for _, e := range p.Examples {
			used := "no"
			if e.Used {
				used = "yes"
			}
			row("%s\t%s\ttext %s\t%s\t%s", e.RequestID, e.At.UTC().Format(time.RFC3339), e.Change, e.Rule, used)
		}
	})
	return strings.TrimSuffix(b.String(), "\n")
}
