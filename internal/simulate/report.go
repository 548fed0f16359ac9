package simulate

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/thimble-auth/thimble/internal/guard"
)

// Report is what a policy made of some traffic.
type Report struct {
	Seed uint64    `json:"seed"`
	From time.Time `json:"from"`
	Days int       `json:"days"`
	// Requests counts everybody who asked for a text, whoever it was.
	Requests int64 `json:"requests"`
	// Attack sums up all attacks, People all logins.
	Attack Total `json:"attack"`
	People Total `json:"people"`
	// Shapes are the kinds of traffic, in the order they were named.
	Shapes []ShapeReport `json:"shapes"`
	// Rules are those that refused something, the busiest first.
	Rules  []RuleReport `json:"rules"`
	PerDay []DayReport  `json:"per_day"`
	// WallSeconds is how long the simulation took by the clock on the wall; the caller fills it in.
	WallSeconds float64 `json:"wall_seconds"`

	bucket  time.Duration
	buckets []bucket
	rules   map[string]*RuleReport
}

// Total counts what became of requests.
type Total struct {
	Requests int64 `json:"requests"`
	// Texts are those that left.
	Texts   int64 `json:"texts"`
	Refused int64 `json:"refused"`
	// Redeemed are the texts whose code was used.
	Redeemed int64 `json:"redeemed"`
	// SpentMicros is what was reserved for the texts, in millionths of a US dollar.
	SpentMicros int64 `json:"spent_micros"`
	// Logins and Hurt are of people alone: how many wanted to log in, and how many of them were refused a text.
	Logins int64 `json:"logins"`
	Hurt   int64 `json:"hurt"`
	// HurtAttacked are those of Hurt whose number is of an attacked prefix, HurtBeside those whose first five digits are.
	HurtAttacked int64 `json:"hurt_on_attacked_prefixes"`
	HurtBeside   int64 `json:"hurt_beside_attacked_prefixes"`
}

// ShapeReport is what became of one kind of traffic.
type ShapeReport struct {
	Shape  string `json:"shape"`
	Attack bool   `json:"is_attack"`
	Total
	// FirstRefused is how long after the beginning something of it was refused for the first time, and by which rule; ""
	// where nothing was.
	FirstRefusedSeconds int64  `json:"first_refused_seconds"`
	FirstRule           string `json:"first_rule"`
}

// RuleReport is what a rule refused.
type RuleReport struct {
	Rule string `json:"rule"`
	// Attack counts requests of attacks, People those of people.
	Attack int64 `json:"attack_refused"`
	People int64 `json:"people_refused"`
	// Hurt are the logins that it was the first to hurt.
	Hurt int64 `json:"logins_hurt"`
}

// DayReport is a day of the run.
type DayReport struct {
	Day           int   `json:"day"` // from 1
	AttackTexts   int64 `json:"attack_texts"`
	AttackRefused int64 `json:"attack_refused"`
	PeopleTexts   int64 `json:"people_texts"`
	Hurt          int64 `json:"logins_hurt"`
	SpentMicros   int64 `json:"spent_micros"`
}

// bucket is a stretch of time in the plot.
type bucket struct{ attackTexts, attackRefused, peopleTexts, hurt int64 }

// plotted is about how many buckets a plot has.
const plotted = 120

func newReport(o *Options) *Report {
	r := &Report{Seed: o.Seed, From: start, Days: o.days(), rules: map[string]*RuleReport{}}
	r.Shapes = make([]ShapeReport, len(o.Shapes))
	for i, s := range o.Shapes {
		r.Shapes[i] = ShapeReport{Shape: s.String(), Attack: s.Attack}
	}
	r.PerDay = make([]DayReport, r.Days+1)
	for i := range r.PerDay {
		r.PerDay[i].Day = i + 1
	}
	length := time.Duration(r.Days) * day
	for _, hours := range []time.Duration{1, 2, 3, 4, 6, 12, 24, 48, 72, 96} {
		if r.bucket = hours * time.Hour; length/r.bucket <= plotted {
			break
		}
	}
	r.buckets = make([]bucket, (length+r.bucket-1)/r.bucket)
	return r
}

// asked counts a request and its answer.
func (r *Report) asked(at time.Time, a *ask, d *guard.Decision) {
	s := &r.Shapes[a.source.index]
	dayOf, bucketOf := r.places(at)
	s.Requests++
	hurt := d.Refusal != nil && !s.Attack && !a.hurt
	if !s.Attack && !a.again {
		s.Logins++
	}
	switch {
	case d.Refusal != nil:
		r.refused(at, s, d.Rule, hurt)
		if s.Attack {
			dayOf.AttackRefused++
			bucketOf.attackRefused++
		}
	case s.Attack:
		dayOf.AttackTexts++
		bucketOf.attackTexts++
	default:
		dayOf.PeopleTexts++
		bucketOf.peopleTexts++
	}
	if hurt {
		s.hurt(a.who.home)
		dayOf.Hurt++
		bucketOf.hurt++
	}
	if d.Refusal == nil {
		s.Texts++
		s.SpentMicros += d.Price()
		dayOf.SpentMicros += d.Price()
	}
}

func (r *Report) refused(at time.Time, s *ShapeReport, name string, hurt bool) {
	s.Refused++
	if s.FirstRule == "" {
		s.FirstRule, s.FirstRefusedSeconds = name, int64(at.Sub(start)/time.Second)
	}
	rule := r.rules[name]
	if rule == nil {
		rule = &RuleReport{Rule: name}
		r.rules[name] = rule
	}
	if s.Attack {
		rule.Attack++
	} else {
		rule.People++
	}
	if hurt {
		rule.Hurt++
	}
}

// redeemed counts a code that was used.
func (r *Report) redeemed(a *ask) {
	if !a.past {
		r.Shapes[a.source.index].Redeemed++
	}
}

// places gives the day and the bucket of a moment. Those who ask again after the end have a day of their own.
func (r *Report) places(at time.Time) (*DayReport, *bucket) {
	since := at.Sub(start)
	return &r.PerDay[min(int(since/day), len(r.PerDay)-1)], &r.buckets[min(int(since/r.bucket), len(r.buckets)-1)]
}

// finish sums up.
func (r *Report) finish() {
	if last := r.PerDay[r.Days]; last == (DayReport{Day: last.Day}) {
		r.PerDay = r.PerDay[:r.Days]
	}
	for _, s := range r.Shapes {
		to := &r.People
		if s.Attack {
			to = &r.Attack
		}
		to.add(s.Total)
		r.Requests += s.Requests
	}
	r.Rules = []RuleReport{}
	for _, name := range slices.Sorted(maps.Keys(r.rules)) {
		r.Rules = append(r.Rules, *r.rules[name])
	}
	slices.SortStableFunc(r.Rules, func(a, b RuleReport) int {
		return cmp.Compare(b.Attack+b.People, a.Attack+a.People)
	})
}

// hurt counts a login that was refused a text.
func (t *Total) hurt(where home) {
	t.Hurt++
	switch where {
	case attacked:
		t.HurtAttacked++
	case beside:
		t.HurtBeside++
	case elsewhere:
	}
}

func (t *Total) add(o Total) {
	t.Requests += o.Requests
	t.Texts += o.Texts
	t.Refused += o.Refused
	t.Redeemed += o.Redeemed
	t.SpentMicros += o.SpentMicros
	t.Logins += o.Logins
	t.Hurt += o.Hurt
	t.HurtAttacked += o.HurtAttacked
	t.HurtBeside += o.HurtBeside
}
