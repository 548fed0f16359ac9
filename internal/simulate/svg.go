package simulate

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The plot's measures, in its own units.
const (
	plotWidth   = 960
	panelHeight = 150
	panelGap    = 62
	marginLeft  = 76
	marginRight = 24
	marginTop   = 74
	marginEnd   = 64
)

// Colours that people tell apart who do not see red or green, on white.
const (
	colourAttack  = "#b2182b"
	colourRefused = "#767676"
	colourPeople  = "#2166ac"
	colourHurt    = "#d95f02"
)

// series is one line of bars in a panel.
type series struct {
	name, colour string
	total        int64
	of           func(bucket) int64
}

// panel is one small plot, of its own scale: what is refused is often a thousand times what leaves.
type panel struct {
	title  string
	series []series
}

// SVG draws the report: what left, what was refused and who was hurt over the time of the run.
func (r *Report) SVG() string {
	var b strings.Builder
	panels := r.panels()
	height := marginTop + len(panels)*(panelHeight+panelGap) - panelGap + marginEnd
	summary := r.summary()

	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" `+
		`aria-labelledby="title desc" font-family="system-ui, sans-serif" font-size="13" fill="#222">`+"\n",
		plotWidth, height, plotWidth, height)
	fmt.Fprintf(&b, "<title id=\"title\">Simulation of %d days</title>\n<desc id=\"desc\">%s</desc>\n", r.Days, summary)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", plotWidth, height)
	fmt.Fprintf(&b, `<text x="%d" y="28" font-size="18" font-weight="600">Simulation of %d days, seed %d</text>`+"\n",
		marginLeft, r.Days, r.Seed)
	fmt.Fprintf(&b, `<text x="%d" y="48">%s</text>`+"\n", marginLeft, summary)
	for i, p := range panels {
		r.drawPanel(&b, p, marginTop+20+i*(panelHeight+panelGap))
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">days since the beginning; each bar is %s</text>`+"\n</svg>\n",
		marginLeft+(plotWidth-marginLeft-marginRight)/2, height-8, hours(r.bucket))
	return b.String()
}

func (r *Report) panels() []panel {
	var all []panel
	if r.Attack.Requests > 0 {
		all = append(all,
			panel{"Attack: texts that left", []series{
				{"texts", colourAttack, r.Attack.Texts, func(b bucket) int64 { return b.attackTexts }},
			}},
			panel{"Attack: requests refused", []series{
				{"refused", colourRefused, r.Attack.Refused, func(b bucket) int64 { return b.attackRefused }},
			}})
	}
	if r.People.Requests > 0 {
		all = append(all, panel{"People", []series{
			{"texts", colourPeople, r.People.Texts, func(b bucket) int64 { return b.peopleTexts }},
			{"logins hurt", colourHurt, r.People.Hurt, func(b bucket) int64 { return b.hurt }},
		}})
	}
	return all
}

// summary says in a line what the plot shows.
func (r *Report) summary() string {
	var parts []string
	if r.Attack.Requests > 0 {
		parts = append(parts, fmt.Sprintf("Of %d requests of attacks, %d texts left and %d were refused.", r.Attack.Requests,
			r.Attack.Texts, r.Attack.Refused))
	}
	if r.People.Logins > 0 {
		parts = append(parts, fmt.Sprintf("Of %d logins of people, %d (%s) were hurt.", r.People.Logins, r.People.Hurt,
			Percent(r.People.Hurt, r.People.Logins)))
	}
	return strings.Join(parts, " ")
}

func (r *Report) drawPanel(b *strings.Builder, p panel, top int) {
	most := int64(1)
	for _, s := range p.series {
		for _, one := range r.buckets {
			most = max(most, s.of(one))
		}
	}
	step := niceStep(most)
	highest := (most + step - 1) / step * step
	bottom := top + panelHeight
	width := float64(plotWidth - marginLeft - marginRight)
	height := func(n int64) float64 { return float64(n) / float64(highest) * panelHeight }

	fmt.Fprintf(b, `<text x="%d" y="%d" font-weight="600">%s</text>`+"\n", marginLeft, top-10, p.title)
	legend(b, p.series, top-10)
	for n := int64(0); n <= highest; n += step {
		y := float64(bottom) - height(n)
		fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/>`, marginLeft, plotWidth-marginRight, y, y)
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end">%d</text>`+"\n", marginLeft-8, y+4, n)
	}
	wide := width * float64(r.bucket) / float64(time.Duration(r.Days)*day)
	for _, s := range p.series {
		fmt.Fprintf(b, `<g fill="%s"><title>%s: %d</title>`+"\n", s.colour, s.name, s.total)
		for i, one := range r.buckets {
			n := s.of(one)
			if n == 0 {
				continue
			}
			high := math.Max(height(n), 1)
			fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, marginLeft+float64(i)*wide,
				float64(bottom)-high, math.Max(wide-0.5, 0.5), high)
		}
		b.WriteString("</g>\n")
	}
	for _, n := range dayTicks(r.Days) {
		x := marginLeft + width*float64(n)/float64(r.Days)
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#888"/>`, x, x, bottom, bottom+5)
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%d</text>`+"\n", x, bottom+19, n)
	}
}

// legend names the series of a panel with their totals, at its right.
func legend(b *strings.Builder, all []series, y int) {
	x := plotWidth - marginRight
	for i := len(all) - 1; i >= 0; i-- {
		text := fmt.Sprintf("%s: %d", all[i].name, all[i].total)
		x -= 8 * len(text)
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="12" height="12" fill="%s"/><text x="%d" y="%d">%s</text>`+"\n",
			x-18, y-11, all[i].colour, x, y, text)
		x -= 34
	}
}

// niceStep gives a round distance for three to six lines up to a number.
func niceStep(most int64) int64 {
	for unit := int64(1); ; unit *= 10 {
		for _, n := range []int64{1, 2, 5} {
			if step := n * unit; most <= 5*step {
				return step
			}
		}
	}
}

// dayTicks gives the days that the axis names: at most about ten.
func dayTicks(days int) []int {
	step := int(niceStep(int64(days+1) / 2))
	var all []int
	for n := 0; n <= days; n += step {
		all = append(all, n)
	}
	return all
}

// hours writes the width of a bar.
func hours(d time.Duration) string {
	if d == time.Hour {
		return "an hour"
	}
	return fmt.Sprintf("%d hours", d/time.Hour)
}
