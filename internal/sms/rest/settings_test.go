package rest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms/rest"
)

// TestSettings: all that is wrong is said at once, each by its name, and nothing of a secret.
func TestSettings(t *testing.T) {
	t.Parallel()
	s := rest.Of("acme")
	s.Secret("key", "open sesame")
	s.Secret("token", secret.String("söze"))
	s.Secret("right", "Aa0!~")
	s.From("Acme & Co", " ")
	s.From("Acme Co", " ")
	if s.Base("", "https://api.example.com/v1") == nil || s.Base("http://api.example.com", "") != nil {
		t.Error("an address in the clear is taken, or a good one is not")
	}
	api := rest.New(s, nil, nil)
	said := fmt.Sprint(api.Check())
	var names []string
	for line := range strings.Lines(said) {
		name, _, _ := strings.Cut(line, " ")
		names = append(names, name)
	}
	if got := strings.Join(names, " "); got != "acme-key acme-token acme-from acme-base-url acme:" {
		t.Errorf("said of %s", got)
	}
	if strings.Contains(said, "sesame") || strings.Contains(said, "söze") || fmt.Sprintf("%+v", &api) != "acme" {
		t.Errorf("a secret shows in %q or %+v", said, &api)
	}
	good := rest.New(rest.Of("acme"), httpx.New(httpx.Options{}), nil)
	if good.Check() != nil || good.Name() != "acme" {
		t.Errorf("%s: Check = %v, want nil", good.Name(), good.Check())
	}
}
