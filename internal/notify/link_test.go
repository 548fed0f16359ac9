package notify

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/sms/smpp"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/test/vendors"
)

// exchange is an SMSC in memory, for nodes of a world.
type exchange struct {
	*vendors.SMSC
	listener *vendors.Listener
}

var exchanges atomic.Uint64

func newExchange(change func(*vendors.SMSC)) *exchange {
	x := &exchange{vendors.NewSMSC(), vendors.NewListener()}
	x.Before = exchanges.Add(1000) // no two have the same ids
	if change != nil {
		change(x.SMSC)
	}
	go x.Serve(x.listener)
	return x
}

func (x *exchange) close(w *world) {
	w.t.Helper()
	_ = x.listener.Close()
	x.Drop()
	if v := x.Violations(); len(v) > 0 {
		w.t.Errorf("the server saw what is not allowed: %q", v)
	}
}

// linked starts a server that sends through the exchange, and returns what ends it.
func (w *world) linked(x *exchange, change ...func(*Options)) (n *node, end func()) {
	w.t.Helper()
	ids := smpp.IDsSame
	if x.HexIDs {
		ids = smpp.IDsHexDecimal
	}
	n = w.node(append([]func(*Options){func(o *Options) {
		o.PublicURL = ""
		o.SMS = []SMSRoute{{Sender: smpp.New(smpp.Config{
			Address: "smsc:2775", SystemID: vendors.SMSCSystem, Password: vendors.SMSCPassword, From: vendors.SMSCFrom,
			Dial: x.listener.Dial, MessageIDs: ids,
		})}}
	}}, change...)...)
	stop := n.run()
	return n, func() {
		n.drain(5 * time.Second)
		stop()
	}
}

func wellAgain(x *exchange) { x.Behave(vendors.Behaviour{}) }

// What becomes of a text whose answer was lost, or came late, or after the report: never a second one while the first
// may have arrived.
func TestLinkedTexts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		smsc    func(*vendors.SMSC)
		answer  vendors.Behaviour // to the first text; a second is taken
		backup  bool              // another provider
		after   time.Duration     // until when it is decided
		taken   int               // by the SMSC
		second  int               // by the other provider
		status  string
		leaveAt time.Duration // the node stops then, and another goes on
	}{
		{name: "arrives", taken: 1, after: 4 * time.Second, status: store.MessageDelivered},
		{
			name: "arrives before the answer", smsc: func(s *vendors.SMSC) { s.ReceiptFirst = true },
			answer: vendors.Slow(time.Second), taken: 1, after: 4 * time.Second, status: store.MessageDelivered,
		},
		{
			name: "ids in two forms", smsc: func(s *vendors.SMSC) { s.HexIDs = true },
			taken: 1, after: 4 * time.Second, status: store.MessageDelivered,
		},
		{
			name: "told in parameters", smsc: func(s *vendors.SMSC) { s.HexIDs, s.Parameters = true, true },
			taken: 1, after: 4 * time.Second, status: store.MessageDelivered,
		},
		{
			name: "never arrives", smsc: func(s *vendors.SMSC) { s.Fate = func(string) string { return "UNDELIV" } },
			taken: 1, after: 4 * time.Second, status: store.MessageUndelivered,
		},
		{
			name: "lost, and another provider", smsc: func(s *vendors.SMSC) { s.Fate = func(string) string { return "UNDELIV" } },
			backup: true, taken: 1, second: 1, after: 5 * time.Second, status: store.MessageSent,
		},
		{
			name: "the answer is lost", answer: vendors.Behaviour{Drop: true},
			taken: 1, after: 13 * time.Second, status: store.MessageDelivered,
		},
		{
			name: "answer and receipt are lost", smsc: func(s *vendors.SMSC) { s.Fate = func(string) string { return "" } },
			answer: vendors.Behaviour{Drop: true}, taken: 2, after: 20 * time.Second, status: store.MessageSent,
		},
		{
			name: "known lost without an answer", smsc: func(s *vendors.SMSC) { s.Fate = func(string) string { return "UNDELIV" } },
			answer: vendors.Behaviour{Drop: true}, taken: 2, after: 20 * time.Second, status: store.MessageUndelivered,
		},
		{
			name: "the answer is lost, and another provider", answer: vendors.Behaviour{Drop: true}, backup: true,
			taken: 1, second: 0, after: 5 * time.Second, status: store.MessageDelivered,
		},
		{
			name: "all is lost, and another provider", smsc: func(s *vendors.SMSC) { s.Fate = func(string) string { return "" } },
			answer: vendors.Behaviour{Drop: true}, backup: true, taken: 1, second: 1, after: 5 * time.Second,
			status: store.MessageSent,
		},
		{
			name: "no answer, and another provider", smsc: func(s *vendors.SMSC) { s.Fate = func(string) string { return "" } },
			answer: vendors.Hang(), backup: true, taken: 1, second: 1, after: 5 * time.Second, status: store.MessageSent,
		},
		{
			name: "the answer is late", smsc: func(s *vendors.SMSC) { s.Fate = func(string) string { return "" } },
			answer: vendors.Slow(7 * time.Second), taken: 1, after: 30 * time.Second, status: store.MessageSent,
		},
		{
			name: "the node stops while a report is waited for", answer: vendors.Behaviour{Drop: true}, backup: true,
			leaveAt: 500 * time.Millisecond, taken: 1, second: 0, after: 8 * time.Second, status: store.MessageDelivered,
		},
		{
			name: "refused for now", answer: vendors.Refuse(0x58), taken: 1, after: 5 * time.Second, status: store.MessageDelivered,
		},
		{
			name: "refused for ever", answer: vendors.Refuse(0x0B), backup: true, after: 5 * time.Second, status: store.MessageFailed,
		},
	}
	inWorlds(t, func(w *world) {
		for _, test := range tests {
			w.in(test.name, func() {
				x, backup := newExchange(test.smsc), vendors.NewTwilio()
				start := func() (*node, func()) {
					return w.linked(x, func(o *Options) {
						if test.backup {
							o.SMS = append(o.SMS, SMSRoute{Sender: other{w.sender(backup), "second"}})
						}
					})
				}
				n, end := start()
				x.Behave(test.answer)
				m := n.text()
				time.Sleep(10 * time.Millisecond)
				synctest.Wait()
				wellAgain(x)
				if test.leaveAt > 0 {
					time.Sleep(test.leaveAt)
					end()
					n, end = start()
				}
				time.Sleep(test.after)
				synctest.Wait()
				if x.Taken() != test.taken || backup.Taken() != test.second {
					w.t.Errorf("%s: taken %d and %d times, want %d and %d", test.name, x.Taken(), backup.Taken(), test.taken, test.second)
				}
				if row := n.row(m.ID); row.Status != test.status {
					w.t.Errorf("%s: is %s (%s), want %s", test.name, row.Status, row.Reason, test.status)
				}
				end()
				x.close(w)
			})
		}
	})
}

// A node that stops, or another that starts, does not shorten the wait for a report.
func TestWaitOutlivesNodes(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		x, backup := newExchange(func(s *vendors.SMSC) { s.Fate = func(string) string { return "" } }), vendors.NewTwilio()
		both := func(o *Options) { o.SMS = append(o.SMS, SMSRoute{Sender: other{w.sender(backup), "second"}}) }
		n, end := w.linked(x, both)
		x.Behave(vendors.Behaviour{Drop: true})
		n.text()
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		end()
		time.Sleep(500 * time.Millisecond)
		_, end = w.linked(x, both)
		time.Sleep(900 * time.Millisecond)
		synctest.Wait()
		if backup.Taken() != 0 {
			w.t.Error("sent again before the wait was over")
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if backup.Taken() != 1 || x.Taken() != 1 {
			w.t.Errorf("taken %d and %d times", x.Taken(), backup.Taken())
		}
		end()
		x.close(w)
	})
}

// A receipt comes over whichever connection the provider chooses.
func TestReceiptsOnOtherNodes(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		x := newExchange(func(s *vendors.SMSC) { s.Jitter, s.ReceiptFirst = 50*time.Millisecond, true })
		a, endA := w.linked(x)
		b, endB := w.linked(x)
		synctest.Wait()
		if x.Connected() != 2 {
			w.t.Fatalf("%d connections", x.Connected())
		}
		var all []*store.Message
		for range 20 {
			all = append(all, a.text())
			all = append(all, b.text())
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		for _, m := range all {
			a.wants(m, store.MessageDelivered, "")
		}
		endA()
		endB()
		x.close(w)
	})
}

// An id that comes again after a long time is another text.
func TestReusedIDs(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node()
		ctx := context.Background()
		meet := func() (id string) {
			w.check(n.o.DB.Write(ctx, func(tx *store.Tx) (err error) {
				id, err = tx.MeetReport(ctx, store.LinkReport{Provider: "smpp", ProviderID: "7", Status: store.MessageDelivered})
				return err
			}))
			return id
		}
		due := func(message string) (rows []store.LinkReport) {
			w.check(n.o.DB.Write(ctx, func(tx *store.Tx) (err error) {
				tx.LinkMessage("smpp", "7", message)
				rows, err = tx.DueLinkReports(ctx, 10)
				return err
			}))
			return rows
		}
		if id := meet(); id != "" {
			w.t.Errorf("a report on an unknown text is about %q", id)
		}
		if rows := due("message-live-1"); len(rows) != 1 || rows[0].MessageID != "message-live-1" {
			w.t.Errorf("due are %+v", rows)
		}
		time.Sleep(2 * time.Hour)
		if rows := due("message-live-2"); len(rows) != 0 {
			w.t.Errorf("the report on an old text is taken for a new one's: %+v", rows)
		}
		if id := meet(); id != "message-live-2" {
			w.t.Errorf("a report is about %q", id)
		}
		n.drain(time.Second)
	})
}

// STOP and START over the connection.
func TestLinkedStop(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		x := newExchange(nil)
		n, end := w.linked(x)
		for _, step := range []struct {
			body string
			want bool
		}{{"hello", false}, {"STOP", true}, {"please", true}, {"START", false}, {"Stop.", true}} {
			x.Inbound(vendors.Inbound{From: "+12025550162", Body: step.body})
			time.Sleep(time.Second)
			synctest.Wait()
			if got := n.optedOut("+12025550162"); got != step.want {
				w.t.Errorf("after %q: opted out is %v", step.body, got)
			}
		}
		x.Inbound(vendors.Inbound{From: "+12345", Body: "STOP"}) // a short code
		time.Sleep(time.Second)
		synctest.Wait()
		if x.Undelivered() != 0 {
			w.t.Errorf("%d texts are not answered", x.Undelivered())
		}
		end()
		x.close(w)
	})
}
