package limit

import "github.com/thimble-auth/thimble/internal/store"

// Names of the limits that look at what became of codes, as settings and records spell them. They hold for unverified
// numbers alone.
const (
	// ColdPrefix is how many codes may have been sent to a prefix, the present hour not counted, none of which was used.
	ColdPrefix = "cold_prefix"
	// ColdPrefixBurst is the same with the present hour, people need a moment to type; and of the codes of a known prefix, those
	// of the present hour included, how many are not judged by the share.
	ColdPrefixBurst = "cold_prefix_burst"
	// ShareAfter is how many codes on a prefix, the present hour not counted, are not judged by the share of them that was used.
	ShareAfter = "share_after"
	// SharePercent is how many used codes a prefix needs, in percent of the codes beyond those.
	SharePercent = "share_percent"
	// OutageAfter is how many codes to known prefixes in an hour, none of which was used, mean that texts do not arrive.
	OutageAfter = "outage_after"
	// OutageHour is how many codes go to strangers in an hour meanwhile.
	OutageHour = "outage_hour"
	// ProjectShareAfter is from how many codes in two days on the project is judged by the share of them that was used.
	ProjectShareAfter = "project_share_after"
	// ProjectSharePercent is the share in percent that the project needs.
	ProjectSharePercent = "project_share_percent"
	// ProjectColdHour is how many codes an hour go to prefixes that are not known while the project has less.
	ProjectColdHour = "project_cold_hour"
)

// conversion are their defaults: docs/design.md says why these.
var conversion = map[string]int64{
	ColdPrefix: 4, ColdPrefixBurst: 12, ShareAfter: 4, SharePercent: 25, OutageAfter: 10, OutageHour: 60,
	ProjectShareAfter: 1000, ProjectSharePercent: 10, ProjectColdHour: 30,
}

// Of gives a limit of a project by its name, negative for none.
func Of(p *store.Project, name string) int64 {
	if n, set := p.Settings.Limits[name]; set {
		return n
	}
	switch name {
	case Block10Hour:
		return block10Window.limit
	case Block100Hour:
		return block100Window.limit
	}
	return conversion[name]
}
