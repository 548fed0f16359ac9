package twilio_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/twilio"
	"github.com/thimble-auth/thimble/test/vendors"
)

const inboundAddress = "https://auth.example.com/callbacks/sms/twilio/inbound/abc"

func TestListen(t *testing.T) {
	t.Parallel()
	fake := vendors.NewTwilio()
	pass := func(id, from, body, verdict string) *http.Request {
		return fake.Inbound(inboundAddress, vendors.Inbound{ID: id, From: from, Body: body, Verdict: verdict})
	}
	form := func(change func(url.Values)) *http.Request {
		f := url.Values{"AccountSid": {vendors.TwilioAccount}, "MessageSid": {"SM1"}, "From": {to}, "Body": {"STOP"}}
		change(f)
		return fake.SignedCallback(inboundAddress, f)
	}
	smstest.Listen(t, smstest.Listening{
		Sender: twilio.New(config(nil)), Address: inboundAddress, Pass: pass, Verdicts: true,
		Forged: map[string]func() *http.Request{
			"by another account": func() *http.Request {
				stranger := vendors.NewTwilio()
				stranger.Token = "ffffffffffffffffffffffffffffffff"
				return stranger.Inbound(inboundAddress, vendors.Inbound{ID: "SM1", From: to, Body: "STOP"})
			},
			"a report on a message": func() *http.Request {
				return fake.Callback(vendors.Text{SID: "SM1", To: to, Callback: callback}, "delivered", 0)
			},
			"for another address": func() *http.Request {
				return fake.Inbound(inboundAddress+"d", vendors.Inbound{ID: "SM1", From: to, Body: "STOP"})
			},
		},
		Ignored: map[string]*http.Request{
			"a picture": form(func(f url.Values) { f.Del("Body") }),
		},
		Unreadable: map[string]*http.Request{
			"of another account": form(func(f url.Values) { f.Set("AccountSid", "AC2") }),
			"no id":              form(func(f url.Values) { f.Del("MessageSid") }),
			"from nobody":        form(func(f url.Values) { f.Del("From") }),
		},
	})
}

// TestHeard reads what is Twilio's own.
func TestHeard(t *testing.T) {
	t.Parallel()
	fake := vendors.NewTwilio()
	for from, want := range map[string]string{"whatsapp:+12025550162": "+12025550162", "22395": "22395"} {
		r := fake.Inbound(inboundAddress, vendors.Inbound{ID: "SM1", From: from, Body: "Stop"})
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := twilio.New(config(nil)).Heard(r, inboundAddress, raw)
		if err != nil || got != (sms.Heard{ID: "SM1", From: want, Word: sms.Stop, Answer: "<Response></Response>"}) {
			t.Errorf("from %s: %+v, %v", from, got, err)
		}
	}
}

// TestHeardByWhatsApp: the other channel is heard as well, and nobody texts to a caller.
func TestHeardByWhatsApp(t *testing.T) {
	t.Parallel()
	fake := vendors.NewTwilio()
	r := fake.Inbound(inboundAddress, vendors.Inbound{ID: "m-1", From: "whatsapp:+12025550162", Body: "Stop"})
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	got, err := twilio.NewWhatsApp(whatsAppConfig(nil)).Heard(r, inboundAddress, raw)
	if err != nil || got.From != "+12025550162" || got.Word != sms.Stop {
		t.Errorf("Heard = %+v, %v", got, err)
	}
	if _, listens := any(twilio.NewVoice(config(nil))).(sms.Listener); listens {
		t.Error("calls have an address for texts")
	}
}

// FuzzHeard signs whatever it is given: nothing may come of it but a word, or that it cannot be read.
func FuzzHeard(f *testing.F) {
	fake := vendors.NewTwilio()
	s := twilio.New(config(nil))
	f.Add("MessageSid=SM1&From=%2B12025550162&Body=STOP", true)
	f.Add("MessageSid=SM1&From=%2B12025550162&Body=hello&OptOutType=STOP&OptOutType=START", true)
	f.Add("a=b;c", false)
	f.Fuzz(func(t *testing.T, body string, signed bool) {
		form, err := url.ParseQuery(body)
		r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
		if signed && err == nil {
			r.Header.Set("X-Twilio-Signature", fake.Sign(inboundAddress, form))
		}
		got, err := s.Heard(r, inboundAddress, []byte(body))
		switch {
		case err == nil && !signed:
			t.Errorf("%q is believed without a signature", body)
		case err == nil && (got.ID == "" || form.Get("From") == ""):
			t.Errorf("%q became %+v", body, got)
		case err != nil && got != (sms.Heard{}):
			t.Errorf("%q: %+v beside %v", body, got, err)
		}
	})
}
