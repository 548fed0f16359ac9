package pretend

import (
	"strings"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/store"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	good := func(change func(r *store.PretendRule)) store.PretendRule {
		r := store.PretendRule{Fault: Drop, Remaining: Forever}
		change(&r)
		return r
	}
	for name, test := range map[string]struct {
		rule store.PretendRule
		want string
	}{
		"plain":         {good(func(*store.PretendRule) {}), ""},
		"no fault":      {good(func(r *store.PretendRule) { r.Fault = "" }), "fault must be one of delay, drop,"},
		"carriers":      {good(func(r *store.PretendRule) { r.Carriers = "second" }), "carriers must be"},
		"none left":     {good(func(r *store.PretendRule) { r.Remaining = 0 }), "next must be"},
		"too many":      {good(func(r *store.PretendRule) { r.Remaining = 1_000_001 }), "next must be"},
		"prefix":        {good(func(r *store.PretendRule) { r.Prefix = "+1202" }), ""},
		"no plus":       {good(func(r *store.PretendRule) { r.Prefix = "1202" }), "prefix must be"},
		"two plus":      {good(func(r *store.PretendRule) { r.Prefix = "++1" }), "prefix must be"},
		"letters":       {good(func(r *store.PretendRule) { r.Prefix = "+1a" }), "prefix must be"},
		"endless":       {good(func(r *store.PretendRule) { r.Prefix = "+1234567890123456" }), "prefix must be"},
		"an hour":       {good(func(r *store.PretendRule) { r.Fault, r.Delay = Delay, time.Hour }), ""},
		"more":          {good(func(r *store.PretendRule) { r.Fault, r.Delay = Delay, time.Hour+1 }), "delay_seconds must be"},
		"back in time":  {good(func(r *store.PretendRule) { r.Delay = -1 }), "delay_seconds must be"},
		"a project":     {good(func(r *store.PretendRule) { r.ProjectID = testProject }), ""},
		"a live one":    {good(func(r *store.PretendRule) { r.ProjectID = strings.Replace(testProject, "test", "live", 1) }), "never simulated"},
		"no project":    {good(func(r *store.PretendRule) { r.ProjectID = "project-test-1" }), "project_id must be"},
		"another thing": {good(func(r *store.PretendRule) { r.ProjectID = strings.Replace(testProject, "project", "member", 1) }), "project_id must be"},
	} {
		if got := Check(&test.rule); got != test.want && (test.want == "" || !strings.Contains(got, test.want)) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	late := store.PretendRule{Fault: Delay, Remaining: Forever}
	if wrong := Check(&late); wrong != "" || late.Delay != Late || late.Carriers != AllCarriers {
		t.Errorf("%q, completed to %+v", wrong, late)
	}
}

const testProject = "project-test-11111111-1111-4111-8111-111111111111"
