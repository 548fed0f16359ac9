package telnyx_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/telnyx"
	"github.com/thimble-auth/thimble/test/vendors"
)

const (
	to       = "+12025550123"
	callback = "https://auth.example.com/callbacks/sms/telnyx/message-live-1/abc"
)

func config(transport http.RoundTripper) telnyx.Config {
	return telnyx.Config{
		APIKey: vendors.TelnyxKey, PublicKey: vendors.NewTelnyx().PublicKey(), From: vendors.TelnyxFrom,
		HTTP: httpx.New(httpx.Options{Transport: transport}), Now: time.Now,
	}
}

func text() sms.Message {
	return sms.Message{
		ID: "message-live-1", To: to, Body: "Your code is 493817.", ValidFor: 2 * time.Minute, CallbackURL: callback,
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	fake := vendors.NewTelnyx()
	got, err := telnyx.New(config(fake.RoundTripper())).Send(t.Context(), text())
	if err != nil {
		t.Fatal(err)
	}
	seen := fake.Texts()[0]
	want := sms.Result{ProviderID: seen.SID, Segments: 1, Price: sms.Price{Micros: 5100, Currency: "USD"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	wantSeen := vendors.Text{
		SID: seen.SID, To: to, From: vendors.TelnyxFrom, Body: text().Body, Callback: callback, At: seen.At, Status: 200,
	}
	if diff := cmp.Diff(wantSeen, seen); diff != "" {
		t.Error(diff)
	}
}

// TestSenders: what kind of sender needs the messaging profile, and that Telnyx takes each.
func TestSenders(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ from, profile, to string }{
		"number":              {vendors.TelnyxFrom, "", to},
		"number of profile":   {vendors.TelnyxFrom, vendors.TelnyxProfile, to},
		"pool of profile":     {"", vendors.TelnyxProfile, to},
		"name in the profile": {vendors.TelnyxName, vendors.TelnyxProfile, "+447700900123"},
	} {
		fake := vendors.NewTelnyx()
		c := config(fake.RoundTripper())
		c.From, c.MessagingProfileID = tt.from, tt.profile
		m := text()
		m.To = tt.to
		if _, err := telnyx.New(c).Send(t.Context(), m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if seen := fake.Texts()[0]; seen.From != tt.from || seen.Service != tt.profile {
			t.Errorf("%s: the fake saw %+v", name, seen)
		}
	}
}

// TestQueueIsTooLong: Telnyx takes no validity period, but it tells how long it will hold a text back.
func TestQueueIsTooLong(t *testing.T) {
	t.Parallel()
	for wait, ok := range map[time.Duration]bool{0: true, 119 * time.Second: true, 121 * time.Second: false} {
		fake := vendors.NewTelnyx()
		fake.Wait = wait
		_, err := telnyx.New(config(fake.RoundTripper())).Send(t.Context(), text())
		if (err == nil) != ok || err != nil && sms.AsError(err).Class != sms.OtherRoute {
			t.Errorf("a wait of %v: %v", wait, err)
		}
	}
}

func TestStrictFake(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*telnyx.Config, *sms.Message)
		want   string
	}{
		"wrong key":      {func(c *telnyx.Config, _ *sms.Message) { c.APIKey = "KEYnope" }, "other_route 10009"},
		"strange sender": {func(c *telnyx.Config, _ *sms.Message) { c.From = "+15005550001" }, "other_route 40305"},
		"strange profile": {func(c *telnyx.Config, _ *sms.Message) {
			c.MessagingProfileID = strings.Repeat("0", 8) + vendors.TelnyxProfile[8:]
		}, "other_route 10005"},
		"name to the US": {func(c *telnyx.Config, _ *sms.Message) {
			c.From, c.MessagingProfileID = vendors.TelnyxName, vendors.TelnyxProfile
		}, "other_route 40319"},
		"no number":       {func(_ *telnyx.Config, m *sms.Message) { m.To = "" }, "other_route 10004"},
		"national number": {func(_ *telnyx.Config, m *sms.Message) { m.To = "2025550123" }, "permanent 10016"},
		"bad number":      {func(_ *telnyx.Config, m *sms.Message) { m.To = "+1202" }, "permanent 40310"},
		"no text":         {func(_ *telnyx.Config, m *sms.Message) { m.Body = "" }, "permanent 40316"},
		"long text":       {func(_ *telnyx.Config, m *sms.Message) { m.Body = strings.Repeat("x", 1531) }, "permanent 40302"},
		"bad callback":    {func(_ *telnyx.Config, m *sms.Message) { m.CallbackURL = "/x" }, "other_route 10003"},
	} {
		fake := vendors.NewTelnyx()
		c, m := config(fake.RoundTripper()), text()
		tt.change(&c, &m)
		_, err := telnyx.New(c).Send(t.Context(), m)
		if e := sms.AsError(err); e == nil || e.Class.String()+" "+e.Code != tt.want {
			t.Errorf("%s: Send = %v, want %s", name, err, tt.want)
		}
		if fake.Taken() != 0 || fake.Refused() != 1 {
			t.Errorf("%s: taken %d, refused %d", name, fake.Taken(), fake.Refused())
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestStrangeParts: what is no number of parts is none.
func TestStrangeParts(t *testing.T) {
	t.Parallel()
	got, err := telnyx.New(config(roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{},
			Body: io.NopCloser(strings.NewReader(`{"data":{"id":"m-1","parts":-1}}`)),
		}, nil
	}))).Send(t.Context(), text())
	if diff := cmp.Diff(sms.Result{ProviderID: "m-1"}, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

// TestGolden sends the documentation's own requests and reads its own answers.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"send", "name", "stopped", "too_many"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var g struct {
				Source, Read string
				Request      map[string]any
				Status       int
				Answer       json.RawMessage
				Want         struct {
					ProviderID            string `json:"provider_id"`
					Segments              int
					Micros                int64
					Currency, Class, Code string
				}
			}
			readJSON(t, name+".json", &g)
			if g.Source == "" || g.Read == "" {
				t.Fatal("a golden file says where it is from and when it was read")
			}
			var sent map[string]any
			c := config(roundTrip(func(r *http.Request) (*http.Response, error) {
				if r.URL.String() != "https://api.telnyx.com/v2/messages" || r.Method != http.MethodPost {
					t.Errorf("%s %s", r.Method, r.URL)
				}
				if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
					t.Error(err)
				}
				return &http.Response{
					StatusCode: g.Status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(g.Answer))),
				}, nil
			}))
			field := func(name string) string { s, _ := g.Request[name].(string); return s }
			c.From, c.MessagingProfileID = field("from"), field("messaging_profile_id")
			got, err := telnyx.New(c).Send(t.Context(), sms.Message{
				To: field("to"), Body: field("text"), ValidFor: time.Minute,
			})
			g.Request["type"], g.Request["use_profile_webhooks"] = "SMS", false
			if diff := cmp.Diff(g.Request, sent); diff != "" {
				t.Errorf("request: %s", diff)
			}
			if g.Want.Class != "" {
				if e := sms.AsError(err); e == nil || e.Class.String() != g.Want.Class || e.Code != g.Want.Code {
					t.Errorf("Send = %v, want %s %s", err, g.Want.Class, g.Want.Code)
				}
				return
			}
			want := sms.Result{ProviderID: g.Want.ProviderID, Segments: g.Want.Segments}
			want.Price = sms.Price{Micros: g.Want.Micros, Currency: g.Want.Currency}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	good := func(client *httpx.Client) telnyx.Config {
		c := config(nil)
		c.HTTP = client
		return c
	}
	build := func(c telnyx.Config) sms.Sender { return telnyx.New(c) }
	smstest.CheckSettings(t, good, build, map[string]func(*telnyx.Config) string{
		"good":             func(*telnyx.Config) string { return "" },
		"short code":       func(c *telnyx.Config) string { c.From = "12345"; return "" },
		"pool":             func(c *telnyx.Config) string { c.From, c.MessagingProfileID = "", vendors.TelnyxProfile; return "" },
		"local":            func(c *telnyx.Config) string { c.BaseURL = "http://127.0.0.1:8081"; return "" },
		"no key":           func(c *telnyx.Config) string { c.APIKey = ""; return "telnyx-api-key " },
		"key with newline": func(c *telnyx.Config) string { c.APIKey = secret.String("KEY1\nX: y"); return "telnyx-api-key " },
		"no public key":    func(c *telnyx.Config) string { c.PublicKey = ""; return "telnyx-public-key " },
		"short public key": func(c *telnyx.Config) string { c.PublicKey = "AAAA"; return "telnyx-public-key " },
		"no sender":        func(c *telnyx.Config) string { c.From = ""; return "telnyx-from " },
		"long name":        func(c *telnyx.Config) string { c.From = "Acme Brothers"; return "telnyx-from " },
		"name with signs":  func(c *telnyx.Config) string { c.From = "Acme & Co"; return "telnyx-from " },
		"number without +": func(c *telnyx.Config) string { c.From = "13125550001"; return "telnyx-from " },
		"name alone":       func(c *telnyx.Config) string { c.From = "Acme"; return "telnyx-messaging-profile-id " },
		"bad profile": func(c *telnyx.Config) string {
			c.MessagingProfileID = "83d2343b"
			return "telnyx-messaging-profile-id "
		},
		"clear text": func(c *telnyx.Config) string { c.BaseURL = "http://api.telnyx.com"; return "telnyx-base-url " },
		"no clock":   func(c *telnyx.Config) string { c.Now = nil; return "clock" },
		"no client":  func(c *telnyx.Config) string { c.HTTP = nil; return "HTTP client" },
	})
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}
