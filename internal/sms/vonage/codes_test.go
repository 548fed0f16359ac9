package vonage

import (
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/sms"
)

// TestMeanings keeps the tables honest: each code has a class and words, and only a STOP opts out.
func TestMeanings(t *testing.T) {
	t.Parallel()
	for _, table := range []map[string]meaning{meanings, words, titles} {
		for code, m := range table {
			known := m.class >= sms.Permanent && m.class <= sms.OptedOut
			if !known || m.reason == "" || strings.ContainsAny(m.reason, "0123456789+") {
				t.Errorf("%s: %s %q", code, m.class, m.reason)
			}
			if (m.class == sms.OptedOut) != (code == "1240") {
				t.Errorf("%s is %s", code, m.class)
			}
		}
	}
	for code := range meanings {
		if !isCode(code) || codeOf("https://developer.vonage.com/api-errors/messages#"+code) != code {
			t.Errorf("%s is not read as a code", code)
		}
	}
	for code := range words {
		if codeOf("https://developer.vonage.com/api-errors#"+code) != code {
			t.Errorf("%s is not read as a code", code)
		}
	}
}
