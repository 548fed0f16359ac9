package webhook_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/webhook"
	"github.com/thimble-auth/thimble/test/vendors"
)

func TestContract(t *testing.T) {
	t.Parallel()
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(vendors.WebhookSecret, "whsec_"))
	smstest.Run(t, smstest.Setup{
		New: func(client *httpx.Client, base string) sms.Sender {
			c := config(nil)
			c.URL, c.HTTP, c.Private = base, client, true
			return webhook.New(c)
		},
		Secrets: []string{vendors.WebhookSecret, string(key)},
		Read:    readCall,
		Taken: smstest.Answer{Status: http.StatusAccepted, Body: `{"provider_id":"a-1","segments":2,` +
			`"price":{"amount":"0.0075","currency":"USD"}}`},
		Result: sms.Result{ProviderID: "a-1", Segments: 2, Price: sms.Price{Micros: 7500, Currency: "USD"}},
		Refusals: map[string]smstest.Refusal{
			"permanent":   refusal(400, "permanent", "42", sms.Error{Class: sms.Permanent, Code: "42"}),
			"other route": refusal(422, "other_route", "a", sms.Error{Class: sms.OtherRoute, Code: "a"}),
			"opted out":   refusal(403, "opted_out", "STOP", sms.Error{Class: sms.OptedOut, Code: "STOP"}),
			"later":       refusal(409, "later", "", sms.Error{Class: sms.Later, RetryAfter: 7 * time.Second}),
			"too many":    refusal(429, "permanent", "", sms.Error{Class: sms.Later, RetryAfter: 7 * time.Second}),
			"in trouble":  refusal(503, "opted_out", "", sms.Error{Class: sms.Later, RetryAfter: 7 * time.Second}),
			"telltale":    refusal(400, "permanent", smstest.To, sms.Error{Class: sms.Permanent}),
		},
		Broken: func(client *httpx.Client) sms.Sender {
			return webhook.New(webhook.Config{URL: "http://texts.example.com", HTTP: client, Now: time.Now})
		},
		Settings: []string{"sms-webhook-url", "sms-webhook-secret"},
		Receipts: receipts(),
	})
}

// readCall takes a call apart with the eyes of the strict program.
func readCall(t *testing.T, r *http.Request, body []byte) smstest.Sent {
	t.Helper()
	program := vendors.NewWebhook()
	res, err := program.RoundTripper().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	texts := program.Texts()
	if len(texts) != 1 {
		t.Fatalf("the program answers %s to %s", res.Status, body)
	}
	return smstest.Sent{
		To: texts[0].To, Body: texts[0].Body, CallbackURL: texts[0].Callback,
		ValidFor: time.Duration(texts[0].Validity) * time.Second,
	}
}

// refusal repeats all that it should not.
func refusal(status int, class, code string, want sms.Error) smstest.Refusal {
	body, _ := json.Marshal(map[string]string{
		"class": class, "code": code,
		"reason": smstest.To + " does not want " + smstest.Text + " from " + vendors.WebhookSecret,
	})
	return smstest.Refusal{
		Answer: smstest.Answer{Status: status, Body: string(body), Header: map[string]string{"Retry-After": "7"}}, Want: want,
	}
}

func receipts() *smstest.Receipts {
	program, other := vendors.NewWebhook(), vendors.NewWebhook()
	other.Secret = vendors.WebhookNext
	signer := func(by *vendors.Webhook, age time.Duration) func(string, []byte) *http.Request {
		return func(_ string, body []byte) *http.Request {
			return by.SignedReport("/", time.Now().Add(-age), body)
		}
	}
	report := func(rest string, want sms.Receipt) smstest.Report {
		want.ProviderID = "a-1"
		return smstest.Report{Body: `{"id":"` + smstest.ID + `","provider_id":"a-1",` + rest + `}`, Want: want}
	}
	failed := func(class sms.Class, code string) sms.Receipt {
		return sms.Receipt{Status: sms.Failed, Error: &sms.Error{Class: class, Code: code}}
	}
	return &smstest.Receipts{
		Sign: signer(program, 0), Forge: signer(other, 0), Stale: signer(program, 6*time.Minute),
		// The body says which message it is about, which TestReceiptElsewhere looks at.
		AddressNotSigned: true,
		Reports: map[string]smstest.Report{
			"sent": report(`"status":"sent"`, sms.Receipt{Status: sms.Sent}),
			"delivered": report(`"status":"delivered","price":{"amount":"0.01","currency":"EUR"}`,
				sms.Receipt{Status: sms.Delivered, Price: sms.Price{Micros: 10_000, Currency: "EUR"}}),
			"odd price": report(`"status":"delivered","price":[7]`, sms.Receipt{Status: sms.Delivered}),
			"failed":    report(`"status":"failed"`, failed(sms.OtherRoute, "")),
			"absent": report(`"status":"failed","code":"27","reason":"absent subscriber +12025550123"`,
				failed(sms.OtherRoute, "27")),
			"opted out": report(`"status":"failed","class":"opted_out","code":"STOP"`, failed(sms.OptedOut, "STOP")),
			"permanent": report(`"status":"failed","class":"permanent"`, failed(sms.Permanent, "")),
		},
		Unreadable: map[string]string{
			"no JSON":        `delivered`,
			"no message":     `{"provider_id":"a-1","status":"delivered"}`,
			"no provider id": `{"id":"message-live-1","status":"delivered"}`,
			"no status":      `{"id":"message-live-1","provider_id":"a-1"}`,
			"strange status": `{"id":"message-live-1","provider_id":"a-1","status":"lost"}`,
			"two reports":    `{"id":"message-live-1","provider_id":"a-1","status":"sent"}{}`,
		},
	}
}
