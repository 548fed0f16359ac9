package notify

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/test/vendors"
)

// other is a provider under another name.
type other struct {
	sms.Sender
	name string
}

func (o other) Name() string { return o.name }

// What becomes of codes when the preferred provider fails in each way it can: ten texts a second for 30 seconds, of which
// it is well again in the last ten. go test ./internal/notify -run TestFailover -v prints the figures.
func TestFailover(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		how  vendors.Behaviour
	}{
		{"refuses the account", vendors.Refuse(20003)},
		{"answers 500", vendors.Broken()},
		{"answers 429", vendors.TooMany(0)},
		{"answers 429 with Retry-After", vendors.TooMany(10)},
		{"hangs", vendors.Hang()},
		{"is slow", vendors.Slow(4 * time.Second)},
		{"drops connections", vendors.Behaviour{Drop: true}},
		{"answers nonsense", vendors.Behaviour{Garbage: true}},
	}
	inWorlds(t, func(w *world) {
		for _, test := range tests {
			w.in(test.name, func() {
				second := vendors.NewTwilio()
				n := w.node(func(o *Options) {
					o.PublicURL = "" // no reports
					o.SMS = append(o.SMS, SMSRoute{Sender: other{w.sender(second), "second"}})
				})
				stop := n.run()
				w.twilio.Behave(test.how)
				var all []*store.Message
				for i := range 300 {
					if i == 200 {
						w.twilio.Behave(vendors.Behaviour{})
					}
					all = append(all, n.text())
					time.Sleep(100 * time.Millisecond)
				}
				time.Sleep(10 * time.Second)
				synctest.Wait()
				stop()
				n.drain(time.Second)

				var waits []time.Duration
				back := false
				for i, m := range all {
					row := n.wants(m, store.MessageSent, "")
					waits = append(waits, row.UpdatedAt.Sub(row.CreatedAt))
					back = back || i >= 280 && row.Provider == "twilio"
				}
				slices.Sort(waits)
				p95, p999 := waits[len(waits)*95/100], waits[len(waits)*999/1000]
				asked := 0
				for _, text := range w.twilio.Texts() {
					if text.At.Before(all[200].CreatedAt) {
						asked++
					}
				}
				w.t.Logf("%-30s p95 %v, p99.9 %v, tried %d times in 20 s", test.name, p95, p999, asked)
				if p95 > 2*time.Second || p999 > 5*time.Second {
					w.t.Errorf("handed over after p95 %v, p99.9 %v; wanted at most 2 s and 5 s", p95, p999)
				}
				if !back {
					w.t.Error("the preferred provider was not used again when it was well")
				}
			})
		}
	})
}

// The breaker opens within ten failures, is tried with one message at a time, and obeys Retry-After within bounds.
func TestBreaker(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	later := &sms.Error{Class: sms.Later}
	b := newHealth()
	failures := 0
	for ; b.allow(now) && failures < 100; failures++ {
		b.done(now, later)
	}
	if failures > 10 || failures < 2 {
		t.Errorf("opened after %d failures", failures)
	}
	now = now.Add(breakFor)
	if b.broken(now) != 0 || !b.allow(now) || b.allow(now) || b.broken(now) == 0 {
		t.Error("not exactly one message was let through after the pause")
	}
	b.done(now, &sms.Error{Class: sms.Later, RetryAfter: time.Hour})
	if wait := b.broken(now); wait != breakMost {
		t.Errorf("a pause of %v, want %v", wait, breakMost)
	}
	now = now.Add(breakMost)
	b.allow(now)
	b.done(now, nil)
	for range 100 {
		if !b.allow(now) {
			t.Fatal("still open after a message was taken")
		}
		b.done(now, &sms.Error{Class: sms.Permanent}) // says something about the number
	}
}

// More texts than one claim has room for are all taken up, one claim after the other; none is forgotten.
func TestManyUnconfirmed(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node(func(o *Options) {
			o.SMS = append(o.SMS, SMSRoute{Sender: other{w.sender(vendors.NewTwilio()), "second"}})
		})
		for range 5 {
			n.text()
		}
		time.Sleep(receiptWait + time.Second)
		synctest.Wait()
		texts, claimed := work{n.Service, false}, 0
		for range 3 {
			jobs, err := texts.claimUnconfirmed(context.Background(), 2)
			w.check(err)
			claimed += len(jobs)
		}
		if claimed != 5 {
			w.t.Errorf("%d texts were taken up in three claims of two, want all 5", claimed)
		}
		n.drain(time.Second)
	})
}

// A text that its provider took and lost, or never reported on, goes to the next provider once, while its code is of use.
func TestLostTexts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		report string // of the first provider, a second after it took the text
		code   int
		used   bool // the code, before the wait is over
		down   bool // the second provider, all the time
		second int  // how many texts the second provider takes
		status string
	}{
		{"arrives", "delivered", 0, false, false, 0, store.MessageDelivered},
		{"lost", "undelivered", 30003, false, false, 1, store.MessageSent},
		{"lost on a dead number", "undelivered", 30005, false, false, 0, store.MessageUndelivered},
		{"opted out", "failed", 21610, false, false, 0, store.MessageUndelivered},
		{"never reported on", "", 0, false, false, 1, store.MessageSent},
		{"on its way, and never more", "sent", 0, false, false, 1, store.MessageSent},
		{"read before the report", "", 0, true, false, 0, store.MessageSent},
		{"nobody else can take it", "", 0, false, true, 0, store.MessageSent},
	}
	inWorlds(t, func(w *world) {
		for _, test := range tests {
			w.in(test.name, func() {
				second := vendors.NewTwilio()
				if test.down {
					second.Behave(vendors.Broken())
				}
				n := w.node(func(o *Options) {
					o.SMS = append(o.SMS, SMSRoute{Sender: other{w.sender(second), "second"}})
				})
				stop := n.run()
				m := n.text()
				time.Sleep(time.Second)
				synctest.Wait()
				if test.report != "" {
					for range 2 {
						n.report(w.twilio.Callback(w.twilio.Texts()[0], test.report, test.code))
					}
				}
				if test.used {
					w.check(n.o.DB.Write(context.Background(), func(tx *store.Tx) error { tx.MessageRedeemed(m.ID); return nil }))
				}
				time.Sleep(70 * time.Second)
				synctest.Wait()
				if got := second.Taken(); got != test.second {
					w.t.Errorf("the second provider took %d texts, want %d", got, test.second)
				}
				if got := w.twilio.Taken(); got != 1 && !test.down {
					w.t.Errorf("the first provider took %d texts, want one", got)
				}
				if test.down {
					time.Sleep(2 * time.Minute)
					synctest.Wait()
				}
				stop()
				n.drain(time.Second)
				if row := n.row(m.ID); row.Status != test.status || len(row.Sealed) > 0 && row.SentAt.IsZero() {
					w.t.Errorf("is %s (%s), want %s", row.Status, row.Reason, test.status)
				}
			})
		}
	})
}
