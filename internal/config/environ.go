package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// notSettings are variables that tests and examples read: one shell may hold them and a server's settings.
var notSettings = []string{"TEST_POSTGRES_URL", "BINARY", "URL"}

// serviceLink fits what Kubernetes puts into every container of a namespace for its services called thimble or
// thimble-something (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables). PORT,
// which people may mean as a setting, is looked at apart.
var serviceLink = regexp.MustCompile(
	`^([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// isServiceLink tells such a variable from a setting that somebody got wrong.
func isServiceLink(name, value string) bool {
	if name == "PORT" || strings.HasSuffix(name, "_PORT") {
		return strings.Contains(value, "://") || serviceLink.MatchString(name) // tcp://10.0.0.11:8080
	}
	return serviceLink.MatchString(name)
}

// checkEnv notes every variable that no setting of any command is read from. One without a value counts as not set.
func (s *Source) checkEnv(commands *kong.Node) {
	known := knownVariables(commands)
	for _, name := range slices.Sorted(maps.Keys(s.env)) {
		value := s.env[name]
		if value == "" || slices.Contains(known, name) || slices.Contains(notSettings, name) || isServiceLink(name, value) {
			continue
		}
		hint := "thimble serve --help lists all"
		if near := nearest(name, known); near != "" {
			hint = "did you mean " + envPrefix + near + "?"
		}
		s.problems.Add("there is no setting %s%s; %s", envPrefix, name, hint)
	}
}

// knownVariables are the variables of all settings, of every command: one environment serves them all.
func knownVariables(n *kong.Node) []string {
	var known []string
	for _, flag := range n.Flags {
		if name := flag.Tag.Get("var"); name != "" {
			known = append(known, name)
		}
	}
	for _, child := range n.Children {
		known = append(known, knownVariables(child)...)
	}
	slices.Sort(known)
	return slices.Compact(known)
}

// nearest gives the name of which the fewest letters differ, "" when more than half of them do. Among equals it is the
// one that somebody began to write.
func nearest(name string, names []string) string {
	best, least := "", len(name)/2+1
	for _, other := range names {
		if d := distance(name, other); d < least || d == least && best != "" && strings.HasPrefix(other, name) {
			best, least = other, d
		}
	}
	return best
}

// distance counts the letters to insert, delete or replace to make one text the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
