package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/thimble-auth/thimble/internal/secret"
)

// Security is how a connection is protected.
type Security string

// The ways. STARTTLS begins in the clear and insists on the upgrade (RFC 3207), except that a loopback server may do
// without; TLS is encrypted from the first byte (RFC 8314 §3.3); Plain is never encrypted.
const (
	STARTTLS Security = "starttls"
	TLS      Security = "tls"
	Plain    Security = "plain"
)

// DefaultTimeout bounds a whole mail: dial, handshake, login and content. It stays below the outbox's lease.
const DefaultTimeout = 10 * time.Second

// Config is one SMTP server and our account there.
type Config struct {
	// Host is the server's name, which its certificate must carry.
	Host string
	// Port is 0 for 587 with STARTTLS, 465 with TLS, 25 with Plain.
	Port int
	// Security is STARTTLS when empty.
	Security Security
	// Username and Password log in. Without a name nobody logs in. Neither ever crosses a network in the clear.
	Username string
	Password secret.String
	// Hello is the name given in EHLO; "" is "localhost".
	Hello string
	// Timeout bounds a whole mail. 0 is DefaultTimeout.
	Timeout time.Duration
	// RootCAs and the like, for private authorities. nil is the system's; the server name is always Host.
	TLSConfig *tls.Config
	// Dial replaces the network, for tests.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// SMTP sends mails through one server, with a connection for each. It implements Sender.
type SMTP struct {
	config Config
}

var _ Sender = (*SMTP)(nil)

// New makes a sender. Wrong settings are reported by Check and by every Send.
func New(c Config) *SMTP {
	if c.Security == "" {
		c.Security = STARTTLS
	}
	if c.Port == 0 {
		c.Port = map[Security]int{STARTTLS: 587, TLS: 465, Plain: 25}[c.Security]
	}
	if c.Hello == "" {
		c.Hello = "localhost"
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	return &SMTP{config: c}
}

// Format prints "smtp" only: fmt looks into a struct past the guards of its secrets.
func (s SMTP) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "smtp") }

// Check tells what is wrong with the settings.
func (s *SMTP) Check() error {
	var problems []error
	problem := func(text string) { problems = append(problems, errors.New("smtp-"+text)) }

	c := s.config
	if c.Host == "" || strings.ContainsAny(c.Host, " /:@\r\n") && !isIP(c.Host) {
		problem("host must be a name or an address, without a port")
	}
	if c.Port < 1 || c.Port > 65535 {
		problem("port must be between 1 and 65535")
	}
	if c.Security != STARTTLS && c.Security != TLS && c.Security != Plain {
		problem("security must be starttls, tls or plain")
	}
	if (c.Username == "") != (c.Password == "") {
		problem("username and smtp-password go together")
	}
	if c.Security == Plain && c.Username != "" && !isLoopback(c.Host) {
		problem("security plain would show the password to the network: use starttls or tls")
	}
	if strings.ContainsAny(c.Hello, " \r\n") {
		problem("hello must be one word")
	}
	return errors.Join(problems...)
}

// Send hands a mail over: connects, says hello, encrypts, logs in, sends and leaves. Every error is an *Error.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	if s.Check() != nil {
		return &Error{Class: Settings, Reason: "the mail settings are wrong"}
	}
	msg, err := compose(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()

	wire := &wire{config: s.config}
	// The library leaves connections open on some ways out, and does not look at the context once it is connected.
	defer wire.close()
	defer context.AfterFunc(ctx, wire.close)()

	c, err := s.client(wire)
	if err != nil {
		return &Error{Class: Settings, Reason: "the mail settings are wrong"}
	}
	err = c.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() {
		// Taken is taken, however the goodbye went: a second mail would be worse.
		return nil
	}
	return classify(ctx, err)
}

func (s *SMTP) client(w *wire) (*gomail.Client, error) {
	c := s.config
	options := []gomail.Option{
		gomail.WithPort(c.Port), gomail.WithHELO(c.Hello), gomail.WithTimeout(c.Timeout),
		gomail.WithTLSPolicy(s.policy()), gomail.WithTLSConfig(tlsConfig(c)),
		gomail.WithDialContextFunc(w.dial),
		// Each would be one more round trip, for a connection that carries one mail.
		gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	if c.Username != "" {
		options = append(options, gomail.WithUsername(c.Username), gomail.WithPassword(c.Password.Reveal()),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin,
				gomail.SMTPAuthCramMD5))
	}
	return gomail.NewClient(c.Host, options...)
}

func (s *SMTP) policy() gomail.TLSPolicy {
	switch {
	case s.config.Security != STARTTLS:
		return gomail.NoTLS // Nothing to upgrade: the connection is encrypted by wire.dial, or not at all.
	case isLoopback(s.config.Host):
		return gomail.TLSOpportunistic
	}
	return gomail.TLSMandatory
}

func tlsConfig(c Config) *tls.Config {
	t := c.TLSConfig.Clone()
	if t == nil {
		t = &tls.Config{}
	}
	t.ServerName = c.Host
	t.MinVersion = max(t.MinVersion, tls.VersionTLS12)
	return t
}

// wire is the one connection of a Send, kept so that it can be closed from outside.
type wire struct {
	config Config

	mu     sync.Mutex
	conn   net.Conn
	closed bool
}

// dial connects, and encrypts when TLS comes first.
func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := w.config.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if !w.keep(conn) {
		return nil, net.ErrClosed
	}
	if w.config.Security != TLS {
		return conn, nil
	}
	encrypted := tls.Client(conn, tlsConfig(w.config))
	return encrypted, encrypted.HandshakeContext(ctx)
}

func (w *wire) keep(conn net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn = conn
	if w.closed {
		_ = conn.Close()
	}
	return !w.closed
}

func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.conn != nil {
		_ = w.conn.Close()
	}
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.Unmap().IsLoopback()
}
