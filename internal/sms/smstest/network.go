package smstest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/test/vendors"
)

// testSilence: servers that take a connection and leave it at that. The caller's patience ends the call at once.
func testSilence(t *testing.T, s Setup) {
	t.Run("slow, but in time", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			sender, _ := s.serving(func(r *http.Request) *http.Response {
				time.Sleep(httpx.DefaultTimeout - 1)
				return s.Taken.response(r)
			})
			if _, e := s.send(t, sender); e != nil {
				t.Errorf("Send = %v", e)
			}
		})
	})
	for name, answer := range map[string]string{
		"never answers":          "",
		"stops in the status":    "HTTP/1.1 20",
		"stops in the header":    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-A",
		"stops in the body":      "HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n{\"",
		"stops in a refusal":     "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{\"\r\n",
		"only clears its throat": "HTTP/1.1 100 Continue\r\n\r\n",
	} {
		for ending, end := range endings {
			t.Run(name+", "+ending, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					ctx, stop := end.context(t.Context())
					defer stop()
					s.sendInto(ctx, t, end.after, answer)
				})
			})
		}
	}
}

// endings are the ways in which a caller's patience ends, and when it does.
var endings = map[string]struct {
	after   time.Duration
	context func(context.Context) (context.Context, context.CancelFunc)
}{
	"deadline": {2 * time.Second, func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, 2*time.Second)
	}},
	"given up": {time.Second, func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(time.Second, cancel)
		return ctx, cancel
	}},
	"client's own": {httpx.DefaultTimeout, func(ctx context.Context) (context.Context, context.CancelFunc) {
		return ctx, func() {}
	}},
	"before it began": {0, func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx, cancel
	}},
}

// sendInto sends to a server that writes an answer's beginning and then waits, and wants the call to end after a while.
func (s Setup) sendInto(ctx context.Context, t *testing.T, after time.Duration, answer string) {
	listener := vendors.NewListener()
	defer func() { _ = listener.Close() }()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				// An answer to nothing would be another fault, and one of ours.
				_, _ = conn.Read(make([]byte, 1))
				go func() { _, _ = io.WriteString(conn, answer) }()
				_, _ = io.Copy(io.Discard, conn)
				_ = conn.Close()
			}()
		}
	}()
	client := httpx.New(httpx.Options{Dial: listener.Dial})
	defer client.CloseIdle()

	early, late := false, false
	before := time.AfterFunc(after-1, func() { early = true })
	beyond := time.AfterFunc(after+1, func() { late = true })
	result, err := s.New(client, BaseURL).Send(ctx, Message())
	before.Stop()
	beyond.Stop()
	synctest.Wait()
	if late || after > 0 && !early {
		t.Errorf("the call did not end after %v, when the caller's patience did", after)
	}
	// A status that came says more than the silence after it.
	e := s.outcome(t, result, err)
	if e == nil || e.Class != sms.Later && (e.Class != sms.OtherRoute || !strings.Contains(answer, " 400 ")) {
		t.Errorf("Send = %v, want later", e)
	}
}

// testNoNetwork: what goes wrong before anything was said.
func testNoNetwork(t *testing.T, s Setup) {
	for name, dialed := range map[string]error{
		"refused":     &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED},
		"unreachable": &net.OpError{Op: "dial", Net: "tcp", Err: syscall.EHOSTUNREACH},
		"no name":     &net.DNSError{Err: "no such host", Name: "api.provider.example", IsNotFound: true},
		"strange":     errors.New("to " + To + ": " + Text),
	} {
		tries := 0
		client := httpx.New(httpx.Options{Dial: func(context.Context, string, string) (net.Conn, error) {
			tries++
			return nil, dialed
		}})
		result, err := s.New(client, BaseURL).Send(t.Context(), Message())
		if e := s.outcome(t, result, err); e == nil || e.Class != sms.Later {
			t.Errorf("%s: Send = %v, want later", name, e)
		}
		if tries != 1 {
			t.Errorf("%s: %d tries, want 1: when to try again is not the adapter's decision", name, tries)
		}
	}
	for name, conn := range map[string]func() net.Conn{
		"closed at once": func() net.Conn {
			near, far := net.Pipe()
			_ = far.Close()
			return near
		},
		"closed after the call": func() net.Conn {
			near, far := net.Pipe()
			go func() {
				_, _ = far.Read(make([]byte, 64<<10))
				_ = far.Close()
			}()
			return near
		},
	} {
		client := httpx.New(httpx.Options{Dial: func(context.Context, string, string) (net.Conn, error) {
			return conn(), nil
		}})
		result, err := s.New(client, BaseURL).Send(t.Context(), Message())
		if e := s.outcome(t, result, err); e == nil || e.Class != sms.Later {
			t.Errorf("%s: Send = %v, want later", name, e)
		}
		client.CloseIdle()
	}
}
