package notify

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/twilio"
	"github.com/thimble-auth/thimble/internal/sms/vonage"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/test/vendors"
)

func (w *world) channel(from string) twilio.Config {
	return twilio.Config{
		AccountSID: vendors.TwilioAccount, AuthToken: vendors.TwilioToken, From: from, ContentSID: vendors.TwilioContent,
		HTTP: httpx.New(httpx.Options{Transport: w.twilio.RoundTripper()}),
	}
}

func (w *world) vonageVoice(fake *vendors.Vonage) *vonage.Voice {
	return vonage.NewVoice(vonage.Config{
		ApplicationID: vendors.VonageApplication, PrivateKey: secret.String(fake.PrivateKey()), APIKey: vendors.VonageAPIKey,
		SignatureSecret: vendors.VonageSignature, From: vendors.VonageVoice, Now: time.Now,
		HTTP: httpx.New(httpx.Options{Transport: fake.RoundTripper()}),
	})
}

// textBy gives a text to a new member of a project that has these channels.
func (n *node) textBy(channels ...store.ChannelWait) *store.Message {
	n.w.t.Helper()
	n.w.sent++
	p := *liveProject
	p.Settings.Channels = channels
	m := n.write(&p, fmt.Sprintf("member-live-%d", n.w.sent), fmt.Sprintf("+1202555%04d", n.w.sent))
	n.Hand(n.w.t.Context(), m)
	return m
}

// TestChannelWords: the same code is read aloud in a call, and goes alone into a template.
func TestChannelWords(t *testing.T) {
	t.Parallel()
	const heard = "Hello. This is a call from Acme. Your code is:\n1\n2\n3\n4\n5\n6\nOnce more, your code is:\n1\n2\n3\n4\n5\n6\n" +
		"The code is valid for two minutes. Goodbye."
	inWorlds(t, func(w *world) {
		for _, test := range []struct {
			name, body string
			channel    sms.Channel
			sender     func() sms.Sender
			report     func(vendors.Text) *http.Request
		}{
			{
				"twilio_voice", heard, sms.Voice,
				func() sms.Sender { return twilio.NewVoice(w.channel(vendors.TwilioVoice)) },
				func(text vendors.Text) *http.Request { return w.twilio.CallStatus(text, "completed", "") },
			},
			{
				"twilio_whatsapp", "123456", sms.WhatsApp,
				func() sms.Sender { return twilio.NewWhatsApp(w.channel(vendors.TwilioWhatsApp)) },
				func(text vendors.Text) *http.Request { return w.twilio.Callback(text, "read", 0) },
			},
		} {
			w.in(test.name, func() {
				n := w.node(func(o *Options) { o.SMS = []SMSRoute{{Sender: test.sender()}} })
				m := n.textBy(store.ChannelWait{Channel: string(test.channel)})
				synctest.Wait()
				text := w.twilio.Texts()[0]
				if text.Body != test.body {
					w.t.Errorf("it says %q, want %q", text.Body, test.body)
				}
				if row := n.wants(m, store.MessageSent, ""); row.Provider != test.name || row.Segments != 0 {
					w.t.Errorf("handed to %s in %d segments", row.Provider, row.Segments)
				}
				if code := n.report(test.report(text)); code != http.StatusOK {
					w.t.Errorf("a report is answered with %d", code)
				}
				n.wants(m, store.MessageDelivered, "")
				n.drain(time.Second)
			})
		}
	})
}

// TestMailbox: a code that a mailbox took goes to the next provider, and the end of that call says nothing else.
func TestMailbox(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		calls := vendors.NewVonage()
		n := w.node(func(o *Options) {
			o.SMS = append(o.SMS, SMSRoute{Sender: w.vonageVoice(calls)})
		})
		m := n.textBy(store.ChannelWait{Channel: "voice"}, store.ChannelWait{Channel: "sms"})
		synctest.Wait()
		call := calls.Texts()[0]
		for _, status := range []string{"started", "ringing", "answered", "machine", "completed"} {
			if code := n.report(calls.CallEvent(call, status)); code != http.StatusOK {
				w.t.Errorf("%s is answered with %d", status, code)
			}
			synctest.Wait()
		}
		if row := n.wants(m, store.MessageSent, ""); row.Provider != twilio.Name {
			w.t.Errorf("the code is with %s", row.Provider)
		}
		w.takes(m, 1)
		if text := w.twilio.Texts()[0]; !strings.HasPrefix(text.Body, "123456 is your Acme code.") {
			w.t.Errorf("the text says %q", text.Body)
		}
		n.report(w.twilio.Callback(w.twilio.Texts()[0], "delivered", 0))
		n.wants(m, store.MessageDelivered, "")
		n.drain(time.Second)
	})
}

// TestPerson: a call that a person answered has delivered its code, and costs what its end says.
func TestPerson(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		calls := vendors.NewVonage()
		n := w.node(func(o *Options) { o.SMS = []SMSRoute{{Sender: w.vonageVoice(calls)}} })
		m := n.textBy(store.ChannelWait{Channel: "voice"})
		synctest.Wait()
		for _, status := range []string{"answered", "human", "completed"} {
			n.report(calls.CallEvent(calls.Texts()[0], status))
		}
		if row := n.wants(m, store.MessageDelivered, ""); row.PriceMicros != 2025 || row.PriceCurrency != "EUR" {
			w.t.Errorf("it cost %d %s", row.PriceMicros, row.PriceCurrency)
		}
		n.drain(time.Second)
	})
}

// TestSpokenCodes: in every language, what is said and what senders make of it fit: the code twice, a digit at a time.
func TestSpokenCodes(t *testing.T) {
	t.Parallel()
	for _, tag := range locale.SMS() {
		c := Content{Code: "012345", ProjectName: "24"}
		w, err := render(&store.Message{Kind: store.KindSMSOTP, Locale: string(tag)}, c, sms.Voice)
		if err != nil {
			t.Fatal(err)
		}
		var codes []string
		for _, u := range sms.Utterances(w.body) {
			if u.Digits != "" {
				codes = append(codes, u.Digits)
			}
		}
		if len(codes) != 2 || codes[0] != "012345" || codes[1] != "012345" || w.segments != 0 || w.code != "012345" {
			t.Errorf("%q: %q has the codes %q", tag, w.body, codes)
		}
	}
}
