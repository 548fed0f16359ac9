package webhook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/webhook"
	"github.com/thimble-auth/thimble/test/vendors"
)

func config(transport http.RoundTripper) webhook.Config {
	return webhook.Config{
		URL: "https://texts.example.com/send?tenant=1", Secret: vendors.WebhookSecret,
		HTTP: httpx.New(httpx.Options{Transport: transport}), Now: time.Now,
	}
}

// TestSend goes through the strict program.
func TestSend(t *testing.T) {
	t.Parallel()
	program := vendors.NewWebhook()
	s := webhook.New(config(program.RoundTripper()))
	m := smstest.Message()
	for range 2 { // The second time stands for a call whose answer was lost: the program knows the text by its id.
		got, err := s.Send(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		texts := program.Texts()
		want := sms.Result{ProviderID: texts[0].SID, Segments: 1, Price: sms.Price{Micros: 7500, Currency: "USD"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		last := texts[len(texts)-1]
		text := vendors.Text{
			SID: texts[0].SID, To: m.To, Body: m.Body, Callback: m.CallbackURL, Validity: 120, At: last.At,
		}
		if diff := cmp.Diff(text, last); diff != "" {
			t.Error(diff)
		}
	}
}

// TestRotation: while the secret changes, a program that knows the old or the new one understands.
func TestRotation(t *testing.T) {
	t.Parallel()
	for _, known := range []string{vendors.WebhookSecret, vendors.WebhookNext} {
		program := vendors.NewWebhook()
		program.Secret = known
		c := config(program.RoundTripper())
		c.Secret = vendors.WebhookSecret + ",\n " + vendors.WebhookNext
		s := webhook.New(c)
		if _, err := s.Send(t.Context(), smstest.Message()); err != nil {
			t.Error(err)
		}
		report := program.SignedReport(smstest.Callback, time.Now(), delivered())
		if _, err := receive(t, s, report, smstest.Callback); err != nil {
			t.Error(err)
		}
	}
	program := vendors.NewWebhook()
	program.Secret = vendors.WebhookNext
	_, err := webhook.New(config(program.RoundTripper())).Send(t.Context(), smstest.Message())
	if e := sms.AsError(err); e == nil || e.Class != sms.OtherRoute || e.Code != "bad_call" {
		t.Errorf("Send = %v, want other_route: the program knows another secret", err)
	}
}

// TestAnswers reads what only this provider says.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		body   string
		result sms.Result
		err    *sms.Error
	}{
		"id alone":        {200, `{"provider_id":"a"}`, sms.Result{ProviderID: "a"}, nil},
		"201":             {201, `{"provider_id":"a","segments":3}`, sms.Result{ProviderID: "a", Segments: 3}, nil},
		"odd segments":    {200, `{"provider_id":"a","segments":"3"}`, sms.Result{ProviderID: "a"}, nil},
		"no segments":     {200, `{"provider_id":"a","segments":-1}`, sms.Result{ProviderID: "a"}, nil},
		"odd price":       {200, `{"provider_id":"a","price":0.1}`, sms.Result{ProviderID: "a"}, nil},
		"number as an id": {200, `{"provider_id":7}`, sms.Result{}, sms.NotUnderstood()},
		"long id": {
			200, `{"provider_id":"` + strings.Repeat("a", 201) + `"}`, sms.Result{}, sms.NotUnderstood(),
		},
		"id with a line": {200, `{"provider_id":"a\nb"}`, sms.Result{}, sms.NotUnderstood()},
		"two answers":    {200, `{"provider_id":"a"}{}`, sms.Result{}, sms.NotUnderstood()},
		"words": {
			400, `{"class":"permanent","code":"E-42","reason":"the handset\nis switched off"}`,
			sms.Result{},
			&sms.Error{Class: sms.Permanent, Code: "E-42", Reason: "the handset is switched off"},
		},
		"words with a number": {
			422, `{"class":"permanent","code":"+12025550123","reason":"+1 (202) 555-0123 got 493817 for ` +
				`https://auth.example.com/callbacks/mac\u0007"}`,
			sms.Result{},
			&sms.Error{Class: sms.Permanent, Reason: "+# (###) ###-#### got ###### for …"},
		},
		"passcode as a code": {
			400, `{"class":"permanent","code":"x493817"}`,
			sms.Result{},
			&sms.Error{Class: sms.Permanent, Reason: "the provider refused the message"},
		},
		"many words": {
			400, `{"reason":"` + strings.Repeat("word ", 100) + `"}`,
			sms.Result{},
			&sms.Error{Class: sms.OtherRoute, Reason: strings.TrimSpace(strings.Repeat("word ", 32))},
		},
		"another class": {
			400, `{"class":"sometimes"}`,
			sms.Result{},
			&sms.Error{Class: sms.OtherRoute, Reason: "the provider refused the message"},
		},
		"a class that cannot be": {
			503, `{"class":"opted_out","code":"down","reason":"restarting"}`,
			sms.Result{},
			&sms.Error{Class: sms.Later, Code: "down", Reason: "restarting"},
		},
		"redirect": {
			308, ``,
			sms.Result{},
			&sms.Error{Class: sms.OtherRoute, Reason: "the webhook's URL redirects; set the one that it leads to"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := webhook.New(config(answering(tt.status, tt.body))).Send(t.Context(), smstest.Message())
			if diff := cmp.Diff(tt.result, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.err, sms.AsError(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func answering(status int, body string) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestPrivate: a program inside our own network is called only where that is allowed.
func TestPrivate(t *testing.T) {
	t.Parallel()
	program := vendors.NewWebhook()
	server := httptest.NewServer(program)
	defer server.Close()
	for _, allowed := range []bool{false, true} {
		c := config(nil)
		c.URL, c.Private = server.URL, true
		c.HTTP = httpx.New(httpx.Options{AllowPrivate: allowed})
		_, err := webhook.New(c).Send(t.Context(), smstest.Message())
		if e := sms.AsError(err); allowed && e != nil || !allowed && (e == nil || e.Class != sms.OtherRoute) {
			t.Errorf("allowed %t: Send = %v", allowed, err)
		}
		c.HTTP.CloseIdle()
	}
	if n := len(program.Texts()); n != 1 {
		t.Errorf("%d calls came, want 1", n)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*webhook.Config)
		want   string // part of the problem; "" is none
	}{
		"good":         {func(*webhook.Config) {}, ""},
		"two secrets":  {func(c *webhook.Config) { c.Secret += " " + vendors.WebhookNext }, ""},
		"inside":       {func(c *webhook.Config) { c.URL, c.Private = "http://texts.internal:8080", true }, ""},
		"clear text":   {func(c *webhook.Config) { c.URL = "http://texts.example.com" }, "sms-webhook-allow-private"},
		"no URL":       {func(c *webhook.Config) { c.URL = "" }, "sms-webhook-url must be https"},
		"no host":      {func(c *webhook.Config) { c.URL = "https:///x" }, "sms-webhook-url"},
		"another kind": {func(c *webhook.Config) { c.URL = "ftp://texts.example.com" }, "sms-webhook-url"},
		"credentials":  {func(c *webhook.Config) { c.URL = "https://a:b@texts.example.com" }, "sms-webhook-url"},
		"fragment":     {func(c *webhook.Config) { c.URL = "https://texts.example.com/#a" }, "sms-webhook-url"},
		"no secret":    {func(c *webhook.Config) { c.Secret = " , " }, "sms-webhook-secret is missing"},
		"short secret": {func(c *webhook.Config) { c.Secret = "whsec_c2hvcnQ=" }, "sms-webhook-secret must"},
		"bare secret":  {func(c *webhook.Config) { c.Secret = c.Secret[6:] }, "sms-webhook-secret must"},
		"not base64":   {func(c *webhook.Config) { c.Secret = "whsec_" + secret.String(strings.Repeat("-", 40)) }, "base64"},
		"one of two":   {func(c *webhook.Config) { c.Secret += " whsec_" }, "sms-webhook-secret must"},
		"no client":    {func(c *webhook.Config) { c.HTTP = nil }, "HTTP client"},
		"no clock":     {func(c *webhook.Config) { c.Now = nil }, "clock"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config(nil)
			tt.change(&c)
			err := webhook.New(c).Check()
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Check = %v, want %q", err, tt.want)
			}
		})
	}
}

// TestSignature holds fake and adapter against the example of Standard Webhooks.
func TestSignature(t *testing.T) {
	t.Parallel()
	var g struct {
		Source, Read, Secret, ID, Body, Signature string
		Timestamp                                 int64
	}
	text, err := os.ReadFile("testdata/signature.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil || g.Source == "" || g.Read == "" {
		t.Fatalf("%v: a golden file says where it is from and when it was read", err)
	}
	if got := vendors.SignWebhook(g.Secret, g.ID, g.Timestamp, []byte(g.Body)); got != g.Signature {
		t.Errorf("the fake signs %s, want %s", got, g.Signature)
	}

	sign := func(id string) string { return vendors.SignWebhook(g.Secret, id, g.Timestamp, []byte(g.Body)) }
	c := config(nil)
	c.Secret = secret.String(g.Secret)
	for name, tt := range map[string]struct {
		late      time.Duration
		id        string
		signature string
		want      error // The example is no report, so a right signature ends in ErrBadReceipt.
	}{
		"right":                {0, g.ID, g.Signature, sms.ErrBadReceipt},
		"at the end":           {5 * time.Minute, g.ID, g.Signature, sms.ErrBadReceipt},
		"at the beginning":     {-5 * time.Minute, g.ID, g.Signature, sms.ErrBadReceipt},
		"late":                 {5*time.Minute + time.Second, g.ID, g.Signature, sms.ErrBadSignature},
		"early":                {-5*time.Minute - time.Second, g.ID, g.Signature, sms.ErrBadSignature},
		"among others":         {0, g.ID, "v1a,AAAA v1,AAAA " + g.Signature + " v1,", sms.ErrBadReceipt},
		"another version":      {0, g.ID, "v2" + g.Signature[2:], sms.ErrBadSignature},
		"no version":           {0, g.ID, g.Signature[3:], sms.ErrBadSignature},
		"after too many":       {0, g.ID, strings.Repeat("v1,AAAA ", 16) + g.Signature, sms.ErrBadSignature},
		"cut":                  {0, g.ID, g.Signature[:len(g.Signature)-4], sms.ErrBadSignature},
		"another id":           {0, g.ID + "a", g.Signature, sms.ErrBadSignature},
		"an id with the time":  {0, g.ID + "." + strconv.FormatInt(g.Timestamp, 10), g.Signature, sms.ErrBadSignature},
		"an id with a stop":    {0, "a.b", sign("a.b"), sms.ErrBadSignature},
		"an id that is signed": {0, "ab", sign("ab"), sms.ErrBadReceipt},
		"no id":                {0, "", sign(""), sms.ErrBadSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := c
			c.Now = func() time.Time { return time.Unix(g.Timestamp, 0).Add(tt.late) }
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(g.Body))
			r.Header.Set("Webhook-Id", tt.id)
			r.Header.Set("Webhook-Timestamp", strconv.FormatInt(g.Timestamp, 10))
			r.Header.Set("Webhook-Signature", tt.signature)
			if _, err := receive(t, webhook.New(c), r, smstest.Callback); !errors.Is(err, tt.want) {
				t.Errorf("Receipt = %v, want %v", err, tt.want)
			}
		})
	}
}

// TestReceiptElsewhere: a report counts for its own message alone, and our own calls are no reports.
func TestReceiptElsewhere(t *testing.T) {
	t.Parallel()
	program := vendors.NewWebhook()
	s := webhook.New(config(nil))
	elsewhere := strings.Replace(smstest.Callback, smstest.ID, "message-live-2", 1)
	report := program.SignedReport(elsewhere, time.Now(), delivered())
	if _, err := receive(t, s, report, elsewhere); !errors.Is(err, sms.ErrBadSignature) {
		t.Errorf("Receipt = %v, want %v", err, sms.ErrBadSignature)
	}

	var back *http.Request
	c := config(roundTrip(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		back = httptest.NewRequest(http.MethodPost, smstest.Callback, bytes.NewReader(body))
		back.Header = r.Header
		return nil, errors.Join(err, io.EOF)
	}))
	_, _ = webhook.New(c).Send(t.Context(), smstest.Message())
	if _, err := receive(t, s, back, smstest.Callback); !errors.Is(err, sms.ErrBadReceipt) {
		t.Errorf("Receipt = %v, want %v", err, sms.ErrBadReceipt)
	}
}

func receive(t *testing.T, s *webhook.Sender, r *http.Request, address string) (sms.Receipt, error) {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return s.Receipt(r, address, body)
}

func delivered() []byte {
	return []byte(`{"id":"` + smstest.ID + `","provider_id":"a","status":"delivered"}`)
}

// FuzzReceipt: whatever is signed, a receipt is whole or there is none; whatever is not, is refused.
func FuzzReceipt(f *testing.F) {
	f.Add(string(delivered()), true)
	f.Add(`{"id":"message-live-1","provider_id":"a","status":"failed","class":"opted_out","reason":"+1 202"}`, true)
	f.Add(`{"id":"","price":{"amount":"1e9"}}`, false)
	program, s := vendors.NewWebhook(), webhook.New(config(nil))
	f.Fuzz(func(t *testing.T, body string, signed bool) {
		r := program.SignedReport("/", time.Now(), []byte(body))
		if !signed {
			r.Header.Set("Webhook-Id", "another")
		}
		got, err := receive(t, s, r, smstest.Callback)
		switch {
		case !signed && !errors.Is(err, sms.ErrBadSignature):
			t.Errorf("unsigned: %+v, %v", got, err)
		case err == nil && (got.ProviderID == "" || got.Status < sms.Sent), (got.Status == sms.Failed) != (got.Error != nil):
			t.Errorf("%+v, %v", got, err)
		case got.Error != nil && (got.Error.Reason == "" || strings.ContainsAny(got.Error.Reason, "0123456789\n")):
			t.Errorf("reason %q", got.Error.Reason)
		}
	})
}
