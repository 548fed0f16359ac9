package webhook_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/webhook"
	"github.com/thimble-auth/thimble/test/vendors"
)

const inboundAddress = "https://auth.example.com/callbacks/sms/webhook/inbound/abc"

func TestListen(t *testing.T) {
	t.Parallel()
	program := vendors.NewWebhook()
	signed := func(body string) *http.Request { return program.SignedReport(inboundAddress, time.Now(), []byte(body)) }
	stranger := vendors.NewWebhook()
	stranger.Secret = vendors.WebhookNext
	stop := `{"id":"in-1","from":"+12025550162","body":"STOP"}`
	smstest.Listen(t, smstest.Listening{
		Sender: webhook.New(config(nil)), Address: inboundAddress, Verdicts: true,
		Pass: func(id, from, body, verdict string) *http.Request {
			return program.Inbound(inboundAddress, vendors.Inbound{ID: id, From: from, Body: body, Verdict: verdict})
		},
		Forged: map[string]func() *http.Request{
			"with another secret": func() *http.Request { return stranger.SignedReport(inboundAddress, time.Now(), []byte(stop)) },
			"long ago": func() *http.Request {
				return program.SignedReport(inboundAddress, time.Now().Add(-6*time.Minute), []byte(stop))
			},
		},
		Unreadable: map[string]*http.Request{
			"a report on a message":  signed(`{"id":"m-1","provider_id":"a-1","status":"delivered"}`),
			"a report with a sender": signed(`{"id":"m-1","provider_id":"a-1","status":"delivered","from":"+12025550162","body":"STOP"}`),
			"a call of ours":         signed(`{"id":"m-1","to":"+12025550162","body":"Your code is 123456.","valid_for_seconds":118}`),
			"no id":                  signed(`{"from":"+12025550162","body":"STOP"}`),
			"no JSON":                signed(`STOP`),
		},
	})
}

// FuzzHeard signs whatever it is given: nothing may come of it but a word, or that it cannot be read.
func FuzzHeard(f *testing.F) {
	program := vendors.NewWebhook()
	s := webhook.New(config(nil))
	f.Add(`{"id":"in-1","from":"+12025550162","body":"STOP"}`, true)
	f.Add(`{"id":"in-1","from":"+12025550162","word":"start"}`, true)
	f.Add(`{"id":"in-1","from":"+12025550162","body":"STOP"}`, false)
	f.Fuzz(func(t *testing.T, body string, signed bool) {
		r := program.SignedReport(inboundAddress, time.Now(), []byte(body))
		if !signed {
			r.Header.Del("Webhook-Signature")
		}
		got, err := s.Heard(r, inboundAddress, []byte(body))
		if err == nil && (!signed || got.ID == "" || got.From == "") || err != nil && got != (sms.Heard{}) {
			t.Errorf("%q became %+v, %v", body, got, err)
		}
	})
}
