// Package vendors has stand-ins for what Thimble calls outside: Twilio's API and an SMTP server. They refuse what the
// real ones refuse, misbehave on request, and work over real sockets as well as in memory, where testing/synctest can
// follow.
package vendors

import (
	"context"
	"net"
	"sync"
)

// Listener is a net.Listener without a network: Dial gives one end of a pipe and Accept the other. Everything blocks on
// channels alone, so that a synctest bubble sees when all is waiting.
type Listener struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

// NewListener makes a listener. In a bubble, make it there.
func NewListener() *Listener {
	return &Listener{accepted: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept waits for the next Dial.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and Dial. Connections that are open stay open.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is a name, not an address.
func (l *Listener) Addr() net.Addr { return memory{} }

// Dial connects to the listener, whatever the address. It fits httpx.Options.Dial and mail.Config.Dial.
func (l *Listener) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.accepted <- far:
		return near, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type memory struct{}

// Network is "memory".
func (memory) Network() string { return "memory" }

// String is "memory".
func (memory) String() string { return "memory" }

// eager is a connection whose writes do not wait for a reader, as those of a socket with its buffers. Both sides of a
// TLS handshake may write at once: over a bare pipe, a client that refuses a certificate would wait for ever.
type eager struct {
	net.Conn
	queue chan []byte
	done  chan struct{}
	once  sync.Once
}

func newEager(c net.Conn) *eager {
	e := &eager{Conn: c, queue: make(chan []byte, 64), done: make(chan struct{})}
	go e.pump()
	return e
}

func (e *eager) pump() {
	defer close(e.done)
	var err error
	for b := range e.queue {
		if err == nil {
			_, err = e.Conn.Write(b)
		}
	}
}

// Write keeps a copy for the pump.
func (e *eager) Write(b []byte) (int, error) {
	e.queue <- append([]byte(nil), b...)
	return len(b), nil
}

// Close writes what is left, then closes.
func (e *eager) Close() error {
	e.once.Do(func() { close(e.queue) })
	<-e.done
	return e.Conn.Close()
}
