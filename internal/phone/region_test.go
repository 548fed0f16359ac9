package phone_test

import (
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/thimble-auth/thimble/internal/phone"
)

func TestRegions(t *testing.T) {
	t.Parallel()
	for cc, want := range map[string]struct{ valid, supported bool }{
		"US": {true, true}, "CA": {true, true}, "JM": {true, true}, "GB": {true, true}, "DE": {true, true},
		"BS": {true, false}, "CN": {true, false}, "HK": {true, false}, "CW": {true, false}, "BQ": {true, false},
		"XK": {true, false}, "MM": {true, false}, "DK": {true, false},
		"": {}, "us": {}, "USA": {}, "UK": {}, "ZZ": {}, "001": {}, "XX": {},
	} {
		if got := phone.ValidRegion(cc); got != want.valid {
			t.Errorf("ValidRegion(%q) = %v", cc, got)
		}
		if got := phone.IsSupportedRegion(cc); got != want.supported {
			t.Errorf("IsSupportedRegion(%q) = %v", cc, got)
		}
	}
}

// Every entry of the list is a region that there is.
func TestUnsupportedRegions(t *testing.T) {
	t.Parallel()
	n := 0
	for cc := range phonenumbers.GetSupportedRegions() {
		if !phone.IsSupportedRegion(cc) {
			n++
		}
	}
	if n != 74 {
		t.Errorf("%d regions are refused, want 74", n)
	}
}
