package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// describe names a measurement.
func describe(name string, conns, rate int) string {
	text := fmt.Sprintf("%s, %d connections", name, conns)
	if conns == 1 {
		text = name + ", 1 connection"
	}
	if rate > 0 {
		text += fmt.Sprintf(", open loop %d/s", rate)
	}
	return text
}

// number writes a figure with three digits or so.
func number(x float64) string {
	switch {
	case x == float64(int64(x)) || x >= 100:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case x >= 10:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}

// sayFigure writes the result of a measurement as a line of progress.
func (s *suite) sayFigure(f *figure) {
	line := fmt.Sprintf("        %.0f/s, p50 %.1f ms, p99 %.1f ms, CPU %.2f + %.2f ms, %.0f %% stolen",
		f.PerSecond, f.P50, f.P99, f.ServerCPU, f.DatabaseCPU, f.Stolen)
	if d := f.Sent; d != nil {
		line += fmt.Sprintf("; of %d in time %d, late %d, replaced %d, lost %d, handed over %.0f/s", d.Accepted, d.InTime,
			d.Late, d.Replaced, d.Lost, d.PerSecond)
	}
	if f.Refused > 0 {
		line += fmt.Sprintf("; %d refused", f.Refused)
	}
	if f.Failed > 0 {
		line += fmt.Sprintf("; %d failed: %s", f.Failed, f.Refusal)
	}
	s.say("%s", line)
}

// table is rows of cells; the first row is the head.
type table [][]string

// text aligns the columns, the first to the left.
func (t table) text() string {
	widths := make([]int, len(t[0]))
	for _, row := range t {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for _, row := range t {
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-len([]rune(cell)))
			if i == 0 {
				b.WriteString(cell + pad)
			} else {
				b.WriteString("  " + pad + cell)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// markdown writes the table for the document.
func (t table) markdown() string {
	var b strings.Builder
	for i, row := range t {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|---" + strings.Repeat("|---:", len(row)-1) + "|\n")
		}
	}
	return b.String()
}

func (r *results) figureTable(engine string) table {
	t := table{{
		engine, "connections", "calls/s", "p50 ms", "p99 ms", "CPU server", "CPU database", "CPU driver", "stolen %",
		"round trips", "statements", "peak MiB", "accepted", "delivered", "late", "replaced", "lost",
	}}
	for i := range r.Figures {
		if f := &r.Figures[i]; f.Engine == engine {
			t = append(t, f.row())
		}
	}
	return t
}

func (f *figure) row() []string {
	name, calls := f.Name, number(f.PerSecond)
	if f.Rate > 0 {
		name += fmt.Sprintf(", open loop %d/s", f.Rate)
	}
	if f.Refused+f.Failed > 0 {
		calls += fmt.Sprintf(" (%d refused, %d failed)", f.Refused, f.Failed)
	}
	row := []string{
		name, strconv.Itoa(f.Connections), calls, number(f.P50), number(f.P99), number(f.ServerCPU), number(f.DatabaseCPU),
		number(f.DriverCPU), number(f.Stolen), number(f.RoundTrips), number(f.Statements), number(f.PeakMiB),
	}
	d := f.Sent
	if d == nil {
		return append(row, "", "", "", "", "")
	}
	for _, n := range []int64{d.Accepted, d.InTime, d.Late, d.Replaced, d.Lost} {
		row = append(row, strconv.FormatInt(n, 10))
	}
	return row
}

func (r *results) floorTable() table {
	t := table{{"floor", "per second", "p50 ms", "p99 ms", "CPU ms"}}
	add := func(name string, perSecond float64) { t = append(t, []string{name, number(perSecond), "", "", ""}) }
	if r.Floors.Sign1 > 0 {
		add("RSA-2048 signatures, 1 core", r.Floors.Sign1)
		add(fmt.Sprintf("RSA-2048 signatures, %d cores", r.Processors), r.Floors.SignAll)
	}
	if f := r.Floors.Bare; f != nil {
		t = append(t, []string{describe(f.Name, f.Connections, 0), number(f.PerSecond), number(f.P50), number(f.P99), number(f.ServerCPU)})
	}
	for _, in := range r.Floors.Inserts {
		name := "single"
		if in.Goroutines > 1 {
			name = fmt.Sprintf("%d callers, grouped", in.Goroutines)
		}
		add(in.Engine+", durable inserts, "+name, in.PerSecond)
	}
	return t
}

func (r *results) targetTable() table {
	t := table{{"to reach", "engine", "bound", "measured", ""}}
	for _, one := range r.targets() {
		sign := "≥ "
		if one.atMost {
			sign = "≤ "
		}
		unit := ""
		if one.unit != "" {
			unit = " " + one.unit
		}
		t = append(t, []string{one.what, one.engine, sign + number(one.bound) + unit, number(one.measured) + unit, one.verdict()})
	}
	return t
}

func (r *results) startTable() table {
	t := table{{"on a database that is there", "start to ready ms", "resident when idle MiB"}}
	for _, s := range r.Starts {
		t = append(t, []string{s.Engine, number(s.ReadyMS), number(s.IdleMiB)})
	}
	return t
}

// tables are all that have something in them.
func (r *results) tables() []table {
	var all []table
	for _, t := range []table{
		r.targetTable(), r.floorTable(), r.startTable(), r.figureTable("sqlite"), r.figureTable("postgres"),
	} {
		if len(t) > 1 {
			all = append(all, t)
		}
	}
	return all
}

func (r *results) machine() string {
	return fmt.Sprintf("Commit %s, %s, %d cores, %.0f GiB of memory; load average %.1f before and %.1f after; %g s for each "+
		"measurement, the calmest of %d.", r.Commit, r.Go, r.Processors, r.MemoryGiB, r.LoadBefore, r.LoadAfter,
		r.Seconds, r.Rounds)
}

// text is what a terminal gets.
func (r *results) text() string {
	parts := []string{r.machine() + "\n"}
	for _, t := range r.tables() {
		parts = append(parts, strings.ReplaceAll(t.text(), "**", ""))
	}
	return strings.Join(parts, "\n")
}

func (r *results) writeJSON(path string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644) //nolint:gosec // to be read by whoever likes
}

// The marks in the document between which the figures are.
const (
	beginMark = "<!-- figures: make bench BENCH=\"-rounds 3 -report docs/performance.md\" -->\n"
	endMark   = "<!-- end of figures -->\n"
)

// writeReport replaces what is between the marks of the document.
func (r *results) writeReport(path string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(old), beginMark)
	_, after, found2 := strings.Cut(rest, endMark)
	if !found || !found2 {
		return fmt.Errorf("%s lacks the lines %q and %q", path, beginMark, endMark)
	}
	parts := []string{r.machine() + "\n"}
	for _, t := range r.tables() {
		parts = append(parts, t.markdown())
	}
	text := before + beginMark + "\n" + strings.Join(parts, "\n") + "\n" + endMark + after
	return os.WriteFile(path, []byte(text), 0o644) //nolint:gosec // a document
}
