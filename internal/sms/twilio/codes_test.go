package twilio

import (
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/sms"
)

// TestMeanings keeps the table honest: each code has a class and words, and only the recipient can opt out.
func TestMeanings(t *testing.T) {
	t.Parallel()
	for code, m := range meanings {
		known := m.class >= sms.Permanent && m.class <= sms.OptedOut
		if !known || m.reason == "" || strings.ContainsAny(m.reason, "0123456789+") {
			t.Errorf("%d: %s %q", code, m.class, m.reason)
		}
		if (m.class == sms.OptedOut) != (code == 21610) {
			t.Errorf("%d is %s", code, m.class)
		}
	}
}
