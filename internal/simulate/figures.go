package simulate

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/store"
)

// FigureOptions say how much traffic the figures are measured with; the zero value is what is promised.
type FigureOptions struct {
	Requests int64 // of each attack that counts them; default 1,000,000
	Logins   int64 // default 20,000
	Seed     uint64
	// Now measures how long a run takes; nil leaves that figure out.
	Now      func() time.Time
	Progress func(done, total int64)
}

// Figure is something promised, and what was measured.
type Figure struct {
	Traffic string `json:"traffic"`
	Name    string `json:"name"`
	Target  string `json:"target"` // "" for none
	Value   string `json:"value"`
	Met     bool   `json:"met"`
}

// What is promised.
const (
	targetTexts   = 1000
	targetHurt    = 0.005
	targetSeconds = 120
	targetSlow    = 200
	targetFlagged = 3 * day
	targetBudget  = 100_000_000 // a day, in millionths of a dollar
)

// Figures measures what the fraud guard promises, with the default policy.
func Figures(ctx context.Context, o FigureOptions) ([]Figure, error) {
	if o.Requests == 0 {
		o.Requests = 1_000_000
	}
	if o.Logins == 0 {
		o.Logins = 20_000
	}
	var all []Figure
	for _, measure := range []func(context.Context, *FigureOptions) ([]Figure, error){flooded, typedBack, lowAndSlow} {
		some, err := measure(ctx, &o)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// flooded is 40 prefixes at once, of which nobody types a code.
func flooded(ctx context.Context, o *FigureOptions) ([]Figure, error) {
	var began time.Time
	if o.Now != nil {
		began = o.Now()
	}
	r, err := o.run(ctx, store.ProjectSettings{}, "prefixes", Logins)
	if err != nil {
		return nil, err
	}
	all := []Figure{o.texts(r, targetTexts), o.hurt(r)}
	if o.Now != nil {
		took := o.Now().Sub(began)
		all = append(all, r.figure("the run takes", took < targetSeconds*time.Second,
			fmt.Sprintf("under %d s", targetSeconds), fmt.Sprintf("%.1f s", took.Seconds())))
	}
	return all, nil
}

// typedBack is a fraudster who owns the numbers, and a budget.
func typedBack(ctx context.Context, o *FigureOptions) ([]Figure, error) {
	s := store.ProjectSettings{Budgets: store.BudgetSettings{store.ScopeProject: targetBudget}}
	r, err := o.run(ctx, s, "typed-back", Logins)
	if err != nil {
		return nil, err
	}
	var most int64
	for _, d := range r.PerDay {
		most = max(most, d.SpentMicros)
	}
	return []Figure{
		r.figure("reserved on the dearest day", most <= targetBudget, "at most "+Money(targetBudget)+" USD", Money(most)+" USD"),
	}, nil
}

// lowAndSlow is one text for each of 40 prefixes in each hour of 30 days: alone, and amid people, some of whom have
// enrolled on those prefixes before.
func lowAndSlow(ctx context.Context, o *FigureOptions) ([]Figure, error) {
	var all []Figure
	for _, others := range [][]string{nil, {Logins}} {
		r, err := o.run(ctx, store.ProjectSettings{}, append([]string{"low-and-slow"}, others...)...)
		if err != nil {
			return nil, err
		}
		s := r.Shapes[0]
		first := time.Duration(s.FirstRefusedSeconds) * time.Second
		all = append(all,
			r.figure("flagged", s.FirstRule != "" && first <= targetFlagged, "within "+span(targetFlagged), s.first()))
		if others == nil {
			all = append(all, o.texts(r, targetSlow))
			continue
		}
		// Nothing is promised here: where people enrol, each code that they use is worth four of the attack's.
		texts := o.texts(r, math.MaxInt64)
		texts.Target = ""
		all = append(all, texts, o.hurt(r))
	}
	return all, nil
}

func (o *FigureOptions) run(ctx context.Context, s store.ProjectSettings, names ...string) (*Report, error) {
	run := Options{Seed: o.Seed, Settings: s, Progress: o.Progress}
	for _, name := range names {
		shape, err := Parse(name, General{Requests: o.Requests, Logins: o.Logins})
		if err != nil {
			return nil, err
		}
		run.Shapes = append(run.Shapes, shape)
	}
	return Run(ctx, run)
}

func (o *FigureOptions) texts(r *Report, most int64) Figure {
	return r.figure("fraudulent texts that left", r.Attack.Texts <= most, fmt.Sprintf("at most %d", most),
		fmt.Sprintf("%d of %d requests", r.Attack.Texts, r.Attack.Requests))
}

func (o *FigureOptions) hurt(r *Report) Figure {
	return r.figure("logins of people hurt", float64(r.People.Hurt) <= targetHurt*float64(r.People.Logins),
		fmt.Sprintf("at most %.1f %%", 100*targetHurt), fmt.Sprintf("%d of %d, %s", r.People.Hurt, r.People.Logins,
			Percent(r.People.Hurt, r.People.Logins)))
}

func (r *Report) figure(name string, met bool, target, value string) Figure {
	names := make([]string, len(r.Shapes))
	for i, s := range r.Shapes {
		names[i], _, _ = strings.Cut(s.Shape, ":")
	}
	return Figure{Traffic: strings.Join(names, " "), Name: name, Target: target, Value: value, Met: met}
}

// FiguresText writes figures for people.
func FiguresText(all []Figure) string {
	var b strings.Builder
	table(&b, "TRAFFIC\tFIGURE\tTARGET\tMEASURED\t", func(row func(string, ...any)) {
		for _, f := range all {
			verdict := "met"
			switch {
			case f.Target == "":
				verdict = ""
			case !f.Met:
				verdict = "MISSED"
			}
			row("%s\t%s\t%s\t%s\t%s", f.Traffic, f.Name, f.Target, f.Value, verdict)
		}
	})
	return strings.TrimSuffix(b.String(), "\n")
}
