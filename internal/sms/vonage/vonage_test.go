package vonage_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/vonage"
	"github.com/thimble-auth/thimble/test/vendors"
)

const (
	to       = "+12025550123"
	callback = "https://auth.example.com/callbacks/sms/vonage/message-live-1/abc"
)

func config(transport http.RoundTripper) vonage.Config {
	return vonage.Config{
		ApplicationID: vendors.VonageApplication, PrivateKey: secret.String(vendors.NewVonage().PrivateKey()),
		APIKey: vendors.VonageAPIKey, APISecret: vendors.VonageAPISecret, SignatureSecret: vendors.VonageSignature,
		From: vendors.VonageFrom, HTTP: httpx.New(httpx.Options{Transport: transport}), Now: time.Now,
	}
}

func text() sms.Message {
	return sms.Message{
		ID: "message-live-1", To: to, Body: "Your code is 493817.", ValidFor: 2 * time.Minute, CallbackURL: callback,
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	for _, from := range []string{vendors.VonageFrom, vendors.VonageName} {
		fake := vendors.NewVonage()
		c := config(fake.RoundTripper())
		c.From = from
		got, err := vonage.New(c).Send(t.Context(), text())
		if err != nil {
			t.Fatal(err)
		}
		seen := fake.Texts()[0]
		if diff := cmp.Diff(sms.Result{ProviderID: seen.SID}, got); diff != "" {
			t.Error(diff)
		}
		want := vendors.Text{
			SID: seen.SID, To: to, From: strings.TrimPrefix(from, "+"), Body: text().Body, Callback: callback,
			Ref: "message-live-1", Validity: 120, At: seen.At, Status: http.StatusAccepted,
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Error(diff)
		}
	}
}

func TestStrictFake(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*vonage.Config, *sms.Message)
		want   string
	}{
		"strange application": {func(c *vonage.Config, _ *sms.Message) {
			c.ApplicationID = "bbbbbbbb" + c.ApplicationID[8:]
		}, "other_route unathorized"},
		"slow clock": {func(c *vonage.Config, _ *sms.Message) {
			c.Now = func() time.Time { return time.Now().Add(-time.Hour) }
		}, "other_route unathorized"},
		"strange sender": {func(c *vonage.Config, _ *sms.Message) { c.From = "+15005550001" }, "other_route 1120"},
		"no number":      {func(_ *vonage.Config, m *sms.Message) { m.To = "" }, "permanent "},
		"bad number":     {func(_ *vonage.Config, m *sms.Message) { m.To = "+0012025550123" }, "permanent "},
		"no text":        {func(_ *vonage.Config, m *sms.Message) { m.Body = "" }, "other_route 1150"},
		"long text":      {func(_ *vonage.Config, m *sms.Message) { m.Body = strings.Repeat("x", 3201) }, "other_route 1150"},
		"bad callback":   {func(_ *vonage.Config, m *sms.Message) { m.CallbackURL = "/x" }, "other_route 1150"},
	} {
		fake := vendors.NewVonage()
		c, m := config(fake.RoundTripper()), text()
		tt.change(&c, &m)
		_, err := vonage.New(c).Send(t.Context(), m)
		if e := sms.AsError(err); e == nil || e.Class.String()+" "+e.Code != tt.want {
			t.Errorf("%s: Send = %v, want %s", name, err, tt.want)
		}
		if fake.Taken() != 0 || fake.Refused() != 1 {
			t.Errorf("%s: taken %d, refused %d", name, fake.Taken(), fake.Refused())
		}
	}
}

// TestLongID: an id of ours that Vonage would refuse is left out rather than the text.
func TestLongID(t *testing.T) {
	t.Parallel()
	fake := vendors.NewVonage()
	m := text()
	m.ID = strings.Repeat("m", 101)
	if _, err := vonage.New(config(fake.RoundTripper())).Send(t.Context(), m); err != nil || fake.Texts()[0].Ref != "" {
		t.Errorf("Send = %v, the fake saw %+v", err, fake.Texts())
	}
}

// TestLongLife: Vonage takes seven days at most.
func TestLongLife(t *testing.T) {
	t.Parallel()
	fake := vendors.NewVonage()
	m := text()
	m.ValidFor = 1000 * time.Hour
	_, err := vonage.New(config(fake.RoundTripper())).Send(t.Context(), m)
	if err != nil || fake.Texts()[0].Validity != 604800 {
		t.Errorf("Send = %v, the fake saw %+v", err, fake.Texts())
	}
}

// TestTokens: a token serves many calls, none of them near its end.
func TestTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := vendors.NewVonage()
		tokens := map[string]bool{}
		s := vonage.New(config(roundTrip(func(r *http.Request) (*http.Response, error) {
			tokens[r.Header.Get("Authorization")] = true
			return fake.RoundTripper().RoundTrip(r)
		})))
		for range 60 {
			if _, err := s.Send(t.Context(), text()); err != nil {
				t.Fatalf("after %d tokens: %v", len(tokens), err)
			}
			time.Sleep(time.Minute)
		}
		if len(tokens) != 6 {
			t.Errorf("%d tokens in an hour, want one every ten minutes", len(tokens))
		}
	})
}

func TestRedeemed(t *testing.T) {
	t.Parallel()
	fake := vendors.NewVonage()
	s := vonage.New(config(fake.RoundTripper()))
	sent, err := s.Send(t.Context(), text())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Redeemed(t.Context(), sent.ProviderID); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{sent.ProviderID}, fake.Redeemed()); diff != "" {
		t.Error(diff)
	}
	if e := sms.AsError(s.Redeemed(t.Context(), "another")); e == nil || e.Class != sms.OtherRoute {
		t.Errorf("an unknown message: %v", e)
	}
	fake.NoConversions = true
	if e := sms.AsError(s.Redeemed(t.Context(), sent.ProviderID)); e == nil || !strings.Contains(e.Reason, "not enabled") {
		t.Errorf("an account without conversions: %v", e)
	}

	quiet := config(roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("a call without a secret")
		return nil, io.EOF
	}))
	quiet.APISecret = ""
	if err := vonage.New(quiet).Redeemed(t.Context(), sent.ProviderID); err != nil {
		t.Error(err)
	}
}

// TestAddresses pins where calls go: messages to a region, conversions to the one host that is documented for them.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for base, want := range map[string][2]string{
		"":                          {"https://api.nexmo.com/v1/messages", "https://api.nexmo.com/conversions/sms"},
		"https://api-eu.nexmo.com/": {"https://api-eu.nexmo.com/v1/messages", "https://api.nexmo.com/conversions/sms"},
		"https://sms.example/p":     {"https://sms.example/p/v1/messages", "https://sms.example/p/conversions/sms"},
	} {
		var got []string
		c := config(roundTrip(func(r *http.Request) (*http.Response, error) {
			at := *r.URL
			at.RawQuery = ""
			got = append(got, at.String())
			return nil, io.EOF
		}))
		c.BaseURL = base
		s := vonage.New(c)
		_, _ = s.Send(t.Context(), text())
		_ = s.Redeemed(t.Context(), "m-1")
		if diff := cmp.Diff(want[:], got); diff != "" {
			t.Errorf("%s: %s", base, diff)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestGolden sends the documentation's own request and reads its own answers.
func TestGolden(t *testing.T) {
	t.Parallel()
	var g struct {
		Source, Read string
		Request      map[string]any
		Answers      []struct {
			Name   string
			Status int
			Body   json.RawMessage
			Want   struct {
				ProviderID  string `json:"provider_id"`
				Class, Code string
			}
		}
	}
	readJSON(t, "calls.json", &g)
	if g.Source == "" || g.Read == "" || len(g.Answers) == 0 {
		t.Fatal("a golden file says where it is from and when it was read")
	}
	field := func(name string) string { s, _ := g.Request[name].(string); return s }
	ttl, _ := g.Request["ttl"].(float64)
	golden := sms.Message{
		ID: field("client_ref"), To: "+" + field("to"), Body: field("text"), CallbackURL: field("webhook_url"),
		ValidFor: time.Duration(ttl) * time.Second,
	}
	fake := vendors.NewVonage()
	if _, err := vonage.New(config(fake.RoundTripper())).Send(t.Context(), golden); err != nil {
		t.Errorf("the fake refuses the documentation's request: %v", err)
	}
	for _, a := range g.Answers {
		var sent map[string]any
		c := config(roundTrip(func(r *http.Request) (*http.Response, error) {
			if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
				t.Error(err)
			}
			return &http.Response{
				StatusCode: a.Status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(a.Body))),
			}, nil
		}))
		c.From = "+" + field("from")
		got, err := vonage.New(c).Send(t.Context(), golden)
		if diff := cmp.Diff(g.Request, sent); diff != "" {
			t.Errorf("%s: request: %s", a.Name, diff)
		}
		if a.Want.Class == "" {
			if err != nil || got.ProviderID != a.Want.ProviderID {
				t.Errorf("%s: Send = %+v, %v", a.Name, got, err)
			}
			continue
		}
		if e := sms.AsError(err); e == nil || e.Class.String() != a.Want.Class || e.Code != a.Want.Code {
			t.Errorf("%s: Send = %v, want %+v", a.Name, err, a.Want)
		}
	}
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
