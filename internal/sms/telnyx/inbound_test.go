package telnyx_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/telnyx"
	"github.com/thimble-auth/thimble/test/vendors"
)

const inboundAddress = "https://auth.example.com/callbacks/sms/telnyx/inbound/abc"

func TestListen(t *testing.T) {
	t.Parallel()
	fake := vendors.NewTelnyx()
	signed := func(body string) *http.Request { return fake.SignedWebhook(inboundAddress, []byte(body), time.Now()) }
	stop := vendors.Inbound{ID: "in-1", From: to, Body: "STOP"}
	smstest.Listen(t, smstest.Listening{
		Sender: telnyx.New(config(nil)), Address: inboundAddress, Verdicts: true,
		Pass: func(id, from, body, verdict string) *http.Request {
			return fake.Inbound(inboundAddress, vendors.Inbound{ID: id, From: from, Body: body, Verdict: verdict})
		},
		Forged: map[string]func() *http.Request{
			"by another account": func() *http.Request { return vendors.OtherTelnyx().Inbound(inboundAddress, stop) },
			"long ago": func() *http.Request {
				return fake.SignedWebhook(inboundAddress, []byte("{}"), time.Now().Add(-6*time.Minute))
			},
		},
		Ignored: map[string]*http.Request{
			"a report on a message": fake.Webhook(vendors.Text{SID: "m-1", To: to, Callback: callback}, "delivered", 0),
		},
		Unreadable: map[string]*http.Request{
			"one that left": signed(webhook("message.received", "m-1", "outbound", `{}`)),
			"no event":      signed(`{}`),
			"no id": signed(`{"data":{"event_type":"message.received","payload":{"direction":"inbound","text":"STOP",` +
				`"from":{"phone_number":"+12025550162"}}}}`),
			"no JSON": signed(`STOP`),
		},
	})
}

// TestGoldenInbound reads the documentation's own webhooks.
func TestGoldenInbound(t *testing.T) {
	t.Parallel()
	var g struct {
		Source, Read string
		Cases        []struct {
			Name string
			Body json.RawMessage
			Want struct{ ID, From, Word string }
		}
	}
	readJSON(t, "inbound.json", &g)
	if g.Source == "" || g.Read == "" || len(g.Cases) == 0 {
		t.Fatal("a golden file says where it is from and when it was read")
	}
	fake := vendors.NewTelnyx()
	for _, c := range g.Cases {
		r := fake.SignedWebhook(inboundAddress, c.Body, time.Now())
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := telnyx.New(config(nil)).Heard(r, inboundAddress, raw)
		if err != nil || got.ID != c.Want.ID || got.From != c.Want.From || got.Word.String() != c.Want.Word {
			t.Errorf("%s: %+v, %v, want %+v", c.Name, got, err, c.Want)
		}
	}
}

// FuzzHeard signs whatever it is given: nothing may come of it but a word, or that it cannot be read.
func FuzzHeard(f *testing.F) {
	fake := vendors.NewTelnyx()
	s := telnyx.New(config(nil))
	f.Add(`{"data":{"event_type":"message.received","payload":{"id":"1","direction":"inbound","text":"STOP",`+
		`"from":{"phone_number":"+12025550162"}}}}`, true)
	f.Add(`{"data":{"event_type":"message.sent"}}`, true)
	f.Add(`{"data":[]}`, false)
	f.Fuzz(func(t *testing.T, body string, signed bool) {
		r := fake.SignedWebhook(inboundAddress, []byte(body), time.Now())
		if !signed {
			r.Header.Del("Telnyx-Timestamp")
		}
		got, err := s.Heard(r, inboundAddress, []byte(body))
		if err == nil && (!signed || got.Word != sms.NoWord && (got.ID == "" || got.From == "")) ||
			err != nil && got != (sms.Heard{}) {
			t.Errorf("%q became %+v, %v", body, got, err)
		}
	})
}
