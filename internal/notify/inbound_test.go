package notify

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/twilio"
	"github.com/thimble-auth/thimble/internal/store/storetest"
	"github.com/thimble-auth/thimble/test/vendors"
)

// pass has the provider pass a text on, and gives the answer.
func (n *node) pass(r *http.Request) *httptest.ResponseRecorder {
	n.w.t.Helper()
	mux := http.NewServeMux()
	var err error
	mux.HandleFunc(CallbackPattern, func(w http.ResponseWriter, r *http.Request) { err = n.TakeReport(w, r) })
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	if err != nil {
		n.w.t.Fatalf("a text that was passed on: %v", err)
	}
	return w
}

func (n *node) wantsOut(when, phone string, out bool) {
	n.w.t.Helper()
	if got := n.optedOut(phone); got != out {
		n.w.t.Errorf("%s: opted out is %v, want %v", when, got, out)
	}
}

func TestInboundTexts(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		const phone = "+12025550162"
		n := w.node()
		address := n.InboundAddress("twilio")
		if !strings.HasPrefix(address, publicURL+"/callbacks/sms/twilio/inbound/") {
			w.t.Fatalf("the address is %s", address)
		}
		say := func(id, body, verdict string) *http.Request {
			return w.twilio.Inbound(address, vendors.Inbound{ID: id, From: phone, Body: body, Verdict: verdict})
		}
		for _, s := range []struct {
			id, body, verdict string
			out               bool
		}{
			{"SM1", "hello", "", false},
			{"SM2", "HELP", "", false},
			{"SM3", "stop", "", true},
			{"SM4", "please start", "", true},
			{"SM5", "Start!", "", false},
			{"SM3", "stop", "", false},
			{"SM6", "basta", "STOP", true},
			{"SM5", "Start!", "", true},
			{"SM7", "UNSTOP", "", false},
			{"SM8", "STOP", "HELP", false},
		} {
			for range 2 {
				answer := n.pass(say(s.id, s.body, s.verdict))
				if answer.Code != http.StatusOK || answer.Body.String() != "<Response></Response>" ||
					answer.Header().Get("Content-Type") != "text/xml" {
					w.t.Errorf("%q is answered with %d %s", s.body, answer.Code, answer.Body)
				}
				n.wantsOut(s.id+" "+s.body, phone, s.out)
			}
		}
		n.wantsOut("another number", "+12025550163", false)
		var events []string
		for _, e := range storetest.Read(w.t, n.o.DB).Events {
			events = append(events, e.Action+" "+e.Outcome+" "+e.Details)
			if strings.Contains(e.Details, phone) {
				w.t.Errorf("an event names the number: %+v", e)
			}
		}
		const stop, start = `sms.stop done {"provider":"twilio"}`, `sms.start done {"provider":"twilio"}`
		slices.Sort(events) // ids do not order them: bubbles beside each other share the source of these
		if got, want := strings.Join(events, "\n"), strings.Join([]string{start, start, stop, stop}, "\n"); got != want {
			w.t.Errorf("events:\n%s\nwant:\n%s", got, want)
		}

		// Nobody can be stopped who has no number; the text is fine, though.
		short := w.twilio.Inbound(address, vendors.Inbound{ID: "SM9", From: "22395", Body: "STOP"})
		if answer := n.pass(short); answer.Code != http.StatusOK {
			w.t.Errorf("from a short code: %d", answer.Code)
		}
		n.drain(time.Second)
	})
}

func TestForgedInboundTexts(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		const phone = "+12025550162"
		n := w.node()
		m := n.textTo("member-live-1", phone)
		synctest.Wait()
		address := n.InboundAddress("twilio")
		stop := vendors.Inbound{ID: "SM1", From: phone, Body: "STOP"}
		stranger := vendors.NewTwilio()
		stranger.Token = strings.Repeat("f", 32)
		unsigned := w.twilio.Inbound(address, stop)
		unsigned.Header.Del("X-Twilio-Signature")
		callback := w.twilio.Texts()[0].Callback
		for name, r := range map[string]*http.Request{
			"by another account":              stranger.Inbound(address, stop),
			"not signed":                      unsigned,
			"to another address":              w.twilio.Inbound(address[:len(address)-1], stop),
			"to another provider's":           w.twilio.Inbound(strings.Replace(address, "/twilio/", "/other/", 1), stop),
			"with the MAC of a message":       w.twilio.Inbound(strings.Replace(callback, m.ID, "inbound", 1), stop),
			"a message with the MAC of texts": w.twilio.Inbound(strings.Replace(address, "inbound", m.ID, 1), stop),
		} {
			if code := n.report(r); code != http.StatusForbidden {
				w.t.Errorf("%s: answered with %d, want 403", name, code)
			}
		}
		for name, r := range map[string]*http.Request{
			"without an id":   w.twilio.Inbound(address, vendors.Inbound{From: phone, Body: "STOP"}),
			"with a long id":  w.twilio.Inbound(address, vendors.Inbound{ID: strings.Repeat("a", 201), From: phone, Body: "STOP"}),
			"with another id": w.twilio.Inbound(address, vendors.Inbound{ID: "S\x00M", From: phone, Body: "STOP"}),
		} {
			if code := n.report(r); code != http.StatusBadRequest {
				w.t.Errorf("%s: answered with %d, want 400", name, code)
			}
		}
		n.wantsOut("after all that", phone, false)
		if got := n.InboundAddress("smoke"); got != "" {
			w.t.Errorf("nobody's texts come to %s", got)
		}
		n.drain(time.Second)
	})
}

// What a provider refused because of a STOP that we did not hear is taken back by the START that we do.
func TestStartAfterRefusal(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node()
		w.twilio.Behave(vendors.Refuse(21610))
		m := n.text()
		synctest.Wait()
		n.wantsOut("refused", m.Recipient, true)
		start := vendors.Inbound{ID: "SM1", From: m.Recipient, Body: "START"}
		n.pass(w.twilio.Inbound(n.InboundAddress("twilio"), start))
		n.wantsOut("START", m.Recipient, false)
		n.drain(time.Second)
	})
}

// otherChannel is the same account by another name.
type otherChannel struct{ *twilio.Sender }

func (otherChannel) Name() string { return "twilio_whatsapp" }

// A STOP to one channel of a provider is ended by a START to another.
func TestStopAndStartOnTwoChannels(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		const phone = "+12025550162"
		n := w.node(func(o *Options) { o.SMS = append(o.SMS, SMSRoute{Sender: otherChannel{w.sender(w.twilio)}}) })
		other := n.InboundAddress("twilio_whatsapp")
		if other == n.InboundAddress("twilio") {
			w.t.Error("two channels have one address")
		}
		n.pass(w.twilio.Inbound(other, vendors.Inbound{ID: "SM1", From: "whatsapp:" + phone, Body: "STOP"}))
		n.wantsOut("STOP by WhatsApp", phone, true)
		n.pass(w.twilio.Inbound(n.InboundAddress("twilio"), vendors.Inbound{ID: "SM2", From: phone, Body: "START"}))
		n.wantsOut("START by text", phone, false)
		n.drain(time.Second)
	})
}

// A database that is away is no reason to lose a STOP: the provider is asked to come again.
func TestInboundWithoutDatabase(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node()
		r := w.twilio.Inbound(n.InboundAddress("twilio"), vendors.Inbound{ID: "SM1", From: "+12025550162", Body: "STOP"})
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if code := n.report(r.WithContext(ctx)); code != http.StatusServiceUnavailable {
			w.t.Errorf("answered with %d, want 503", code)
		}
		n.drain(time.Second)
	})
}

// crowd passes on two texts at once.
type crowd struct{ sms.Sender }

func (crowd) Heard(*http.Request, string, []byte) (sms.Heard, error) { panic("one of many") }

func (crowd) HeardAll(r *http.Request, _ string, _ []byte) ([]sms.Heard, error) {
	if r.Header.Get("Signature") == "" {
		return nil, sms.ErrBadSignature
	}
	return []sms.Heard{
		{ID: "in-1", From: "+12025550162", Word: sms.Stop},
		{ID: "in-2", From: "ACME", Word: sms.Stop},
		{ID: "in-3", From: "+12025550164", Word: sms.Stop},
	}, nil
}

func TestTextsAtOnce(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node(func(o *Options) { o.SMS[0].Sender = crowd{o.SMS[0].Sender} })
		r := httptest.NewRequest(http.MethodPost, n.InboundAddress("twilio"), http.NoBody)
		_, mac, _ := strings.Cut(r.URL.Path, "/inbound/")
		if _, err := n.Hear(w.t.Context(), "twilio", mac, r, nil); !errors.Is(err, ErrForged) {
			w.t.Errorf("unsigned: %v, want %v", err, ErrForged)
		}
		n.wantsOut("unsigned", "+12025550162", false)
		r.Header.Set("Signature", "right")
		if got := n.pass(r).Code; got != http.StatusOK {
			w.t.Errorf("signed: %d", got)
		}
		n.wantsOut("the first", "+12025550162", true)
		n.wantsOut("the last", "+12025550164", true)
	})
}
