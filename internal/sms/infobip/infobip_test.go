package infobip_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/infobip"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/test/vendors"
)

const address = "https://auth.example.com/callbacks/sms/infobip/inbound/abc"

func config(client *httpx.Client) infobip.Config {
	return infobip.Config{
		BaseURL: "https://xyz.api.infobip.com", APIKey: vendors.InfobipKey, From: vendors.InfobipFrom,
		WebhookUser: vendors.InfobipUser, WebhookPassword: vendors.InfobipPassword, HTTP: client,
	}
}

func through(fake *vendors.Infobip) *httpx.Client {
	return httpx.New(httpx.Options{Transport: fake.RoundTripper()})
}

// nobody is a client for senders that call nobody.
func nobody() *httpx.Client { return httpx.New(httpx.Options{}) }

// TestSend: the strict fake takes what leaves, with our id only where reports are wanted.
func TestSend(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ from, seen, callback, ref string }{
		"number":     {vendors.InfobipFrom, vendors.InfobipFrom[1:], smstest.Callback, smstest.ID},
		"name":       {vendors.InfobipName, vendors.InfobipName, smstest.Callback, smstest.ID},
		"no reports": {vendors.InfobipName, vendors.InfobipName, "", ""},
	} {
		fake := vendors.NewInfobip()
		c, m := config(through(fake)), smstest.Message()
		c.From, m.CallbackURL = tt.from, tt.callback
		got, err := infobip.New(c).Send(t.Context(), m)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		seen := fake.Texts()[0]
		want := vendors.Text{
			SID: got.ProviderID, To: smstest.To, From: tt.seen, Body: smstest.Text, Ref: tt.ref, Validity: 120, At: seen.At,
			Status: http.StatusOK,
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestRefused: what Infobip would refuse, and what it takes and rejects in the same answer.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*infobip.Config, *sms.Message)
		want   string
	}{
		"wrong key":      {func(c *infobip.Config, _ *sms.Message) { c.APIKey = "nope" }, "other_route "},
		"strange sender": {func(c *infobip.Config, _ *sms.Message) { c.From = "Acme" }, "other_route E400"},
		"no text":        {func(_ *infobip.Config, m *sms.Message) { m.Body = "" }, "other_route E400"},
		"bad number":     {func(_ *infobip.Config, m *sms.Message) { m.To = "+12025550199" }, "permanent REJECTED_PREFIX_MISSING"},
	} {
		fake := vendors.NewInfobip()
		fake.Rejected["+12025550199"] = "REJECTED_PREFIX_MISSING"
		c, m := config(through(fake)), smstest.Message()
		tt.change(&c, &m)
		_, err := infobip.New(c).Send(t.Context(), m)
		if e := sms.AsError(err); e == nil || e.Class.String()+" "+e.Code != tt.want {
			t.Errorf("%s: Send = %v, want %s", name, err, tt.want)
		}
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	send := func(client *httpx.Client, request map[string]any) (sms.Result, error) {
		m := request["messages"].([]any)[0].(map[string]any)
		c := config(client)
		c.From = m["sender"].(string)
		return infobip.New(c).Send(t.Context(), sms.Message{
			To:   "+" + m["destinations"].([]any)[0].(map[string]any)["to"].(string),
			Body: m["content"].(map[string]any)["text"].(string), ValidFor: time.Minute,
		})
	}
	for _, name := range []string{"send", "bad_request"} {
		smstest.GoldenCall(t, "testdata/"+name+".json", send, func(request map[string]any) {
			request["messages"].([]any)[0].(map[string]any)["options"] = map[string]any{
				"validityPeriod": map[string]any{"amount": 60.0, "timeUnit": "SECONDS"},
			}
		})
	}
	fake := vendors.NewInfobip()
	smstest.GoldenReports(t, "testdata/reports.json", infobip.New(config(nobody())), func(body []byte) *http.Request {
		return fake.PostBody(smstest.Callback, string(body))
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	build := func(c infobip.Config) sms.Sender { return infobip.New(c) }
	smstest.CheckSettings(t, config, build, map[string]func(*infobip.Config) string{
		"good":        func(*infobip.Config) string { return "" },
		"short code":  func(c *infobip.Config) string { c.From = "12345"; return "" },
		"no address":  func(c *infobip.Config) string { c.BaseURL = ""; return "infobip-base-url is missing" },
		"clear text":  func(c *infobip.Config) string { c.BaseURL = "http://xyz.api.infobip.com"; return "infobip-base-url " },
		"no key":      func(c *infobip.Config) string { c.APIKey = ""; return "infobip-api-key " },
		"no sender":   func(c *infobip.Config) string { c.From = ""; return "infobip-from " },
		"no user":     func(c *infobip.Config) string { c.WebhookUser = ""; return "infobip-webhook-user " },
		"colon":       func(c *infobip.Config) string { c.WebhookUser = "a:b"; return "infobip-webhook-user " },
		"no password": func(c *infobip.Config) string { c.WebhookPassword = ""; return "infobip-webhook-password " },
		"short password": func(c *infobip.Config) string {
			c.WebhookPassword = "fifteen-letters"
			return "infobip-webhook-password "
		},
		"no client": func(c *infobip.Config) string { c.HTTP = nil; return "HTTP client" },
	})
}

// TestReport: many reports at once, each with our id, and none of them where one cannot be read.
func TestReport(t *testing.T) {
	t.Parallel()
	fake, s := vendors.NewInfobip(), infobip.New(config(nobody()))
	read := func(results ...any) ([]sms.Reported, error) {
		r := fake.Post(smstest.Callback, results...)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return s.Report(r, body)
	}
	first := vendors.InfobipResult(vendors.Text{SID: "m-1", Ref: "message-1"}, 3, "DELIVERED_TO_HANDSET", 0, "NO_ERROR", false)
	second := vendors.InfobipResult(vendors.Text{SID: "m-2", Ref: "message-2"}, 1, "PENDING_ENROUTE", 0, "NO_ERROR", false)
	got, err := read(first, second)
	price := sms.Price{Micros: 20_000, Currency: "EUR"}
	want := []sms.Reported{
		{ID: "message-1", Receipt: sms.Receipt{ProviderID: "m-1", Status: sms.Delivered, Price: price}},
		{ID: "message-2", Receipt: sms.Receipt{ProviderID: "m-2", Status: sms.Sent, Price: price}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if got, err := read(first, map[string]any{"messageId": "m-2"}); !errors.Is(err, sms.ErrBadReceipt) || got != nil {
		t.Errorf("half of it bad: %v, %v", got, err)
	}
}

func TestListen(t *testing.T) {
	t.Parallel()
	fake, other, guest := vendors.NewInfobip(), vendors.NewInfobip(), vendors.NewInfobip()
	other.Password, guest.User = "somebody else's password", "guest"
	stop := vendors.Inbound{ID: "in-1", From: "+12025550162", Body: "STOP"}
	s := infobip.New(config(nobody()))
	smstest.Listen(t, smstest.Listening{
		Sender: s, Address: address, BodyNotSigned: true,
		Pass: func(id, from, body, _ string) *http.Request {
			return fake.Inbound(address, vendors.Inbound{ID: id, From: from, Body: body})
		},
		Forged: map[string]func() *http.Request{
			"with another password": func() *http.Request { return other.Inbound(address, stop) },
			"by another user":       func() *http.Request { return guest.Inbound(address, stop) },
		},
		Unreadable: map[string]*http.Request{
			"a report": fake.Post(address, vendors.InfobipResult(vendors.Text{SID: "m-1"}, 3, "DELIVERED_TO_HANDSET", 0, "", false)),
			"nothing":  fake.PostBody(address, ""),
			"no texts": fake.Post(address),
			"no id":    fake.Post(address, map[string]any{"from": "12025550162", "text": "STOP"}),
			"nobody":   fake.Post(address, map[string]any{"messageId": "in-1", "text": "STOP"}),
		},
	})

	text := func(id, body string) map[string]any {
		return map[string]any{"messageId": id, "from": "12025550162", "text": body}
	}
	r := fake.Post(address, text("in-1", "hello"), text("in-2", "STOP"))
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.HeardAll(r, address, body)
	want := []sms.Heard{{ID: "in-1", From: "+12025550162"}, {ID: "in-2", From: "+12025550162", Word: sms.Stop}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("two at once: %v %s", err, diff)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	smstest.RunProbe(t, smstest.Probing{
		New:       func(client *httpx.Client) sms.Prober { return infobip.New(config(client)) },
		Broken:    func(client *httpx.Client) sms.Prober { return infobip.New(infobip.Config{HTTP: client}) },
		Provider:  vendors.NewInfobip().RoundTripper(),
		Unreached: "infobip-base-url",
		Secrets:   []string{vendors.InfobipKey, vendors.InfobipPassword},
		Harmless:  func(r *http.Request) bool { return r.Method == http.MethodGet },
	})
	for name, tt := range map[string]struct {
		key    string
		status int
		change func(string, map[string]any)
		want   []string
	}{
		"good":          {},
		"wrong key":     {key: "nope", want: []string{"infobip-api-key"}},
		"few rights":    {status: http.StatusForbidden, want: []string{"infobip-api-key?"}},
		"no money left": {change: func(_ string, a map[string]any) { a["balance"] = -0.5 }, want: []string{"infobip-api-key?"}},
	} {
		fake := vendors.NewInfobip()
		fake.Desk.Change, fake.Desk.Do.Status = tt.change, tt.status
		c := config(through(fake))
		if tt.key != "" {
			c.APIKey = "nope"
		}
		t.Run(name, func(t *testing.T) { smstest.WantFindings(t, infobip.New(c).Probe(t.Context()), tt.want...) })
	}
}

func FuzzCallbacks(f *testing.F) {
	fake, other := vendors.NewInfobip(), vendors.NewInfobip()
	other.Password = "somebody else's password"
	smstest.FuzzCallbacks(
		f, infobip.New(config(nobody())),
		func(body []byte) *http.Request { return fake.PostBody(smstest.Callback, string(body)) },
		func(body []byte) *http.Request { return other.PostBody(smstest.Callback, string(body)) },
		`{"results":[{"messageId":"m-1","status":{"groupId":2,"name":"UNDELIVERABLE_NOT_DELIVERED"},"error":{"groupId":1,`+
			`"name":"EC_UNKNOWN_SUBSCRIBER","permanent":true},"messageCount":1,"price":{"pricePerMessage":0.1,"currency":"EUR"}}]}`,
		`{"results":[{"messageId":"in-1","from":"12025550162","text":"STOP"}]}`, `{"results":[]}`,
	)
}
