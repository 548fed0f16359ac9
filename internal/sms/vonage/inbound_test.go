package vonage_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/internal/sms/vonage"
	"github.com/thimble-auth/thimble/test/vendors"
)

const inboundAddress = "https://auth.example.com/callbacks/sms/vonage/inbound/abc"

func TestListen(t *testing.T) {
	t.Parallel()
	fake := vendors.NewVonage()
	signed := func(body string) *http.Request { return fake.SignedWebhook(inboundAddress, []byte(body), nil) }
	smstest.Listen(t, smstest.Listening{
		Sender: vonage.New(config(nil)), Address: inboundAddress,
		Pass: func(id, from, body, _ string) *http.Request {
			return fake.Inbound(inboundAddress, vendors.Inbound{ID: id, From: from, Body: body})
		},
		Forged: map[string]func() *http.Request{
			"by another account": func() *http.Request {
				return fake.SignedWebhook(inboundAddress, []byte("{}"), func(claims map[string]any) { claims["api_key"] = "b" })
			},
		},
		Ignored: map[string]*http.Request{
			"a picture": signed(`{"message_uuid":"m-1","channel":"mms","message_type":"image","from":"447700900001"}`),
		},
		Unreadable: map[string]*http.Request{
			"a report on a message": fake.Webhook(vendors.Text{SID: "m-1", To: to, Callback: callback}, "delivered", 0),
			"a report with a text":  signed(`{"message_uuid":"m-1","channel":"sms","from":"447700900001","text":"STOP","status":"delivered"}`),
			"no id":                 signed(`{"channel":"sms","from":"447700900001","text":"STOP"}`),
			"from nobody":           signed(`{"message_uuid":"m-1","channel":"sms","text":"STOP"}`),
			"no JSON":               signed(`STOP`),
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
	fake := vendors.NewVonage()
	for _, c := range g.Cases {
		r := fake.SignedWebhook(inboundAddress, c.Body, nil)
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := vonage.New(config(nil)).Heard(r, inboundAddress, raw)
		if err != nil || got.ID != c.Want.ID || got.From != c.Want.From || got.Word.String() != c.Want.Word {
			t.Errorf("%s: %+v, %v, want %+v", c.Name, got, err, c.Want)
		}
	}
}

// TestHeardByWhatsApp: the other channel is heard as well, and nobody texts to a caller.
func TestHeardByWhatsApp(t *testing.T) {
	t.Parallel()
	fake := vendors.NewVonage()
	r := fake.Inbound(inboundAddress, vendors.Inbound{ID: "m-1", From: "+12025550162", Body: "Stop"})
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	got, err := vonage.NewWhatsApp(whatsAppConfig(nil)).Heard(r, inboundAddress, raw)
	if err != nil || got.From != "+12025550162" || got.Word != sms.Stop {
		t.Errorf("Heard = %+v, %v", got, err)
	}
	if _, listens := any(vonage.NewVoice(config(nil))).(sms.Listener); listens {
		t.Error("calls have an address for texts")
	}
}

// FuzzHeard signs whatever it is given: nothing may come of it but a word, or that it cannot be read.
func FuzzHeard(f *testing.F) {
	fake := vendors.NewVonage()
	s := vonage.New(config(nil))
	f.Add(`{"message_uuid":"m-1","channel":"sms","from":"447700900001","text":"STOP"}`, true)
	f.Add(`{"message_uuid":1,"channel":null,"from":[],"text":{}}`, true)
	f.Add(`{"message_uuid":"m-1","channel":"sms","from":"447700900001","text":"STOP"}`, false)
	f.Fuzz(func(t *testing.T, body string, signed bool) {
		r := fake.SignedWebhook(inboundAddress, []byte(body), nil)
		if !signed {
			r.Header.Del("Authorization")
		}
		got, err := s.Heard(r, inboundAddress, []byte(body))
		if err == nil && (!signed || got.ID == "" || len(got.From) < 2) || err != nil && got != (sms.Heard{}) {
			t.Errorf("%q became %+v, %v", body, got, err)
		}
	})
}
