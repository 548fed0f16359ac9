// Package httpx is the only way out over HTTP: one client with a total timeout, a cap on the answer, a guard against
// private addresses, no redirects, no proxies from the environment, and errors that hold no address of the caller's.
package httpx

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// The defaults of Options.
const (
	DefaultTimeout = 5 * time.Second
	DefaultMaxBody = 1 << 20
	DefaultIdle    = 64
)

// UserAgent is the name every request carries; what a caller sets is replaced.
const UserAgent = "Thimble"

// drainable is how much of an unread answer Close still reads, so that the connection can serve the next call.
const drainable = 16 << 10

// ErrTooLarge is what reading an answer ends with when it is longer than Options.MaxBody.
var ErrTooLarge = errors.New("httpx: the answer is too large")

// Options are the settings of a Client. The zero value works.
type Options struct {
	// Timeout bounds a whole call, from the dial to the last byte of the answer. 0 is DefaultTimeout. A context that
	// ends earlier wins.
	Timeout time.Duration
	// MaxBody is the greatest length of an answer in bytes, counted after decoding. 0 is DefaultMaxBody.
	MaxBody int64
	// IdlePerHost is the number of open connections kept per host. It should not be below the number of workers that
	// call one host, else each burst pays for new handshakes. 0 is DefaultIdle.
	IdlePerHost int
	// AllowPrivate lets calls go to addresses that are not public: loopback, private, link-local and the like.
	AllowPrivate bool
	// Dial replaces the network, for tests with in-memory listeners. The address guard does not apply to it.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Transport replaces everything below the timeout and the cap, for tests that need no connection at all.
	Transport http.RoundTripper
	// RootCAs and the like, for private authorities. nil is the system's.
	TLS *tls.Config

	// The guard's own tests need names and addresses that mean what they say.
	resolver *net.Resolver
	public   func(netip.Addr) bool
}

// Client sends requests. It is safe for concurrent use.
type Client struct {
	transport http.RoundTripper
	timeout   time.Duration
	maxBody   int64
}

// New makes a client. Close it with CloseIdle when it is no longer needed.
func New(o Options) *Client {
	c := &Client{transport: o.Transport, timeout: o.Timeout, maxBody: o.MaxBody}
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	if c.maxBody <= 0 {
		c.maxBody = DefaultMaxBody
	}
	if c.transport == nil {
		c.transport = newTransport(o, c.timeout)
	}
	return c
}

func newTransport(o Options, timeout time.Duration) *http.Transport {
	idle := o.IdlePerHost
	if idle <= 0 {
		idle = DefaultIdle
	}
	dial := o.Dial
	if dial == nil {
		dialer := &net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second, Resolver: o.resolver}
		if !o.AllowPrivate {
			// After name resolution and once per address tried, so that a name cannot change its answer in between.
			dialer.Control = o.control
		}
		dial = dialer.DialContext
	}
	return &http.Transport{
		Proxy:                  nil, // An environment variable must not reroute what carries credentials.
		DialContext:            dial,
		TLSClientConfig:        o.TLS.Clone(),
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // The answers are short; a packed one could be a bomb.
		MaxIdleConns:           4 * idle,
		MaxIdleConnsPerHost:    idle,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    timeout,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// Do sends a request and answers as http.RoundTripper does: every status is an answer, redirects included, which are
// not followed. The caller closes the body. Errors never name the URL, which may hold secrets; Reason puts them into
// words.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), c.timeout)
	req = req.WithContext(ctx)
	header := make(http.Header, len(req.Header)+1)
	for name, values := range req.Header {
		header[name] = values
	}
	header["User-Agent"] = userAgent
	req.Header = header

	res, err := c.transport.RoundTrip(req)
	if err != nil {
		// The transport may only say that a connection was given up; the context knows why.
		if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
			err = errors.Join(cause, err)
		}
		cancel()
		return nil, err
	}
	res.Body = &body{from: res.Body, left: c.maxBody, cancel: cancel}
	return res, nil
}

var userAgent = []string{UserAgent}

// JSON sends a request and decodes the answer into v when its status is 200. Other answers are not read. The error is
// for calls without an answer, as Do's, and for answers that are not the JSON of v.
func (c *Client) JSON(req *http.Request, v any) (status int, err error) {
	req.Header.Set("Accept", "application/json")
	res, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return res.StatusCode, nil
	}
	return res.StatusCode, json.NewDecoder(res.Body).Decode(v)
}

// CloseIdle closes the connections that no call uses.
func (c *Client) CloseIdle() {
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// body caps an answer and ends the call's context when it is closed.
type body struct {
	from   io.ReadCloser
	left   int64
	ended  bool
	cancel context.CancelFunc
}

// Read reads the answer up to its cap.
func (b *body) Read(p []byte) (int, error) {
	if b.ended {
		return 0, io.EOF
	}
	// One byte more than allowed tells an answer that just fits from one that does not.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.from.Read(p)
	if int64(n) > b.left {
		n, b.left = int(b.left), 0
		return n, ErrTooLarge
	}
	b.left -= int64(n)
	b.ended = err == io.EOF
	return n, err
}

// Close ends the call. A short rest is read first: a connection with unread bytes cannot be used again.
func (b *body) Close() error {
	if !b.ended {
		_, _ = io.CopyN(io.Discard, b.from, drainable)
	}
	err := b.from.Close()
	b.cancel()
	return err
}
