package exposition

import (
	"strings"
	"testing"
)

const good = `# HELP thimble_sends_total Decisions.
# TYPE thimble_sends_total counter
thimble_sends_total{country="US",decision="number_10m",provider="sms_webhook"} 1
`

// What must not be there is found.
func TestProblems(t *testing.T) {
	t.Parallel()
	if got := Problems(good); len(got) > 0 {
		t.Errorf("found in a good one: %v", got)
	}
	for name, change := range map[string][2]string{
		"a number":               {`"sms_webhook"`, `"+12025550162"`},
		"a number without plus":  {`"sms_webhook"`, `"p12025550162"`},
		"an address":             {`"sms_webhook"`, `"ada@example.com"`},
		"an id":                  {`"sms_webhook"`, `"project-live-0192f0c1-0000-7000-8000-000000000000"`},
		"a short id":             {`"sms_webhook"`, `"member-test-0192"`},
		"a token":                {`"sms_webhook"`, `"DOYoip3rvIMMW5lgItikFK-Ak1CfMsgjuiCyI7uuU94_"`},
		"a country out of place": {`"US"`, `"Ada"`},
		"a text":                 {`"sms_webhook"`, `"Ada Lovelace"`},
		"no help":                {"# HELP thimble_sends_total Decisions.\n", ""},
		"a counter's name":       {"thimble_sends_total", "thimble_sends"},
		"garbage":                {"} 1", "}} 1"},
	} {
		if got := Problems(strings.ReplaceAll(good, change[0], change[1])); len(got) == 0 {
			t.Errorf("%s was not found", name)
		}
	}
}
