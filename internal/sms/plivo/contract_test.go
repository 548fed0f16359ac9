package plivo_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/plivo"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/test/vendors"
)

func TestContract(t *testing.T) {
	t.Parallel()
	const id = "db3ce55a-7f1d-11e1-8ea7-1231380bc196"
	refused := func(status int) smstest.Answer {
		return smstest.JSON(status, map[string]any{"api_id": id, "error": "dst " + smstest.To + " " + smstest.Text})
	}
	smstest.Run(t, smstest.Setup{
		New: func(client *httpx.Client, base string) sms.Sender {
			c := config(client)
			c.BaseURL = base
			return plivo.New(c)
		},
		Secrets: []string{
			vendors.PlivoToken, base64.StdEncoding.EncodeToString([]byte(vendors.PlivoID + ":" + vendors.PlivoToken)),
		},
		Read:        read,
		MinValidity: 5 * time.Second,
		Taken: smstest.JSON(http.StatusAccepted, map[string]any{
			"message": "message(s) queued", "message_uuid": []string{id}, "api_id": id,
		}),
		Result: sms.Result{ProviderID: id},
		Refusals: map[string]smstest.Refusal{
			"a wrong parameter": {Answer: refused(400), Want: sms.Error{Class: sms.OtherRoute}},
			"wrong credentials": {Answer: refused(401), Want: sms.Error{Class: sms.OtherRoute}},
			"too many":          {Answer: refused(429), Want: sms.Error{Class: sms.Later}},
			"a bad number": {
				Answer: smstest.JSON(http.StatusAccepted, map[string]any{
					"message_uuid": []string{}, "invalid_number": []string{smstest.To[1:]}, "api_id": id,
				}),
				Want: sms.Error{Class: sms.Permanent},
			},
			"another number": {
				Answer: smstest.JSON(http.StatusAccepted, map[string]any{
					"message_uuid": []string{}, "invalid_number": []string{"12025550199"}, "api_id": id,
				}),
				Want: sms.Error{Class: sms.Later},
			},
			"two messages": {
				Answer: smstest.JSON(http.StatusAccepted, map[string]any{"message_uuid": []string{id, id}}),
				Want:   sms.Error{Class: sms.Later},
			},
		},
		Lacks: []sms.Class{sms.OptedOut}, // it is said in reports alone
		Broken: func(client *httpx.Client) sms.Sender {
			return plivo.New(plivo.Config{
				AuthID: "1", From: "Acme Login", PowerpackUUID: "1", BaseURL: "http://api.plivo.com", HTTP: client, Now: time.Now,
			})
		},
		Settings: []string{"plivo-auth-id", "plivo-auth-token", "plivo-powerpack-uuid", "plivo-base-url"},
		Receipts: receipts(),
		Learned:  &smstest.Answer{Body: `{"message":"successfully recorded."}`},
	})
}

// read takes a call for a new message apart.
func read(t *testing.T, r *http.Request, body []byte) smstest.Sent {
	t.Helper()
	var sent struct {
		Dst, Text, URL, Method, Log string
		Expiry                      int `json:"message_expiry"`
		Trackable                   bool
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		t.Fatal(err)
	}
	if id, token, _ := r.BasicAuth(); id != vendors.PlivoID || token != vendors.PlivoToken {
		t.Error("wrong credentials")
	}
	if sent.Log != "number_only" || !sent.Trackable || (sent.URL != "") != (sent.Method == http.MethodPost) {
		t.Errorf("log %q, trackable %v, method %q", sent.Log, sent.Trackable, sent.Method)
	}
	return smstest.Sent{
		To: sent.Dst, Body: sent.Text, ValidFor: time.Duration(sent.Expiry) * time.Second, CallbackURL: sent.URL,
	}
}

func receipts() *smstest.Receipts {
	fake, other := vendors.NewPlivo(), vendors.NewPlivo()
	other.Token = "somebody-elses-token"
	report := func(status, code, amount string, want sms.Receipt) smstest.Report {
		want.ProviderID = "m-1"
		form := url.Values{
			"MessageUUID": {"m-1"}, "Status": {status}, "ErrorCode": {code}, "TotalAmount": {amount}, "To": {smstest.To[1:]},
		}
		return smstest.Report{Body: form.Encode(), Want: want}
	}
	failed := func(class sms.Class, code string) sms.Receipt {
		return sms.Receipt{Status: sms.Failed, Error: &sms.Error{Class: class, Code: code}}
	}
	price := sms.Price{Micros: 5500, Currency: "USD"}
	return &smstest.Receipts{
		Sign:          func(address string, body []byte) *http.Request { return fake.SignedCallback(address, string(body)) },
		Forge:         func(address string, body []byte) *http.Request { return other.SignedCallback(address, string(body)) },
		BodyNotSigned: true,
		Reports: map[string]smstest.Report{
			"queued":      report("queued", "", "", sms.Receipt{Status: sms.Pending}),
			"sent":        report("sent", "000", "0.0055", sms.Receipt{Status: sms.Sent, Price: price}),
			"delivered":   report("delivered", "000", "0.0055", sms.Receipt{Status: sms.Delivered, Price: price}),
			"bad number":  report("undelivered", "50", "", failed(sms.Permanent, "50")),
			"spam":        report("undelivered", "30", "", failed(sms.OtherRoute, "30")),
			"unreachable": report("undelivered", "80", "", failed(sms.Later, "80")),
			"opted out":   report("failed", "200", "", failed(sms.OptedOut, "200")),
			"expired":     report("failed", "420", "", failed(sms.Permanent, "420")),
			"rejected":    report("rejected", "999", "", failed(sms.OtherRoute, "999")),
			"no code":     report("failed", "", "", failed(sms.OtherRoute, "")),
			"no error":    report("failed", "000", "", failed(sms.OtherRoute, "")),
			"no number":   report("failed", smstest.To, "", failed(sms.OtherRoute, "")),
		},
		Unreadable: map[string]string{
			"JSON": `{"MessageUUID":"m-1","Status":"sent"}`, "no message": "Status=sent", "no status": "MessageUUID=m-1",
			"strange status": "MessageUUID=m-1&Status=lost", "a text that came in": "MessageUUID=m-1&From=12025550123&Text=STOP",
			"no form": "MessageUUID=m-1&Status=sent&%zz",
		},
	}
}
