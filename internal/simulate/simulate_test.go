package simulate_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/simulate"
	"github.com/thimble-auth/thimble/internal/store"
)

// shapes parses kinds of traffic.
func shapes(t *testing.T, texts ...string) []simulate.Shape {
	t.Helper()
	all := make([]simulate.Shape, len(texts))
	for i, text := range texts {
		s, err := simulate.Parse(text, simulate.General{})
		if err != nil {
			t.Fatal(err)
		}
		all[i] = s
	}
	return all
}

func asks(t *testing.T, days int, texts ...string) []simulate.Asked {
	t.Helper()
	all, err := simulate.Asks(simulate.Options{Shapes: shapes(t, texts...), Days: days, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if i > 0 && all[i].At.Before(all[i-1].At) {
			t.Fatalf("request %d is before the one before it", i)
		}
		if _, err := phone.Parse(all[i].Number); err != nil {
			t.Fatalf("%s is no number: %v", all[i].Number, err)
		}
	}
	return all
}

// count counts what is different among requests.
func count(all []simulate.Asked, key func(simulate.Asked) string) map[string]int {
	seen := map[string]int{}
	for _, a := range all {
		seen[key(a)]++
	}
	return seen
}

func byPrefix(a simulate.Asked) string { return a.Prefix }
func byMember(a simulate.Asked) string { return a.Member }
func byUse(a simulate.Asked) string    { return strconv.FormatBool(a.Redeemed) }

func between(t *testing.T, what string, n, low, high int) {
	t.Helper()
	if n < low || n > high {
		t.Errorf("%s: %d, want %d to %d", what, n, low, high)
	}
}

func TestShapesOfAttacks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		traffic  string
		days     int
		total    int
		prefixes int
		members  [2]int
		used     [2]int
	}{
		"rotating":     {"rotating:requests=4000", 5, 4000, 400, [2]int{3950, 4000}, [2]int{0, 0}},
		"prefixes":     {"prefixes:requests=4000", 5, 4000, 40, [2]int{3900, 4000}, [2]int{0, 0}},
		"typed-back":   {"typed-back:requests=4000,accounts=500", 5, 4000, 40, [2]int{490, 500}, [2]int{2300, 2500}},
		"low-and-slow": {"low-and-slow", 30, 30 * 24 * 40, 40, [2]int{30 * 24 * 40, 30 * 24 * 40}, [2]int{0, 0}},
		"sequential":   {"sequential:requests=4000", 5, 4000, 4, [2]int{4000, 4000}, [2]int{0, 0}},
		"accounts":     {"accounts:requests=4000,accounts=300", 5, 4000, 1, [2]int{290, 300}, [2]int{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := asks(t, test.days, test.traffic)
			between(t, "requests", len(all), test.total, test.total)
			between(t, "prefixes", len(count(all, byPrefix)), test.prefixes, test.prefixes)
			between(t, "members", len(count(all, byMember)), test.members[0], test.members[1])
			between(t, "codes used", count(all, byUse)["true"], test.used[0], test.used[1])
			end := simulate.Start.Add(time.Duration(test.days) * 24 * time.Hour)
			if first, last := all[0].At, all[len(all)-1].At; first.Before(simulate.Start) || !last.Before(end) {
				t.Errorf("from %s to %s", first, last)
			}
		})
	}
}

func TestSequentialNumbersFollowEachOther(t *testing.T) {
	t.Parallel()
	last := map[string]int{}
	for _, a := range asks(t, 1, "sequential:requests=200") {
		n, err := strconv.Atoi(a.Number[len(a.Number)-4:])
		if err != nil {
			t.Fatal(err)
		}
		if before, seen := last[a.Prefix]; seen && n != (before+1)%10_000 {
			t.Fatalf("%d follows %d", n, before)
		}
		last[a.Prefix] = n
	}
}

func TestLowAndSlowIsOneForEachPrefixAndHour(t *testing.T) {
	t.Parallel()
	all := asks(t, 2, "low-and-slow")
	for key, n := range count(all, func(a simulate.Asked) string { return a.Prefix + a.At.Format(" 02 15h") }) {
		if n != 1 {
			t.Errorf("%s: %d", key, n)
		}
	}
}

func TestTypedBackNumbersBecomeVerified(t *testing.T) {
	t.Parallel()
	all := asks(t, 5, "typed-back:requests=4000,accounts=100")
	proven := count(all, func(a simulate.Asked) string { return strconv.FormatBool(a.Verified) })["true"]
	between(t, "requests of verified accounts", proven, 3700, 3950)
}

func TestLogins(t *testing.T) {
	t.Parallel()
	all := asks(t, 5, "prefixes:requests=1", "logins:logins=4000,members=1000")
	first := slices.DeleteFunc(slices.Clone(all), func(a simulate.Asked) bool { return a.Again })
	between(t, "logins", len(first)-1, 4000, 4000)
	between(t, "who ask again", len(all)-len(first), 250, 400)

	used := count(all, byUse)
	between(t, "codes used in ten thousand", 10_000*used["true"]/len(all), 8350, 8650)
	strangers := count(first, func(a simulate.Asked) string { return strconv.FormatBool(a.Verified) })["false"]
	between(t, "numbers that nobody has verified", strangers, 380, 540)
	between(t, "prefixes", len(count(all, byPrefix)), 500, 800)

	hours := count(all, func(a simulate.Asked) string { return a.At.Format("15") })
	if night, noon := hours["03"]+hours["04"], hours["15"]+hours["16"]; 5*night > noon {
		t.Errorf("%d at night and %d by day", night, noon)
	}
	days := count(all, func(a simulate.Asked) string { return a.At.Format("02") })
	for _, d := range slices.Sorted(maps.Keys(days)) {
		if n := days[d]; n > 100 {
			between(t, "day "+d, n, 750, 1000)
		}
	}
}

// Some people live where attackers rent numbers, and more of them next door.
func TestPeopleOnAttackedPrefixes(t *testing.T) {
	t.Parallel()
	attack, both := asks(t, 1, "prefixes:requests=2000"), asks(t, 1, "prefixes:requests=2000",
		"logins:logins=2000,shared=0.02,near=0.05")
	attacked, wide := count(attack, byPrefix), map[string]bool{}
	for prefix := range attacked {
		wide[prefix[:5]] = true
	}
	on, next := 0, 0
	for _, a := range both {
		switch {
		case attacked[a.Prefix] > 0:
			on++
		case wide[a.Prefix[:5]]:
			next++
		}
	}
	between(t, "on attacked prefixes", on-2000, 20, 80)
	between(t, "near attacked prefixes", next, 60, 250)
}

func run(t *testing.T, o simulate.Options) *simulate.Report {
	t.Helper()
	r, err := simulate.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// small is a run that is over soon.
func small(t *testing.T, seed uint64) simulate.Options {
	return simulate.Options{
		Shapes: shapes(t, "prefixes:requests=900,prefixes=3", "logins:logins=200"), Days: 2, Seed: seed,
		Settings: store.ProjectSettings{Limits: map[string]int64{"prefix_hour": 4}},
	}
}

func TestSeedDecidesEverything(t *testing.T) {
	t.Parallel()
	report := func(seed uint64) string {
		text, err := json.Marshal(run(t, small(t, seed)))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	first := report(1)
	if diff := cmp.Diff(first, report(1)); diff != "" {
		t.Errorf("the same seed gives something else: %s", diff)
	}
	if first == report(2) {
		t.Error("another seed gives the same")
	}
}

// Deciding ahead is nothing but faster.
func TestScoutsChangeNothing(t *testing.T) {
	t.Parallel()
	o := small(t, 5)
	o.Shapes = append(o.Shapes, shapes(t, "typed-back:requests=600,prefixes=3,accounts=80")...)
	report := func(o simulate.Options) string {
		text, err := json.MarshalIndent(run(t, o), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if diff := cmp.Diff(report(simulate.InTurn(o)), report(o)); diff != "" {
		t.Errorf("(-in turn +ahead):\n%s", diff)
	}
}

// What is reported adds up, in every table.
func TestReportAddsUp(t *testing.T) {
	t.Parallel()
	r := run(t, small(t, 3))
	if r.Attack.Requests != 900 || r.People.Logins != 200 || r.Attack.Refused == 0 || r.Attack.Texts == 0 {
		t.Fatalf("%+v", r)
	}
	var texts, refused, spent, byRule, hurt int64
	for _, d := range r.PerDay {
		texts, refused, spent, hurt = texts+d.AttackTexts, refused+d.AttackRefused, spent+d.SpentMicros, hurt+d.Hurt
	}
	for _, rule := range r.Rules {
		byRule += rule.Attack
	}
	if texts != r.Attack.Texts || refused != r.Attack.Refused || byRule != refused || hurt != r.People.Hurt ||
		texts+refused != r.Attack.Requests || spent != r.Attack.SpentMicros+r.People.SpentMicros {
		t.Errorf("%+v", r)
	}
	if r.Shapes[0].FirstRule == "" || r.Shapes[1].Redeemed == 0 {
		t.Errorf("%+v", r.Shapes)
	}
	for _, want := range []string{"prefix_hour", "logins hurt", "TRAFFIC"} {
		if !strings.Contains(r.Text(), want) {
			t.Errorf("%q is not in\n%s", want, r.Text())
		}
	}
}

func TestPlotIsXML(t *testing.T) {
	t.Parallel()
	plot := run(t, small(t, 4)).SVG()
	d := xml.NewDecoder(strings.NewReader(plot))
	names := map[string]int{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, plot)
		}
		if start, ok := token.(xml.StartElement); ok {
			names[start.Name.Local]++
		}
	}
	if names["svg"] != 1 || names["title"] < 5 || names["desc"] != 1 || names["rect"] < 100 || names["text"] < 20 {
		t.Errorf("%v", names)
	}
	if !strings.Contains(plot, `role="img"`) {
		t.Error("the plot has no role")
	}
}

func TestWhatMeansNothingIsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"flood":                     `there is no traffic "flood": it is one of rotating, prefixes`,
		"prefixes:requests=0":       "prefixes: requests must be a whole number from 1 to 20000000",
		"prefixes:requests":         "prefixes: requests must be a whole number",
		"prefixes:conversion=1.1":   "prefixes: conversion must be a share from 0 to 1",
		"prefixes:conversion=NaN":   "prefixes: conversion must be a share from 0 to 1",
		"prefixes:logins=3":         `prefixes: there is no parameter "logins": it has requests, prefixes, conversion, countries`,
		"prefixes:countries=US+ZZZ": `prefixes: "ZZZ" is no country code`,
	} {
		if _, err := simulate.Parse(text, simulate.General{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	one := shapes(t, "prefixes")
	for want, o := range map[string]simulate.Options{
		"name at least one kind of traffic": {},
		"prefixes is named twice":           {Shapes: append(one, one...)},
		"the days must be from 1 to 366":    {Shapes: one, Days: 367},
		"there is no limit":                 {Shapes: one, Settings: store.ProjectSettings{Limits: map[string]int64{"x": 1}}},
		"AD have fewer than 10000 prefixes": {Shapes: shapes(t, "prefixes:prefixes=10000,countries=AD")},
	} {
		if _, err := simulate.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestParametersAreReadBack(t *testing.T) {
	t.Parallel()
	const text = "typed-back:requests=7,prefixes=3,accounts=5,conversion=0.25,countries=US+JM"
	if got := shapes(t, text)[0].String(); got != text {
		t.Errorf("%s, want %s", got, text)
	}
	s, err := simulate.Parse("logins", simulate.General{Requests: 9, Logins: 80})
	if err != nil || !strings.Contains(s.String(), "logins=80,members=20") {
		t.Errorf("%v %v", s, err)
	}
}
