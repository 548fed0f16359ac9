package exposition

import (
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	all, err := Parse(good + `# HELP thimble_wait_seconds Waits.
# TYPE thimble_wait_seconds histogram
thimble_wait_seconds_bucket{queue="texts",le="1"} 0
`)
	if err != nil {
		t.Fatal(err)
	}
	k := Known{Families: all, Values: map[string][]string{"decision": {"country"}}}
	for text, right := range map[string]bool{
		`sum by (country) (rate(thimble_sends_total{decision="number_10m"}[5m])) > 0.5`:                      true,
		`thimble_sends_total{job=~"$job",decision=~"country|number_.*"}`:                                     true,
		`histogram_quantile(0.99, sum by (queue, le) (rate(thimble_wait_seconds_bucket[$__rate_interval])))`: true,
		`increase(thimble_sends_total[1d] offset 1h) and max(up{job="thimble"}) == 1`:                        true,
		`thimble_sends{decision="number_10m"}`:                                                               false,
		`thimble_sends_total{rule="number_10m"}`:                                                             false,
		`thimble_sends_total{decision="number_11m"}`:                                                         false,
		`thimble_sends_total{decision=~"country|nothing"}`:                                                   false,
		`sum by (provder) (thimble_sends_total)`:                                                             false,
		`rate(thimble_wait_seconds[5m])`:                                                                     false,
		`thimble_sends_total_bucket`:                                                                         false,
		`sum by thimble_sends_total`:                                                                         false,
		`thimble_sends_total @ 7`:                                                                            false,
		`1 + 1`:                                                                                              false,
	} {
		if got := k.Check(text); (len(got) == 0) != right {
			t.Errorf("%s: %v", text, got)
		}
	}
}
