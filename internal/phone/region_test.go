package phone_test

import (
	"slices"
	"testing"

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

func TestUnsupportedRegions(t *testing.T) {
	t.Parallel()
	list := phone.UnsupportedRegions()
	if len(list) != 74 || !slices.IsSorted(list) {
		t.Errorf("%d regions in %v", len(list), list)
	}
	for _, cc := range list {
		if !phone.ValidRegion(cc) {
			t.Errorf("%q is no region of the library", cc)
		}
	}
	list[0] = "US"
	if !phone.IsSupportedRegion("US") || phone.IsSupportedRegion("AD") {
		t.Error("the list is not a copy")
	}
}
