package notify

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/test/vendors"
)

// report hands a provider's report to the node as the server would, and gives the answer's status.
func (n *node) report(r *http.Request) int {
	mux := http.NewServeMux()
	mux.HandleFunc(CallbackPattern, func(w http.ResponseWriter, r *http.Request) {
		if refusal, ok := errors.AsType[*errs.Error](n.TakeReport(w, r)); ok {
			w.WriteHeader(refusal.Status)
		}
	})
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w.Code
}

func TestReceipts(t *testing.T) {
	t.Parallel()
	type step struct {
		status string
		code   int
	}
	tests := []struct {
		name     string
		steps    []step
		want     string
		reason   string
		optedOut bool
	}{
		{"arrives", []step{{"queued", 0}, {"sent", 0}, {"delivered", 0}}, store.MessageDelivered, "", false},
		{
			"never goes back",
			[]step{{"delivered", 0}, {"sent", 0}, {"queued", 0}, {"undelivered", 30003}},
			store.MessageDelivered, "", false,
		},
		{"lost", []step{{"sent", 0}, {"undelivered", 30003}, {"sent", 0}}, store.MessageUndelivered, "30003", false},
		{"lost for one reason", []step{{"failed", 30003}, {"failed", 30007}}, store.MessageUndelivered, "30003", false},
		{"arrived after all", []step{{"undelivered", 30003}, {"delivered", 0}}, store.MessageDelivered, "", false},
		{"opted out", []step{{"failed", 21610}}, store.MessageUndelivered, "21610", true},
	}
	inWorlds(t, func(w *world) {
		for _, test := range tests {
			w.in(test.name, func() {
				n := w.node()
				m := n.text()
				synctest.Wait()
				text := w.twilio.Texts()[0]
				for _, s := range test.steps {
					for range 2 {
						if code := n.report(w.twilio.Callback(text, s.status, s.code)); code != http.StatusOK {
							w.t.Errorf("report %q is answered with %d", s.status, code)
						}
					}
				}
				row := n.wants(m, test.want, test.reason)
				if row.ProviderID != text.SID {
					w.t.Errorf("provider id %q, want %q", row.ProviderID, text.SID)
				}
				if got := n.optedOut(m.Recipient); got != test.optedOut {
					w.t.Errorf("opted out: %v, want %v", got, test.optedOut)
				}
				time.Sleep(time.Second)
				synctest.Wait()
				if code := n.report(w.twilio.Callback(text, test.steps[0].status, test.steps[0].code)); code != http.StatusOK {
					w.t.Errorf("a repeated report is answered with %d", code)
				}
				if diff := cmp.Diff(row, n.row(m.ID)); diff != "" {
					w.t.Errorf("a repeated report changed the row (-want +got):\n%s", diff)
				}
				n.drain(time.Second)
			})
		}
	})
}

func TestForgedReceipts(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node()
		m, other := n.text(), n.text()
		synctest.Wait()
		texts := w.twilio.Texts()
		text := texts[0]
		if text.To != m.Recipient {
			text = texts[1]
		}
		stranger := vendors.NewTwilio()
		stranger.Token = strings.Repeat("f", 32)
		moved := text
		moved.Callback = strings.Replace(text.Callback, m.ID, other.ID, 1)
		renamed := text
		renamed.Callback = strings.Replace(text.Callback, "/twilio/", "/other/", 1)
		unsigned := w.twilio.Callback(text, "delivered", 0)
		unsigned.Header.Del("X-Twilio-Signature")
		long := w.twilio.Callback(text, "delivered", 0)
		long.Body = http.NoBody

		for name, r := range map[string]*http.Request{
			"signed by another account":    stranger.Callback(text, "delivered", 0),
			"the MAC of another message":   w.twilio.Callback(moved, "delivered", 0),
			"the MAC of another provider":  w.twilio.Callback(renamed, "delivered", 0),
			"not signed":                   unsigned,
			"another body than was signed": long,
		} {
			if code := n.report(r); code != http.StatusForbidden {
				w.t.Errorf("%s: answered with %d, want 403", name, code)
			}
		}
		n.wants(m, store.MessageSent, "")
		n.wants(other, store.MessageSent, "")

		huge := w.twilio.Callback(text, "delivered", 0)
		huge.Body = http.MaxBytesReader(nil, huge.Body, 1)
		if code := n.report(huge); code != http.StatusBadRequest {
			w.t.Errorf("a body that cannot be read: answered with %d, want 400", code)
		}
		n.drain(time.Second)
	})
}

// The report comes before the answer to the call, and so before the provider's id is stored.
func TestReceiptBeforeAnswer(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node()
		w.twilio.OnText = func(text vendors.Text) {
			if code := n.report(w.twilio.Callback(text, "delivered", 0)); code != http.StatusOK {
				w.t.Errorf("answered with %d", code)
			}
		}
		m := n.text()
		synctest.Wait()
		row := n.wants(m, store.MessageDelivered, "")
		if row.ProviderID != w.twilio.Texts()[0].SID || row.Segments != 1 {
			w.t.Errorf("provider id %q, %d segments", row.ProviderID, row.Segments)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		w.takes(m, 1)
		n.drain(time.Second)
	})
}

// A call that timed out was heard after all, and the report says so: it is not repeated.
func TestReceiptStopsRepeat(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node()
		stop := n.run()
		w.twilio.Behave(vendors.Hang())
		m := n.text()
		time.Sleep(time.Second)
		synctest.Wait()
		if code := n.report(w.twilio.Callback(w.twilio.Texts()[0], "sent", 0)); code != http.StatusOK {
			w.t.Errorf("answered with %d", code)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		n.drain(time.Second)
		w.takes(m, 1)
		n.wants(m, store.MessageSent, "")
	})
}

// What test projects send lies in the inbox at once and reaches nobody.
func TestInbox(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node()
		stop := n.run()
		first := n.write(testProject, "member-test-1", "+12025558001")
		time.Sleep(time.Millisecond)
		synctest.Wait()
		second := n.write(testProject, "member-test-2", "+12025558002")
		n.Hand(t.Context(), first)
		n.Hand(t.Context(), second)
		live := n.text()
		time.Sleep(time.Hour)
		synctest.Wait()
		stop()
		n.drain(time.Second)
		w.takes(first, 0)
		w.takes(live, 1)

		ctx := context.Background()
		got, err := n.Letters(ctx, "", "", 10)
		w.check(err)
		if len(got) != 2 || got[0].ID != second.ID || got[1].ID != first.ID {
			w.t.Fatalf("the inbox holds %+v", got)
		}
		l := got[0]
		if l.Body != "123456 is your code. It is valid for 2 minutes." || l.Status != store.MessageDelivered ||
			l.Segments != 1 || l.Provider != ProviderInbox {
			w.t.Errorf("letter %+v with row %+v", l, l.Message)
		}
		var told []string
		for _, s := range l.Steps {
			told = append(told, s.What+" "+s.Provider)
		}
		if diff := cmp.Diff([]string{"decided ", "delivered inbox"}, told); diff != "" {
			w.t.Errorf("what became of it (-want +got):\n%s", diff)
		}
		if got, err = n.Letters(ctx, "", first.Recipient, 10); err != nil || len(got) != 1 || got[0].ID != first.ID {
			w.t.Errorf("letters to %s: %+v, %v", first.Recipient, got, err)
		}
		if got, err = n.Letters(ctx, liveProject.ID, "", 10); err != nil || len(got) != 0 {
			w.t.Errorf("letters of a live project: %+v, %v", got, err)
		}
		if got, err = n.Letters(ctx, "", "", 1); err != nil || len(got) != 1 {
			w.t.Errorf("one letter: %+v, %v", got, err)
		}
	})
}

// oneAddress is a provider that reports on all messages at one address.
type oneAddress struct{ sms.Sender }

func (oneAddress) Report(r *http.Request, _ []byte) ([]sms.Reported, error) {
	switch r.Header.Get("Signature") {
	case "right":
		return []sms.Reported{
			{ID: "message-live-0", Receipt: sms.Receipt{Status: sms.Sent}},
			{ID: r.Header.Get("About"), Receipt: sms.Receipt{Status: sms.Delivered}},
			{Heard: sms.Heard{ID: "in-1", From: "+12025550199", Word: sms.Stop}},
		}, nil
	case "unreadable":
		return nil, sms.ErrBadReceipt
	}
	return nil, sms.ErrBadSignature
}

func TestReportsAtOneAddress(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node(func(o *Options) { o.SMS[0].Sender = oneAddress{o.SMS[0].Sender} })
		m := n.text()
		synctest.Wait()
		address := n.ReportAddress("twilio")
		for _, c := range []struct {
			signature, about, address string
			want                      int
		}{
			{"wrong", m.ID, address, http.StatusForbidden},
			{"unreadable", m.ID, address, http.StatusBadRequest},
			{"right", m.ID, address[:len(address)-1], http.StatusForbidden},
			{"right", "", address, http.StatusOK}, // about no message
			{"right", "message-live-0", address, http.StatusOK},
		} {
			r := httptest.NewRequest(http.MethodPost, c.address, http.NoBody)
			r.Header.Set("Signature", c.signature)
			r.Header.Set("About", c.about)
			if got := n.report(r); got != c.want {
				w.t.Errorf("signature %s about %q: %d, want %d", c.signature, c.about, got, c.want)
			}
			n.wants(m, store.MessageSent, "")
		}
		r := httptest.NewRequest(http.MethodPost, address, http.NoBody)
		r.Header.Set("Signature", "right")
		r.Header.Set("About", m.ID)
		if got := n.report(r); got != http.StatusOK {
			w.t.Errorf("a right report: %d", got)
		}
		n.wants(m, store.MessageDelivered, "")
		n.wantsOut("a text among reports", "+12025550199", true)
		if got := w.node().ReportAddress("twilio"); got != "" {
			w.t.Errorf("a provider that is told with each message reports to %s", got)
		}
	})
}
