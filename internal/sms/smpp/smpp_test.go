package smpp_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smpp"
	"github.com/thimble-auth/thimble/test/vendors"
)

const to = "+12025550123"

func text() sms.Message {
	return sms.Message{ID: "message-live-1", To: to, Body: "Your code is 493817.", ValidFor: 90 * time.Second}
}

func config() smpp.Config {
	return smpp.Config{
		Address: "smsc.example.com:2775", SystemID: vendors.SMSCSystem, Password: vendors.SMSCPassword, From: vendors.SMSCFrom,
	}
}

// desk keeps what came over the connection.
type desk struct {
	mu      sync.Mutex
	reports []sms.LinkReport
	heard   []sms.Heard
	fail    error
	woken   chan struct{}
}

func newDesk() *desk { return &desk{woken: make(chan struct{}, 1000)} }

func (d *desk) Reported(_ context.Context, r sms.LinkReport) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail == nil {
		d.reports = append(d.reports, r)
	}
	d.woken <- struct{}{}
	return d.fail
}

func (d *desk) Texted(_ context.Context, h sms.Heard) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard = append(d.heard, h)
	d.woken <- struct{}{}
	return d.fail
}

func (d *desk) got() []sms.LinkReport {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]sms.LinkReport(nil), d.reports...)
}

// scene is a sender that is linked to a server, in a bubble.
type scene struct {
	t      *testing.T
	smsc   *vendors.SMSC
	sender *smpp.Sender
	desk   *desk
	unlink func()
	dials  atomic.Int64
}

// inBubble runs a test with a server in memory. prepare may change both sides before they meet.
func inBubble(t *testing.T, prepare func(*vendors.SMSC, *smpp.Config), test func(s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &scene{t: t, smsc: vendors.NewSMSC(), desk: newDesk()}
		c := config()
		if prepare != nil {
			prepare(s.smsc, &c)
		}
		listener := vendors.NewListener()
		go s.smsc.Serve(listener)
		c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			s.dials.Add(1)
			return listener.Dial(ctx, network, address)
		}
		s.sender = smpp.New(c)
		s.link()
		test(s)
		s.unlink()
		_ = listener.Close()
		s.smsc.Drop()
		if v := s.smsc.Violations(); v != nil {
			t.Errorf("the server saw what is not allowed: %q", v)
		}
	})
}

func (s *scene) link() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.sender.Link(ctx, s.desk)
	}()
	s.unlink = func() {
		cancel()
		<-ended
	}
}

func (s *scene) send() (sms.Result, *sms.Error) {
	result, err := s.sender.Send(s.t.Context(), text())
	return result, sms.AsError(err)
}

func TestSend(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(s *scene) {
		got, e := s.send()
		if want := (sms.Result{ProviderID: "1", Segments: 1}); e != nil || got != want {
			t.Fatalf("Send = %+v, %v; want %+v", got, e, want)
		}
		synctest.Wait()
		seen := s.smsc.Texts()[0]
		want := vendors.Text{SID: "1", To: to, From: vendors.SMSCFrom[1:], Body: text().Body, Validity: 90, At: seen.At}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Error(diff)
		}
		reports := []sms.LinkReport{{To: to, Receipt: sms.Receipt{ProviderID: "1", Status: sms.Delivered}}}
		if diff := cmp.Diff(reports, s.desk.got()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestTCP goes over a real socket, texts at once, with answers and receipts in any order.
func TestTCP(t *testing.T) {
	t.Parallel()
	const texts = 500
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fake, d := vendors.NewSMSC(), newDesk()
	fake.Jitter, fake.Window = 5*time.Millisecond, 10
	go fake.Serve(listener)
	c := config()
	c.Address, c.Window = listener.Addr().String(), 10
	sender := smpp.New(c)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); sender.Link(ctx, d) }()
	var all sync.WaitGroup
	for range texts {
		all.Go(func() {
			if _, err := sender.Send(t.Context(), text()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for len(d.got()) < texts {
		select {
		case <-d.woken:
		case <-time.After(10 * time.Second):
			t.Fatalf("%d receipts of %d texts, %d undelivered, violations %q", len(d.got()), fake.Taken(), fake.Undelivered(),
				fake.Violations())
		}
	}
	cancel()
	<-ended
	_ = listener.Close()
	seen := map[string]bool{}
	for _, r := range d.got() {
		seen[r.ProviderID] = true
	}
	if len(seen) != texts || fake.Taken() != texts || len(fake.Violations()) > 0 {
		t.Errorf("%d receipts of %d texts, violations %q", len(seen), fake.Taken(),
			strings.Join(fake.Violations(), "; "))
	}
}
