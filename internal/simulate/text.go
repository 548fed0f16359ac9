package simulate

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// Text writes the report for people.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d requests in %d days, seed %d", r.Requests, r.Days, r.Seed)
	if r.WallSeconds > 0 {
		fmt.Fprintf(&b, ", in %.1f s", r.WallSeconds)
	}
	b.WriteString("\n\n")
	if r.Attack.Requests > 0 {
		fmt.Fprintf(&b, "attack   %d of %d requests stopped (%s), %d texts left\n", r.Attack.Refused, r.Attack.Requests,
			Percent(r.Attack.Refused, r.Attack.Requests), r.Attack.Texts)
	}
	if r.People.Logins > 0 {
		fmt.Fprintf(&b, "people   %d of %d logins hurt (%s), %d texts left, %s of their codes used\n", r.People.Hurt,
			r.People.Logins, Percent(r.People.Hurt, r.People.Logins), r.People.Texts,
			Percent(r.People.Redeemed, r.People.Texts))
		if r.People.Hurt > 0 {
			fmt.Fprintf(&b, "         of those hurt, %d live on attacked prefixes and %d beside them\n", r.People.HurtAttacked,
				r.People.HurtBeside)
		}
	}
	fmt.Fprintf(&b, "money    %s USD for attacks, %s USD for people\n\n", Money(r.Attack.SpentMicros), Money(r.People.SpentMicros))
	table(&b, "TRAFFIC\tREQUESTS\tTEXTS\tREFUSED\tCODES USED\tUSD\tFIRST REFUSED", func(row func(string, ...any)) {
		for _, s := range r.Shapes {
			name, _, _ := strings.Cut(s.Shape, ":")
			row("%s\t%d\t%d\t%d\t%d\t%s\t%s", name, s.Requests, s.Texts, s.Refused, s.Redeemed, Money(s.SpentMicros),
				s.first())
		}
	})
	if len(r.Rules) > 0 {
		table(&b, "RULE\tATTACK REFUSED\tPEOPLE REFUSED\tLOGINS HURT", func(row func(string, ...any)) {
			for _, rule := range r.Rules {
				row("%s\t%d\t%d\t%d", rule.Rule, rule.Attack, rule.People, rule.Hurt)
			}
		})
	}
	table(&b, "DAY\tATTACK TEXTS\tATTACK REFUSED\tTEXTS OF PEOPLE\tLOGINS HURT\tUSD", func(row func(string, ...any)) {
		for _, d := range r.PerDay {
			row("%d\t%d\t%d\t%d\t%d\t%s", d.Day, d.AttackTexts, d.AttackRefused, d.PeopleTexts, d.Hurt, Money(d.SpentMicros))
		}
	})
	return strings.TrimSuffix(b.String(), "\n")
}

// first tells when something was refused first, and by what.
func (s *ShapeReport) first() string {
	if s.FirstRule == "" {
		return "never"
	}
	return "after " + span(time.Duration(s.FirstRefusedSeconds)*time.Second) + " by " + s.FirstRule
}

// span writes how long something took, in the two largest units.
func span(d time.Duration) string {
	switch {
	case d >= day:
		return fmt.Sprintf("%dd %dh", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh %dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dm %ds", d/time.Minute, d%time.Minute/time.Second)
}

// table writes lines in columns, and an empty line behind them.
func table(b *strings.Builder, head string, rows func(row func(format string, args ...any))) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, head)
	rows(func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) })
	_ = w.Flush() // into memory
	b.WriteByte('\n')
}

// Money writes millionths of a US dollar.
func Money(micros int64) string { return fmt.Sprintf("%.2f", float64(micros)/1e6) }

// Percent writes a part of a whole, "-" of nothing.
func Percent(n, of int64) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f %%", 100*float64(n)/float64(of))
}
