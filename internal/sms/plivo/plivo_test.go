package plivo_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/plivo"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/test/vendors"
)

func config(client *httpx.Client) plivo.Config {
	return plivo.Config{
		AuthID: vendors.PlivoID, AuthToken: vendors.PlivoToken, From: vendors.PlivoFrom, HTTP: client, Now: time.Now,
	}
}

func through(fake *vendors.Plivo) *httpx.Client {
	return httpx.New(httpx.Options{Transport: fake.RoundTripper()})
}

// TestSend: the strict fake takes what leaves, from each kind of sender, and is told of the code that was used.
func TestSend(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*plivo.Config){
		"number":    func(*plivo.Config) {},
		"name":      func(c *plivo.Config) { c.From = vendors.PlivoName },
		"powerpack": func(c *plivo.Config) { c.From, c.PowerpackUUID = "", vendors.PlivoPowerpack },
	} {
		fake := vendors.NewPlivo()
		c := config(through(fake))
		change(&c)
		s := plivo.New(c)
		got, err := s.Send(t.Context(), smstest.Message())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		seen := fake.Texts()[0]
		want := vendors.Text{
			SID: got.ProviderID, To: smstest.To, From: c.From, Service: c.PowerpackUUID, Body: smstest.Text,
			Callback: smstest.Callback, Validity: 120, At: seen.At, Status: http.StatusAccepted,
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if err := s.Redeemed(t.Context(), got.ProviderID); err != nil || !cmp.Equal(fake.Redeemed(), []string{got.ProviderID}) {
			t.Errorf("%s: Redeemed = %v, and the fake heard of %q", name, err, fake.Redeemed())
		}
	}
}

// TestRefused: what Plivo would refuse, and a number that it takes and names as not valid.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*plivo.Config, *sms.Message)
		want   sms.Class
	}{
		"wrong token":     {func(c *plivo.Config, _ *sms.Message) { c.AuthToken = "nope" }, sms.OtherRoute},
		"strange account": {func(c *plivo.Config, _ *sms.Message) { c.AuthID = "SA2025RK4E639VJFZAGV" }, sms.OtherRoute},
		"strange sender":  {func(c *plivo.Config, _ *sms.Message) { c.From = "+15005550001" }, sms.OtherRoute},
		"no text":         {func(_ *plivo.Config, m *sms.Message) { m.Body = "" }, sms.OtherRoute},
		"bad callback":    {func(_ *plivo.Config, m *sms.Message) { m.CallbackURL = "/x" }, sms.OtherRoute},
		"bad number":      {func(_ *plivo.Config, m *sms.Message) { m.To = "+12025550199" }, sms.Permanent},
	} {
		fake := vendors.NewPlivo()
		fake.Invalid = []string{"+12025550199"}
		c, m := config(through(fake)), smstest.Message()
		tt.change(&c, &m)
		if _, err := plivo.New(c).Send(t.Context(), m); err == nil || sms.AsError(err).Class != tt.want {
			t.Errorf("%s: Send = %v, want %s", name, err, tt.want)
		}
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	send := func(client *httpx.Client, request map[string]any) (sms.Result, error) {
		c := config(client)
		c.From = request["src"].(string)
		return plivo.New(c).Send(t.Context(), sms.Message{
			To: request["dst"].(string), Body: request["text"].(string), ValidFor: time.Minute,
		})
	}
	smstest.GoldenCall(t, "testdata/send.json", send, func(request map[string]any) {
		request["type"], request["message_expiry"], request["trackable"] = "sms", 60.0, true
		request["log"] = "number_only"
	})
	fake := vendors.NewPlivo()
	sign := func(body []byte) *http.Request { return fake.SignedCallback(smstest.Callback, string(body)) }
	smstest.GoldenReports(t, "testdata/callbacks.json", plivo.New(config(nobody())), sign)
	smstest.GoldenTexts(t, "testdata/inbound.json", plivo.New(config(nobody())), sign)
}

// nobody is a client for senders that call nobody.
func nobody() *httpx.Client { return httpx.New(httpx.Options{}) }

func TestCheck(t *testing.T) {
	t.Parallel()
	build := func(c plivo.Config) sms.Sender { return plivo.New(c) }
	smstest.CheckSettings(t, config, build, map[string]func(*plivo.Config) string{
		"good":       func(*plivo.Config) string { return "" },
		"subaccount": func(c *plivo.Config) string { c.AuthID = "SA2025RK4E639VJFZAGV"; return "" },
		"short code": func(c *plivo.Config) string { c.From = "12345"; return "" },
		"powerpack":  func(c *plivo.Config) string { c.From, c.PowerpackUUID = "", vendors.PlivoPowerpack; return "" },
		"no account": func(c *plivo.Config) string { c.AuthID = ""; return "plivo-auth-id " },
		"a path as the account": func(c *plivo.Config) string {
			c.AuthID = "MA2025RK4E639VJFZA/../"
			return "plivo-auth-id "
		},
		"no token":           func(c *plivo.Config) string { c.AuthToken = ""; return "plivo-auth-token " },
		"token with newline": func(c *plivo.Config) string { c.AuthToken = secret.String("a\nX: y"); return "plivo-auth-token " },
		"no sender":          func(c *plivo.Config) string { c.From = ""; return "plivo-from " },
		"name with a space":  func(c *plivo.Config) string { c.From = "Acme Login"; return "plivo-from " },
		"both": func(c *plivo.Config) string {
			c.PowerpackUUID = vendors.PlivoPowerpack
			return "plivo-powerpack-uuid "
		},
		"bad powerpack": func(c *plivo.Config) string { c.From, c.PowerpackUUID = "", "x"; return "plivo-powerpack-uuid " },
		"clear text":    func(c *plivo.Config) string { c.BaseURL = "http://api.plivo.com"; return "plivo-base-url " },
		"no clock":      func(c *plivo.Config) string { c.Now = nil; return "clock" },
		"no client":     func(c *plivo.Config) string { c.HTTP = nil; return "HTTP client" },
	})
}

func TestListen(t *testing.T) {
	t.Parallel()
	fake, other := vendors.NewPlivo(), vendors.NewPlivo()
	other.Token = "somebody-elses-token"
	const address = "https://auth.example.com/callbacks/sms/plivo/inbound/abc"
	stop := vendors.Inbound{ID: "in-1", From: "+12025550162", Body: "STOP"}
	smstest.Listen(t, smstest.Listening{
		Sender: plivo.New(config(nobody())), Address: address, Verdicts: true, BodyNotSigned: true,
		Pass: func(id, from, body, verdict string) *http.Request {
			return fake.Inbound(address, vendors.Inbound{ID: id, From: from, Body: body, Verdict: verdict})
		},
		Forged: map[string]func() *http.Request{
			"by another account": func() *http.Request { return other.Inbound(address, stop) },
			"for another address": func() *http.Request {
				r := fake.Inbound(address+"d", stop)
				return r
			},
		},
		Unreadable: map[string]*http.Request{
			"a report": fake.Callback(vendors.Text{SID: "m-1", Callback: address}, "sent", "000"),
			"nothing":  fake.SignedCallback(address, ""),
			"no id":    fake.SignedCallback(address, "From=12025550162&Text=STOP"),
			"nobody":   fake.SignedCallback(address, "MessageUUID=in-1&Text=STOP"),
		},
	})
}

func TestProbe(t *testing.T) {
	t.Parallel()
	smstest.RunProbe(t, smstest.Probing{
		New:       func(client *httpx.Client) sms.Prober { return plivo.New(config(client)) },
		Broken:    func(client *httpx.Client) sms.Prober { return plivo.New(plivo.Config{HTTP: client}) },
		Provider:  vendors.NewPlivo().RoundTripper(),
		Unreached: "plivo-base-url",
		Secrets:   []string{vendors.PlivoToken},
		Harmless:  func(r *http.Request) bool { return r.Method == http.MethodGet },
	})
	set := func(question, name string, value any) func(string, map[string]any) {
		return func(what string, answer map[string]any) {
			if what == question {
				answer[name] = value
			}
		}
	}
	for name, tt := range map[string]struct {
		config func(c *plivo.Config)
		change func(what string, answer map[string]any)
		asked  int
		want   []string
	}{
		"number":          {asked: 2},
		"name":            {config: func(c *plivo.Config) { c.From = vendors.PlivoName }, asked: 1},
		"wrong token":     {config: func(c *plivo.Config) { c.AuthToken = "nope" }, want: []string{"plivo-auth-token"}},
		"trial":           {change: set("plivo account", "account_type", "developer"), asked: 2, want: []string{"plivo-auth-id?"}},
		"another account": {change: set("plivo account", "auth_id", "MA"), asked: 1, want: []string{"plivo-auth-id?"}},
		"strange number":  {config: func(c *plivo.Config) { c.From = "+15005550001" }, asked: 1, want: []string{"plivo-from"}},
		"no texts":        {change: set("plivo number", "sms_enabled", false), asked: 2, want: []string{"plivo-from"}},
	} {
		fake := vendors.NewPlivo()
		fake.Desk.Change = tt.change
		c := config(through(fake))
		if tt.config != nil {
			tt.config(&c)
		}
		t.Run(name, func(t *testing.T) {
			smstest.WantFindings(t, plivo.New(c).Probe(t.Context()), tt.want...)
		})
		if fake.Desk.Asked() != tt.asked || len(fake.Texts()) != 0 {
			t.Errorf("%s: %d good questions and %d texts, want %d and none", name, fake.Desk.Asked(), len(fake.Texts()), tt.asked)
		}
	}
}

func FuzzCallbacks(f *testing.F) {
	fake, other := vendors.NewPlivo(), vendors.NewPlivo()
	other.Token = "somebody-elses-token"
	smstest.FuzzCallbacks(
		f, plivo.New(config(nobody())),
		func(body []byte) *http.Request { return fake.SignedCallback(smstest.Callback, string(body)) },
		func(body []byte) *http.Request { return other.SignedCallback(smstest.Callback, string(body)) },
		"MessageUUID=m-1&Status=failed&ErrorCode=50&TotalAmount=0.1", "MessageUUID=m-1&From=1&Text=STOP", "%",
	)
}
