package vonage_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/vonage"
	"github.com/thimble-auth/thimble/test/vendors"
)

const messageID = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"

func TestContract(t *testing.T) {
	t.Parallel()
	smstest.Run(t, smstest.Setup{
		New: func(client *httpx.Client, base string) sms.Sender {
			c := config(nil)
			c.HTTP, c.BaseURL = client, base
			return vonage.New(c)
		},
		Secrets: []string{
			vendors.VonageAPISecret, vendors.VonageSignature, "PRIVATE KEY", "Bearer ey",
			base64.StdEncoding.EncodeToString([]byte(vendors.VonageAPIKey + ":" + vendors.VonageAPISecret)),
		},
		Read:        read,
		MinValidity: 20 * time.Second,
		Taken:       answer(http.StatusAccepted, map[string]any{"message_uuid": messageID}),
		Result:      sms.Result{ProviderID: messageID},
		Refusals: map[string]smstest.Refusal{
			"bad number": {
				Answer: refused(422, "#1430", "Invalid recipient"), Want: sms.Error{Class: sms.Permanent, Code: "1430"},
			},
			"bad number, by its title": {
				Answer: refused(422, "#110", "Invalid recipient"), Want: sms.Error{Class: sms.Permanent},
			},
			"bad type, not a facility": {
				Answer: refused(422, "#1140", "Invalid message type"), Want: sms.Error{Class: sms.OtherRoute, Code: "1140"},
			},
			"bad sender": {
				Answer: refused(422, "#1420", "Invalid sender"), Want: sms.Error{Class: sms.OtherRoute, Code: "1420"},
			},
			"no credit": {
				Answer: refused(402, "#low-balance", "Low balance"), Want: sms.Error{Class: sms.OtherRoute, Code: "low-balance"},
			},
			"stopped": {Answer: refused(422, "#1240", "1240"), Want: sms.Error{Class: sms.OptedOut, Code: "1240"}},
			"busy":    {Answer: refused(422, "#1000", "1000"), Want: sms.Error{Class: sms.Later, Code: "1000"}},
			"too many": {
				Answer: refused(429, "#1010", "Rate Limit Hit"),
				Want:   sms.Error{Class: sms.Later, Code: "1010", RetryAfter: 7 * time.Second},
			},
			"a new code":        {Answer: refused(422, "#1999", "News"), Want: sms.Error{Class: sms.OtherRoute, Code: "1999"}},
			"a new code at 503": {Answer: refused(503, "#1998", "News"), Want: sms.Error{Class: sms.Later, Code: "1998"}},
			"no code":           {Answer: refused(422, "#"+smstest.To, "News"), Want: sms.Error{Class: sms.OtherRoute}},
		},
		Broken: func(client *httpx.Client) sms.Sender {
			return vonage.New(vonage.Config{
				ApplicationID: "1", APIKey: "a b", APISecret: "a b", From: "Acme Brothers & Sons",
				BaseURL: "http://api.nexmo.com", HTTP: client, Now: time.Now,
			})
		},
		Settings: []string{
			"vonage-application-id", "vonage-private-key", "vonage-api-key", "vonage-signature-secret", "vonage-api-secret",
			"vonage-from", "vonage-base-url",
		},
		Receipts: receipts(),
		Learned:  &smstest.Answer{Status: http.StatusOK},
	})
}

// read takes a call for a new message apart.
func read(t *testing.T, r *http.Request, body []byte) smstest.Sent {
	t.Helper()
	var sent struct {
		To, Text string
		TTL      int
		Webhook  string `json:"webhook_url"`
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ey") {
		t.Error("no token")
	}
	return smstest.Sent{
		To: "+" + sent.To, Body: sent.Text, CallbackURL: sent.Webhook, ValidFor: time.Duration(sent.TTL) * time.Second,
	}
}

func answer(status int, body any) smstest.Answer {
	b, _ := json.Marshal(body)
	return smstest.Answer{Status: status, Body: string(b), Header: map[string]string{"Content-Type": "application/json"}}
}

// refused is an answer with one of Vonage's codes. Its detail repeats the number.
func refused(status int, code, title string) smstest.Answer {
	a := answer(status, map[string]any{
		"type": "https://developer.vonage.com/api-errors/messages" + code, "title": title,
		"detail": "to " + smstest.To + " " + smstest.Text, "instance": "bf0ca0bf927b3b52e3cb03217e1a1ddf",
	})
	if status == http.StatusTooManyRequests {
		a.Header["Retry-After"] = "7"
	}
	return a
}

func receipts() *smstest.Receipts {
	fake, other := vendors.NewVonage(), vendors.NewVonage()
	other.SignatureSecret = strings.Repeat("f", 64)
	report := func(status string, code int, want sms.Receipt) smstest.Report {
		sent := vendors.Text{SID: messageID, To: smstest.To[1:], Callback: callback}
		body, _ := io.ReadAll(fake.Webhook(sent, status, code).Body)
		want.ProviderID = messageID
		return smstest.Report{Body: string(body), Want: want}
	}
	failed := func(class sms.Class, code string) sms.Receipt {
		return sms.Receipt{Status: sms.Failed, Error: &sms.Error{Class: class, Code: code}}
	}
	price := sms.Price{Micros: 33300, Currency: "EUR"}
	return &smstest.Receipts{
		Sign:             func(address string, body []byte) *http.Request { return fake.SignedWebhook(address, body, nil) },
		Forge:            func(address string, body []byte) *http.Request { return other.SignedWebhook(address, body, nil) },
		AddressNotSigned: true,
		Reports: map[string]smstest.Report{
			"submitted":     report("submitted", 0, sms.Receipt{Status: sms.Sent, Price: price}),
			"in retry":      report("submitted", 1220, sms.Receipt{Status: sms.Sent, Price: price}),
			"delivered":     report("delivered", 0, sms.Receipt{Status: sms.Delivered}),
			"expired":       report("rejected", 1360, failed(sms.Permanent, "1360")),
			"opted out":     report("rejected", 1240, failed(sms.OptedOut, "1240")),
			"spam":          report("rejected", 1210, failed(sms.OtherRoute, "1210")),
			"busy":          report("rejected", 1220, failed(sms.Later, "1220")),
			"a new code":    report("rejected", 1999, failed(sms.OtherRoute, "1999")),
			"no code":       report("rejected", 0, failed(sms.OtherRoute, "")),
			"not connected": report("undeliverable", 0, failed(sms.OtherRoute, "")),
		},
		Unreadable: map[string]string{
			"a form":          "status=delivered",
			"no message":      `{"channel":"sms","status":"delivered"}`,
			"no status":       `{"message_uuid":"m-1","channel":"sms"}`,
			"strange status":  `{"message_uuid":"m-1","channel":"sms","status":"lost"}`,
			"another channel": `{"message_uuid":"m-1","channel":"mms","status":"delivered"}`,
			"an answer":       `{"message_uuid":"m-1","channel":"sms","message_type":"text","text":"STOP"}`,
		},
	}
}
