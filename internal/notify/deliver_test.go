package notify

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/mail"
	"github.com/thimble-auth/thimble/internal/outbox"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/test/vendors"
)

func TestDeliversEachOnce(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node()
		stop := n.run()
		w.twilio.Behave(vendors.Slow(200 * time.Millisecond))

		var all []*store.Message
		for range 300 {
			all = append(all, n.text())
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		n.drain(time.Second)

		if got := w.twilio.Taken(); got != len(all) {
			w.t.Errorf("the provider took %d texts, want %d", got, len(all))
		}
		for _, m := range all {
			w.takes(m, 1)
			row := n.wants(m, store.MessageSent, "")
			if row.ProviderID == "" || row.Attempts != 1 || row.Segments != 1 {
				w.t.Errorf("sent with provider id %q, %d attempts, %d segments", row.ProviderID, row.Attempts, row.Segments)
			}
		}
		text := w.twilio.Texts()[0]
		if !strings.HasPrefix(text.Body, "123456 is your Acme code") || text.Validity != 120 && text.Validity != 119 {
			w.t.Errorf("sent %q, valid for %d s", text.Body, text.Validity)
		}
	})
}

// A node dies with calls under way and messages waiting: whatever was in flight is repeated once, nothing is lost.
func TestCrash(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		first := w.node(func(o *Options) { o.Workers = 20 })
		w.twilio.Behave(vendors.Hang())
		var all []*store.Message
		for range 60 {
			all = append(all, first.text())
		}
		synctest.Wait()
		first.dead.Store(true)
		inFlight := w.twilio.Taken()

		w.twilio.Behave(vendors.Behaviour{})
		second := w.node()
		stop := second.run()
		if synctest.Wait(); w.first != nil && w.twilio.Taken() != inFlight+len(all) {
			w.t.Errorf("after its start a server with the database to itself waits for leases of the last one")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		second.drain(time.Second)

		if inFlight != 20 {
			w.t.Errorf("%d calls were under way, want 20", inFlight)
		}
		repeated := 0
		for _, m := range all {
			second.wants(m, store.MessageSent, "")
			switch n := takenBy(w.twilio, m.Recipient); n {
			case 1:
			case 2:
				repeated++
			default:
				w.t.Errorf("the text for %s was taken %d times", m.Recipient, n)
			}
		}
		if repeated != inFlight {
			w.t.Errorf("%d texts were repeated, want the %d that were in flight", repeated, inFlight)
		}
		first.drain(time.Minute)
	})
}

// A code that a newer one replaced before its text left is never sent.
func TestReplacedCodeIsNeverSent(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node(func(o *Options) { o.Workers = 1 })
		w.twilio.Behave(vendors.Slow(3 * time.Second))
		ahead := n.text()
		synctest.Wait()
		old := n.textTo("member-live-x", "+12025559999")
		newer := n.write(liveProject, "member-live-x", "+12025559998")
		n.Hand(t.Context(), newer)
		killed := n.textTo("member-live-y", "+12025559997")
		w.check(n.o.DB.Write(context.Background(), func(tx *store.Tx) error {
			tx.KillCodes("member-live-y", store.PurposeSMS)
			return nil
		}))
		time.Sleep(20 * time.Second)
		synctest.Wait()
		n.drain(time.Second)

		w.takes(ahead, 1)
		w.takes(newer, 1)
		w.takes(old, 0)
		w.takes(killed, 0)
		n.wants(newer, store.MessageSent, "")
		n.wants(old, store.MessageExpired, store.ReasonReplaced)
		n.wants(killed, store.MessageExpired, store.ReasonReplaced)
	})
}

// A text that was just written leaves without another look at its row, and its call is counted with what became of it.
func TestFreshTextIsNotLookedAt(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node()
		var looks, outcomes atomic.Int64
		write := n.ledger.Run
		n.ledger.Run = func(entries []*entry) {
			for _, e := range entries {
				if e.renew != nil {
					looks.Add(1)
				} else {
					outcomes.Add(1)
				}
			}
			write(entries)
		}
		taken := n.text()
		synctest.Wait()
		if row := n.wants(taken, store.MessageSent, ""); row.Attempts != 1 {
			w.t.Errorf("%d attempts are counted, want 1", row.Attempts)
		}

		w.twilio.Behave(vendors.Broken())
		refused := n.text()
		synctest.Wait()
		if row := n.wants(refused, store.MessageQueued, ""); row.Attempts != 1 {
			w.t.Errorf("%d attempts are counted of a text that was refused once, want 1", row.Attempts)
		}
		if looks.Load() != 0 || outcomes.Load() != 2 {
			w.t.Errorf("%d looks and %d outcomes for two new texts, want 0 and 2", looks.Load(), outcomes.Load())
		}
		w.twilio.Behave(vendors.Behaviour{})
		time.Sleep(5 * time.Second)
		synctest.Wait()
		n.drain(time.Second)
		if row := n.wants(refused, store.MessageSent, ""); row.Attempts != 2 || looks.Load() == 0 {
			w.t.Errorf("%d attempts and %d looks after a second try, want 2 and at least one", row.Attempts, looks.Load())
		}
	})
}

// The provider is down all the time: a message is tried now and then, never after its deadline, and ends there.
func TestDeadline(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node()
		stop := n.run()
		w.twilio.Behave(vendors.Broken())
		m := n.text()
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		stop()
		n.drain(time.Second)

		row := n.wants(m, store.MessageExpired, "error")
		if late := row.UpdatedAt.Sub(m.Deadline); late < 0 || late > 2*outbox.DefaultSweep {
			w.t.Errorf("ended %s after the deadline", late)
		}
		for _, text := range w.twilio.Texts() {
			if text.At.After(m.Deadline) {
				w.t.Errorf("tried at %s, after the deadline %s", text.At, m.Deadline)
			}
		}
		if row.Attempts < 5 || row.Attempts > 12 {
			w.t.Errorf("%d attempts in two minutes", row.Attempts)
		}
	})
}

// Nobody was there until the deadline had passed.
func TestLateStart(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		dead := w.node()
		var all []*store.Message
		for i := range 3 {
			all = append(all, dead.write(liveProject, "member-live-"+string(rune('a'+i)), "+1202555000"+string(rune('0'+i))))
		}
		time.Sleep(2*time.Minute + time.Second)
		synctest.Wait()
		n := w.node()
		stop := n.run()
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		n.drain(time.Second)
		for _, m := range all {
			w.takes(m, 0)
			n.wants(m, store.MessageExpired, store.ReasonDeadline)
		}
	})
}

func TestFailures(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		first    vendors.Behaviour // of the provider, until it mends after a second
		status   string
		reason   string
		attempts int64
		optedOut bool
	}{
		{"busy, then well", vendors.TooMany(0), store.MessageSent, "", 2, false},
		{"broken, then well", vendors.Broken(), store.MessageSent, "", 2, false},
		{"hangs, then well", vendors.Hang(), store.MessageSent, "", 2, false},
		{"asks for a pause", vendors.TooMany(20), store.MessageSent, "", 2, false},
		{"no such number", vendors.Refuse(21211), store.MessageFailed, "21211", 1, false},
		{"no other route", vendors.Refuse(21408), store.MessageFailed, "21408", 1, false},
		{"opted out", vendors.Refuse(21610), store.MessageFailed, "21610", 1, true},
	}
	inWorlds(t, func(w *world) {
		for _, test := range tests {
			w.in(test.name, func() {
				n := w.node()
				stop := n.run()
				w.twilio.Behave(test.first)
				m := n.text()
				time.Sleep(500 * time.Millisecond)
				synctest.Wait()
				w.twilio.Behave(vendors.Behaviour{})
				time.Sleep(time.Minute)
				synctest.Wait()
				stop()
				n.drain(time.Second)

				row := n.wants(m, test.status, test.reason)
				if row.Attempts != test.attempts {
					w.t.Errorf("%d attempts, want %d", row.Attempts, test.attempts)
				}
				if got := n.optedOut(m.Recipient); got != test.optedOut {
					w.t.Errorf("opted out: %v, want %v", got, test.optedOut)
				}
			})
		}
	})
}

func (n *node) optedOut(phone string) bool {
	n.w.t.Helper()
	var out bool
	n.w.check(n.o.DB.Read(context.Background(), func(tx *store.Tx) (err error) {
		out, err = tx.OptedOut(context.Background(), liveProject.ID, phone)()
		return err
	}))
	return out
}

// After two tries that failed a node lets others try.
func TestOtherNodeTakesOver(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		cut := w.node(func(o *Options) {
			broken := vendors.NewTwilio()
			broken.Behave(vendors.Broken())
			o.SMS[0].Sender = w.sender(broken)
		})
		well := w.node()
		stop := well.run()
		m := cut.text()
		time.Sleep(30 * time.Second)
		synctest.Wait()
		stop()
		cut.drain(time.Second)
		well.drain(time.Second)

		w.takes(m, 1)
		if row := well.wants(m, store.MessageSent, ""); row.Attempts != 3 {
			w.t.Errorf("%d attempts, want two of the one node and one of the other", row.Attempts)
		}
	})
}

// Draining lets calls end, and others need not wait for the leases of the rest.
func TestDrain(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		old := w.node(func(o *Options) { o.Workers = 5 })
		w.twilio.Behave(vendors.Slow(2 * time.Second))
		var all []*store.Message
		for range 50 {
			all = append(all, old.text())
		}
		synctest.Wait()
		old.drain(4 * time.Second)
		if got := w.twilio.Taken(); got != 5 {
			w.t.Errorf("%d texts left while draining, want the 5 under way", got)
		}
		late := old.text() // it is committed, and left to the database
		for _, m := range all {
			if row := old.row(m.ID); row.Status == store.MessageQueued && row.LeaseOwner != "" {
				w.t.Errorf("a queued message is still leased to the node that drained")
			}
		}

		w.twilio.Behave(vendors.Behaviour{})
		next := w.node()
		stop := next.run()
		synctest.Wait()
		for _, m := range all {
			w.takes(m, 1)
			next.wants(m, store.MessageSent, "")
		}
		time.Sleep(lease + 3*time.Second)
		synctest.Wait()
		w.takes(late, 1)
		stop()
		next.drain(time.Second)
	})
}

// When all providers hang, the queue says so before it is too long, and recovers.
func TestBusy(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node(func(o *Options) { o.Workers = 4 })
		w.twilio.Behave(vendors.Hang())
		if _, full := n.Busy(store.ChannelSMS); full {
			w.t.Fatal("an idle queue is full")
		}
		handed := 0
		for ; handed < 1000; handed++ {
			if wait, full := n.Busy(store.ChannelSMS); full {
				if wait <= 20*time.Second {
					w.t.Errorf("full with a wait of %s", wait)
				}
				break
			}
			n.text()
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
		}
		// Five seconds for each of four workers: sixteen wait twenty seconds.
		if handed < 10 || handed > 60 {
			w.t.Errorf("full after %d messages", handed)
		}

		w.twilio.Behave(vendors.Behaviour{})
		time.Sleep(time.Minute)
		synctest.Wait()
		if wait, full := n.Busy(store.ChannelSMS); full || wait != 0 {
			w.t.Errorf("after the provider recovered: full %v, wait %s", full, wait)
		}
		n.drain(time.Second)
	})
}

// fakeMail is a mail server that takes what it is told to.
type fakeMail struct {
	answers []error
	taken   []mail.Message
}

func (f *fakeMail) Check() error { return nil }

func (f *fakeMail) Send(_ context.Context, m mail.Message) error {
	if len(f.answers) > 0 {
		err := f.answers[0]
		f.answers = f.answers[1:]
		if err != nil {
			return err
		}
	}
	f.taken = append(f.taken, m)
	return nil
}

func TestMail(t *testing.T) {
	t.Parallel()
	busy := &mail.Error{Class: mail.Later, Code: "451", Reason: "busy"}
	settings := &mail.Error{Class: mail.Settings, Reason: "no login"}
	refused := &mail.Error{Class: mail.Permanent, Code: "550", Reason: "no such mailbox"}
	tests := []struct {
		name    string
		answers []error
		used    bool
		status  string
		reason  string
		taken   int
	}{
		{"taken", nil, false, store.MessageSent, "", 1},
		{"busy for a while", []error{busy, busy, busy}, false, store.MessageSent, "", 1},
		{"settings are mended in time", []error{settings}, false, store.MessageSent, "", 1},
		{"refused", []error{refused}, false, store.MessageFailed, "550 no such mailbox", 0},
		{"link used before the mail left", nil, true, store.MessageExpired, store.ReasonReplaced, 0},
	}
	inWorlds(t, func(w *world) {
		for _, test := range tests {
			w.in(test.name, func() {
				server := &fakeMail{answers: slices.Clone(test.answers)}
				n := w.node(func(o *Options) { o.Mail = server })
				stop := n.run()
				m := n.mail(test.used)
				n.Hand(t.Context(), m)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				stop()
				n.drain(time.Second)

				n.wants(m, test.status, test.reason)
				if len(server.taken) != test.taken {
					w.t.Fatalf("%d mails were taken, want %d", len(server.taken), test.taken)
				}
				if test.taken > 0 {
					got := server.taken[0]
					if got.To != m.Recipient || got.From != "login@example.com" || got.ID != m.ID ||
						!strings.Contains(got.Text, "https://auth.example.com/link") || got.Subject == "" || got.HTML == "" {
						w.t.Errorf("sent %+v", got)
					}
				}
			})
		}
	})
}

// hangingMail is a mail server that never answers.
type hangingMail struct{ fakeMail }

func (h *hangingMail) Send(ctx context.Context, _ mail.Message) error {
	<-ctx.Done()
	return &mail.Error{Class: mail.Later, Reason: "no answer"}
}

// However many mails wait for a server that hangs, texts leave at once, and nobody is told that there is no room for them.
func TestMailsDoNotHoldUpTexts(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node(func(o *Options) { o.Workers, o.Mail = 2, &hangingMail{} })
		for range 20 {
			n.Hand(t.Context(), n.mail(false))
		}
		time.Sleep(9 * time.Second)
		if _, full := n.Busy(store.ChannelEmail); !full {
			w.t.Error("the mails' queue is not full")
		}
		if wait, full := n.Busy(store.ChannelSMS); full || wait != 0 {
			w.t.Errorf("texts: full %v, wait %s", full, wait)
		}
		m := n.text()
		synctest.Wait()
		n.wants(m, store.MessageSent, "")
		n.drain(time.Second)
	})
}

// mail writes a mail with a link, which may be used already.
func (n *node) mail(used bool) *store.Message {
	n.w.t.Helper()
	ctx := context.Background()
	var m *store.Message
	n.w.check(n.o.DB.Write(ctx, func(tx *store.Tx) error {
		now := tx.Now()
		link := ids.NewUUID(now).String()
		m = &store.Message{
			OrganizationID: "organization-live-1", MemberID: "member-live-1", Channel: store.ChannelEmail,
			Kind: store.KindMagicLinkLogin, Recipient: "jane@example.com", Locale: "en", LinkID: link,
			Deadline: now.Add(time.Hour), CreatedAt: now,
		}
		c := Content{URL: publicURL + "/link?token=t", OrganizationName: "Widgets", ProjectName: "Acme", Minutes: 60}
		if err := n.Compose(liveProject, m, c); err != nil {
			return err
		}
		tx.InsertMessage(m)
		tx.InsertMagicLink(&store.MagicLink{
			ID: link, ProjectID: liveProject.ID, OrganizationID: m.OrganizationID, MemberID: m.MemberID,
			TokenHash: []byte{1}, Purpose: "login", Email: m.Recipient, CreatedAt: now, ExpiresAt: m.Deadline,
		})
		if !used {
			return nil
		}
		_, err := tx.SpendMagicLink(ctx, link)
		return err
	}))
	return m
}

func TestRoute(t *testing.T) {
	t.Parallel()
	inWorlds(t, func(w *world) {
		n := w.node(func(o *Options) { o.SMS[0].Countries = []string{"US"} })
		_, canada := n.Route(liveProject, store.ChannelSMS, "CA", "")
		provider, usa := n.Route(liveProject, store.ChannelSMS, "US", "")
		if canada || !usa || provider != "twilio" {
			w.t.Errorf("routes: CA %v, US %v by %q", canada, usa, provider)
		}
		if _, ok := n.Route(liveProject, store.ChannelEmail, "", ""); ok {
			w.t.Error("a route for mails without a mail server")
		}
		for _, channel := range []string{store.ChannelSMS, store.ChannelEmail} {
			if provider, ok := n.Route(testProject, channel, "JM", ""); !ok || provider != ProviderInbox {
				w.t.Errorf("%s of a test project goes to %q, %v", channel, provider, ok)
			}
		}
		m := &store.Message{Channel: store.ChannelSMS, Country: "CA", CreatedAt: n.o.DB.Now()}
		if err := n.Compose(liveProject, m, Content{}); !errors.Is(err, ErrNoRoute) {
			w.t.Errorf("compose without a route: %v", err)
		}
	})
}
