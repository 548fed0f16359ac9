package signature_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/signature"
)

// What the reference libraries of Standard Webhooks hold themselves against
// (https://github.com/standard-webhooks/standard-webhooks/tree/main/libraries, read 2026-11-23).
const (
	secretText = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	id         = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	body       = `{"test": 2432232314}`
	seconds    = 1614265330
	want       = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func TestSign(t *testing.T) {
	t.Parallel()
	key, ok := signature.Parse(secretText)
	if !ok {
		t.Fatal("the secret is not read")
	}
	second, text := signature.New()
	if again, ok := signature.Parse(text.Reveal()); !ok || string(again) != string(second) {
		t.Error("a new secret is not read back")
	}

	at := time.Unix(seconds, 0)
	h := http.Header{}
	signature.Keys{key, second}.Sign(h, id, at, []byte(body))
	one, other, two := strings.Cut(h.Get("webhook-signature"), " ")
	if one != want || !two || !strings.HasPrefix(other, "v1,") {
		t.Errorf("signatures %q, want %q and one more", h.Get("webhook-signature"), want)
	}
	if h.Get("webhook-id") != id || h.Get("webhook-timestamp") != "1614265330" {
		t.Errorf("headers %v", h)
	}
	for name, c := range map[string]struct {
		keys signature.Keys
		now  time.Time
		body string
		want bool
	}{
		"the first key":  {signature.Keys{key}, at, body, true},
		"the second key": {signature.Keys{second}, at.Add(5 * time.Minute), body, true},
		"no key":         {nil, at, body, false},
		"another body":   {signature.Keys{key}, at, body + " ", false},
		"too late":       {signature.Keys{key}, at.Add(5*time.Minute + time.Second), body, false},
		"too early":      {signature.Keys{key}, at.Add(-5*time.Minute - time.Second), body, false},
	} {
		if got := c.keys.Verify(h, c.now, []byte(c.body)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa", "whsec_!",
		"whsec_" + strings.Repeat("AAAA", 22),
	} {
		if _, ok := signature.Parse(text); ok {
			t.Errorf("%q is taken for a secret", text)
		}
	}
}
