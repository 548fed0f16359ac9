package sinch_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/sinch"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/test/vendors"
)

func TestContract(t *testing.T) {
	t.Parallel()
	const id = "9dfn32n423kljklj234"
	refused := func(status int, code string) smstest.Answer {
		return smstest.JSON(status, map[string]any{"code": code, "text": smstest.To + " " + smstest.Text})
	}
	is := func(class sms.Class, code string) sms.Error { return sms.Error{Class: class, Code: code} }
	smstest.Run(t, smstest.Setup{
		New: func(client *httpx.Client, base string) sms.Sender {
			c := config(client)
			c.BaseURL = base
			return sinch.New(c)
		},
		Secrets:    []string{vendors.SinchToken, vendors.SinchPassword},
		Read:       read,
		NoCallback: true,
		Taken: smstest.JSON(http.StatusCreated, map[string]any{
			"id": id, "to": []string{smstest.To}, "body": smstest.Text, "canceled": false,
		}),
		Result: sms.Result{ProviderID: id},
		Refusals: map[string]smstest.Refusal{
			"a bad parameter": {
				Answer: refused(400, "syntax_invalid_parameter_format"),
				Want:   is(sms.OtherRoute, "syntax_invalid_parameter_format"),
			},
			"no callback URL": {Answer: refused(403, "missing_callback_url"), Want: is(sms.OtherRoute, "missing_callback_url")},
			"wrong token":     {Answer: refused(401, ""), Want: is(sms.OtherRoute, "")},
			"a new code":      {Answer: refused(403, "new_moon"), Want: is(sms.OtherRoute, "new_moon")},
			"no code":         {Answer: refused(400, smstest.To), Want: is(sms.OtherRoute, "")},
			"down":            {Answer: refused(503, "unknown_group"), Want: is(sms.Later, "unknown_group")},
			"cancelled": {
				Answer: smstest.JSON(http.StatusCreated, map[string]any{"id": id, "canceled": true}), Want: is(sms.Later, ""),
			},
		},
		Lacks: []sms.Class{sms.Permanent, sms.OptedOut}, // refusals do not say what is wrong with the number
		Broken: func(client *httpx.Client) sms.Sender {
			return sinch.New(sinch.Config{
				ServicePlanID: "a/b", From: "Acme Brothers & Sons", BaseURL: "http://us.sms.api.sinch.com", WebhookPassword: "short",
				HTTP: client, Now: time.Now,
			})
		},
		Settings: []string{
			"sinch-service-plan-id", "sinch-api-token", "sinch-from", "sinch-webhook-user", "sinch-webhook-password",
			"sinch-base-url",
		},
		Receipts: receipts(),
	})
}

// read takes a call for a new message apart.
func read(t *testing.T, r *http.Request, body []byte) smstest.Sent {
	t.Helper()
	var sent struct {
		To       []string
		Body     string
		ExpireAt time.Time `json:"expire_at"`
		Callback string    `json:"callback_url"`
	}
	if err := json.Unmarshal(body, &sent); err != nil || len(sent.To) != 1 {
		t.Fatal(err, sent.To)
	}
	if r.Header.Get("Authorization") != "Bearer "+vendors.SinchToken {
		t.Error("wrong credentials")
	}
	return smstest.Sent{To: sent.To[0], Body: sent.Body, ValidFor: sent.ExpireAt.Sub(clock()), CallbackURL: sent.Callback}
}

func receipts() *smstest.Receipts {
	fake, other := vendors.NewSinch(), vendors.NewSinch()
	other.Password = "somebody-elses-password"
	report := func(status string, code int, want sms.Receipt) smstest.Report {
		want.ProviderID = "m-1"
		body, _ := json.Marshal(vendors.SinchReport(vendors.Text{SID: "m-1", To: smstest.To, Ref: smstest.ID}, status, code))
		return smstest.Report{Body: string(body), Want: want}
	}
	failed := func(class sms.Class, code string) sms.Receipt {
		return sms.Receipt{Status: sms.Failed, Error: &sms.Error{Class: class, Code: code}}
	}
	return &smstest.Receipts{
		Sign:             func(address string, body []byte) *http.Request { return fake.Post(address, string(body)) },
		Forge:            func(address string, body []byte) *http.Request { return other.Post(address, string(body)) },
		AddressNotSigned: true, BodyNotSigned: true,
		Reports: map[string]smstest.Report{
			"queued":             report("Queued", 400, sms.Receipt{Status: sms.Pending}),
			"dispatched":         report("Dispatched", 401, sms.Receipt{Status: sms.Sent}),
			"unknown":            report("Unknown", 0, sms.Receipt{Status: sms.Sent}),
			"delivered":          report("Delivered", 0, sms.Receipt{Status: sms.Delivered}),
			"in capitals":        report("DELIVERED", 0, sms.Receipt{Status: sms.Delivered}),
			"unknown subscriber": report("Failed", 150, failed(sms.Permanent, "150")),
			"handset is off":     report("Failed", 201, failed(sms.Later, "201")),
			"spam":               report("Failed", 15, failed(sms.OtherRoute, "15")),
			"unroutable":         report("Aborted", 402, failed(sms.OtherRoute, "402")),
			"expired inside":     report("Aborted", 406, failed(sms.Permanent, "406")),
			"expired":            report("Expired", 999, failed(sms.Permanent, "999")),
			"a new code":         report("Rejected", 499, failed(sms.OtherRoute, "499")),
			"no code":            report("Rejected", 2025550123, failed(sms.OtherRoute, "")),
		},
		Unreadable: map[string]string{
			"a form": "type=mo_text", "no message": `{"type":"recipient_delivery_report_sms","status":"Delivered"}`,
			"strange status":      `{"type":"recipient_delivery_report_sms","batch_id":"m-1","status":"lost"}`,
			"another kind":        `{"type":"delivery_report_sms","batch_id":"m-1","status":"Delivered"}`,
			"a text that came in": `{"type":"mo_text","id":"in-1","from":"12025550162","body":"STOP"}`,
		},
	}
}
