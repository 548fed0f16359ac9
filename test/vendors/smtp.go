package vendors

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Mail is one mail that the server took.
type Mail struct {
	// From and To are the envelope's; one entry in To for each recipient.
	From string
	To   []string
	// Raw is the content as it was sent, dots undone, lines ended by CR LF.
	Raw []byte
	// Encrypted tells whether the connection was, and User who was logged in.
	Encrypted bool
	User      string
	// At is when the mail was taken.
	At time.Time
}

// SMTP stands in for a mail server (RFC 5321) with STARTTLS (RFC 3207), AUTH PLAIN (RFC 4616) and enhanced status
// codes. It is strict: bare line feeds, long lines, commands out of order and mails without the headers of RFC 5322
// are refused.
type SMTP struct {
	// TLS offers STARTTLS, and encrypts from the first byte when Implicit is set too.
	TLS      *tls.Config
	Implicit bool
	// User and Password must be given by whoever sends, when User is set; only over an encrypted connection unless
	// AuthInClear is set.
	User, Password string
	AuthInClear    bool
	// Answer replaces the answer to a command, such as "RCPT" to "550 5.1.1 no such user", "." for the one after the
	// content and "" for the greeting. An answer "hang" waits until the client leaves and "drop" closes the connection.
	Answer map[string]string
	// Delay is waited before the answer to the content.
	Delay time.Duration

	mu    sync.Mutex
	mails []Mail
}

// NewSMTP makes a server that takes everything in the clear.
func NewSMTP() *SMTP { return &SMTP{Answer: map[string]string{}} }

// Mails gives what was taken, oldest first.
func (s *SMTP) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Serve answers on a listener until it is closed.
func (s *SMTP) Serve(l net.Listener) (stop func()) {
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.ServeConn(conn)
		}
	}()
	return func() { _ = l.Close() }
}

// ServeConn talks to one client until it leaves, and closes the connection.
func (s *SMTP) ServeConn(conn net.Conn) {
	c := &session{server: s}
	c.use(conn)
	defer func() { _ = c.conn.Close() }() // The encrypted one, if it came to that.
	if s.TLS != nil && s.Implicit {
		c.encrypt()
	}
	if c.reply("", "220 mail.test ESMTP") != nil {
		return
	}
	for {
		line, err := c.line()
		if err != nil {
			if errors.Is(err, errLine) {
				_ = c.say("500 5.5.2 bad line")
			}
			return
		}
		if c.command(line) != nil {
			return
		}
	}
}

func (s *SMTP) take(m Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.At = time.Now()
	s.mails = append(s.mails, m)
}

var (
	errLine = errors.New("vendors: a bad line")
	errBye  = errors.New("vendors: the client left")
)

// session is one connection.
type session struct {
	server    *SMTP
	conn      net.Conn
	in        *bufio.Reader
	encrypted bool
	greeted   bool
	mail      Mail
	user      string
}

func (c *session) use(conn net.Conn) { c.conn, c.in = conn, bufio.NewReader(conn) }

func (c *session) encrypt() {
	c.use(tls.Server(newEager(c.conn), c.server.TLS))
	c.encrypted, c.greeted = true, false
}

// line reads one line without its end. Longer than 998 characters (RFC 5321 §4.5.3.1.6) or ended by LF alone is
// refused.
func (c *session) line() (string, error) {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return "", err
	}
	text, ended := strings.CutSuffix(line, "\r\n")
	if !ended || len(text) > 998 || strings.ContainsAny(text, "\r\x00") {
		return "", errLine
	}
	return text, nil
}

func (c *session) say(lines ...string) error {
	_, err := io.WriteString(c.conn, strings.Join(lines, "\r\n")+"\r\n")
	return err
}

// reply says what the server was told to answer to a command, or else the usual.
func (c *session) reply(command string, usual ...string) error {
	answer, set := c.server.Answer[command]
	if !set {
		return c.say(usual...)
	}
	switch answer {
	case "hang":
		_, _ = io.Copy(io.Discard, c.in)
		return errBye
	case "drop":
		return errBye
	}
	if err := c.say(answer); err != nil {
		return err
	}
	if command == "" && answer[0] != '2' {
		return errBye
	}
	return nil
}

// refused reports whether the server was told to refuse a command.
func (c *session) refused(command string) bool {
	answer, set := c.server.Answer[command]
	return set && !strings.HasPrefix(answer, "2") && !strings.HasPrefix(answer, "3")
}

func (c *session) command(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	if c.refused(verb) {
		return c.reply(verb)
	}
	switch verb {
	case "EHLO":
		c.greeted, c.mail = true, Mail{}
		return c.say(c.extensions()...)
	case "STARTTLS":
		return c.startTLS()
	case "AUTH":
		return c.auth(rest)
	case "MAIL":
		return c.from(rest)
	case "RCPT":
		return c.to(rest)
	case "DATA":
		return c.data()
	case "RSET":
		c.mail = Mail{}
		return c.say("250 2.0.0 ok")
	case "NOOP":
		return c.say("250 2.0.0 ok")
	case "QUIT":
		_ = c.reply("QUIT", "221 2.0.0 bye")
		return errBye
	}
	return c.say("502 5.5.1 not known")
}

func (c *session) extensions() []string {
	lines := []string{"mail.test", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 1048576"}
	if c.server.TLS != nil && !c.encrypted {
		lines = append(lines, "STARTTLS")
	}
	if c.server.User != "" && (c.encrypted || c.server.AuthInClear) {
		lines = append(lines, "AUTH PLAIN")
	}
	for i := range lines[:len(lines)-1] {
		lines[i] = "250-" + lines[i]
	}
	lines[len(lines)-1] = "250 " + lines[len(lines)-1]
	return lines
}

func (c *session) startTLS() error {
	if c.server.TLS == nil || c.encrypted || !c.greeted {
		return c.say("503 5.5.1 not now")
	}
	if err := c.say("220 2.0.0 go ahead"); err != nil {
		return err
	}
	// What came in one piece with the command is dropped: it was not encrypted (RFC 3207 §6).
	c.encrypt()
	return nil
}

func (c *session) auth(rest string) error {
	mechanism, initial, _ := strings.Cut(rest, " ")
	if c.server.User == "" || !c.encrypted && !c.server.AuthInClear || !strings.EqualFold(mechanism, "PLAIN") {
		return c.say("504 5.5.4 not offered")
	}
	raw, err := base64.StdEncoding.DecodeString(initial)
	parts := strings.Split(string(raw), "\x00")
	if err != nil || len(parts) != 3 || parts[1] != c.server.User || parts[2] != c.server.Password {
		return c.say("535 5.7.8 wrong credentials")
	}
	c.user = parts[1]
	return c.say("235 2.7.0 welcome")
}

func (c *session) from(rest string) error {
	if !c.greeted || c.mail.From != "" {
		return c.say("503 5.5.1 not now")
	}
	if c.server.User != "" && c.user == "" {
		return c.say("530 5.7.0 log in first")
	}
	address, ok := envelope(rest, "FROM:")
	if !ok {
		return c.say("501 5.1.7 bad sender")
	}
	c.mail = Mail{From: address, Encrypted: c.encrypted, User: c.user}
	return c.say("250 2.1.0 ok")
}

func (c *session) to(rest string) error {
	if c.mail.From == "" {
		return c.say("503 5.5.1 not now")
	}
	address, ok := envelope(rest, "TO:")
	if !ok {
		return c.say("501 5.1.3 bad recipient")
	}
	c.mail.To = append(c.mail.To, address)
	return c.say("250 2.1.5 ok")
}

// envelope reads FROM:<address> or TO:<address> and what follows it.
func envelope(rest, word string) (string, bool) {
	if len(rest) < len(word) || !strings.EqualFold(rest[:len(word)], word) || !strings.HasPrefix(rest[len(word):], "<") {
		return "", false
	}
	address, _, closed := strings.Cut(rest[len(word)+1:], ">")
	_, err := netmail.ParseAddress(address)
	return address, closed && err == nil
}

func (c *session) data() error {
	if len(c.mail.To) == 0 {
		return c.say("503 5.5.1 not now")
	}
	if err := c.say("354 go ahead"); err != nil {
		return err
	}
	var raw bytes.Buffer
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		if line == "." {
			break
		}
		raw.WriteString(strings.TrimPrefix(line, ".") + "\r\n")
	}
	c.mail.Raw = raw.Bytes()
	if c.server.Delay > 0 {
		time.Sleep(c.server.Delay)
	}
	return c.end()
}

// end judges the content and answers.
func (c *session) end() error {
	m := c.mail
	c.mail = Mail{}
	if c.refused(".") {
		return c.reply(".")
	}
	if missing := incomplete(m.Raw); missing != "" {
		return c.say("550 5.6.0 the mail has not exactly one " + missing)
	}
	c.server.take(m)
	return c.reply(".", "250 2.0.0 taken as "+strconv.Itoa(len(m.Raw)))
}

// incomplete names a header that a mail must have once (RFC 5322 §3.6), or gives "".
func incomplete(raw []byte) string {
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return "header section"
	}
	for _, name := range []string{"From", "To", "Subject", "Date", "Message-Id"} {
		if len(m.Header[name]) != 1 {
			return name
		}
	}
	return ""
}
