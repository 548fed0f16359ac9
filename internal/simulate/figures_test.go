package simulate_test

import (
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/simulate"
)

// TestFigures measures what is promised with less traffic than is promised: thimble simulate --figures takes all of it.
// What is short of its target at that size is no surprise of chance but something that got worse.
func TestFigures(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	figures, err := simulate.Figures(t.Context(), simulate.FigureOptions{
		Requests: 3000, Logins: 400, Seed: 1, Now: func() time.Time {
			clock = clock.Add(70 * time.Second)
			return clock
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", simulate.FiguresText(figures))
	want := map[string]int{"prefixes logins": 3, "typed-back logins": 1, "low-and-slow": 2, "low-and-slow logins": 3}
	for _, f := range figures {
		if want[f.Traffic]--; !f.Met {
			t.Errorf("%s, %s: %s, want %s", f.Traffic, f.Name, f.Value, f.Target)
		}
	}
	for traffic, missing := range want {
		if missing != 0 {
			t.Errorf("%s: %d figures too few", traffic, missing)
		}
	}
}
