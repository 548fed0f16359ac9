package telnyx

import (
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/sms"
)

// TestMeanings keeps the tables honest: each code has a class and words, and only a STOP opts out.
func TestMeanings(t *testing.T) {
	t.Parallel()
	for _, table := range []map[string]meaning{meanings, aboutNumbers} {
		for code, m := range table {
			known := m.class >= sms.Permanent && m.class <= sms.OptedOut
			if !known || m.reason == "" || strings.ContainsAny(m.reason, "0123456789+") || len(code) != 5 {
				t.Errorf("%s: %s %q", code, m.class, m.reason)
			}
			if (m.class == sms.OptedOut) != (code == "40300") {
				t.Errorf("%s is %s", code, m.class)
			}
		}
	}
	for code := range aboutNumbers {
		if meanings[code].class != sms.OtherRoute {
			t.Errorf("%s condemns the number even where it is about the sender", code)
		}
	}
}
