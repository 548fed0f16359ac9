package exposition

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// What PromQL's words look like. Only what the boards and alerts of this repository use is understood; the rest is an
// error.
var (
	word     = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*`)
	matchers = regexp.MustCompile(`^\{([^{}]*)\}`)
	matcher  = regexp.MustCompile(`^\s*([a-zA-Z_][a-zA-Z0-9_]*)(=~|!~|!=|=)"([^"]*)"\s*(?:,|$)`)
	duration = regexp.MustCompile(`^\[(?:[0-9]+[smhd]|\$__rate_interval)\]`)
	other    = regexp.MustCompile(`^(?:[0-9]+(?:\.[0-9]+)?[smhd]?|==|!=|>=|<=|[-+*/<>(),]|\s+)`)
	grouping = regexp.MustCompile(`^\s*\(([a-z_, ]*)\)`)
)

// functions take arguments, groupers are followed by labels, operators stand between two others.
var (
	functions = []string{"sum", "max", "min", "avg", "count", "topk", "rate", "increase", "histogram_quantile", "label_values"}
	groupers  = []string{"by", "without", "on", "ignoring"}
	operators = []string{"and", "or", "unless", "offset", "bool"}
)

// of the target, given by Prometheus itself
var targetLabels = []string{"job", "instance"}

// Query is what an expression asks for.
type Query struct {
	Metrics []string // as written, with _bucket and the like
	// Matchers are those of each metric, by its place.
	Matchers [][]Matcher
	Groups   []string // labels that it groups by
}

// Matcher is one condition on a label.
type Matcher struct{ Label, Op, Value string }

// ParseQuery reads a PromQL expression as far as names go.
func ParseQuery(text string) (Query, error) {
	var q Query
	for rest := text; rest != ""; {
		name := word.FindString(rest)
		switch {
		case slices.Contains(groupers, name):
			labels := grouping.FindStringSubmatch(rest[len(name):])
			if labels == nil {
				return q, fmt.Errorf("no labels after %s: %s", name, text)
			}
			for label := range strings.SplitSeq(labels[1], ",") {
				q.Groups = append(q.Groups, strings.TrimSpace(label))
			}
			rest = rest[len(name)+len(labels[0]):]
		case slices.Contains(functions, name), slices.Contains(operators, name):
			rest = rest[len(name):]
		case name != "":
			rest = rest[len(name):]
			found, n, err := readMatchers(rest)
			if err != nil {
				return q, fmt.Errorf("%w: %s", err, text)
			}
			q.Metrics, q.Matchers = append(q.Metrics, name), append(q.Matchers, found)
			rest = rest[n:]
		default:
			skip := duration.FindString(rest) + other.FindString(rest) // only one of them fits
			if skip == "" {
				return q, fmt.Errorf("what begins with %.20q is not understood: %s", rest, text)
			}
			rest = rest[len(skip):]
		}
	}
	if len(q.Metrics) == 0 {
		return q, fmt.Errorf("no metric: %s", text)
	}
	return q, nil
}

func readMatchers(rest string) (found []Matcher, n int, err error) {
	braces := matchers.FindStringSubmatch(rest)
	if braces == nil {
		return nil, 0, nil
	}
	for inside := braces[1]; inside != ""; {
		one := matcher.FindStringSubmatch(inside)
		if one == nil {
			return nil, 0, fmt.Errorf("a condition that is not understood: %q", inside)
		}
		found = append(found, Matcher{one[1], one[2], one[3]})
		inside = inside[len(one[0]):]
	}
	return found, len(braces[0]), nil
}

// Known says what a query may name.
type Known struct {
	Families map[string]*Family
	// Values are further values of labels, beside those of the series.
	Values map[string][]string
}

// Check tells what an expression names that no server of ours exposes: a metric, a label, or a value of a label.
func (k Known) Check(text string) []string {
	q, err := ParseQuery(text)
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	labels := slices.Clone(targetLabels)
	for i, name := range q.Metrics {
		if name == "up" {
			continue
		}
		f := k.family(name)
		if f == nil {
			problems = append(problems, "there is no metric "+name)
			continue
		}
		labels = append(append(labels, f.Labels...), "le")
		for _, m := range q.Matchers[i] {
			problems = append(problems, k.matches(f, m)...)
		}
	}
	for _, label := range q.Groups {
		if !slices.Contains(labels, label) {
			problems = append(problems, "no metric of the query has the label "+label)
		}
	}
	return problems
}

// family finds the metric of a name, which for a histogram is one of its parts and never the metric itself.
func (k Known) family(name string) *Family {
	for _, part := range []string{"_bucket", "_sum", "_count"} {
		if f := k.Families[strings.TrimSuffix(name, part)]; strings.HasSuffix(name, part) && f != nil && f.Type == "histogram" {
			return f
		}
	}
	if f := k.Families[name]; f != nil && f.Type != "histogram" {
		return f
	}
	return nil
}

func (k Known) matches(f *Family, m Matcher) []string {
	if slices.Contains(targetLabels, m.Label) {
		return nil
	}
	if !slices.Contains(f.Labels, m.Label) {
		return []string{f.Name + " has no label " + m.Label}
	}
	var values []string
	for _, s := range f.Series {
		values = append(values, s.Labels[m.Label])
	}
	values = append(values, k.Values[m.Label]...)
	var problems []string
	wanted := []string{m.Value}
	if strings.HasSuffix(m.Op, "~") {
		wanted = strings.Split(m.Value, "|")
	}
	for _, want := range wanted {
		if strings.HasPrefix(want, "$") {
			continue
		}
		fits, err := regexp.Compile("^(?:" + want + ")$")
		if err != nil || !slices.ContainsFunc(values, fits.MatchString) {
			problems = append(problems, fmt.Sprintf("%s never says %s=%q", f.Name, m.Label, want))
		}
	}
	return problems
}
