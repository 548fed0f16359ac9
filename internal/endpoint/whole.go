package endpoint

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// maxWhole is how many bytes of one answer a connection holds back at most.
const maxWhole = 64 << 10

// SendWhole makes srv, which is to serve the listener that SendWhole returns, hand each answer of this package to the
// system in one piece. net/http hands over 4 KiB at a time, which costs an answer of a session a second system call, and
// its reader a second wake-up: session checks are a fifth more without. srv must have no ConnContext and no ConnState.
func SendWhole(srv *http.Server, ln net.Listener) net.Listener {
	srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}
	srv.ConnState = func(c net.Conn, state http.ConnState) {
		if c, ok := c.(*conn); ok && state == http.StateIdle { // an answer has ended, and net/http keeps nothing of it back
			c.release()
		}
	}
	return listener{ln}
}

type connKey struct{}

type listener struct{ net.Listener }

// Accept gives a connection that can hold back.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

// conn holds back what is written between holdBack and release.
type conn struct {
	net.Conn

	mu      sync.Mutex
	holding bool
	held    []byte
}

// holdBack has the connection of a request keep what is written until the answer has ended.
func holdBack(ctx context.Context) {
	c, ok := ctx.Value(connKey{}).(*conn)
	if !ok {
		return // served by somebody else, such as a test's recorder
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding = true
}

// Write sends or holds back.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holding && len(c.held)+len(p) <= maxWhole {
		c.held = append(c.held, p...)
		return len(p), nil
	}
	if err := c.send(); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// release ends the holding back. A connection that fails is closed, which its reader notices.
func (c *conn) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.send() != nil {
		_ = c.Conn.Close()
	}
}

// send sends what is held, under mu.
func (c *conn) send() error {
	c.holding = false
	if len(c.held) == 0 {
		return nil
	}
	_, err := c.Conn.Write(c.held)
	c.held = c.held[:0]
	return err
}

// CloseWrite ends the stream to the client, which net/http asks for when it leaves a request unread.
func (c *conn) CloseWrite() error {
	c.release()
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close sends what is held and closes the connection. A write that is under way, and may wait for a client who does not
// read, is not waited for: closing ends it.
func (c *conn) Close() error {
	if c.mu.TryLock() {
		_ = c.send()
		c.mu.Unlock()
	}
	return c.Conn.Close()
}
