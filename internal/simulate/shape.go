package simulate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/thimble-auth/thimble/internal/phone"
)

// Shape is a kind of traffic with its parameters. Make it with Parse.
type Shape struct {
	Name string
	// Summary says what it is, for people.
	Summary string
	// Attack tells fraud from people.
	Attack bool

	days int // that it needs, if nobody says
	params
	build func(g *source, attacked []block) error
	uses  []string
}

// params are what can be said about a shape. Which it uses, its line in shapes names.
type params struct {
	requests, prefixes, accounts, perHour, logins, members int64
	conversion, fresh, retries, shared, near               float64
	countries                                              []string
}

// parameter is one of params by its name.
type parameter struct {
	name, help string
	count      func(*params) *int64
	share      func(*params) *float64
}

var parameters = []parameter{
	{name: "requests", help: "requests of the attack", count: func(p *params) *int64 { return &p.requests }},
	{name: "prefixes", help: "prefixes of seven digits that it goes to", count: func(p *params) *int64 { return &p.prefixes }},
	{name: "accounts", help: "accounts that ask", count: func(p *params) *int64 { return &p.accounts }},
	{name: "per_hour", help: "requests for each prefix in an hour", count: func(p *params) *int64 { return &p.perHour }},
	{
		name: "conversion", help: "share of texts whose code is used, 0 to 1",
		share: func(p *params) *float64 { return &p.conversion },
	},
	{name: "logins", help: "people who want to log in", count: func(p *params) *int64 { return &p.logins }},
	{name: "members", help: "members with a verified number", count: func(p *params) *int64 { return &p.members }},
	{name: "new", help: "share of logins by new members", share: func(p *params) *float64 { return &p.fresh }},
	{
		name: "retries", help: "share of people who ask again when no code came",
		share: func(p *params) *float64 { return &p.retries },
	},
	{name: "shared", help: "share of people on an attacked prefix", share: func(p *params) *float64 { return &p.shared }},
	{
		name: "near", help: "share of people whose first five digits are those of an attacked prefix",
		share: func(p *params) *float64 { return &p.near },
	},
}

// countriesName is the parameter that is a list.
const countriesName = "countries"

// Logins is the name of the shape that is no attack.
const Logins = "logins"

// shapes are the known kinds of traffic. The defaults are those of a night that somebody did not sleep.
var shapes = []Shape{
	{
		Name: "rotating", Attack: true, days: 5, build: flood, uses: []string{"requests", "prefixes", "conversion"},
		Summary: "another account, address and number each time, over many prefixes",
		params:  params{requests: 100_000, prefixes: 400},
	},
	{
		Name: "prefixes", Attack: true, days: 5, build: flood, uses: []string{"requests", "prefixes", "conversion"},
		Summary: "many prefixes at once; nobody ever types a code",
		params:  params{requests: 100_000, prefixes: 40},
	},
	{
		Name: "typed-back", Attack: true, days: 5, build: flood,
		uses:    []string{"requests", "prefixes", "accounts", "conversion"},
		Summary: "the fraudster owns the numbers and types codes back, so that they become verified",
		params:  params{requests: 100_000, prefixes: 40, accounts: 10_000, conversion: 0.6},
	},
	{
		Name: "low-and-slow", Attack: true, days: 30, build: slow, uses: []string{"prefixes", "per_hour", "conversion"},
		Summary: "one text for each prefix and hour, for a month",
		params:  params{prefixes: 40, perHour: 1},
	},
	{
		Name: "sequential", Attack: true, days: 5, build: sequence, uses: []string{"requests", "prefixes", "conversion"},
		Summary: "one number after the other",
		params:  params{requests: 20_000, prefixes: 4},
	},
	{
		Name: "accounts", Attack: true, days: 5, build: flood,
		uses:    []string{"requests", "prefixes", "accounts", "conversion"},
		Summary: "many accounts on one prefix",
		params:  params{requests: 20_000, prefixes: 1, accounts: 5000},
	},
	{
		Name: Logins, days: 5, build: people,
		uses:    []string{"logins", "members", "new", "conversion", "retries", "shared", "near"},
		Summary: "people: members who come back, new ones who enrol, some who ask again; by day more than by night",
		params: params{
			logins: 20_000, members: 5000, conversion: 0.85, fresh: 0.1, retries: 0.5, shared: 0.005, near: 0.03,
		},
	},
}

// General are parameters of all shapes that use them, zero for the defaults.
type General struct {
	Requests int64 // of each attack
	Logins   int64
}

// Parse reads a shape as people write it: its name, and behind a colon parameters that are not to be the defaults, such
// as prefixes:prefixes=20,conversion=0.1,countries=US+JM.
func Parse(text string, g General) (Shape, error) {
	name, list, _ := strings.Cut(text, ":")
	i := slices.IndexFunc(shapes, func(s Shape) bool { return s.Name == name })
	if i < 0 {
		return Shape{}, fmt.Errorf("there is no traffic %q: it is one of %s", name, names())
	}
	s := shapes[i]
	if g.Requests > 0 && slices.Contains(s.uses, "requests") {
		s.requests = g.Requests
	}
	if g.Logins > 0 && s.Name == Logins {
		s.logins, s.members = g.Logins, max(g.Logins/4, 1)
	}
	if list == "" {
		return s, nil
	}
	for pair := range strings.SplitSeq(list, ",") {
		if err := s.set(strings.TrimSpace(pair)); err != nil {
			return Shape{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	return s, nil
}

func (s *Shape) set(pair string) error {
	name, value, _ := strings.Cut(pair, "=")
	if name == countriesName {
		s.countries = strings.Split(strings.ToUpper(value), "+")
		for _, cc := range s.countries {
			if !phone.ValidRegion(cc) {
				return fmt.Errorf("%q is no country code: want two letters such as US, and + between several", cc)
			}
		}
		return nil
	}
	i := slices.IndexFunc(parameters, func(p parameter) bool { return p.name == name })
	if i < 0 || !slices.Contains(s.uses, name) {
		return fmt.Errorf("there is no parameter %q: it has %s", name, strings.Join(append(slices.Clone(s.uses), countriesName), ", "))
	}
	p := parameters[i]
	if p.share != nil {
		share, err := strconv.ParseFloat(value, 64)
		if err != nil || !(share >= 0 && share <= 1) {
			return fmt.Errorf("%s must be a share from 0 to 1", name)
		}
		*p.share(&s.params) = share
		return nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	most := int64(MaxRequests)
	if name == "prefixes" || name == "per_hour" {
		most = maxPrefixes
	}
	if err != nil || n < 1 || n > most {
		return fmt.Errorf("%s must be a whole number from 1 to %d", name, most)
	}
	*p.count(&s.params) = n
	return nil
}

// String writes the shape with all that it uses, as Parse reads it.
func (s Shape) String() string {
	var pairs []string
	for _, p := range parameters {
		switch {
		case !slices.Contains(s.uses, p.name):
		case p.share != nil:
			pairs = append(pairs, p.name+"="+strconv.FormatFloat(*p.share(&s.params), 'g', -1, 64))
		default:
			pairs = append(pairs, p.name+"="+strconv.FormatInt(*p.count(&s.params), 10))
		}
	}
	if len(s.countries) > 0 {
		pairs = append(pairs, countriesName+"="+strings.Join(s.countries, "+"))
	}
	return s.Name + ":" + strings.Join(pairs, ",")
}

func names() string {
	all := make([]string, len(shapes))
	for i, s := range shapes {
		all[i] = s.Name
	}
	return strings.Join(all, ", ")
}

// Manual describes the shapes and their parameters with the defaults, for people.
func Manual() string {
	var b strings.Builder
	for _, s := range shapes {
		_, defaults, _ := strings.Cut(s.String(), ":")
		fmt.Fprintf(&b, "    %-13s %s\n    %-13s %s\n", s.Name, s.Summary, "", strings.ReplaceAll(defaults, ",", " "))
	}
	b.WriteString("\nThe parameters:\n\n")
	for _, p := range parameters {
		fmt.Fprintf(&b, "    %-13s %s\n", p.name, p.help)
	}
	fmt.Fprintf(&b, "    %-13s %s\n", countriesName, "of the numbers, such as US+CA; without it, those that the policy allows")
	return b.String()
}
