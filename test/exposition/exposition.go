// Package exposition reads what a server tells Prometheus, and finds in it what must not be there.
package exposition

import (
	"bufio"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/thimble-auth/thimble/internal/errs"
)

// Family is a metric with all its series.
type Family struct {
	Name, Help, Type string
	// Labels are the names of its labels, without le.
	Labels []string
	Series []Series
}

// Series is one line.
type Series struct {
	Name   string // with _bucket, _sum or _count
	Labels map[string]string
	Value  string
}

// Scrape asks a server's admin face.
func Scrape(t testing.TB, admin http.Handler) string {
	t.Helper()
	w := httptest.NewRecorder()
	admin.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("GET /metrics: %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

var (
	line = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$`)
	pair = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)`)
)

// Parse reads the text form by the name of the metric.
func Parse(text string) (map[string]*Family, error) {
	all := map[string]*Family{}
	var last *Family
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		comment, isComment := strings.CutPrefix(lines.Text(), "# ")
		if isComment {
			kind, rest, _ := strings.Cut(comment, " ")
			name, what, _ := strings.Cut(rest, " ")
			if last == nil || last.Name != name {
				last = &Family{Name: name}
				all[name] = last
			}
			switch kind {
			case "HELP":
				last.Help = what
			case "TYPE":
				last.Type = what
			}
			continue
		}
		found := line.FindStringSubmatch(lines.Text())
		if found == nil || last == nil || !strings.HasPrefix(found[1], last.Name) {
			return nil, fmt.Errorf("line that belongs to no metric: %s", lines.Text())
		}
		s := Series{Name: found[1], Labels: map[string]string{}, Value: found[3]}
		for rest := found[2]; rest != ""; {
			one := pair.FindStringSubmatch(rest)
			if one == nil {
				return nil, fmt.Errorf("labels that cannot be read: %s", lines.Text())
			}
			s.Labels[one[1]] = one[2]
			rest = rest[len(one[0]):]
		}
		last.add(s)
	}
	return all, lines.Err()
}

func (f *Family) add(s Series) {
	f.Series = append(f.Series, s)
	for name := range s.Labels {
		if name != "le" && name != "quantile" && !slices.Contains(f.Labels, name) {
			f.Labels = append(f.Labels, name)
			slices.Sort(f.Labels)
		}
	}
}

// Ours reports whether a metric is of this server and no library's.
func (f *Family) Ours() bool { return strings.HasPrefix(f.Name, "thimble_") }

// What a label of ours may say: names of calls and routes, closed sets, versions. Ids, addresses, tokens, numbers and
// secrets are none of these.
var (
	plain   = regexp.MustCompile(`^[a-zA-Z][a-zA-Z_-]*([0-9]{1,3}[a-z]{0,2})?(_[a-z0-9]+)*$`) // closed sets, such as number_10m
	call    = regexp.MustCompile(`^[a-z0-9]{1,8}(\.[a-z_]+)+$`)
	pattern = regexp.MustCompile(`^(GET|POST|PUT|DELETE) (/[a-z0-9._{}$-]*)+$`)
	status  = regexp.MustCompile(`^[1-5][0-9]{2}$`)
	forms   = map[string][]*regexp.Regexp{
		"call": {call, pattern, regexp.MustCompile(`^none$`)}, "status": {status, regexp.MustCompile(`^aborted$`)},
		"country": {regexp.MustCompile(`^([A-Z]{2}|none|other)$`)}, "version": nil, "go_version": nil, "le": nil,
	}
	personal = []*regexp.Regexp{
		regexp.MustCompile(`[0-9]{5,}`), regexp.MustCompile(`@`), regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-`),
		regexp.MustCompile(`[A-Za-z0-9+/_-]{41,}`),
		regexp.MustCompile(`-(test|live)-[0-9a-f]`),
	}
)

// Problems lists what is wrong with an exposition: by Prometheus' own rules of names and help texts, and by ours, that
// no label says who.
func Problems(text string) []string {
	var problems []string
	found, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		return []string{err.Error()}
	}
	for _, p := range found {
		problems = append(problems, p.Metric+": "+p.Text)
	}
	all, err := Parse(text)
	if err != nil {
		return append(problems, err.Error())
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f := all[name]
		if f.Help == "" || f.Type == "" || f.Type == "untyped" {
			problems = append(problems, name+" lacks help or type")
		}
		for _, s := range f.Series {
			for label, value := range s.Labels {
				if !allowed(f, label, value) {
					problems = append(problems, fmt.Sprintf("%s says %s=%q", s.Name, label, value))
				}
			}
		}
	}
	return slices.Compact(problems)
}

func allowed(f *Family, label, value string) bool {
	if label == "error_type" {
		return value == "none" || slices.ContainsFunc(errs.All(), func(e errs.Entry) bool { return e.Type == value })
	}
	for _, p := range personal {
		if label != "version" && p.MatchString(value) {
			return false
		}
	}
	if !f.Ours() {
		return true
	}
	want, special := forms[label]
	if !special {
		want = []*regexp.Regexp{plain}
	}
	return want == nil || slices.ContainsFunc(want, func(r *regexp.Regexp) bool { return r.MatchString(value) })
}
