package twilio_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/twilio"
	"github.com/thimble-auth/thimble/test/vendors"
)

func whatsAppConfig(transport http.RoundTripper) twilio.Config {
	c := config(transport)
	c.From, c.ContentSID = vendors.TwilioWhatsApp, vendors.TwilioContent
	return c
}

func code() sms.Message {
	m := text()
	m.Code, m.Locale = "493817", "en"
	return m
}

// secrets are the account's credentials in every form in which they travel.
var secrets = []string{
	vendors.TwilioToken, base64.StdEncoding.EncodeToString([]byte(vendors.TwilioAccount + ":" + vendors.TwilioToken)),
}

// broken are settings that are all wrong.
func broken(client *httpx.Client) twilio.Config {
	return twilio.Config{From: "Acme", ContentSID: "HX1", BaseURL: "http://api.twilio.com", HTTP: client}
}

func TestWhatsAppContract(t *testing.T) {
	t.Parallel()
	smstest.Run(t, smstest.Setup{
		New: func(client *httpx.Client, base string) sms.Sender {
			c := whatsAppConfig(nil)
			c.HTTP, c.BaseURL = client, base
			return twilio.NewWhatsApp(c)
		},
		Secrets: secrets,
		Read: func(t *testing.T, _ *http.Request, body []byte) smstest.Sent {
			t.Helper()
			form, err := url.ParseQuery(string(body))
			if err != nil {
				t.Fatal(err)
			}
			if form.Has("Body") || form.Get("ContentSid") != vendors.TwilioContent {
				t.Errorf("the message is not the template alone: %v", form)
			}
			var variables map[string]string
			if err := json.Unmarshal([]byte(form.Get("ContentVariables")), &variables); err != nil || len(variables) != 1 {
				t.Errorf("ContentVariables = %q", form.Get("ContentVariables"))
			}
			seconds, _ := strconv.Atoi(form.Get("ValidityPeriod"))
			return smstest.Sent{
				To: strings.TrimPrefix(form.Get("To"), "whatsapp:"), Body: variables["1"], CallbackURL: form.Get("StatusCallback"),
				ValidFor: time.Duration(seconds) * time.Second,
			}
		},
		Words: func(m sms.Message) string { return m.Code },
		Taken: smstest.Answer{Status: http.StatusCreated, Body: fmt.Sprintf(
			`{"sid":"SM1","to":"whatsapp:%s","body":%q,"num_segments":"1","error_code":null}`, smstest.To, smstest.Code)},
		Result: sms.Result{ProviderID: "SM1"},
		Refusals: map[string]smstest.Refusal{
			"no WhatsApp":  {Answer: refused(400, 63003), Want: sms.Error{Class: sms.OtherRoute, Code: "63003"}},
			"blocked":      {Answer: refused(201, 63014), Want: sms.Error{Class: sms.OtherRoute, Code: "63014"}},
			"unsubscribed": {Answer: refused(400, 21610), Want: sms.Error{Class: sms.OptedOut, Code: "21610"}},
			"bad number":   {Answer: refused(400, 21211), Want: sms.Error{Class: sms.Permanent, Code: "21211"}},
			"too many": {
				Answer: refused(429, 63018), Want: sms.Error{Class: sms.Later, Code: "63018", RetryAfter: 7 * time.Second},
			},
		},
		Broken: func(client *httpx.Client) sms.Sender { return twilio.NewWhatsApp(broken(client)) },
		Settings: []string{
			"twilio-account-sid", "twilio-auth-token", "twilio-whatsapp-from", "twilio-whatsapp-content-sid", "twilio-base-url",
		},
		Receipts: whatsAppReceipts(),
	})
}

func whatsAppReceipts() *smstest.Receipts {
	r := receipts()
	fake := vendors.NewTwilio()
	report := func(status string, code int, want sms.Receipt) smstest.Report {
		sent := vendors.Text{
			Channel: "whatsapp", SID: "SM1", To: smstest.To, From: vendors.TwilioWhatsApp, Callback: callback,
		}
		body, _ := io.ReadAll(fake.Callback(sent, status, code).Body)
		want.ProviderID = "SM1"
		return smstest.Report{Body: string(body), Want: want}
	}
	failed := func(code string) sms.Receipt {
		return sms.Receipt{Status: sms.Failed, Error: &sms.Error{Class: sms.OtherRoute, Code: code}}
	}
	r.Reports = map[string]smstest.Report{
		"queued":      report("queued", 0, sms.Receipt{Status: sms.Pending}),
		"sent":        report("sent", 0, sms.Receipt{Status: sms.Sent}),
		"delivered":   report("delivered", 0, sms.Receipt{Status: sms.Delivered}),
		"read":        report("read", 0, sms.Receipt{Status: sms.Delivered}),
		"no WhatsApp": report("undelivered", 63024, failed("63024")),
		"blocked":     report("failed", 63014, failed("63014")),
		"no template": report("failed", 63027, failed("63027")),
	}
	return r
}

func TestSendWhatsApp(t *testing.T) {
	t.Parallel()
	fake := vendors.NewTwilio()
	got, err := twilio.NewWhatsApp(whatsAppConfig(fake.RoundTripper())).Send(t.Context(), code())
	if err != nil {
		t.Fatal(err)
	}
	seen := fake.Texts()[0]
	want := vendors.Text{
		SID: seen.SID, Channel: "whatsapp", To: to, From: vendors.TwilioWhatsApp, Body: "493817",
		Content: vendors.TwilioContent, Callback: text().CallbackURL, Validity: 120, At: seen.At, Status: http.StatusCreated,
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(sms.Result{ProviderID: seen.SID}, got); diff != "" {
		t.Error(diff)
	}
}

func TestStrictWhatsApp(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*twilio.Config, *sms.Message)
		code   string
	}{
		"strange sender": {func(c *twilio.Config, _ *sms.Message) { c.From = "+15005550001" }, "63007"},
		"strange template": {func(c *twilio.Config, _ *sms.Message) {
			c.ContentSID = "HX" + strings.Repeat("a", 32)
		}, "21655"},
		"no code":      {func(_ *twilio.Config, m *sms.Message) { m.Code = "" }, "21656"},
		"long code":    {func(_ *twilio.Config, m *sms.Message) { m.Code = strings.Repeat("1", 16) }, "21656"},
		"bad number":   {func(_ *twilio.Config, m *sms.Message) { m.To = "2025550123" }, "21211"},
		"bad callback": {func(_ *twilio.Config, m *sms.Message) { m.CallbackURL = "https://a_b.example/" }, "21609"},
	} {
		fake := vendors.NewTwilio()
		c, m := whatsAppConfig(fake.RoundTripper()), code()
		tt.change(&c, &m)
		_, err := twilio.NewWhatsApp(c).Send(t.Context(), m)
		if e := sms.AsError(err); e == nil || e.Code != tt.code || fake.Taken() != 0 || fake.Refused() != 1 {
			t.Errorf("%s: Send = %v, want code %s", name, err, tt.code)
		}
	}
}

// TestGoldenChannels sends the documentation's own requests of the other channels and reads its own answers.
func TestGoldenChannels(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"whatsapp", "call"} {
		var g golden
		readJSON(t, name+".json", &g)
		if g.Source == "" || g.Read == "" {
			t.Fatal("a golden file says where it is from and when it was read")
		}
		var form url.Values
		c := config(roundTrip(func(r *http.Request) (*http.Response, error) {
			sent, err := io.ReadAll(r.Body)
			form, _ = url.ParseQuery(string(sent))
			return &http.Response{
				StatusCode: g.Status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(g.Answer))),
			}, err
		}))
		c.From, c.ContentSID = strings.TrimPrefix(g.Request["From"], "whatsapp:"), g.Request["ContentSid"]
		senders := map[string]sms.Sender{"whatsapp": twilio.NewWhatsApp(c), "call": twilio.NewVoice(c)}
		got, err := senders[name].Send(t.Context(), sms.Message{
			To: strings.TrimPrefix(g.Request["To"], "whatsapp:"), Code: "Name", Body: "Hello", Locale: "en",
			ValidFor: time.Minute,
		})
		if err != nil || got != (sms.Result{ProviderID: g.Want.ProviderID}) {
			t.Errorf("%s: Send = %+v, %v", name, got, err)
		}
		for parameter, value := range g.Request {
			if form.Get(parameter) != value {
				t.Errorf("%s: %s = %q, want %q", name, parameter, form.Get(parameter), value)
			}
		}
	}
}

// TestChannels: each sender says what it is, and posts to its own resource.
func TestChannels(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		sender  func(twilio.Config) sms.Sender
		name    string
		channel sms.Channel
		path    string
	}{
		{func(c twilio.Config) sms.Sender { return twilio.New(c) }, "twilio", sms.SMS, "Messages.json"},
		{func(c twilio.Config) sms.Sender { return twilio.NewWhatsApp(c) }, "twilio_whatsapp", sms.WhatsApp, "Messages.json"},
		{func(c twilio.Config) sms.Sender { return twilio.NewVoice(c) }, "twilio_voice", sms.Voice, "Calls.json"},
	} {
		var at string
		s := tt.sender(whatsAppConfig(roundTrip(func(r *http.Request) (*http.Response, error) {
			at = r.URL.String()
			return nil, errors.New("enough")
		})))
		_, _ = s.Send(t.Context(), code())
		want := "https://api.twilio.com/2010-04-01/Accounts/" + vendors.TwilioAccount + "/" + tt.path
		if s.Name() != tt.name || s.Channel() != tt.channel || at != want || fmt.Sprint(s) != tt.name {
			t.Errorf("%s by %s to %s, want %s by %s to %s", s.Name(), s.Channel(), at, tt.name, tt.channel, want)
		}
	}
}
