package smstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/test/vendors"
)

// Dial opens a connection to whatever address.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// LinkedSender is a sender that keeps a connection.
type LinkedSender interface {
	sms.Sender
	sms.Linked
	sms.Prober
}

// Linked describes an adapter whose provider is reached by a connection that stays. RunLinked holds it to what Run
// holds the others to: what is sent, what each answer and each silence becomes, and that nothing shows.
type Linked struct {
	// New makes a sender with good settings, Broken one whose every setting is wrong, secrets empty. Settings are the
	// names of all of them.
	New, Broken func(dial Dial) LinkedSender
	Settings    []string
	// Secrets are the credentials in every form in which they travel.
	Secrets []string
	// Unreached is the setting that a probe names when nobody answers.
	Unreached string

	// Frame reads one request or answer from the connection, whole.
	Frame func(r io.Reader) ([]byte, error)
	// Greet answers what is no text, such as a login, as the provider does; nil to what needs no answer. text tells that
	// it is a text.
	Greet func(request []byte) (answer []byte, text bool)
	// Read takes the request for a text apart as the provider would. Words are what a request says of a message; nil:
	// its Body.
	Read  func(t *testing.T, request []byte) Sent
	Words func(m sms.Message) string

	// Taken answers a text that was taken, and Result is what it says.
	Taken  func(request []byte) []byte
	Result sms.Result
	// Refusals are answers by name, with at least one for each class but those in Lacks.
	Refusals map[string]LinkRefusal
	Lacks    []sms.Class

	// Reports are frames by name that bring a report, and what they say; there are two at least. Strange are frames that
	// mean nothing, and after which texts are taken as before.
	Reports map[string]LinkReport
	Strange map[string][]byte
}

// LinkRefusal is an answer and the error that it must become.
type LinkRefusal struct {
	Answer func(request []byte) []byte
	Want   sms.Error
}

// LinkReport is a frame with a report and what it says. The Reason of Want.Error is not compared.
type LinkReport struct {
	Frame []byte
	Want  sms.LinkReport
}

// RunLinked holds an adapter to the contract.
func RunLinked(t *testing.T, l Linked) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Linked){
		"taken":            linkTaken,
		"validity":         linkValidity,
		"refusals":         linkRefusals,
		"cut answers":      linkCut,
		"bent answers":     linkBent,
		"silence":          linkSilence,
		"no network":       linkNoNetwork,
		"before the link":  linkBefore,
		"reports":          linkReports,
		"strange requests": linkStrange,
		"printing":         linkPrinting,
		"settings":         linkSettings,
		"probe":            linkProbe,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, l) })
		})
	}
}

// far is the provider's end: it greets, answers texts as it is told, and keeps them.
type far struct {
	l        Linked
	listener *vendors.Listener
	answer   func(request []byte) []byte // nil: none

	mu    sync.Mutex
	texts [][]byte
	conns []net.Conn
	dials int
}

func (f *far) serve() {
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.conns = append(f.conns, conn)
		f.mu.Unlock()
		go f.talk(conn)
	}
}

func (f *far) talk(conn net.Conn) {
	for {
		request, err := f.l.Frame(conn)
		if err != nil {
			return
		}
		answer, text := f.l.Greet(request)
		if text {
			f.mu.Lock()
			f.texts = append(f.texts, request)
			f.mu.Unlock()
			answer = f.answer(request)
		}
		if answer == nil {
			continue
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

func (f *far) seen() [][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.texts)
}

// say writes to all connections.
func (f *far) say(frame []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, conn := range f.conns {
		_, _ = conn.Write(frame)
	}
}

func (f *far) drop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, conn := range f.conns {
		_ = conn.Close()
	}
}

func (f *far) dial(ctx context.Context, network, address string) (net.Conn, error) {
	f.mu.Lock()
	f.dials++
	f.mu.Unlock()
	return f.listener.Dial(ctx, network, address)
}

// linkDesk keeps what comes.
type linkDesk struct {
	mu      sync.Mutex
	reports []sms.LinkReport
}

func (d *linkDesk) Reported(_ context.Context, r sms.LinkReport) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reports = append(d.reports, r)
	return nil
}

func (d *linkDesk) Texted(context.Context, sms.Heard) error { return nil }

// meet links a sender to a provider that answers texts so, for the length of a test.
func (l Linked) meet(answer func([]byte) []byte, test func(s LinkedSender, f *far, d *linkDesk)) {
	f := &far{l: l, listener: vendors.NewListener(), answer: answer}
	go f.serve()
	s, d := l.New(f.dial), &linkDesk{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Link(ctx, d) }()
	test(s, f, d)
	cancel()
	<-ended
	_ = f.listener.Close()
	f.drop()
}

// setup lends what all adapters are held to.
func (l Linked) setup() Setup { return Setup{Secrets: l.Secrets} }

func (l Linked) send(t *testing.T, s sms.Sender) (sms.Result, *sms.Error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	result, err := s.Send(ctx, Message())
	return result, l.setup().outcome(t, result, err)
}

func (l Linked) words(m sms.Message) string { return Setup{Words: l.Words}.words(m) }

func linkTaken(t *testing.T, l Linked) {
	l.meet(l.Taken, func(s LinkedSender, f *far, _ *linkDesk) {
		if err := s.Check(); err != nil {
			t.Fatalf("Check = %v", err)
		}
		for range 3 {
			got, e := l.send(t, s)
			if diff := cmp.Diff(l.Result, got); diff != "" || e != nil {
				t.Errorf("%v %s", e, diff)
			}
		}
		seen := f.seen()
		if len(seen) != 3 || f.dials != 1 {
			t.Fatalf("%d texts over %d connections", len(seen), f.dials)
		}
		if sent := l.Read(t, seen[0]); sent.To != To || sent.Body != l.words(Message()) {
			t.Errorf("sent %q to %s, want %q to %s", sent.Body, sent.To, l.words(Message()), To)
		}
		if _, err := s.Receipt(nil, Callback, nil); !errors.Is(err, sms.ErrBadSignature) {
			t.Errorf("a report by HTTP: %v", err)
		}
	})
}

func linkValidity(t *testing.T, l Linked) {
	for _, life := range []time.Duration{
		-time.Hour, 0, 999 * time.Millisecond, time.Second, 61 * time.Second, 2*time.Minute - 1, 10 * time.Minute, 100 * time.Hour,
	} {
		l.meet(l.Taken, func(s LinkedSender, f *far, _ *linkDesk) {
			m := Message()
			m.ValidFor = life
			result, err := s.Send(t.Context(), m)
			e := l.setup().outcome(t, result, err)
			if life < time.Second {
				if e == nil || e.Class != sms.Permanent || len(f.seen()) != 0 {
					t.Errorf("%v: Send = %v after %d texts, want permanent and none", life, e, len(f.seen()))
				}
				return
			}
			if e != nil {
				t.Fatalf("%v: Send = %v", life, e)
			}
			if sent := l.Read(t, f.seen()[0]).ValidFor; sent > life || sent < min(life.Truncate(time.Second), time.Minute) {
				t.Errorf("%v: the provider was told %v", life, sent)
			}
		})
	}
}

func linkRefusals(t *testing.T, l Linked) {
	covered := slices.Clone(l.Lacks)
	for name, refusal := range l.Refusals {
		covered = append(covered, refusal.Want.Class)
		l.meet(refusal.Answer, func(s LinkedSender, f *far, _ *linkDesk) {
			_, got := l.send(t, s)
			if got == nil || len(f.seen()) != 1 {
				t.Fatalf("%s: Send = %v after %d texts", name, got, len(f.seen()))
			}
			want := refusal.Want
			want.Reason = got.Reason
			if diff := cmp.Diff(want, *got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		})
	}
	for class := sms.Permanent; class <= sms.OptedOut; class++ {
		if !slices.Contains(covered, class) {
			t.Errorf("no refusal in the setup is %s", class)
		}
	}
}

// linkCut breaks the connection at every byte of the answer: nobody knows what became of the text, and the link is made
// anew.
func linkCut(t *testing.T, l Linked) {
	probe := l.sample(t)
	for n := range len(l.Taken(probe)) {
		var f *far
		broken := false
		l.meet(func(request []byte) []byte {
			whole := l.Taken(request)
			if broken {
				return whole
			}
			broken = true
			f.say(whole[:n])
			f.drop()
			return nil
		}, func(s LinkedSender, at *far, _ *linkDesk) {
			f = at
			if _, e := l.send(t, s); e == nil || e.Class != sms.Later || !e.Unanswered {
				t.Errorf("broken after %d bytes: Send = %+v, want later and unanswered", n, e)
			}
			if _, e := l.send(t, s); e != nil || f.dials != 2 {
				t.Errorf("afterwards: Send = %v over %d connections", e, f.dials)
			}
		})
	}
}

// sample gives a request for a text.
func (l Linked) sample(t *testing.T) (request []byte) {
	t.Helper()
	l.meet(l.Taken, func(s LinkedSender, f *far, _ *linkDesk) {
		if _, e := l.send(t, s); e != nil {
			t.Fatal(e)
		}
		request = f.seen()[0]
	})
	return request
}

// linkBent changes answers at random. Whatever comes, an outcome is whole, and no number is condemned for an answer
// that is another's.
func linkBent(t *testing.T, l Linked) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		l.meet(func(request []byte) []byte {
			answer := l.Taken(request)
			for range 1 + random.IntN(3) {
				at := random.IntN(len(answer))
				switch random.IntN(3) {
				case 0:
					answer[at] = byte(random.IntN(256))
				case 1:
					answer = slices.Delete(answer, at, min(len(answer), at+1+random.IntN(8)))
				case 2:
					answer = slices.Insert(answer, at, byte(random.IntN(256)))
				}
				if len(answer) == 0 {
					break
				}
			}
			return answer
		}, func(s LinkedSender, _ *far, _ *linkDesk) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			result, err := s.Send(ctx, Message())
			l.setup().whole(t, result, err)
		})
	}
}

// linkSilence: the caller's patience ends the call at once.
func linkSilence(t *testing.T, l Linked) {
	for name, end := range endings {
		if name == "client's own" {
			continue
		}
		l.meet(func([]byte) []byte { return nil }, func(s LinkedSender, _ *far, _ *linkDesk) {
			synctest.Wait()
			ctx, stop := end.context(t.Context())
			defer stop()
			early, late := false, false
			before := time.AfterFunc(end.after-1, func() { early = true })
			beyond := time.AfterFunc(end.after+1, func() { late = true })
			result, err := s.Send(ctx, Message())
			before.Stop()
			beyond.Stop()
			synctest.Wait()
			e := l.setup().outcome(t, result, err)
			if e == nil || e.Class != sms.Later || late || end.after > 0 && !early {
				t.Errorf("%s: Send = %v, want later, after %v", name, e, end.after)
			}
		})
	}
}

func linkNoNetwork(t *testing.T, l Linked) {
	for name, dialed := range map[string]error{
		"refused":     &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED},
		"unreachable": &net.OpError{Op: "dial", Net: "tcp", Err: syscall.EHOSTUNREACH},
		"no name":     &net.DNSError{Err: "no such host", Name: "smsc.provider.example", IsNotFound: true},
		"strange":     errors.New("to " + To + ": " + Text),
	} {
		s := l.New(func(context.Context, string, string) (net.Conn, error) { return nil, dialed })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); s.Link(ctx, &linkDesk{}) }()
		if _, e := l.send(t, s); e == nil || e.Class != sms.Later || e.Unanswered {
			t.Errorf("%s: Send = %+v, want later, and certain", name, e)
		}
		cancel()
		<-ended
	}
}

// linkBefore: without a link nothing is sent, and nobody waits longer than he wants to.
func linkBefore(t *testing.T, l Linked) {
	dials := 0
	s := l.New(func(context.Context, string, string) (net.Conn, error) { dials++; return nil, syscall.ECONNREFUSED })
	if _, e := l.send(t, s); e == nil || e.Class != sms.Later || e.Unanswered || dials != 0 {
		t.Errorf("Send = %+v after %d connections, want later and none", e, dials)
	}
}

func linkReports(t *testing.T, l Linked) {
	if len(l.Reports) < 2 {
		t.Fatal("the setup needs two reports")
	}
	for name, report := range l.Reports {
		l.meet(l.Taken, func(s LinkedSender, f *far, d *linkDesk) {
			synctest.Wait()
			for range 2 { // one that comes again is as good
				f.say(report.Frame)
				synctest.Wait()
			}
			if len(d.reports) != 2 {
				t.Fatalf("%s: got %+v", name, d.reports)
			}
			for _, got := range d.reports {
				if got.Error != nil {
					l.setup().failure(t, got.Error)
					e := *got.Error
					e.Reason = ""
					got.Error = &e
				}
				if diff := cmp.Diff(report.Want, got); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
		})
	}
}

func linkStrange(t *testing.T, l Linked) {
	for name, frame := range l.Strange {
		l.meet(l.Taken, func(s LinkedSender, f *far, d *linkDesk) {
			synctest.Wait()
			f.say(frame)
			synctest.Wait()
			if _, e := l.send(t, s); e != nil || len(d.reports) != 0 {
				t.Errorf("%s: Send = %v, reported %+v", name, e, d.reports)
			}
		})
	}
}

func linkPrinting(t *testing.T, l Linked) {
	l.meet(l.Taken, func(s LinkedSender, _ *far, _ *linkDesk) {
		if _, e := l.send(t, s); e != nil {
			t.Fatal(e)
		}
		show := l.setup()
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
			show.showsNothing(t, fmt.Sprintf(verb, s))
			show.showsNothing(t, fmt.Sprintf(verb, struct{ S any }{s}))
		}
		if encoded, err := json.Marshal(s); err == nil {
			show.showsNothing(t, string(encoded))
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("sender", "it", s)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("sender", "it", s)
		show.showsNothing(t, log.String())
		if len(l.Secrets) == 0 || s.Name() == "" || s.Name() != strings.ToLower(s.Name()) {
			t.Error("the setup names no secrets, or the sender has no name that fits into a path")
		}
	})
}

func linkSettings(t *testing.T, l Linked) {
	dials := 0
	s := l.Broken(func(context.Context, string, string) (net.Conn, error) { dials++; return nil, syscall.ECONNREFUSED })
	err := s.Check()
	if err == nil {
		t.Fatal("Check = nil, want every setting")
	}
	for _, name := range l.Settings {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("Check does not name %s: %v", name, err)
		}
	}
	l.setup().showsNothing(t, err.Error())
	s.Link(t.Context(), &linkDesk{}) // ends by itself
	if _, e := l.send(t, s); e == nil || e.Class != sms.OtherRoute {
		t.Errorf("Send = %v, want other_route", e)
	}
	if s.Probe(t.Context()) == nil || dials != 0 {
		t.Errorf("%d connections, want none", dials)
	}
}

// linkProbe: a probe sends no text, tells nobody from somebody, and ends with its context.
func linkProbe(t *testing.T, l Linked) {
	f := &far{l: l, listener: vendors.NewListener(), answer: l.Taken}
	go f.serve()
	if err := l.New(f.dial).Probe(t.Context()); err != nil || len(f.seen()) != 0 {
		t.Errorf("Probe = %v after %d texts", err, len(f.seen()))
	}
	_ = f.listener.Close()
	f.drop()

	ask := func(name string, dial Dial) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		late := false
		beyond := time.AfterFunc(3*time.Second+1, func() { late = true })
		err := l.New(dial).Probe(ctx)
		beyond.Stop()
		synctest.Wait()
		found := sms.Findings(err)
		if len(found) != 1 || found[0].Setting != l.Unreached || found[0].Doubt || late {
			t.Errorf("%s: Probe = %v, after the time: %v", name, err, late)
		}
		if err != nil {
			l.setup().showsNothing(t, err.Error())
		}
	}
	ask("down", func(context.Context, string, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED })
	ask("hanging", func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	silent := vendors.NewListener()
	go func() {
		for {
			conn, err := silent.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, conn) }()
		}
	}()
	ask("silent", silent.Dial)
	_ = silent.Close()
	ask("somebody else", func(context.Context, string, string) (net.Conn, error) {
		near, there := net.Pipe()
		go func() {
			_, _ = there.Read(make([]byte, 1000))
			_, _ = there.Write([]byte("HTTP/1.1 400 Bad Request " + To + "\r\n\r\n"))
			_, _ = io.Copy(io.Discard, there)
		}()
		return near, nil
	})
}
