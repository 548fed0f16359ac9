package infobip_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/infobip"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/test/vendors"
)

const id = "2250be2d4219-3af1-78856-aabe-1362af1edfd2"

// said is an answer about one message, which has a status.
func said(group int, name string) smstest.Answer {
	return smstest.JSON(http.StatusOK, map[string]any{"bulkId": "1", "messages": []any{map[string]any{
		"messageId": id, "destination": smstest.To[1:], "details": map[string]any{"messageCount": 2},
		"status": map[string]any{"groupId": group, "name": name, "description": smstest.To + smstest.Text},
	}}})
}

func TestContract(t *testing.T) {
	t.Parallel()
	refused := func(status int, code string) smstest.Answer {
		return smstest.JSON(status, map[string]any{"errorCode": code, "description": smstest.To + " " + smstest.Text})
	}
	is := func(class sms.Class, code string) sms.Error { return sms.Error{Class: class, Code: code} }
	smstest.Run(t, smstest.Setup{
		New: func(client *httpx.Client, base string) sms.Sender {
			c := config(client)
			c.BaseURL = base
			return infobip.New(c)
		},
		Secrets:    []string{vendors.InfobipKey, vendors.InfobipPassword},
		Read:       read,
		NoCallback: true,
		Taken:      said(1, "PENDING_ACCEPTED"),
		Result:     sms.Result{ProviderID: id, Segments: 2},
		Refusals: map[string]smstest.Refusal{
			"bad number":      {Answer: said(5, "REJECTED_PREFIX_MISSING"), Want: is(sms.Permanent, "REJECTED_PREFIX_MISSING")},
			"blocklist":       {Answer: said(5, "REJECTED_DESTINATION"), Want: is(sms.Permanent, "REJECTED_DESTINATION")},
			"no credit":       {Answer: said(5, "REJECTED_NOT_ENOUGH_CREDITS"), Want: is(sms.OtherRoute, "REJECTED_NOT_ENOUGH_CREDITS")},
			"system error":    {Answer: said(5, "REJECTED_SYSTEM_ERROR"), Want: is(sms.Later, "REJECTED_SYSTEM_ERROR")},
			"a new status":    {Answer: said(5, "REJECTED_FOR_ONCE"), Want: is(sms.OtherRoute, "REJECTED_FOR_ONCE")},
			"no status":       {Answer: said(5, smstest.To), Want: is(sms.OtherRoute, "")},
			"a bad parameter": {Answer: refused(400, "E400"), Want: is(sms.OtherRoute, "E400")},
			"no code":         {Answer: refused(400, smstest.To), Want: is(sms.OtherRoute, "")},
			"too many":        {Answer: refused(429, "E429"), Want: is(sms.Later, "E429")},
			"no message": {
				Answer: smstest.JSON(http.StatusOK, map[string]any{"messages": []any{}}), Want: is(sms.Later, ""),
			},
		},
		Lacks: []sms.Class{sms.OptedOut}, // whoever wants no texts is on a blocklist with others
		Broken: func(client *httpx.Client) sms.Sender {
			return infobip.New(infobip.Config{
				BaseURL: "http://xyz.api.infobip.com", From: "Acme Brothers & Sons", WebhookPassword: "short", HTTP: client,
			})
		},
		Settings: []string{
			"infobip-base-url", "infobip-api-key", "infobip-from", "infobip-webhook-user", "infobip-webhook-password",
		},
		Receipts: receipts(),
	})
}

// read takes a call for a new message apart.
func read(t *testing.T, r *http.Request, body []byte) smstest.Sent {
	t.Helper()
	var sent struct {
		Messages []struct {
			Destinations []struct{ To string }
			Content      struct{ Text string }
			Options      struct {
				ValidityPeriod struct {
					Amount   int
					TimeUnit string
				}
			}
		}
	}
	if err := json.Unmarshal(body, &sent); err != nil || len(sent.Messages) != 1 || len(sent.Messages[0].Destinations) != 1 {
		t.Fatal(err, len(sent.Messages))
	}
	m := &sent.Messages[0]
	if r.Header.Get("Authorization") != "App "+vendors.InfobipKey || m.Options.ValidityPeriod.TimeUnit != "SECONDS" {
		t.Errorf("credentials %q, time unit %q", r.Header.Get("Authorization"), m.Options.ValidityPeriod.TimeUnit)
	}
	return smstest.Sent{
		To: "+" + m.Destinations[0].To, Body: m.Content.Text,
		ValidFor: time.Duration(m.Options.ValidityPeriod.Amount) * time.Second,
	}
}

func receipts() *smstest.Receipts {
	fake, other := vendors.NewInfobip(), vendors.NewInfobip()
	other.Password = "somebody else's password"
	sent := vendors.Text{SID: "m-1", To: smstest.To, Body: smstest.Text, Ref: smstest.ID}
	report := func(result map[string]any, want sms.Receipt) smstest.Report {
		body, _ := json.Marshal(map[string]any{"results": []any{result}})
		want.ProviderID, want.Price = "m-1", sms.Price{Micros: 20_000, Currency: "EUR"}
		return smstest.Report{Body: string(body), Want: want}
	}
	ended := func(group int, status string, want sms.Status) smstest.Report {
		return report(vendors.InfobipResult(sent, group, status, 0, "NO_ERROR", false), sms.Receipt{Status: want})
	}
	failed := func(group int, status string, errorGroup int, failure string, permanent bool, class sms.Class, code string) smstest.Report {
		return report(vendors.InfobipResult(sent, group, status, errorGroup, failure, permanent), sms.Receipt{
			Status: sms.Failed, Error: &sms.Error{Class: class, Code: code},
		})
	}
	return &smstest.Receipts{
		Sign:             func(address string, body []byte) *http.Request { return fake.PostBody(address, string(body)) },
		Forge:            func(address string, body []byte) *http.Request { return other.PostBody(address, string(body)) },
		AddressNotSigned: true, BodyNotSigned: true,
		Reports: map[string]smstest.Report{
			"accepted":         ended(1, "PENDING_ACCEPTED", sms.Pending),
			"with the carrier": ended(1, "PENDING_ENROUTE", sms.Sent),
			"delivered":        ended(3, "DELIVERED_TO_HANDSET", sms.Delivered),
			"no receipt":       ended(4, "EXPIRED_DLR_UNKNOWN", sms.Sent),
			"unknown subscriber": failed(2, "UNDELIVERABLE_NOT_DELIVERED", 1, "EC_UNKNOWN_SUBSCRIBER", true,
				sms.Permanent, "EC_UNKNOWN_SUBSCRIBER"),
			"handset is off": failed(2, "UNDELIVERABLE_NOT_DELIVERED", 1, "EC_ABSENT_SUBSCRIBER", false,
				sms.Later, "EC_ABSENT_SUBSCRIBER"),
			"handset's new error": failed(2, "UNDELIVERABLE_NOT_DELIVERED", 1, "EC_BROKEN", true, sms.Permanent, "EC_BROKEN"),
			"carrier's no": failed(2, "UNDELIVERABLE_REJECTED_OPERATOR", 3, "EC_SOME_OPERATOR_ERROR", true,
				sms.OtherRoute, "EC_SOME_OPERATOR_ERROR"),
			"expired":     failed(4, "EXPIRED_EXPIRED", 0, "NO_ERROR", false, sms.Permanent, "EXPIRED_EXPIRED"),
			"no route":    failed(5, "REJECTED_ROUTE_NOT_AVAILABLE", 0, "", false, sms.OtherRoute, "REJECTED_ROUTE_NOT_AVAILABLE"),
			"no words":    failed(5, smstest.To, 1, smstest.Code, true, sms.OtherRoute, ""),
			"bad number":  failed(5, "REJECTED_PREFIX_MISSING", 0, "NO_ERROR", false, sms.Permanent, "REJECTED_PREFIX_MISSING"),
			"flood guard": failed(5, "REJECTED_FLOODING_FILTER", 0, "NO_ERROR", false, sms.OtherRoute, "REJECTED_FLOODING_FILTER"),
		},
		Unreadable: map[string]string{
			"a form": "results=1", "no results": `{"results":[]}`, "no message": `{"results":[{"status":{"groupId":3}}]}`,
			"no status": `{"results":[{"messageId":"m-1"}]}`, "strange group": `{"results":[{"messageId":"m-1","status":{"groupId":6}}]}`,
			"a text that came in": `{"results":[{"messageId":"in-1","from":"12025550162","text":"STOP"}]}`,
			"half of it bad":      `{"results":[{"messageId":"m-1","status":{"groupId":3}},{"messageId":"m-2"}]}`,
		},
	}
}
