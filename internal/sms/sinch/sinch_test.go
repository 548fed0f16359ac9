package sinch_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/sinch"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/test/vendors"
)

// clock stands still.
func clock() time.Time { return time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC) }

func config(client *httpx.Client) sinch.Config {
	return sinch.Config{
		ServicePlanID: vendors.SinchPlan, APIToken: vendors.SinchToken, From: vendors.SinchFrom,
		WebhookUser: vendors.SinchUser, WebhookPassword: vendors.SinchPassword, HTTP: client, Now: clock,
	}
}

func through(fake *vendors.Sinch) *httpx.Client {
	return httpx.New(httpx.Options{Transport: fake.RoundTripper()})
}

// nobody is a client for senders that call nobody.
func nobody() *httpx.Client { return httpx.New(httpx.Options{}) }

func newFake() *vendors.Sinch {
	fake := vendors.NewSinch()
	fake.Now = clock
	return fake
}

// TestSend: the strict fake takes what leaves, with our id only where reports are wanted.
func TestSend(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ from, callback, ref string }{
		"number":     {vendors.SinchFrom, smstest.Callback, smstest.ID},
		"default":    {"", smstest.Callback, smstest.ID},
		"no reports": {vendors.SinchFrom, "", ""},
	} {
		fake := newFake()
		c, m := config(through(fake)), smstest.Message()
		c.From, m.CallbackURL = tt.from, tt.callback
		got, err := sinch.New(c).Send(t.Context(), m)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		seen := fake.Texts()[0]
		want := vendors.Text{
			SID: got.ProviderID, To: smstest.To, From: tt.from, Body: smstest.Text, Ref: tt.ref, Validity: 120, At: seen.At,
			Status: http.StatusCreated,
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*sinch.Config, *sms.Message)
		want   string
	}{
		"wrong token":    {func(c *sinch.Config, _ *sms.Message) { c.APIToken = "nope" }, "other_route "},
		"strange plan":   {func(c *sinch.Config, _ *sms.Message) { c.ServicePlanID = "other" }, "other_route "},
		"strange sender": {func(c *sinch.Config, _ *sms.Message) { c.From = "Acme" }, "other_route syntax_constraint_violation"},
		"no text":        {func(_ *sinch.Config, m *sms.Message) { m.Body = "" }, "other_route syntax_constraint_violation"},
		"bad number":     {func(_ *sinch.Config, m *sms.Message) { m.To = "+1" }, "other_route syntax_invalid_parameter_format"},
	} {
		fake := newFake()
		c, m := config(through(fake)), smstest.Message()
		tt.change(&c, &m)
		_, err := sinch.New(c).Send(t.Context(), m)
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
		return sinch.New(c).Send(t.Context(), sms.Message{
			To: request["to"].([]any)[0].(string), Body: request["body"].(string), ValidFor: time.Minute,
		})
	}
	smstest.GoldenCall(t, "testdata/send.json", send, func(request map[string]any) {
		request["type"], request["delivery_report"], request["expire_at"] = "mt_text", "none", "2026-11-23T05:01:00.000Z"
	})
	fake := vendors.NewSinch()
	sign := func(body []byte) *http.Request { return fake.Post(smstest.Callback, string(body)) }
	smstest.GoldenReports(t, "testdata/callbacks.json", sinch.New(config(nobody())), sign)
	smstest.GoldenTexts(t, "testdata/inbound.json", sinch.New(config(nobody())), sign)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	build := func(c sinch.Config) sms.Sender { return sinch.New(c) }
	smstest.CheckSettings(t, config, build, map[string]func(*sinch.Config) string{
		"good":           func(*sinch.Config) string { return "" },
		"no sender":      func(c *sinch.Config) string { c.From = ""; return "" },
		"name":           func(c *sinch.Config) string { c.From = "Acme Login"; return "" },
		"no plan":        func(c *sinch.Config) string { c.ServicePlanID = ""; return "sinch-service-plan-id " },
		"a path as plan": func(c *sinch.Config) string { c.ServicePlanID = "../x"; return "sinch-service-plan-id " },
		"no token":       func(c *sinch.Config) string { c.APIToken = ""; return "sinch-api-token " },
		"long name":      func(c *sinch.Config) string { c.From = "Acme Brothers"; return "sinch-from " },
		"no user":        func(c *sinch.Config) string { c.WebhookUser = ""; return "sinch-webhook-user " },
		"no password":    func(c *sinch.Config) string { c.WebhookPassword = ""; return "sinch-webhook-password " },
		"clear text":     func(c *sinch.Config) string { c.BaseURL = "http://us.sms.api.sinch.com"; return "sinch-base-url " },
		"no clock":       func(c *sinch.Config) string { c.Now = nil; return "clock" },
		"no client":      func(c *sinch.Config) string { c.HTTP = nil; return "HTTP client" },
	})
}

// TestReport: the one address gets reports, with our id, and texts that come in.
func TestReport(t *testing.T) {
	t.Parallel()
	fake, s := vendors.NewSinch(), sinch.New(config(nobody()))
	for name, tt := range map[string]struct {
		request *http.Request
		want    sms.Reported
	}{
		"report": {
			fake.Callback(smstest.Callback, vendors.Text{SID: "m-1", Ref: "message-1"}, "Delivered", 0),
			sms.Reported{ID: "message-1", Receipt: sms.Receipt{ProviderID: "m-1", Status: sms.Delivered}},
		},
		"text": {
			fake.Inbound(smstest.Callback, vendors.Inbound{ID: "in-1", From: "+12025550162", Body: "STOP"}),
			sms.Reported{Heard: sms.Heard{ID: "in-1", From: "+12025550162", Word: sms.Stop}},
		},
		"picture": {
			fake.Post(smstest.Callback, `{"type":"mo_media","id":"in-2","from":"12025550162","body":{"subject":"STOP"}}`),
			sms.Reported{Heard: sms.Heard{ID: "in-2", From: "+12025550162"}},
		},
	} {
		body, err := io.ReadAll(tt.request.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Report(tt.request, body)
		if diff := cmp.Diff([]sms.Reported{tt.want}, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestListen(t *testing.T) {
	t.Parallel()
	const address = "https://auth.example.com/callbacks/sms/sinch/inbound/abc"
	fake, other := vendors.NewSinch(), vendors.NewSinch()
	other.Password = "somebody-elses-password"
	smstest.Listen(t, smstest.Listening{
		Sender: sinch.New(config(nobody())), Address: address, BodyNotSigned: true,
		Pass: func(id, from, body, _ string) *http.Request {
			return fake.Inbound(address, vendors.Inbound{ID: id, From: from, Body: body})
		},
		Forged: map[string]func() *http.Request{
			"with another password": func() *http.Request {
				return other.Inbound(address, vendors.Inbound{ID: "in-1", From: "+12025550162", Body: "STOP"})
			},
		},
		Ignored: map[string]*http.Request{
			"a report": fake.Callback(address, vendors.Text{SID: "m-1"}, "Delivered", 0),
			"bytes":    fake.Post(address, `{"type":"mo_binary","id":"in-1","from":"12025550162","body":"STOP"}`),
		},
		Unreadable: map[string]*http.Request{
			"nothing":      fake.Post(address, ""),
			"another kind": fake.Post(address, `{"type":"event"}`),
			"no id":        fake.Post(address, `{"type":"mo_text","from":"12025550162","body":"STOP"}`),
			"nobody":       fake.Post(address, `{"type":"mo_text","id":"in-1","body":"STOP"}`),
		},
	})
}

func TestProbe(t *testing.T) {
	t.Parallel()
	smstest.RunProbe(t, smstest.Probing{
		New:       func(client *httpx.Client) sms.Prober { return sinch.New(config(client)) },
		Broken:    func(client *httpx.Client) sms.Prober { return sinch.New(sinch.Config{HTTP: client}) },
		Provider:  vendors.NewSinch().RoundTripper(),
		Unreached: "sinch-base-url",
		Secrets:   []string{vendors.SinchToken, vendors.SinchPassword},
		Harmless:  func(r *http.Request) bool { return r.Method == http.MethodGet },
	})
	for name, tt := range map[string]struct {
		change func(*sinch.Config)
		want   []string
	}{
		"good":         {change: func(*sinch.Config) {}},
		"wrong token":  {func(c *sinch.Config) { c.APIToken = "nope" }, []string{"sinch-api-token"}},
		"strange plan": {func(c *sinch.Config) { c.ServicePlanID = "other" }, []string{"sinch-service-plan-id"}},
	} {
		c := config(through(vendors.NewSinch()))
		tt.change(&c)
		t.Run(name, func(t *testing.T) { smstest.WantFindings(t, sinch.New(c).Probe(t.Context()), tt.want...) })
	}
}

func FuzzCallbacks(f *testing.F) {
	fake, other := vendors.NewSinch(), vendors.NewSinch()
	other.Password = "somebody-elses-password"
	smstest.FuzzCallbacks(
		f, sinch.New(config(nobody())),
		func(body []byte) *http.Request { return fake.Post(smstest.Callback, string(body)) },
		func(body []byte) *http.Request { return other.Post(smstest.Callback, string(body)) },
		`{"type":"recipient_delivery_report_sms","batch_id":"m-1","status":"Failed","code":150}`,
		`{"type":"mo_text","id":"in-1","from":"12025550162","body":"STOP"}`, `{"type":"mo_media"}`,
	)
}
