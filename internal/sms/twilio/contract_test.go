package twilio_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/twilio"
	"github.com/thimble-auth/thimble/test/vendors"
)

func TestContract(t *testing.T) {
	t.Parallel()
	smstest.Run(t, smstest.Setup{
		New: func(client *httpx.Client, base string) sms.Sender {
			c := config(nil)
			c.HTTP, c.BaseURL = client, base
			return twilio.New(c)
		},
		Secrets: []string{
			vendors.TwilioToken, base64.StdEncoding.EncodeToString([]byte(vendors.TwilioAccount + ":" + vendors.TwilioToken)),
		},
		Read: read,
		Taken: smstest.Answer{Status: http.StatusCreated, Body: fmt.Sprintf(
			`{"sid":"SM18c9444687c240caa8b54dc9a22e14d8","to":%q,"body":%q,"num_segments":"2","error_code":null}`,
			smstest.To, smstest.Text)},
		Result: sms.Result{ProviderID: "SM18c9444687c240caa8b54dc9a22e14d8", Segments: 2},
		Refusals: map[string]smstest.Refusal{
			"opted out":  {Answer: refused(400, 21610), Want: sms.Error{Class: sms.OptedOut, Code: "21610"}},
			"bad number": {Answer: refused(400, 21211), Want: sms.Error{Class: sms.Permanent, Code: "21211"}},
			"no region":  {Answer: refused(400, 21408), Want: sms.Error{Class: sms.OtherRoute, Code: "21408"}},
			"too many": {
				Answer: refused(429, 20429), Want: sms.Error{Class: sms.Later, Code: "20429", RetryAfter: 7 * time.Second},
			},
			"taken and failed": {Answer: refused(201, 21610), Want: sms.Error{Class: sms.OptedOut, Code: "21610"}},
		},
		Broken: func(client *httpx.Client) sms.Sender {
			return twilio.New(twilio.Config{
				From: "Acme Brothers & Sons", MessagingServiceSID: "MG1", BaseURL: "http://api.twilio.com", HTTP: client,
			})
		},
		Settings: []string{
			"twilio-account-sid", "twilio-auth-token", "twilio-from", "twilio-messaging-service-sid", "twilio-base-url",
		},
		Receipts: receipts(),
	})
}

// read takes a call for a new message apart.
func read(t *testing.T, r *http.Request, body []byte) smstest.Sent {
	t.Helper()
	form, err := url.ParseQuery(string(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range form {
		if len(values) != 1 || values[0] == "" {
			t.Errorf("%s is %q, want one value or none", name, values)
		}
	}
	seconds, _ := strconv.Atoi(form.Get("ValidityPeriod"))
	if user, password, _ := r.BasicAuth(); user != vendors.TwilioAccount || password != vendors.TwilioToken {
		t.Error("wrong credentials")
	}
	return smstest.Sent{
		To: form.Get("To"), Body: form.Get("Body"), CallbackURL: form.Get("StatusCallback"),
		ValidFor: time.Duration(seconds) * time.Second,
	}
}

// refused is an answer with one of Twilio's codes. Its message repeats the number, as Twilio's do.
func refused(status, code int) smstest.Answer {
	var state any = status
	if status == http.StatusCreated {
		state = "failed"
	}
	body, _ := json.Marshal(map[string]any{
		"code": code, "error_code": code, "sid": "SM1", "status": state,
		"message": "The 'To' number " + smstest.To + " is not good for " + smstest.Text,
	})
	a := smstest.Answer{Status: status, Body: string(body)}
	if status == http.StatusTooManyRequests {
		a.Header = map[string]string{"Retry-After": "7"}
	}
	return a
}

func receipts() *smstest.Receipts {
	fake, other := vendors.NewTwilio(), vendors.NewTwilio()
	other.Token = strings.Repeat("f", 32)
	report := func(status string, code int, want sms.Receipt) smstest.Report {
		sent := vendors.Text{SID: "SM1", To: smstest.To, From: vendors.TwilioFrom, Callback: callback}
		body, _ := io.ReadAll(fake.Callback(sent, status, code).Body)
		want.ProviderID = "SM1"
		return smstest.Report{Body: string(body), Want: want}
	}
	failed := func(class sms.Class, code string) sms.Receipt {
		return sms.Receipt{Status: sms.Failed, Error: &sms.Error{Class: class, Code: code}}
	}
	return &smstest.Receipts{
		Sign:  func(address string, body []byte) *http.Request { return signed(fake, address, body) },
		Forge: func(address string, body []byte) *http.Request { return signed(other, address, body) },
		Reports: map[string]smstest.Report{
			"queued":          report("queued", 0, sms.Receipt{Status: sms.Pending}),
			"sending":         report("sending", 0, sms.Receipt{Status: sms.Pending}),
			"sent":            report("sent", 0, sms.Receipt{Status: sms.Sent}),
			"delivered":       report("delivered", 0, sms.Receipt{Status: sms.Delivered}),
			"opted out":       report("failed", 21610, failed(sms.OptedOut, "21610")),
			"unknown handset": report("undelivered", 30005, failed(sms.Permanent, "30005")),
			"filtered":        report("undelivered", 30007, failed(sms.OtherRoute, "30007")),
			"no code":         report("failed", 0, failed(sms.OtherRoute, "")),
		},
		Unreadable: map[string]string{
			"another account": "AccountSid=AC2&MessageSid=SM1&MessageStatus=delivered",
			"no message":      "AccountSid=" + vendors.TwilioAccount + "&MessageStatus=delivered",
			"no status":       "MessageSid=SM1",
			"strange status":  "MessageSid=SM1&MessageStatus=lost",
		},
	}
}

// signed makes a callback with any body. The signature is over the form in it.
func signed(fake *vendors.Twilio, address string, body []byte) *http.Request {
	form, _ := url.ParseQuery(string(body))
	r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("X-Twilio-Signature", fake.Sign(address, form))
	return r
}

// TestPrinting makes sure that settings can be logged.
func TestPrinting(t *testing.T) {
	t.Parallel()
	c := config(nil)
	for _, v := range []any{c, &c, *twilio.New(c)} {
		if shown := fmt.Sprintf("%v %+v %#v %s", v, v, v, v); strings.Contains(shown, vendors.TwilioToken) {
			t.Errorf("%T shows the token: %s", v, shown)
		}
	}
}
