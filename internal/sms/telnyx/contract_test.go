package telnyx_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/telnyx"
	"github.com/thimble-auth/thimble/test/vendors"
)

func TestContract(t *testing.T) {
	t.Parallel()
	taken := map[string]any{
		"id": "ac012cbf-5e09-46af-a69a-7c0e2d90993c", "parts": 2, "text": smstest.Text, "wait_seconds": 0.5,
		"to":   []any{map[string]any{"phone_number": smstest.To, "status": "queued"}},
		"cost": map[string]any{"amount": "0.0102", "currency": "USD"}, "errors": []any{},
	}
	smstest.Run(t, smstest.Setup{
		New: func(client *httpx.Client, base string) sms.Sender {
			c := config(nil)
			c.HTTP, c.BaseURL = client, base
			return telnyx.New(c)
		},
		Secrets:    []string{vendors.TelnyxKey},
		Read:       read,
		NoValidity: true,
		Taken:      smstest.JSON(http.StatusOK, map[string]any{"data": taken}),
		Result: sms.Result{
			ProviderID: "ac012cbf-5e09-46af-a69a-7c0e2d90993c", Segments: 2,
			Price: sms.Price{Micros: 10200, Currency: "USD"},
		},
		Refusals: map[string]smstest.Refusal{
			"opted out":  {Answer: refused(400, "40300", ""), Want: sms.Error{Class: sms.OptedOut, Code: "40300"}},
			"bad number": {Answer: refused(400, "40310", ""), Want: sms.Error{Class: sms.Permanent, Code: "40310"}},
			"bad form":   {Answer: refused(422, "10016", "/to"), Want: sms.Error{Class: sms.Permanent, Code: "10016"}},
			"bad sender": {Answer: refused(422, "10016", "/from"), Want: sms.Error{Class: sms.OtherRoute, Code: "10016"}},
			"no credit":  {Answer: refused(403, "20100", ""), Want: sms.Error{Class: sms.OtherRoute, Code: "20100"}},
			"queue full": {Answer: refused(400, "40318", ""), Want: sms.Error{Class: sms.Later, Code: "40318"}},
			"too many": {
				Answer: refused(429, "10011", ""),
				Want:   sms.Error{Class: sms.Later, Code: "10011", RetryAfter: 7 * time.Second},
			},
			"a new code":        {Answer: refused(400, "49999", ""), Want: sms.Error{Class: sms.OtherRoute, Code: "49999"}},
			"a new code at 503": {Answer: refused(503, "49998", ""), Want: sms.Error{Class: sms.Later, Code: "49998"}},
			"no code":           {Answer: refused(400, smstest.To, ""), Want: sms.Error{Class: sms.OtherRoute}},
			"taken and failed": {
				Answer: smstest.JSON(http.StatusOK, map[string]any{"data": map[string]any{
					"id": "m-1", "to": []any{map[string]any{"status": "sending_failed"}}, "errors": problems("40300", ""),
				}}),
				Want: sms.Error{Class: sms.OptedOut, Code: "40300"},
			},
		},
		Broken: func(client *httpx.Client) sms.Sender {
			return telnyx.New(telnyx.Config{
				From: "Acme Brothers & Sons", MessagingProfileID: "1", BaseURL: "http://api.telnyx.com", HTTP: client,
				Now: time.Now,
			})
		},
		Settings: []string{
			"telnyx-api-key", "telnyx-public-key", "telnyx-from", "telnyx-messaging-profile-id", "telnyx-base-url",
		},
		Receipts: receipts(),
	})
}

// read takes a call for a new message apart.
func read(t *testing.T, r *http.Request, body []byte) smstest.Sent {
	t.Helper()
	var sent struct {
		To, Text string
		Webhook  string `json:"webhook_url"`
		Profile  *bool  `json:"use_profile_webhooks"`
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		t.Fatal(err)
	}
	if r.Header.Get("Authorization") != "Bearer "+vendors.TelnyxKey {
		t.Error("wrong credentials")
	}
	if sent.Profile == nil || *sent.Profile {
		t.Error("webhooks with the text may go to the profile's address")
	}
	return smstest.Sent{To: sent.To, Body: sent.Text, CallbackURL: sent.Webhook}
}

// refused is an answer with one of Telnyx's codes. Its detail repeats the number, as Telnyx's do.
func refused(status int, code, pointer string) smstest.Answer {
	a := smstest.JSON(status, map[string]any{"errors": problems(code, pointer)})
	if status == http.StatusTooManyRequests {
		a.Header["X-Ratelimit-Reset"] = "7"
	}
	return a
}

func problems(code, pointer string) []any {
	return []any{map[string]any{
		"code": code, "title": "Blocked " + smstest.Text, "detail": "to '" + smstest.To + "' due to an existing block rule.",
		"source": map[string]any{"pointer": pointer},
	}}
}

func receipts() *smstest.Receipts {
	fake, other := vendors.NewTelnyx(), vendors.OtherTelnyx()
	report := func(status string, code int, want sms.Receipt) smstest.Report {
		sent := vendors.Text{SID: "m-1", To: smstest.To, From: vendors.TelnyxFrom, Body: smstest.Text, Callback: callback}
		body, _ := io.ReadAll(fake.Webhook(sent, status, code).Body)
		want.ProviderID, want.Price = "m-1", sms.Price{Micros: 5100, Currency: "USD"}
		return smstest.Report{Body: string(body), Want: want}
	}
	failed := func(class sms.Class, code string) sms.Receipt {
		return sms.Receipt{Status: sms.Failed, Error: &sms.Error{Class: class, Code: code}}
	}
	return &smstest.Receipts{
		Sign: func(address string, body []byte) *http.Request { return fake.SignedWebhook(address, body, time.Now()) },
		Forge: func(address string, body []byte) *http.Request {
			return other.SignedWebhook(address, body, time.Now())
		},
		Stale: func(address string, body []byte) *http.Request {
			return fake.SignedWebhook(address, body, time.Now().Add(-6*time.Minute))
		},
		AddressNotSigned: true,
		Reports: map[string]smstest.Report{
			"queued":      report("queued", 0, sms.Receipt{Status: sms.Pending}),
			"sending":     report("sending", 0, sms.Receipt{Status: sms.Pending}),
			"sent":        report("sent", 0, sms.Receipt{Status: sms.Sent}),
			"unconfirmed": report("delivery_unconfirmed", 0, sms.Receipt{Status: sms.Sent}),
			"delivered":   report("delivered", 0, sms.Receipt{Status: sms.Delivered}),
			"expired":     report("sending_failed", 40014, failed(sms.Permanent, "40014")),
			"opted out":   report("sending_failed", 40300, failed(sms.OptedOut, "40300")),
			"spam":        report("delivery_failed", 40002, failed(sms.OtherRoute, "40002")),
			"down":        report("delivery_failed", 40006, failed(sms.Later, "40006")),
			"a new code":  report("delivery_failed", 49999, failed(sms.OtherRoute, "49999")),
			"no code":     report("delivery_failed", 0, failed(sms.OtherRoute, "")),
		},
		Unreadable: map[string]string{
			"a form":            "event_type=message.sent",
			"no message":        webhook("message.sent", "", "outbound", `{"status":"sent"}`),
			"inbound":           webhook("message.sent", "m-1", "inbound", `{"status":"sent"}`),
			"another event":     webhook("message.received", "m-1", "outbound", `{"status":"sent"}`),
			"strange status":    webhook("message.sent", "m-1", "outbound", `{"status":"lost"}`),
			"several receivers": webhook("message.sent", "m-1", "outbound", `{"status":"sent"},{"status":"sent"}`),
			"no receiver":       webhook("message.sent", "m-1", "outbound", ""),
		},
	}
}

func webhook(event, id, direction, to string) string {
	return `{"data":{"event_type":"` + event + `","payload":{"id":"` + id + `","direction":"` + direction +
		`","to":[` + to + `]}}}`
}
