package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/mail"
	"github.com/thimble-auth/thimble/test/vendors"
)

const (
	recipient = "ada@example.com"
	password  = "correct horse battery"
)

func message() mail.Message {
	return mail.Message{
		ID: "message-live-1", From: "Ácme <login@auth.example.org>", To: recipient, Subject: "Sign in to Ácme",
		Text: "Open https://auth.example.org/?token=493817\n.\nBye", HTML: "<p>Open <a href=\"https://x\">this</a></p>",
	}
}

// certificate gives both ends of a TLS connection to a host, valid for ever as synctest's clock starts in 2000.
func certificate(t *testing.T, host string) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, _ := x509.ParseCertificate(der)
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		&tls.Config{RootCAs: roots}
}

// inBubble runs a test with a server in memory and fake time.
func inBubble(t *testing.T, test func(t *testing.T, server *vendors.SMTP, c mail.Config)) {
	t.Helper()
	serverTLS, clientTLS := certificate(t, "mail.example.org")
	synctest.Test(t, func(t *testing.T) {
		server, l := vendors.NewSMTP(), vendors.NewListener()
		server.TLS = serverTLS
		stop := server.Serve(l)
		defer synctest.Wait()
		defer stop()
		test(t, server, mail.Config{Host: "mail.example.org", TLSConfig: clientTLS, Dial: l.Dial})
	})
}

func TestSend(t *testing.T) {
	t.Parallel()
	for _, security := range []mail.Security{mail.STARTTLS, mail.TLS} {
		t.Run(string(security), func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, server *vendors.SMTP, c mail.Config) {
				server.Implicit = security == mail.TLS
				server.User, server.Password = "thimble", password
				c.Security, c.Username, c.Password = security, "thimble", password
				if err := mail.New(c).Send(t.Context(), message()); err != nil {
					t.Fatal(err)
				}
				got := server.Mails()
				if len(got) != 1 {
					t.Fatalf("the server took %d mails, want 1", len(got))
				}
				want := vendors.Mail{
					From: "login@auth.example.org", To: []string{recipient}, Raw: got[0].Raw, Encrypted: true, User: "thimble",
					At: got[0].At,
				}
				if diff := cmp.Diff(want, got[0]); diff != "" {
					t.Error(diff)
				}
				content(t, got[0])
			})
		})
	}
}

func content(t *testing.T, got vendors.Mail) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(string(got.Raw)))
	if err != nil {
		t.Fatal(err)
	}
	decoder := new(mime.WordDecoder)
	headers := map[string]string{}
	for _, name := range []string{"From", "To", "Subject", "Message-Id", "Auto-Submitted", "User-Agent", "X-Mailer"} {
		headers[name], _ = decoder.DecodeHeader(m.Header.Get(name))
	}
	want := map[string]string{
		"From": "Ácme <login@auth.example.org>", "To": "<ada@example.com>", "Subject": "Sign in to Ácme",
		"Message-Id": "<message-live-1@auth.example.org>", "Auto-Submitted": "auto-generated",
		"User-Agent": "", "X-Mailer": "",
	}
	if diff := cmp.Diff(want, headers); diff != "" {
		t.Error(diff)
	}

	kind, params, _ := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if kind != "multipart/alternative" {
		t.Fatalf("Content-Type %s", kind)
	}
	reader := multipart.NewReader(m.Body, params["boundary"])
	var bodies []string
	for {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(quotedprintable.NewReader(part))
		bodies = append(bodies, strings.ReplaceAll(string(b), "\r\n", "\n"))
	}
	if diff := cmp.Diff([]string{message().Text, message().HTML}, bodies); diff != "" {
		t.Error(diff)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*vendors.SMTP, *mail.Config)
		want   mail.Error
	}{
		"no such mailbox": {
			answer("RCPT", "550 5.1.1 no ada@example.com"), mail.Error{Class: mail.Permanent, Code: "550 5.1.1"},
		},
		"mailbox busy":    {answer("RCPT", "450 4.2.1 later"), mail.Error{Class: mail.Later, Code: "450 4.2.1"}},
		"sender refused":  {answer("MAIL", "553 5.7.1 not yours"), mail.Error{Class: mail.Settings, Code: "553 5.7.1"}},
		"login wanted":    {answer("MAIL", "530 5.7.0 log in"), mail.Error{Class: mail.Settings, Code: "530 5.7.0"}},
		"content refused": {answer(".", "554 5.6.0 spam"), mail.Error{Class: mail.Permanent, Code: "554 5.6.0"}},
		"content later":   {answer(".", "451 4.3.0 later"), mail.Error{Class: mail.Later, Code: "451 4.3.0"}},
		"busy":            {answer("", "421 4.3.2 busy"), mail.Error{Class: mail.Later, Code: "421"}},
		"keeps us out":    {answer("", "554 5.7.1 blocked"), mail.Error{Class: mail.Settings, Code: "554"}},
		"leaves":          {answer("RCPT", "drop"), mail.Error{Class: mail.Later}},
		"hangs":           {answer("DATA", "hang"), mail.Error{Class: mail.Later}},
		"wrong password": {func(s *vendors.SMTP, c *mail.Config) {
			s.User, s.Password = "thimble", "another"
			c.Username, c.Password = "thimble", password
		}, mail.Error{Class: mail.Settings, Code: "535"}},
		"no login": {func(_ *vendors.SMTP, c *mail.Config) {
			c.Username, c.Password = "thimble", password
		}, mail.Error{Class: mail.Settings}},
		"no STARTTLS": {func(s *vendors.SMTP, _ *mail.Config) { s.TLS = nil }, mail.Error{Class: mail.Settings}},
		"another name": {func(_ *vendors.SMTP, c *mail.Config) {
			c.Host = "other.example.org"
		}, mail.Error{Class: mail.Settings}},
		"another authority": {func(_ *vendors.SMTP, c *mail.Config) {
			c.TLSConfig = nil
		}, mail.Error{Class: mail.Settings}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, server *vendors.SMTP, c mail.Config) {
				tt.change(server, &c)
				began := time.Now()
				err := mail.New(c).Send(t.Context(), message())

				e, ok := errors.AsType[*mail.Error](err)
				if !ok {
					t.Fatalf("Send = %v, want a *mail.Error", err)
				}
				if e.Reason == "" {
					t.Error("no reason")
				}
				tt.want.Reason = e.Reason
				if diff := cmp.Diff(tt.want, *e); diff != "" {
					t.Errorf("%s: %s", e.Reason, diff)
				}
				if took := time.Since(began); took > mail.DefaultTimeout {
					t.Errorf("took %v", took)
				}
				if n := len(server.Mails()); n != 0 {
					t.Errorf("the server took %d mails", n)
				}
				shown := fmt.Sprintf("%v %+v %#v", err, err, err)
				for _, secret := range []string{"ada", "493817", password, "example"} {
					if strings.Contains(shown, secret) {
						t.Errorf("the error shows %q: %s", secret, shown)
					}
				}
			})
		})
	}
}

func answer(command, text string) func(*vendors.SMTP, *mail.Config) {
	return func(s *vendors.SMTP, _ *mail.Config) { s.Answer[command] = text }
}

// TestTakenIsTaken: once the server has the mail, a bad goodbye does not have it sent again.
func TestTakenIsTaken(t *testing.T) {
	t.Parallel()
	for _, bye := range []string{"421 4.3.2 going down", "drop", "hang"} {
		inBubble(t, func(t *testing.T, server *vendors.SMTP, c mail.Config) {
			server.Answer["QUIT"] = bye
			if err := mail.New(c).Send(t.Context(), message()); err != nil || len(server.Mails()) != 1 {
				t.Errorf("%s: Send = %v with %d mails, want nil and 1", bye, err, len(server.Mails()))
			}
		})
	}
}

func TestContextEndsSend(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, server *vendors.SMTP, c mail.Config) {
		server.Answer["DATA"] = "hang"
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		err := mail.New(c).Send(ctx, message())
		if took := time.Since(began); took != time.Second || mail.AsError(err).Reason != "no answer in time" {
			t.Errorf("Send = %v after %v, want a timeout after 1s", err, took)
		}
	})
}

// TestLoopback: a server on this machine may do without encryption, and is upgraded when it offers it.
func TestLoopback(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, server *vendors.SMTP, c mail.Config) {
		server.TLS = nil
		for _, c.Host = range []string{"localhost", "127.0.0.1", "::1"} {
			if err := mail.New(c).Send(t.Context(), message()); err != nil {
				t.Errorf("%s: %v", c.Host, err)
			}
		}
		c.Host, c.Security = "mail.example.org", mail.Plain
		if err := mail.New(c).Send(t.Context(), message()); err != nil {
			t.Errorf("plain: %v", err)
		}
	})
}

// TestNoInjection: nothing that a caller passes ends up as a header or a second recipient.
func TestNoInjection(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*mail.Message){
		"subject with CR LF":  func(m *mail.Message) { m.Subject = "Hi\r\nBcc: eve@example.net" },
		"subject with LF":     func(m *mail.Message) { m.Subject = "Hi\nBcc: eve@example.net" },
		"subject with NUL":    func(m *mail.Message) { m.Subject = "Hi\x00" },
		"subject with NEL":    func(m *mail.Message) { m.Subject = "Hi\u0085Bcc: eve@example.net" },
		"long subject":        func(m *mail.Message) { m.Subject = strings.Repeat("x", 301) },
		"to with CR LF":       func(m *mail.Message) { m.To = "ada@example.com>\r\nRCPT TO:<eve@example.net" },
		"two recipients":      func(m *mail.Message) { m.To = "ada@example.com, eve@example.net" },
		"to with a name":      func(m *mail.Message) { m.To = "Ada <ada@example.com>" },
		"to without a domain": func(m *mail.Message) { m.To = "ada" },
		"from with CR LF":     func(m *mail.Message) { m.From = "A\r\nBcc: eve@example.net <a@example.org>" },
		"id with CR LF":       func(m *mail.Message) { m.ID = "1>\r\nBcc: eve@example.net" },
		"no id":               func(m *mail.Message) { m.ID = "" },
		"no text":             func(m *mail.Message) { m.Text = "" },
		"text not UTF-8":      func(m *mail.Message) { m.Text = "\xff" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, server *vendors.SMTP, c mail.Config) {
				m := message()
				change(&m)
				if err := mail.New(c).Send(t.Context(), m); err == nil || mail.AsError(err).Class == mail.Later {
					t.Errorf("Send = %v, want a refusal for good", err)
				}
				if n := len(server.Mails()); n != 0 {
					t.Errorf("the server took %d mails", n)
				}
			})
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	good := mail.Config{Host: "mail.example.org"}
	for name, tt := range map[string]struct {
		change func(*mail.Config)
		ok     bool
	}{
		"good":  {func(*mail.Config) {}, true},
		"IPv6":  {func(c *mail.Config) { c.Host = "2001:db8::1" }, true},
		"login": {func(c *mail.Config) { c.Username, c.Password = "a", "b" }, true},
		"plain login at home": {func(c *mail.Config) {
			c.Host, c.Security, c.Username, c.Password = "localhost", mail.Plain, "a", "b"
		}, true},
		"no host":              {func(c *mail.Config) { c.Host = "" }, false},
		"host with port":       {func(c *mail.Config) { c.Host = "mail.example.org:25" }, false},
		"bad port":             {func(c *mail.Config) { c.Port = 70000 }, false},
		"bad security":         {func(c *mail.Config) { c.Security = "ssl" }, false},
		"name without secret":  {func(c *mail.Config) { c.Username = "a" }, false},
		"plain login far away": {func(c *mail.Config) { c.Security, c.Username, c.Password = mail.Plain, "a", "b" }, false},
		"hello with break":     {func(c *mail.Config) { c.Hello = "a\r\nb" }, false},
	} {
		c := good
		tt.change(&c)
		if err := mail.New(c).Check(); (err == nil) != tt.ok {
			t.Errorf("%s: Check = %v", name, err)
		}
	}
	c := mail.Config{Password: password}
	for _, v := range []any{c, mail.New(c), *mail.New(c)} {
		if shown := fmt.Sprintf("%v %+v %#v", v, v, v); strings.Contains(shown, password) {
			t.Errorf("%T shows the password: %s", v, shown)
		}
	}
}
