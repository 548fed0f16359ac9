package bird_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/bird"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/test/vendors"
)

func config(client *httpx.Client) bird.Config {
	return bird.Config{
		APIKey: vendors.BirdKey, From: vendors.BirdFrom, WebhookSecret: vendors.BirdSecret, HTTP: client, Now: time.Now,
	}
}

func through(fake *vendors.Bird) *httpx.Client {
	return httpx.New(httpx.Options{Transport: fake.RoundTripper()})
}

// nobody is a client for senders that call nobody.
func nobody() *httpx.Client { return httpx.New(httpx.Options{}) }

// TestSend: the strict fake takes what leaves, with our id only where reports are wanted.
func TestSend(t *testing.T) {
	t.Parallel()
	for _, callback := range []string{smstest.Callback, ""} {
		fake := vendors.NewBird()
		m, ref := smstest.Message(), ""
		if m.CallbackURL = callback; callback != "" {
			ref = smstest.ID
		}
		got, err := bird.New(config(through(fake))).Send(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		seen := fake.Texts()[0]
		want := vendors.Text{
			SID: got.ProviderID, To: smstest.To, From: vendors.BirdFrom, Body: smstest.Text, Ref: ref, At: seen.At,
			Status: http.StatusAccepted,
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Error(diff)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*bird.Config, *sms.Message)
		want   string
	}{
		"wrong key":      {func(c *bird.Config, _ *sms.Message) { c.APIKey = "bk_us1_x" }, "other_route Unauthorized"},
		"strange sender": {func(c *bird.Config, _ *sms.Message) { c.From = "Acme" }, "other_route SMSSenderNotConfigured"},
		"no text":        {func(_ *bird.Config, m *sms.Message) { m.Body = "" }, "other_route ValidationFailed"},
		"bad number":     {func(_ *bird.Config, m *sms.Message) { m.To = "+1" }, "permanent SMSInvalidRecipient"},
	} {
		fake := vendors.NewBird()
		c, m := config(through(fake)), smstest.Message()
		tt.change(&c, &m)
		_, err := bird.New(c).Send(t.Context(), m)
		if e := sms.AsError(err); e == nil || e.Class.String()+" "+e.Code != tt.want {
			t.Errorf("%s: Send = %v, want %s", name, err, tt.want)
		}
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	send := func(client *httpx.Client, request map[string]any) (sms.Result, error) {
		c := config(client)
		c.From = request["from"].(string)
		return bird.New(c).Send(t.Context(), sms.Message{
			ID: "usr_12345", To: request["to"].(string), Body: request["text"].(string), ValidFor: time.Minute,
			CallbackURL: smstest.Callback,
		})
	}
	smstest.GoldenCall(t, "testdata/send.json", send, func(request map[string]any) {
		delete(request, "options")
		delete(request, "tags")
		request["metadata"] = map[string]any{"message": "usr_12345"}
	})
	fake := vendors.NewBird()
	smstest.GoldenReports(t, "testdata/events.json", bird.New(config(nobody())), func(body []byte) *http.Request {
		return fake.Post(smstest.Callback, "evt_1", time.Now(), string(body))
	})
}

// TestRegion: the key tells where the API is.
func TestRegion(t *testing.T) {
	t.Parallel()
	for key, want := range map[secret.String]string{
		"bk_us1_x": "us1.platform.bird.com", "bk_eu1_x": "eu1.platform.bird.com",
	} {
		asked := ""
		c := config(httpx.New(httpx.Options{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			asked = r.URL.Host
			return nil, io.ErrUnexpectedEOF
		})}))
		c.APIKey = key
		if _, err := bird.New(c).Send(t.Context(), smstest.Message()); err == nil || asked != want {
			t.Errorf("%s asks %q, %v, want %q", key.Reveal(), asked, err, want)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestCheck(t *testing.T) {
	t.Parallel()
	build := func(c bird.Config) sms.Sender { return bird.New(c) }
	smstest.CheckSettings(t, config, build, map[string]func(*bird.Config) string{
		"good": func(*bird.Config) string { return "" },
		"name": func(c *bird.Config) string { c.From = "Acme Login"; return "" },
		"other region": func(c *bird.Config) string {
			c.APIKey, c.BaseURL = "bk_ap1_x", "https://ap1.platform.bird.com"
			return ""
		},
		"two secrets": func(c *bird.Config) string { c.WebhookSecret += " " + vendors.WebhookSecret; return "" },
		"no key": func(c *bird.Config) string {
			c.APIKey, c.BaseURL = "", "https://us1.platform.bird.com"
			return "bird-api-key "
		},
		"no region":    func(c *bird.Config) string { c.APIKey = "live_x"; return "bird-base-url is missing" },
		"no sender":    func(c *bird.Config) string { c.From = ""; return "bird-from " },
		"no secret":    func(c *bird.Config) string { c.WebhookSecret = ""; return "bird-webhook-secret " },
		"short secret": func(c *bird.Config) string { c.WebhookSecret = "whsec_AAAA"; return "bird-webhook-secret " },
		"clear text":   func(c *bird.Config) string { c.BaseURL = "http://us1.platform.bird.com"; return "bird-base-url " },
		"no clock":     func(c *bird.Config) string { c.Now = nil; return "clock" },
		"no client":    func(c *bird.Config) string { c.HTTP = nil; return "HTTP client" },
	})
}

// TestReport: the one endpoint gets events on messages, with our id, texts that come in, and what is of no use to us.
func TestReport(t *testing.T) {
	t.Parallel()
	fake, s := vendors.NewBird(), bird.New(config(nobody()))
	post := func(body string) *http.Request { return fake.Post(smstest.Callback, "evt_1", time.Now(), body) }
	for name, tt := range map[string]struct {
		request *http.Request
		want    []sms.Reported
	}{
		"event": {
			fake.Event(smstest.Callback, vendors.Text{SID: "m-1", Ref: "message-1"}, "delivered", ""),
			[]sms.Reported{{ID: "message-1", Receipt: sms.Receipt{ProviderID: "m-1", Status: sms.Delivered}}},
		},
		"of others": {
			post(`{"type":"sms.sent","data":{"sms_id":"m-2","metadata":"of ours"}}`),
			[]sms.Reported{{Receipt: sms.Receipt{ProviderID: "m-2", Status: sms.Sent}}},
		},
		"text": {
			fake.Inbound(smstest.Callback, vendors.Inbound{ID: "evt_2", From: "+12025550162", Body: "STOP"}),
			[]sms.Reported{{Heard: sms.Heard{ID: "evt_2", From: "+12025550162", Word: sms.Stop}}},
		},
		"of no use": {post(`{"type":"email.opened","data":{}}`), nil},
	} {
		body, err := io.ReadAll(tt.request.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Report(tt.request, body)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	forger := vendors.NewBird()
	forger.Secret = vendors.WebhookSecret
	body, _ := json.Marshal(vendors.BirdEvent(vendors.Text{SID: "m-1"}, "delivered", ""))
	if got, err := s.Report(forger.Post(smstest.Callback, "evt_1", time.Now(), string(body)), body); err == nil || got != nil {
		t.Errorf("a forged event: %v, %v", got, err)
	}
}

func TestListen(t *testing.T) {
	t.Parallel()
	const (
		address = "https://auth.example.com/callbacks/sms/bird/inbound/abc"
		stop    = `{"type":"sms.received","data":{"from":"+12025550162","text":"STOP"}}`
	)
	fake, other := vendors.NewBird(), vendors.NewBird()
	other.Secret = vendors.WebhookSecret
	post := func(body string) *http.Request { return fake.Post(address, "evt_1", time.Now(), body) }
	smstest.Listen(t, smstest.Listening{
		Sender: bird.New(config(nobody())), Address: address,
		Pass: func(id, from, body, _ string) *http.Request {
			return fake.Inbound(address, vendors.Inbound{ID: id, From: from, Body: body})
		},
		Forged: map[string]func() *http.Request{
			"with another secret": func() *http.Request {
				return other.Inbound(address, vendors.Inbound{ID: "in-1", From: "+12025550162", Body: "STOP"})
			},
			"too old": func() *http.Request {
				return fake.Post(address, "evt_1", time.Now().Add(-6*time.Minute), stop)
			},
		},
		Ignored: map[string]*http.Request{
			"an event on a message": fake.Event(address, vendors.Text{SID: "m-1"}, "delivered", ""),
			"an opt-out":            post(`{"type":"sms.opted_out","data":{"from":"+12025550162"}}`),
		},
		Unreadable: map[string]*http.Request{
			"nothing": post(""), "no type": post(`{}`), "nobody": post(`{"type":"sms.received","data":{"text":"STOP"}}`),
		},
	})
}

func TestProbe(t *testing.T) {
	t.Parallel()
	smstest.RunProbe(t, smstest.Probing{
		New:       func(client *httpx.Client) sms.Prober { return bird.New(config(client)) },
		Broken:    func(client *httpx.Client) sms.Prober { return bird.New(bird.Config{HTTP: client}) },
		Provider:  vendors.NewBird().RoundTripper(),
		Unreached: "bird-base-url",
		Secrets:   []string{vendors.BirdKey, vendors.BirdSecret},
		Harmless:  func(r *http.Request) bool { return r.Method == http.MethodGet },
	})
	for name, tt := range map[string]struct {
		change func(*bird.Config)
		want   []string
	}{
		"good":      {change: func(*bird.Config) {}},
		"wrong key": {func(c *bird.Config) { c.APIKey = "bk_us1_x" }, []string{"bird-api-key"}},
	} {
		c := config(through(vendors.NewBird()))
		tt.change(&c)
		t.Run(name, func(t *testing.T) { smstest.WantFindings(t, bird.New(c).Probe(t.Context()), tt.want...) })
	}
}

func FuzzEvents(f *testing.F) {
	fake, other := vendors.NewBird(), vendors.NewBird()
	other.Secret = vendors.WebhookSecret
	signer := func(by *vendors.Bird) func([]byte) *http.Request {
		return func(body []byte) *http.Request { return by.Post(smstest.Callback, "evt_1", time.Now(), string(body)) }
	}
	smstest.FuzzCallbacks(
		f, bird.New(config(nobody())), signer(fake), signer(other),
		`{"type":"sms.failed","data":{"sms_id":"m-1","error":{"code":"invalid_destination"}}}`,
		`{"type":"sms.received","data":{"from":"+12025550162","text":"STOP"}}`, `{"type":"email.opened"}`,
	)
}
