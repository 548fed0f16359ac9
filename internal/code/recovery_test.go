package code

import (
	"regexp"
	"strings"
	"testing"
)

func TestNewRecovery(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}$`)
	seen, letters := map[string]bool{}, map[rune]bool{}
	for range 100 {
		made := NewRecovery()
		if len(made) != 10 {
			t.Fatalf("%d codes, want 10", len(made))
		}
		for _, c := range made {
			if !form.MatchString(c) || seen[c] || !LooksLikeRecovery(c) || !MayBeRecovery(c) {
				t.Errorf("%q is no new recovery code", c)
			}
			seen[c] = true
			for _, r := range c {
				letters[r] = true
			}
		}
	}
	if len(letters) != 33 {
		t.Errorf("12,000 characters hold %d different ones, want 32 and the dash", len(letters))
	}
}

func TestShapesOfRecoveryCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text      string
		may, ours bool
	}{
		{"a1b2-c3d4-e5f6", true, true},
		{"A1B2C3D4E5F6", true, true},
		{" a1b2 c3d4 e5f6 ", true, true},
		{"a1b2-c3d4-e5f", true, false},
		{"a1b2-c3d4-e5fu", true, false}, // no u in our alphabet
		{"12345678", true, false},
		{"1234567", false, false},
		{"123456", false, false},
		{"", false, false},
		{"--------------", false, false},
		{strings.Repeat("x", 64), true, false},
		{strings.Repeat("x", 65), false, false},
		{strings.Repeat("-", 129) + "a1b2c3d4e5f6", false, true},
		{"abcdefgh\x00", false, false},
		{"abcdefghé", false, false},
	} {
		if may, ours := MayBeRecovery(c.text), LooksLikeRecovery(c.text); may != c.may || ours != c.ours {
			t.Errorf("%q: may be %t, ours %t; want %t, %t", c.text, may, ours, c.may, c.ours)
		}
	}
}
