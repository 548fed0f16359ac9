package httpx

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
)

// Reach connects to the host of a URL as a call to it would, through the guard and to the end of the TLS handshake, and
// leaves without a request. Errors are as Do's.
func (c *Client) Reach(ctx context.Context, u *url.URL) error {
	t, ok := c.transport.(*http.Transport)
	if !ok {
		return errors.New("httpx: there is no network below this client")
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	conn, err := t.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil || u.Scheme != "https" {
		return errors.Join(err, closeConn(conn))
	}
	config := t.TLSClientConfig.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	config.ServerName = u.Hostname()
	return errors.Join(tls.Client(conn, config).HandshakeContext(ctx), closeConn(conn))
}

func closeConn(conn net.Conn) error {
	if conn == nil {
		return nil
	}
	return conn.Close()
}
