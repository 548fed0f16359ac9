package aws_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/aws"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/test/vendors"
)

const inboundAddress = "https://auth.example.com/callbacks/sms/aws/inbound/abc"

// documented is the example of https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html, read
// 2026-11-23.
const documented = `{"originationNumber":"+14255550182","destinationNumber":"+12125550101","messageKeyword":"JOIN",` +
	`"messageBody":"EXAMPLE","inboundMessageId":"cae173d2-66b9-564c-8309-21f858e9fb84",` +
	`"previousPublishedMessageId":"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}`

func TestListen(t *testing.T) {
	t.Parallel()
	fake := vendors.NewAWS()
	s := aws.New(config(fake.RoundTripper()))
	signed := func(message string) *http.Request {
		return fake.Post(inboundAddress, fake.Sign(fake.Envelope("Notification", message), "2"))
	}
	smstest.Listen(t, smstest.Listening{
		Sender: s, Address: inboundAddress, Inside: true,
		Pass: func(id, from, body, _ string) *http.Request {
			return fake.Inbound(inboundAddress, vendors.Inbound{ID: id, From: from, Body: body})
		},
		Forged: map[string]func() *http.Request{
			"of another topic": func() *http.Request {
				e := fake.Envelope("Notification", documented)
				e["TopicArn"] += "2"
				return fake.Post(inboundAddress, fake.Sign(e, "2"))
			},
			"unsigned": func() *http.Request {
				return fake.Post(inboundAddress, fake.Envelope("Notification", documented))
			},
		},
		Ignored: map[string]*http.Request{
			"a report on a message": signed(`{"eventType":"TEXT_DELIVERED","messageId":"1"}`),
			"the subscription":      fake.Subscribe(inboundAddress),
		},
		Unreadable: map[string]*http.Request{
			"no id":       signed(`{"originationNumber":"+14255550182","messageBody":"STOP"}`),
			"from nobody": signed(`{"inboundMessageId":"1","messageBody":"STOP"}`),
			"no JSON":     signed(`STOP`),
		},
	})
	if _, confirmed := fake.Fetched(); confirmed != 1 {
		t.Errorf("%d subscriptions confirmed, want 1", confirmed)
	}
}

// One topic may have two subscriptions, of which each gets everything.
func TestDocumentedInbound(t *testing.T) {
	t.Parallel()
	fake := vendors.NewAWS()
	s := aws.New(config(fake.RoundTripper()))
	request := func() *http.Request {
		return fake.Post(inboundAddress, fake.Sign(fake.Envelope("Notification", documented), "1"))
	}
	r := request()
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Heard(r, inboundAddress, raw)
	want := sms.Heard{ID: "cae173d2-66b9-564c-8309-21f858e9fb84", From: "+14255550182"}
	if err != nil || got != want {
		t.Errorf("Heard = %+v, %v; want %+v", got, err, want)
	}
	if id, receipt, err := report(t, s, request()); err != nil || id != "" || receipt != (sms.Receipt{}) {
		t.Errorf("Report = %q, %+v, %v; want nothing", id, receipt, err)
	}
}

// FuzzHeard signs whatever it is given: nothing may come of it but a word, or that it cannot be read.
func FuzzHeard(f *testing.F) {
	fake := vendors.NewAWS()
	s := aws.New(config(fake.RoundTripper()))
	f.Add(documented, true)
	f.Add(`{"eventType":"TEXT_DELIVERED","messageId":"1"}`, true)
	f.Add(`{"originationNumber":1}`, false)
	f.Fuzz(func(t *testing.T, message string, signed bool) {
		e := fake.Envelope("Notification", message)
		if signed {
			e = fake.Sign(e, "2")
		}
		r := fake.Post(inboundAddress, e)
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Heard(r, inboundAddress, raw)
		if err == nil && (!signed || got.Word != sms.NoWord && (got.ID == "" || got.From == "")) ||
			err != nil && got != (sms.Heard{}) {
			t.Errorf("%q became %+v, %v", message, got, err)
		}
	})
}
