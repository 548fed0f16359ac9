package twilio_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/twilio"
	"github.com/thimble-auth/thimble/test/vendors"
)

func TestProbeContract(t *testing.T) {
	t.Parallel()
	smstest.RunProbe(t, smstest.Probing{
		New: func(client *httpx.Client) sms.Prober {
			c := config(nil)
			c.HTTP, c.MessagingServiceSID = client, vendors.TwilioService
			return twilio.New(c)
		},
		Broken:    func(client *httpx.Client) sms.Prober { return twilio.New(twilio.Config{HTTP: client}) },
		Provider:  vendors.NewTwilio().RoundTripper(),
		Unreached: "twilio-base-url",
		Secrets: []string{
			vendors.TwilioToken, base64.StdEncoding.EncodeToString([]byte(vendors.TwilioAccount + ":" + vendors.TwilioToken)),
		},
		Harmless: func(r *http.Request) bool { return r.Method == http.MethodGet },
	})
}

func TestProbe(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config func(c *twilio.Config)
		change func(what string, answer map[string]any)
		asked  int
		want   []string
	}{
		"number": {asked: 2},
		"service": {
			config: func(c *twilio.Config) { c.From, c.MessagingServiceSID = "", vendors.TwilioService },
			asked:  2,
		},
		"both":        {config: func(c *twilio.Config) { c.MessagingServiceSID = vendors.TwilioService }, asked: 3},
		"name":        {config: func(c *twilio.Config) { c.From = "Acme" }, asked: 1},
		"short code":  {config: func(c *twilio.Config) { c.From = "12345" }, asked: 1},
		"wrong token": {config: func(c *twilio.Config) { c.AuthToken = "nope" }, want: []string{"twilio-auth-token"}},
		"strange account": {
			config: func(c *twilio.Config) { c.AccountSID = "AC" + strings.Repeat("2", 32) },
			want:   []string{"twilio-auth-token"},
		},
		"suspended account": {
			change: set("status", "suspended"),
			asked:  1, want: []string{"twilio-account-sid"},
		},
		"closed account": {
			change: set("status", "closed"),
			asked:  1, want: []string{"twilio-account-sid"},
		},
		"trial account": {
			change: set("type", "Trial"),
			asked:  1, want: []string{"twilio-account-sid?"},
		},
		"another account": {change: set("sid", "AC1"), asked: 1, want: []string{"twilio-base-url?"}},
		"a part of a number": {
			config: func(c *twilio.Config) { c.From = vendors.TwilioFrom[:11] }, asked: 2, want: []string{"twilio-from"},
		},
		"strange number and service": {
			config: func(c *twilio.Config) { c.From, c.MessagingServiceSID = "+15005550001", "MG"+strings.Repeat("a", 32) },
			asked:  2, want: []string{"twilio-messaging-service-sid", "twilio-from"},
		},
		"a number without texts": {
			change: func(what string, answer map[string]any) {
				if what == "twilio numbers" {
					one := answer["incoming_phone_numbers"].([]any)[0].(map[string]any)
					one["capabilities"].(map[string]any)["sms"] = false
				}
			},
			asked: 2, want: []string{"twilio-from"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := vendors.NewTwilio()
			fake.Desk.Change = tt.change
			c := config(fake.RoundTripper())
			if tt.config != nil {
				tt.config(&c)
			}
			smstest.WantFindings(t, twilio.New(c).Probe(t.Context()), tt.want...)
			if fake.Desk.Asked() != tt.asked || len(fake.Texts()) != 0 {
				t.Errorf("%d good questions and %d texts, want %d and none", fake.Desk.Asked(), len(fake.Texts()), tt.asked)
			}
		})
	}
}

func set(name string, value any) func(what string, answer map[string]any) {
	return func(what string, answer map[string]any) {
		if what == "twilio account" {
			answer[name] = value
		}
	}
}

// TestProbeOfChannels: calls need a number that can call, WhatsApp none that is asked about.
func TestProbeOfChannels(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		make   func(c twilio.Config) sms.Prober
		from   string
		change func(what string, answer map[string]any)
		asked  int
		want   []string
	}{
		"calls":    {make: voice, from: vendors.TwilioVoice, asked: 2},
		"WhatsApp": {make: whatsApp, from: vendors.TwilioWhatsApp, asked: 1},
		"a caller id": {
			make: voice, from: "+15005550001", asked: 2, want: []string{"twilio-voice-from?"},
		},
		"a number for texts": {
			make: voice, from: vendors.TwilioVoice, asked: 2, want: []string{"twilio-voice-from"},
			change: func(what string, answer map[string]any) {
				if what == "twilio numbers" {
					one := answer["incoming_phone_numbers"].([]any)[0].(map[string]any)
					one["capabilities"].(map[string]any)["voice"] = false
				}
			},
		},
		"closed": {
			make: whatsApp, from: vendors.TwilioWhatsApp, change: set("status", "closed"), asked: 1,
			want: []string{"twilio-account-sid"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := vendors.NewTwilio()
			fake.Desk.Change = tt.change
			c := config(fake.RoundTripper())
			c.From, c.ContentSID = tt.from, vendors.TwilioContent
			smstest.WantFindings(t, tt.make(c).Probe(t.Context()), tt.want...)
			if fake.Desk.Asked() != tt.asked || len(fake.Texts()) != 0 {
				t.Errorf("%d good questions and %d texts, want %d and none", fake.Desk.Asked(), len(fake.Texts()), tt.asked)
			}
		})
	}
}

func voice(c twilio.Config) sms.Prober    { return twilio.NewVoice(c) }
func whatsApp(c twilio.Config) sms.Prober { return twilio.NewWhatsApp(c) }

// TestProbeHosts: messaging services have a host of their own, in every region.
func TestProbeHosts(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"": "messaging.twilio.com", "https://api.sydney.au1.twilio.com": "messaging.sydney.au1.twilio.com",
		"https://api.example.com": "api.example.com",
	} {
		fake := vendors.NewTwilio()
		var hosts []string
		c := config(roundTrip(func(r *http.Request) (*http.Response, error) {
			hosts = append(hosts, r.URL.Host)
			return fake.RoundTripper().RoundTrip(r)
		}))
		c.BaseURL, c.MessagingServiceSID, c.From = base, vendors.TwilioService, ""
		_ = twilio.New(c).Probe(t.Context())
		if len(hosts) != 2 || hosts[1] != want {
			t.Errorf("%s: asked %q, want the service at %s", base, hosts, want)
		}
	}
}
