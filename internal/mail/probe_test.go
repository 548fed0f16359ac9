package mail_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/mail"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/test/vendors"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		server func(s *vendors.SMTP)
		config func(c *mail.Config)
		want   string // the setting, with a question mark for a doubt; "" for none
	}{
		"good": {},
		"TLS at once": {
			server: func(s *vendors.SMTP) { s.Implicit = true }, config: func(c *mail.Config) { c.Security = mail.TLS },
		},
		"wrong password":     {config: func(c *mail.Config) { c.Password = "nope" }, want: "smtp-password"},
		"no login":           {config: func(c *mail.Config) { c.Username, c.Password = "", "" }},
		"login not offered":  {server: func(s *vendors.SMTP) { s.User = "" }, want: "smtp-security"},
		"no STARTTLS":        {server: func(s *vendors.SMTP) { s.TLS = nil }, want: "smtp-security"},
		"another name":       {config: func(c *mail.Config) { c.Host = "other.example.org" }, want: "smtp-security"},
		"busy":               {server: func(s *vendors.SMTP) { s.Answer[""] = "421 4.3.2 not now" }, want: "smtp-host?"},
		"not for us":         {server: func(s *vendors.SMTP) { s.Answer[""] = "554 5.7.1 go away" }, want: "smtp-password"},
		"drops":              {server: func(s *vendors.SMTP) { s.Answer[""] = "drop" }, want: "smtp-host"},
		"hangs":              {server: func(s *vendors.SMTP) { s.Answer[""] = "hang" }, want: "smtp-host"},
		"hangs at goodbye":   {server: func(s *vendors.SMTP) { s.Answer["QUIT"] = "drop" }},
		"nobody there":       {config: func(c *mail.Config) { c.Dial = refused }, want: "smtp-host"},
		"no mail server set": {config: func(c *mail.Config) { c.Host = "" }, want: "settings"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, server *vendors.SMTP, c mail.Config) {
				server.User, server.Password = "thimble", password
				c.Username, c.Password = "thimble", secret.String(password)
				if tt.server != nil {
					tt.server(server)
				}
				if tt.config != nil {
					tt.config(&c)
				}
				began := time.Now()
				err := mail.New(c).Probe(t.Context())
				if took := time.Since(began); took > mail.DefaultTimeout {
					t.Errorf("it took %v", took)
				}
				got := ""
				if f, ok := errors.AsType[*mail.Finding](err); ok {
					got = f.Setting
					if f.Doubt {
						got += "?"
					}
				} else if err != nil {
					got = "settings"
				}
				if got != tt.want {
					t.Errorf("Probe = %v, want %q", err, tt.want)
				}
				if err != nil && (strings.Contains(err.Error(), password) || strings.Contains(err.Error(), "go away")) {
					t.Errorf("it shows too much: %v", err)
				}
				if n := len(server.Mails()); n != 0 {
					t.Errorf("%d mails", n)
				}
				synctest.Wait()
			})
		})
	}
}

func refused(context.Context, string, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED }
