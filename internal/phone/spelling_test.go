package phone

import (
	"testing"
	"unicode"
)

// digitValue trusts that Unicode's table of digits holds whole sets of ten, each from zero on.
func TestDigitSetsAreWhole(t *testing.T) {
	t.Parallel()
	digits := 0
	var previous rune
	for r := rune(0); r <= unicode.MaxRune; r++ {
		value, ok := digitValue(r)
		if ok != unicode.Is(unicode.Nd, r) {
			t.Fatalf("digitValue(%U) says %v", r, ok)
		}
		if !ok {
			continue
		}
		if value > 0 && previous != r-1 || int(value) != digits%10 {
			t.Fatalf("digitValue(%U) = %d behind %U", r, value, previous)
		}
		digits, previous = digits+1, r
	}
	if digits < 600 || digits%10 != 0 {
		t.Errorf("%d digits, want whole sets", digits)
	}
}
