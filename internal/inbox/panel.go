package inbox

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/thimble-auth/thimble/internal/pretend"
	"github.com/thimble-auth/thimble/internal/store"
)

// panel is the simulator as the page shows it.
type panel struct {
	Rules  []ruleLine
	Faults []pretend.Fault
	Wrong  string     // what is wrong with the rule that was to be added
	Asked  url.Values // that rule
}

// ruleLine is a rule in words.
type ruleLine struct {
	ID, What, Which string
	Over            bool // it holds for no more texts
}

func newPanel(rules []store.PretendRule, wrong string, asked url.Values) panel {
	p := panel{Faults: pretend.Faults, Wrong: wrong}
	if wrong != "" {
		p.Asked = asked
	}
	for i := range rules {
		p.Rules = append(p.Rules, newRuleLine(&rules[i]))
	}
	return p
}

func newRuleLine(r *store.PretendRule) ruleLine {
	l := ruleLine{ID: r.ID, Over: r.Remaining == 0}
	for _, f := range pretend.Faults {
		if f.Name == r.Fault {
			l.What = f.Text
		}
	}
	switch r.Remaining {
	case pretend.Forever:
		l.Which = "Every text"
	case 0:
		l.Which = "Used up: no more texts"
	case 1:
		l.Which = "The next text"
	default:
		l.Which = fmt.Sprintf("The next %d texts", r.Remaining)
	}
	if r.Prefix != "" {
		l.Which += " to " + r.Prefix + "…"
	}
	if r.ProjectID != "" {
		l.Which += " of " + r.ProjectID
	}
	if r.Delay > 0 {
		l.Which += ", after " + strconv.FormatFloat(r.Delay.Seconds(), 'g', -1, 64) + " s"
	}
	if r.Carriers == pretend.FirstCarrier {
		l.Which += ", by the first carrier alone"
	}
	return l
}

// LateDefault is how late a text is when a delay says nothing more.
func (panel) LateDefault() int { return int(pretend.Late / time.Second) }
