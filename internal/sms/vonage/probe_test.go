package vonage_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/vonage"
	"github.com/thimble-auth/thimble/test/vendors"
)

func TestProbeContract(t *testing.T) {
	t.Parallel()
	for name, apiSecret := range map[string]secret.String{"by secret": vendors.VonageAPISecret, "by token": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			smstest.RunProbe(t, smstest.Probing{
				New: func(client *httpx.Client) sms.Prober {
					c := config(nil)
					c.HTTP, c.APISecret = client, apiSecret
					return vonage.New(c)
				},
				Broken:    func(client *httpx.Client) sms.Prober { return vonage.New(vonage.Config{HTTP: client}) },
				Provider:  vendors.NewVonage().RoundTripper(),
				Unreached: "vonage-base-url",
				Secrets: []string{
					vendors.VonageAPISecret, vendors.VonageSignature,
					base64.StdEncoding.EncodeToString([]byte(vendors.VonageAPIKey + ":" + vendors.VonageAPISecret)),
				},
				Harmless: func(r *http.Request) bool { return r.Method == http.MethodGet },
			})
		})
	}
}

// otherKey is a key that is not the application's.
const otherKey = `-----BEGIN PUBLIC KEY-----
MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf
9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==
-----END PUBLIC KEY-----
`

func TestProbe(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config func(c *vonage.Config)
		change func(what string, answer map[string]any)
		status int
		voice  bool
		asked  int
		want   []string
	}{
		"by secret":    {asked: 1},
		"by token":     {config: byToken, asked: 1},
		"wrong secret": {config: func(c *vonage.Config) { c.APISecret = "nope" }, want: []string{"vonage-api-secret"}},
		"wrong API key": {
			config: func(c *vonage.Config) { c.APIKey = "ffffffff" }, want: []string{"vonage-api-secret"},
		},
		"strange application": {config: elsewhere, want: []string{"vonage-application-id"}},
		"strange application, by token": {
			config: func(c *vonage.Config) { byToken(c); elsewhere(c) }, want: []string{"vonage-private-key"},
		},
		"not allowed to list calls": {config: byToken, status: 403, asked: 1, want: []string{"vonage-application-id?"}},
		"another key": {
			change: func(_ string, answer map[string]any) {
				answer["keys"].(map[string]any)["public_key"] = otherKey
			},
			asked: 1, want: []string{"vonage-private-key"},
		},
		"no key": {
			change: func(_ string, answer map[string]any) { delete(answer, "keys") },
			asked:  1, want: []string{"vonage-private-key"},
		},
		"no texts": {
			change: func(_ string, answer map[string]any) {
				answer["capabilities"] = map[string]any{"voice": map[string]any{}}
			},
			asked: 1, want: []string{"vonage-application-id?"},
		},
		"calls without Voice": {
			config: func(c *vonage.Config) { c.From = vendors.VonageVoice }, voice: true,
			change: func(_ string, answer map[string]any) { delete(answer["capabilities"].(map[string]any), "voice") },
			asked:  1, want: []string{"vonage-application-id?"},
		},
		"calls": {config: func(c *vonage.Config) { c.From = vendors.VonageVoice }, voice: true, asked: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := vendors.NewVonage()
			fake.Desk.Change, fake.Desk.Do.Status = tt.change, tt.status
			c := config(fake.RoundTripper())
			if tt.config != nil {
				tt.config(&c)
			}
			var prober sms.Prober = vonage.New(c)
			if tt.voice {
				prober = vonage.NewVoice(c)
			}
			smstest.WantFindings(t, prober.Probe(t.Context()), tt.want...)
			if fake.Desk.Asked() != tt.asked || len(fake.Texts()) != 0 || len(fake.Redeemed()) != 0 {
				t.Errorf("%d good questions and %d texts, want %d and none", fake.Desk.Asked(), len(fake.Texts()), tt.asked)
			}
		})
	}
}

func byToken(c *vonage.Config) { c.APISecret = "" }

func elsewhere(c *vonage.Config) {
	c.ApplicationID = "aaaaaaaa-bbbb-4ccc-8ddd-" + strings.Repeat("0", 12)
}

// TestProbeHosts: regional hosts are asked for nothing but messages.
func TestProbeHosts(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"": "https://api.nexmo.com/v2/", "https://api-eu.nexmo.com": "https://api.nexmo.com/v2/",
		"https://proxy.example.com/vonage": "https://proxy.example.com/vonage/v2/",
	} {
		var asked string
		c := config(transport(func(r *http.Request) (*http.Response, error) {
			asked = r.URL.String()
			return nil, http.ErrServerClosed
		}))
		c.BaseURL = base
		_ = vonage.New(c).Probe(t.Context())
		if !strings.HasPrefix(asked, want) {
			t.Errorf("%s: asked %s, want %s…", base, asked, want)
		}
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
