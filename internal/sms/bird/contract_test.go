package bird_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/bird"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/test/vendors"
)

func TestContract(t *testing.T) {
	t.Parallel()
	const id = "sms_01krdgeqcxet5s7t44vh8rt9mg"
	refused := func(status int, name string) smstest.Answer { return smstest.JSON(status, vendors.BirdError(name)) }
	is := func(class sms.Class, code string) sms.Error { return sms.Error{Class: class, Code: code} }
	smstest.Run(t, smstest.Setup{
		New: func(client *httpx.Client, base string) sms.Sender {
			c := config(client)
			c.BaseURL = base
			return bird.New(c)
		},
		Secrets:    []string{vendors.BirdKey, vendors.BirdSecret},
		Read:       read,
		NoValidity: true, NoCallback: true,
		Taken: smstest.JSON(http.StatusAccepted, map[string]any{
			"id": id, "status": "accepted", "to": smstest.To, "text": "**REDACTED**",
			"segments": map[string]any{"count": 1}, "cost": map[string]any{"amount": "0.00990", "currency_code": "USD"},
		}),
		Result: sms.Result{ProviderID: id, Segments: 1, Price: sms.Price{Micros: 9900, Currency: "USD"}},
		Refusals: map[string]smstest.Refusal{
			"a bad number":   {Answer: refused(422, "SMSInvalidRecipient"), Want: is(sms.Permanent, "SMSInvalidRecipient")},
			"strange sender": {Answer: refused(422, "SMSSenderNotConfigured"), Want: is(sms.OtherRoute, "SMSSenderNotConfigured")},
			"no money":       {Answer: refused(402, "InsufficientBalance"), Want: is(sms.OtherRoute, "InsufficientBalance")},
			"wrong key":      {Answer: refused(401, "Unauthorized"), Want: is(sms.OtherRoute, "Unauthorized")},
			"no name":        {Answer: refused(400, smstest.To), Want: is(sms.OtherRoute, "")},
			"down":           {Answer: refused(503, "ServiceUnavailable"), Want: is(sms.Later, "ServiceUnavailable")},
			"rejected at once": {
				Answer: smstest.JSON(http.StatusAccepted, map[string]any{
					"id": id, "status": "rejected", "last_error": map[string]any{"code": "recipient_opted_out", "description": smstest.To},
				}),
				Want: is(sms.OptedOut, "recipient_opted_out"),
			},
		},
		Broken: func(client *httpx.Client) sms.Sender {
			return bird.New(bird.Config{
				APIKey: "bk_de1_x", From: "Acme Brothers & Sons", WebhookSecret: "open-sesame", HTTP: client, Now: time.Now,
			})
		},
		Settings: []string{"bird-from", "bird-webhook-secret", "bird-base-url"},
		Receipts: receipts(),
	})
}

// read takes a call for a new message apart.
func read(t *testing.T, r *http.Request, body []byte) smstest.Sent {
	t.Helper()
	var sent struct{ To, Text string }
	if err := json.Unmarshal(body, &sent); err != nil {
		t.Fatal(err)
	}
	if r.Header.Get("Authorization") != "Bearer "+vendors.BirdKey {
		t.Error("wrong credentials")
	}
	return smstest.Sent{To: sent.To, Body: sent.Text}
}

func receipts() *smstest.Receipts {
	fake, other := vendors.NewBird(), vendors.NewBird()
	other.Secret = vendors.WebhookSecret
	signer := func(by *vendors.Bird, age time.Duration) func(string, []byte) *http.Request {
		return func(address string, body []byte) *http.Request {
			return by.Post(address, "evt_1", time.Now().Add(-age), string(body))
		}
	}
	report := func(kind, code string, want sms.Receipt) smstest.Report {
		want.ProviderID = "m-1"
		body, _ := json.Marshal(vendors.BirdEvent(vendors.Text{SID: "m-1", To: smstest.To, Ref: smstest.ID}, kind, code))
		return smstest.Report{Body: string(body), Want: want}
	}
	failed := func(class sms.Class, code string) sms.Receipt {
		return sms.Receipt{Status: sms.Failed, Error: &sms.Error{Class: class, Code: code}}
	}
	return &smstest.Receipts{
		Sign: signer(fake, 0), Forge: signer(other, 0), Stale: signer(fake, 6*time.Minute), AddressNotSigned: true,
		Reports: map[string]smstest.Report{
			"accepted":    report("accepted", "", sms.Receipt{Status: sms.Pending}),
			"sent":        report("sent", "", sms.Receipt{Status: sms.Sent}),
			"delivered":   report("delivered", "", sms.Receipt{Status: sms.Delivered}),
			"bad number":  report("failed", "invalid_destination", failed(sms.Permanent, "invalid_destination")),
			"landline":    report("failed", "landline_unreachable", failed(sms.Permanent, "landline_unreachable")),
			"opted out":   report("failed", "recipient_opted_out", failed(sms.OptedOut, "recipient_opted_out")),
			"off":         report("undelivered", "unreachable", failed(sms.Later, "unreachable")),
			"spam":        report("failed", "blocked_by_carrier", failed(sms.OtherRoute, "blocked_by_carrier")),
			"rejected":    report("rejected", "insufficient_balance", failed(sms.OtherRoute, "insufficient_balance")),
			"a new code":  report("failed", "new_moon", failed(sms.OtherRoute, "new_moon")),
			"no code":     report("failed", "", failed(sms.OtherRoute, "")),
			"strange":     report("failed", smstest.To, failed(sms.OtherRoute, "")),
			"expired":     report("expired", "", failed(sms.Permanent, "")),
			"expired off": report("expired", "unreachable", failed(sms.Later, "unreachable")),
		},
		Unreadable: map[string]string{
			"no JSON": `delivered`, "no type": `{"data":{"sms_id":"m-1"}}`, "no message": `{"type":"sms.delivered","data":{}}`,
			"another event": `{"type":"sms.lost","data":{"sms_id":"m-1"}}`,
			"a text":        `{"type":"sms.received","data":{"sms_id":"in-1","from":"+12025550162","text":"STOP"}}`,
		},
	}
}
