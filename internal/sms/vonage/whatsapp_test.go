package vonage_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/vonage"
	"github.com/thimble-auth/thimble/test/vendors"
)

func whatsAppConfig(transport http.RoundTripper) vonage.Config {
	c := config(transport)
	c.From, c.Template = vendors.VonageWhatsApp, vendors.VonageTemplate
	return c
}

func code() sms.Message {
	m := text()
	m.Code, m.Locale = "493817", "en"
	return m
}

var secrets = []string{vendors.VonageAPISecret, vendors.VonageSignature, "PRIVATE KEY", "Bearer ey"}

// accountSettings are those that all channels share.
var accountSettings = []string{
	"vonage-application-id", "vonage-private-key", "vonage-api-key", "vonage-signature-secret", "vonage-base-url",
}

// broken are settings that are all wrong.
func broken(client *httpx.Client) vonage.Config {
	return vonage.Config{
		ApplicationID: "1", APIKey: "a b", From: "Acme", Template: "Login code", Languages: []locale.Tag{"tlh"},
		BaseURL: "http://api.nexmo.com", HTTP: client, Now: time.Now,
	}
}

func TestWhatsAppContract(t *testing.T) {
	t.Parallel()
	smstest.Run(t, smstest.Setup{
		New: func(client *httpx.Client, base string) sms.Sender {
			c := whatsAppConfig(nil)
			c.HTTP, c.BaseURL = client, base
			return vonage.NewWhatsApp(c)
		},
		Secrets:    secrets,
		Read:       readTemplate,
		Words:      func(m sms.Message) string { return m.Code },
		NoValidity: true,
		Taken:      answer(http.StatusAccepted, map[string]any{"message_uuid": messageID}),
		Result:     sms.Result{ProviderID: messageID},
		Refusals: map[string]smstest.Refusal{
			"bad number": {
				Answer: refused(422, "#1430", "Invalid recipient"), Want: sms.Error{Class: sms.Permanent, Code: "1430"},
			},
			"bad template": {Answer: refused(422, "#1022", "1022"), Want: sms.Error{Class: sms.OtherRoute, Code: "1022"}},
			"no WhatsApp":  {Answer: refused(422, "#1300", "1300"), Want: sms.Error{Class: sms.OtherRoute, Code: "1300"}},
			"stopped":      {Answer: refused(422, "#1240", "1240"), Want: sms.Error{Class: sms.OptedOut, Code: "1240"}},
			"too many": {
				Answer: refused(429, "#1010", "Rate Limit Hit"),
				Want:   sms.Error{Class: sms.Later, Code: "1010", RetryAfter: 7 * time.Second},
			},
		},
		Broken: func(client *httpx.Client) sms.Sender { return vonage.NewWhatsApp(broken(client)) },
		Settings: append([]string{
			"vonage-whatsapp-from", "vonage-whatsapp-template", "vonage-whatsapp-languages",
		}, accountSettings...),
		Receipts: whatsAppReceipts(),
	})
}

// readTemplate takes a call for a new message apart.
func readTemplate(t *testing.T, _ *http.Request, body []byte) smstest.Sent {
	t.Helper()
	var sent struct {
		To, Channel string
		Webhook     string `json:"webhook_url"`
		Custom      struct {
			Template struct {
				Components []struct {
					Parameters []struct{ Text string }
				}
			}
		}
	}
	if err := json.Unmarshal(body, &sent); err != nil || sent.Channel != "whatsapp" {
		t.Fatalf("%v: %s", err, body)
	}
	parts := sent.Custom.Template.Components
	if len(parts) != 2 || parts[0].Parameters[0].Text != parts[1].Parameters[0].Text {
		t.Errorf("body and button are not the same: %+v", parts)
	}
	return smstest.Sent{To: "+" + sent.To, Body: parts[0].Parameters[0].Text, CallbackURL: sent.Webhook}
}

func whatsAppReceipts() *smstest.Receipts {
	r := receipts()
	fake := vendors.NewVonage()
	report := func(status string, code int, want sms.Receipt) smstest.Report {
		sent := vendors.Text{Channel: "whatsapp", SID: messageID, To: smstest.To[1:], Callback: callback}
		body, _ := io.ReadAll(fake.Webhook(sent, status, code).Body)
		want.ProviderID = messageID
		return smstest.Report{Body: string(body), Want: want}
	}
	failed := func(code string) sms.Receipt {
		return sms.Receipt{Status: sms.Failed, Error: &sms.Error{Class: sms.OtherRoute, Code: code}}
	}
	price := sms.Price{Micros: 33300, Currency: "EUR"}
	r.Reports = map[string]smstest.Report{
		"submitted":      report("submitted", 0, sms.Receipt{Status: sms.Sent, Price: price}),
		"delivered":      report("delivered", 0, sms.Receipt{Status: sms.Delivered}),
		"read":           report("read", 0, sms.Receipt{Status: sms.Delivered}),
		"no WhatsApp":    report("rejected", 1300, failed("1300")),
		"outside window": report("rejected", 1340, failed("1340")),
		"not connected":  report("undeliverable", 0, failed("")),
	}
	r.Unreadable = map[string]string{
		"no message": `{"channel":"whatsapp","status":"delivered"}`,
		"a text":     `{"message_uuid":"m-1","channel":"sms","status":"delivered"}`,
		"an answer":  `{"message_uuid":"m-1","channel":"whatsapp","message_type":"text","text":"STOP"}`,
	}
	return r
}

// TestTemplates: a message is in the text's language where the template has it, else in the first one.
func TestTemplates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		languages []locale.Tag
		of        locale.Tag
		want      string
	}{
		{nil, "en", "en"},
		{nil, "de-DE", "en"},
		{[]locale.Tag{"de-DE", "pt-br"}, "pt-br", "pt_BR"},
		{[]locale.Tag{"de-DE", "pt-br"}, "en", "de"},
		{[]locale.Tag{"de-DE", "pt-br"}, "", "de"},
	} {
		fake := vendors.NewVonage()
		c, m := whatsAppConfig(fake.RoundTripper()), code()
		c.Languages, m.Locale = tt.languages, string(tt.of)
		got, err := vonage.NewWhatsApp(c).Send(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		seen := fake.Texts()[0]
		want := vendors.Text{
			SID: got.ProviderID, Channel: "whatsapp", To: to, From: vendors.VonageWhatsApp[1:], Body: "493817",
			Language: tt.want, Callback: callback, Ref: "message-live-1", At: seen.At, Status: http.StatusAccepted,
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("%v, %q: %s", tt.languages, tt.of, diff)
		}
	}
}

func TestStrictTemplates(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*vonage.Config, *sms.Message){
		"strange sender":      func(c *vonage.Config, _ *sms.Message) { c.From = "+447700900009" },
		"strange template":    func(c *vonage.Config, _ *sms.Message) { c.Template = "another" },
		"missing translation": func(c *vonage.Config, _ *sms.Message) { c.Languages = []locale.Tag{"fr"} },
		"no code":             func(_ *vonage.Config, m *sms.Message) { m.Code = "" },
		"long code":           func(_ *vonage.Config, m *sms.Message) { m.Code = strings.Repeat("1", 16) },
		"bad callback":        func(_ *vonage.Config, m *sms.Message) { m.CallbackURL = "/x" },
	} {
		fake := vendors.NewVonage()
		c, m := whatsAppConfig(fake.RoundTripper()), code()
		change(&c, &m)
		_, err := vonage.NewWhatsApp(c).Send(t.Context(), m)
		if e := sms.AsError(err); e == nil || e.Class != sms.OtherRoute || fake.Taken() != 0 || fake.Refused() != 1 {
			t.Errorf("%s: Send = %v", name, err)
		}
	}
}

// TestGoldenChannels sends the documentation's own requests of the other channels, reads its own answers and events.
func TestGoldenChannels(t *testing.T) {
	t.Parallel()
	type example struct {
		Request    map[string]any
		Status     int
		Answer     json.RawMessage
		ProviderID string `json:"provider_id"`
	}
	var g struct {
		Source, Read   string
		WhatsApp, Call example
		Events         []struct {
			Body   json.RawMessage
			Want   string
			Micros int64
		}
	}
	readJSON(t, "channels.json", &g)
	if g.Source == "" || g.Read == "" || len(g.Events) == 0 {
		t.Fatal("a golden file says where it is from and when it was read")
	}
	check := func(e example, sender func(vonage.Config) sms.Sender, m sms.Message, beyond ...string) {
		t.Helper()
		var sent map[string]any
		c := whatsAppConfig(roundTrip(func(r *http.Request) (*http.Response, error) {
			if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
				t.Error(err)
			}
			return &http.Response{
				StatusCode: e.Status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(e.Answer))),
			}, nil
		}))
		c.From, c.Template = "+447700900001", "whatsapp_auth_template_name"
		m.ValidFor, m.Locale = time.Minute, "en"
		if got, err := sender(c).Send(t.Context(), m); err != nil || got.ProviderID != e.ProviderID {
			t.Errorf("Send = %+v, %v", got, err)
		}
		for _, name := range beyond {
			if _, there := sent[name]; !there {
				t.Errorf("the request has no %s", name)
			}
			delete(sent, name)
		}
		if diff := cmp.Diff(e.Request, sent); diff != "" {
			t.Error(diff)
		}
	}
	check(g.WhatsApp, func(c vonage.Config) sms.Sender { return vonage.NewWhatsApp(c) },
		sms.Message{To: "+447700900000", Code: "123456"})
	for _, action := range g.Call.Request["ncco"].([]any) {
		action.(map[string]any)["language"] = "en-US"
	}
	check(g.Call, func(c vonage.Config) sms.Sender { return vonage.NewVoice(c) },
		sms.Message{To: "+14155550100", Body: "This is a text to speech call from Vonage"},
		"machine_detection", "ringing_timer", "length_timer")

	fake, v := vendors.NewVonage(), vonage.NewVoice(voiceConfig(nil))
	for _, e := range g.Events {
		got, err := v.Receipt(fake.SignedWebhook(callback, e.Body, nil), callback, e.Body)
		if err != nil || got.Status.String() != e.Want || got.ProviderID != "aaaaaaaa-bbbb-cccc-dddd-0123456789ab" ||
			got.Price.Micros != e.Micros {
			t.Errorf("%s: %+v, %v", e.Body, got, err)
		}
	}
}
