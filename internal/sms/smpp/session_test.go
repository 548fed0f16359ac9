package smpp_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smpp"
	"github.com/thimble-auth/thimble/test/vendors"
)

// TestWindow: no more texts than the window has room for are ever unanswered, and who finds no room has sent nothing.
func TestWindow(t *testing.T) {
	t.Parallel()
	narrow := func(s *vendors.SMSC, c *smpp.Config) { s.Window, c.Window = 5, 5 }
	inBubble(t, narrow, func(s *scene) {
		s.smsc.Behave(vendors.Slow(100 * time.Millisecond))
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if _, e := s.send(); e != nil {
					s.t.Error(e)
				}
			})
		}
		all.Wait()
		s.smsc.Behave(vendors.Hang())
		var known, unknown int
		var mu sync.Mutex
		for range 20 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Second)
				defer cancel()
				_, err := s.sender.Send(ctx, text())
				mu.Lock()
				defer mu.Unlock()
				if e := sms.AsError(err); e.Unanswered {
					unknown++
				} else if e.Class == sms.Later {
					known++
				}
			})
		}
		all.Wait()
		if known != 15 || unknown != 5 || s.smsc.Taken() != 55 {
			s.t.Errorf("%d found no room and %d no answer, %d texts were taken", known, unknown, s.smsc.Taken())
		}
	})
}

// TestDeadLink: a server that takes everything and says nothing is found out by enquire_link, and left for a new
// connection; the sooner when a text finds no answer.
func TestDeadLink(t *testing.T) {
	t.Parallel()
	inBubble(t, func(s *vendors.SMSC, _ *smpp.Config) { s.Deaf.Store(true) }, func(s *scene) {
		synctest.Wait()
		s.smsc.Deaf.Store(false)
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
		defer cancel()
		_, err := s.sender.Send(ctx, text())
		if e := sms.AsError(err); e == nil || e.Class != sms.Later {
			s.t.Errorf("Send = %v", err)
		}
		time.Sleep(7 * time.Second)
		if _, e := s.send(); e != nil || s.smsc.Binds() != 2 {
			s.t.Errorf("Send = %v after %d binds", e, s.smsc.Binds())
		}
	})
	inBubble(t, func(s *vendors.SMSC, _ *smpp.Config) { s.Deaf.Store(true) }, func(s *scene) {
		synctest.Wait()
		s.smsc.Deaf.Store(false)
		time.Sleep(40 * time.Second) // nobody sends anything
		if s.smsc.Binds() != 2 {
			s.t.Errorf("%d binds", s.smsc.Binds())
		}
	})
}

// TestIdle: a link on which nothing happens is kept, and both sides may ask.
func TestIdle(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(s *scene) {
		for range 20 {
			time.Sleep(time.Minute)
			s.smsc.Enquire()
		}
		synctest.Wait()
		if _, e := s.send(); e != nil || s.smsc.Binds() != 1 {
			s.t.Errorf("Send = %v after %d binds", e, s.smsc.Binds())
		}
	})
}

// TestUnbind: a server that takes its leave is gone back to.
func TestUnbind(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(s *scene) {
		synctest.Wait()
		s.smsc.Unbind()
		synctest.Wait()
		if _, e := s.send(); e != nil || s.smsc.Binds() != 2 {
			s.t.Errorf("Send = %v after %d binds", e, s.smsc.Binds())
		}
	})
}

// TestGoodbye: answers that are due are waited for, then the sender takes its leave, and nothing is sent any more.
func TestGoodbye(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(s *scene) {
		s.smsc.Behave(vendors.Slow(2 * time.Second))
		done := make(chan *sms.Error)
		go func() {
			_, e := s.send()
			done <- e
		}()
		time.Sleep(time.Second)
		began := time.Now()
		go s.unlink()
		if e := <-done; e != nil || time.Since(began) != time.Second {
			s.t.Errorf("Send = %v after %v", e, time.Since(began))
		}
		synctest.Wait()
		if s.smsc.Connected() != 0 {
			s.t.Error("still connected")
		}
		if _, e := s.send(); e == nil || e.Class != sms.Later || e.Unanswered {
			s.t.Errorf("Send = %v after the end", e)
		}
	})
}

// TestNobodyThere: tries become rare, texts are refused at once, and the first try that succeeds is soon enough.
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		listener, smsc := vendors.NewListener(), vendors.NewSMSC()
		go smsc.Serve(listener)
		c := config()
		var up atomic.Bool
		var dials atomic.Int64
		c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			dials.Add(1)
			if !up.Load() {
				return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
			}
			return listener.Dial(ctx, network, address)
		}
		s := &scene{t: t, smsc: smsc, sender: smpp.New(c), desk: newDesk()}
		s.link()
		time.Sleep(5 * time.Minute)
		began := time.Now()
		if _, e := s.send(); e == nil || e.Class != sms.Later || e.Unanswered || time.Since(began) != 0 {
			t.Errorf("Send = %v after %v", e, time.Since(began))
		}
		if n := dials.Load(); n < 10 || n > 30 {
			t.Errorf("%d tries in five minutes", n)
		}
		up.Store(true)
		time.Sleep(30 * time.Second)
		if _, e := s.send(); e != nil {
			t.Errorf("Send = %v", e)
		}
		s.unlink()
		_ = listener.Close()
		smsc.Drop()
	})
}

// TestRefusedBind: wrong credentials are another provider's case until they are right.
func TestRefusedBind(t *testing.T) {
	t.Parallel()
	for status, want := range map[uint32]sms.Class{0x0E: sms.OtherRoute, 0x0D: sms.OtherRoute, 0x05: sms.Later, 0x08: sms.Later} {
		inBubble(t, func(s *vendors.SMSC, _ *smpp.Config) { s.Bind.Store(status) }, func(s *scene) {
			synctest.Wait()
			if _, e := s.send(); e == nil || e.Class != want || e.Code == "" {
				s.t.Errorf("bind refused with %#x: Send = %v", status, e)
			}
			s.smsc.Bind.Store(0)
			time.Sleep(30 * time.Second)
			if _, e := s.send(); e != nil {
				s.t.Errorf("Send = %v", e)
			}
		})
	}
}

// TestBroughtAgain: what could not be written down comes again, until it could.
func TestBroughtAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(s *scene) {
		s.desk.fail = errors.New("no disk")
		if _, e := s.send(); e != nil {
			s.t.Fatal(e)
		}
		time.Sleep(5 * time.Second)
		if s.smsc.Undelivered() != 1 || len(s.desk.got()) != 0 {
			s.t.Errorf("%d undelivered, got %+v", s.smsc.Undelivered(), s.desk.got())
		}
		s.desk.mu.Lock()
		s.desk.fail = nil
		s.desk.mu.Unlock()
		time.Sleep(5 * time.Second)
		if s.smsc.Undelivered() != 0 || len(s.desk.got()) != 1 {
			s.t.Errorf("%d undelivered, got %+v", s.smsc.Undelivered(), s.desk.got())
		}
	})
}

// TestLateAnswer: who waits no longer is told what became of the text.
func TestLateAnswer(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(s *scene) {
		s.smsc.Fate = func(string) string { return "" }
		s.smsc.Behave(vendors.Slow(3 * time.Second))
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
		defer cancel()
		_, err := s.sender.Send(ctx, text())
		if e := sms.AsError(err); e == nil || !e.Unanswered {
			s.t.Errorf("Send = %v", err)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		want := []sms.LinkReport{{ID: "message-live-1", To: to, Receipt: sms.Receipt{ProviderID: "1", Status: sms.Sent}}}
		if diff := cmp.Diff(want, s.desk.got()); diff != "" {
			s.t.Error(diff)
		}
	})
}

// TestOftenBroken: a connection that breaks without ever having served is not made anew at once; one that served is.
func TestOftenBroken(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(s *scene) {
		for range 600 {
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			s.smsc.Drop()
		}
		if s.dials.Load() > 15 {
			s.t.Errorf("%d connections in a minute", s.dials.Load())
		}
		time.Sleep(30 * time.Second)
	})
	inBubble(t, nil, func(s *scene) {
		began := time.Now()
		for range 20 {
			if _, e := s.send(); e != nil {
				s.t.Fatal(e)
			}
			s.smsc.Drop()
			synctest.Wait()
		}
		if took := time.Since(began); took > 5*time.Second {
			s.t.Errorf("20 texts over 20 connections took %v", took)
		}
	})
}
