package telnyx_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/telnyx"
	"github.com/thimble-auth/thimble/test/vendors"
)

func TestProbeContract(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(c *telnyx.Config){
		"number":     func(*telnyx.Config) {},
		"profile":    func(c *telnyx.Config) { c.MessagingProfileID = vendors.TelnyxProfile },
		"short code": func(c *telnyx.Config) { c.From = "12345" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			smstest.RunProbe(t, smstest.Probing{
				New: func(client *httpx.Client) sms.Prober {
					c := config(nil)
					c.HTTP = client
					change(&c)
					return telnyx.New(c)
				},
				Broken:    func(client *httpx.Client) sms.Prober { return telnyx.New(telnyx.Config{HTTP: client}) },
				Provider:  vendors.NewTelnyx().RoundTripper(),
				Unreached: "telnyx-base-url",
				Secrets:   []string{vendors.TelnyxKey},
				Harmless:  func(r *http.Request) bool { return r.Method == http.MethodGet },
			})
		})
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	profile := func(c *telnyx.Config) { c.MessagingProfileID = vendors.TelnyxProfile }
	for name, tt := range map[string]struct {
		config func(c *telnyx.Config)
		change func(what string, answer map[string]any)
		asked  int
		want   []string
	}{
		"number":     {asked: 1},
		"both":       {config: profile, asked: 2},
		"name":       {config: func(c *telnyx.Config) { profile(c); c.From = vendors.TelnyxName }, asked: 1},
		"short code": {config: func(c *telnyx.Config) { c.From = "12345" }, asked: 1},
		"wrong key":  {config: func(c *telnyx.Config) { profile(c); c.APIKey = "nope" }, want: []string{"telnyx-api-key"}},
		"wrong key, short code": {
			config: func(c *telnyx.Config) { c.From, c.APIKey = "12345", "nope" }, want: []string{"telnyx-api-key"},
		},
		"strange profile": {
			config: func(c *telnyx.Config) { c.MessagingProfileID = strings.Repeat("0", 8) + vendors.TelnyxProfile[8:] },
			want:   []string{"telnyx-messaging-profile-id"},
		},
		"profile switched off": {
			config: profile, change: first("telnyx profile", "enabled", false), asked: 1,
			want: []string{"telnyx-messaging-profile-id"},
		},
		"strange number": {
			config: func(c *telnyx.Config) { c.From = "+15005550001" }, asked: 1, want: []string{"telnyx-from"},
		},
		"a part of a number": {
			config: func(c *telnyx.Config) { c.From = vendors.TelnyxFrom[:11] }, asked: 1, want: []string{"telnyx-from"},
		},
		"number not active": {
			change: first("telnyx numbers", "status", "port_pending"),
			asked:  1, want: []string{"telnyx-from"},
		},
		"number without profile": {
			change: first("telnyx numbers", "messaging_profile_id", nil),
			asked:  1, want: []string{"telnyx-from"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := vendors.NewTelnyx()
			fake.Desk.Change = tt.change
			c := config(fake.RoundTripper())
			if tt.config != nil {
				tt.config(&c)
			}
			smstest.WantFindings(t, telnyx.New(c).Probe(t.Context()), tt.want...)
			if fake.Desk.Asked() != tt.asked || len(fake.Texts()) != 0 {
				t.Errorf("%d good questions and %d texts, want %d and none", fake.Desk.Asked(), len(fake.Texts()), tt.asked)
			}
		})
	}
}

// first changes the data of an answer, or the first entry of it.
func first(question, name string, value any) func(what string, answer map[string]any) {
	return func(what string, answer map[string]any) {
		if what != question {
			return
		}
		if list, ok := answer["data"].([]any); ok {
			list[0].(map[string]any)[name] = value
			return
		}
		answer["data"].(map[string]any)[name] = value
	}
}
