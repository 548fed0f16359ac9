package notify

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/test/vendors"
)

// by is a provider under another name and on another channel.
type by struct {
	sms.Sender
	name    string
	channel sms.Channel
}

func (b by) Name() string { return b.name }

func (b by) Channel() sms.Channel { return b.channel }

func TestParseRoutes(t *testing.T) {
	t.Parallel()
	providers := []SMSRoute{
		{Sender: by{name: "twilio"}, Countries: []string{"US", "CA"}}, {Sender: by{name: "vonage"}},
	}
	tests := []struct {
		lines []string
		want  string // in the error, "" for none
	}{
		{[]string{"US=vonage>twilio", " +1876 = vonage ", "*=vonage"}, ""},
		{nil, ""},
		{[]string{"US"}, `"US": want a country`},
		{[]string{"USA=twilio"}, `"USA=twilio": want a country`},
		{[]string{"1876=twilio"}, `want a country, a prefix or *`},
		{[]string{"+=twilio"}, `want a country, a prefix or *`},
		{[]string{"+18a=twilio"}, `want a country, a prefix or *`},
		{[]string{"us=vonage", "US=twilio"}, "US has two lists"},
		{[]string{"US=vonage>vonage"}, "US names vonage twice"},
		{[]string{"US="}, `the provider "", which is not set up; set up: twilio, vonage`},
		{[]string{"US=nexmo"}, `the provider "nexmo", which is not set up`},
		{[]string{"DE=twilio"}, "DE names twilio, whose own countries leave it out"},
	}
	for _, tt := range tests {
		_, err := ParseRoutes(tt.lines, providers)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%q: %v, want %q", tt.lines, err, tt.want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "sms-routes: ") {
			t.Errorf("%q: %v does not name the setting", tt.lines, err)
		}
	}
}

// The longest prefix decides, then the country, then the list of all others; a list that names nobody for a number means
// that nobody carries it.
func TestRoutesByPrefix(t *testing.T) {
	t.Parallel()
	providers := []SMSRoute{
		{Sender: by{name: "a", channel: sms.SMS}},
		{Sender: by{name: "b", channel: sms.SMS}, Countries: []string{"US", "JM"}},
		{Sender: by{name: "c", channel: sms.SMS}},
	}
	some, err := ParseRoutes([]string{"US=b>a", "+1876=c", "+18765=a>c", "*=b>c"}, providers)
	if err != nil {
		t.Fatal(err)
	}
	few, err := ParseRoutes([]string{"US=b"}, providers)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		routes          Routes
		country, number string
		want            string
	}{
		{nil, "DE", "+4915112345678", "a c"},
		{nil, "US", "+12025550123", "a b c"},
		{some, "US", "+12025550123", "b a"},
		{some, "US", "", "b a"},
		{some, "JM", "+18764445555", "c"},
		{some, "JM", "+18765445555", "a c"},
		{some, "JM", "", "b c"},
		{some, "DE", "+4915112345678", "c"}, // b's own countries leave Germany out
		{few, "US", "+12025550123", "b"},
		{few, "DE", "+4915112345678", ""},
	} {
		s := &Service{o: Options{SMS: providers, Routes: tt.routes}}
		var got []string
		for _, sender := range s.senders(tt.country, tt.number) {
			got = append(got, sender.Name())
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s %s by %v: %q, want %q", tt.country, tt.number, tt.routes, got, tt.want)
		}
	}
}

// A code goes by the project's channels in their order, each with its own time to report, and by no other.
func TestChannels(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		talk, chat := vendors.NewTwilio(), vendors.NewTwilio()
		n := w.node(func(o *Options) {
			o.SMS = append(o.SMS, SMSRoute{Sender: by{w.sender(talk), "talk", sms.Voice}},
				SMSRoute{Sender: by{w.sender(chat), "chat", sms.WhatsApp}})
		})
		stop := n.run()
		send := func(phone string, channels ...store.ChannelWait) *store.Message {
			p := *liveProject
			p.Settings.Channels = channels
			m := n.write(&p, "member-"+phone, phone)
			n.Hand(t.Context(), m)
			return m
		}
		took := func(fake *vendors.Twilio, m *store.Message) time.Duration {
			for _, text := range fake.Texts() {
				if text.To == m.Recipient {
					return text.At.Sub(m.CreatedAt).Round(time.Second)
				}
			}
			return -1
		}
		plain := send("+12025550001")
		all := send("+12025550002", store.ChannelWait{Channel: "whatsapp", Seconds: 10}, store.ChannelWait{Channel: "sms"},
			store.ChannelWait{Channel: "voice"})
		answered := send("+12025550003", store.ChannelWait{Channel: "whatsapp", Seconds: 10}, store.ChannelWait{Channel: "voice"})
		time.Sleep(5 * time.Second)
		synctest.Wait()
		for _, text := range chat.Texts() {
			if text.To == answered.Recipient {
				n.report(chat.Callback(text, "delivered", 0))
			}
		}
		time.Sleep(100 * time.Second)
		synctest.Wait()
		stop()
		n.drain(time.Second)

		within := func(what string, got, least, most time.Duration) {
			if got < least || got > most {
				w.t.Errorf("%s after %v, want %v to %v", what, got, least, most)
			}
		}
		within("a plain project's text", took(w.twilio, plain), 0, time.Second)
		within("a plain project's call", took(talk, plain), -1, -1)
		within("the WhatsApp message", took(chat, all), 0, time.Second)
		within("the text", took(w.twilio, all), 10*time.Second, 13*time.Second)
		within("the call", took(talk, all), 40*time.Second, 46*time.Second)
		within("a call after a report", took(talk, answered), -1, -1)
		for _, fake := range []*vendors.Twilio{w.twilio, chat, talk} {
			if got := takenBy(fake, all.Recipient); got != 1 {
				w.t.Errorf("a provider took the code %d times", got)
			}
		}
	})
}

// Texts that nobody reports on are sent a second time within bounds, and their provider is passed over; reports that come
// again earn it back.
func TestHedgingIsBounded(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		second := vendors.NewTwilio()
		n := w.node(func(o *Options) {
			o.SMS = append(o.SMS, SMSRoute{Sender: by{w.sender(second), "second", sms.SMS}})
		})
		stop := n.run()
		for range 3 * hedgeMost {
			n.text()
		}
		time.Sleep(receiptWait + 10*time.Second)
		synctest.Wait()
		if got := second.Taken(); got != hedgeMost {
			w.t.Errorf("%d texts were sent a second time, want %d", got, hedgeMost)
		}
		if m := n.text(); m.Provider != "second" {
			w.t.Errorf("%s is asked first, although nothing is heard of the texts that it took", m.Provider)
		}
		n.report(w.twilio.Callback(w.twilio.Texts()[0], "delivered", 0))
		if m := n.text(); m.Provider != "twilio" {
			w.t.Errorf("%s is asked first after a report", m.Provider)
		}
		stop()
		n.drain(time.Second)
	})
}
