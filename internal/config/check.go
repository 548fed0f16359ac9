package config

import (
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/thimble-auth/thimble/internal/secret"
)

// Part is a group of settings that are checked together.
type Part struct {
	// Name is the setting's name, or what the names of several begin with.
	Name string
	// Check completes the settings from files and notes everything that is wrong with them.
	Check func(p *Problems)
}

// Parts are all checks of the settings, in the order in which they are told.
func (c *Serve) Parts() []Part {
	return []Part{
		{"database", c.Database.Check},
		{"listen", func(p *Problems) { checkListen(p, c.Listen) }},
		{"admin-listen", func(p *Problems) { checkAdmin(p, c.AdminListen, c.Listen) }},
		{"public-url", c.checkPublicURL},
		{"master-key", c.checkMaster},
		{"log-level", func(p *Problems) {
			if _, ok := Level(c.LogLevel); !ok {
				p.Add("the log level must be debug, info, warn or error")
			}
		}},
		{"shutdown-seconds", func(p *Problems) { c.Grace.check(p, "shutdown-seconds", 1, 600) }},
		{"keep", c.Keep.check},
		{"smtp", c.SMTP.check},
		{"sms-learning", func(p *Problems) { c.SMSLearning.check(p, "sms-learning") }},
		{"twilio", c.Twilio.check},
		{"vonage", c.Vonage.check},
		{"telnyx", c.Telnyx.check},
		{"aws", c.AWS.check},
		{"plivo", c.Plivo.check},
		{"infobip", c.Infobip.check},
		{"sinch", c.Sinch.check},
		{"bird", c.Bird.check},
		{"smpp", c.SMPP.check},
		{"sms-webhook", c.SMSWebhook.check},
		{"sms-file", c.SMSFile.check},
		{"lookup", c.Lookup.check},
		{"webhooks", c.Webhooks.Check},
	}
}

// Check makes the checks of all parts. Without it, Serve would have that of its database.
func (c *Serve) Check(p *Problems) {
	for _, part := range c.Parts() {
		part.Check(p)
	}
}

func (c *Serve) checkPublicURL(p *Problems) {
	if c.PublicURL == "" {
		p.Add("the public URL is missing: set THIMBLE_PUBLIC_URL to where people reach this server, " +
			"such as https://auth.example.com")
		return
	}
	c.PublicURL = checkPublicURL(p, c.PublicURL)
}

func (c *Serve) checkMaster(p *Problems) {
	c.Master.Check(p)
	if c.Master.Key == "" && c.Master.File == "" {
		p.Add("the master key is missing: make one with `(umask 077; thimble keys master > master.key)`, keep a copy " +
			"apart from the database, and set THIMBLE_MASTER_KEY or THIMBLE_MASTER_KEY_FILE")
	}
}

// SecretFile is a file that nobody but the server should be able to read.
type SecretFile struct{ Setting, Path string }

// SecretFiles gives all files of secrets that are set.
func (c *Serve) SecretFiles() []SecretFile {
	all := []SecretFile{
		{"database-file", c.URLFile},
		{"master-key-file", c.Master.File},
		{"smtp-password-file", c.SMTP.PasswordFile},
		{"twilio-auth-token-file", c.Twilio.AuthTokenFile},
		{"vonage-private-key-file", c.Vonage.PrivateKeyFile},
		{"vonage-api-secret-file", c.Vonage.APISecretFile},
		{"vonage-signature-secret-file", c.Vonage.SignatureSecretFile},
		{"telnyx-api-key-file", c.Telnyx.APIKeyFile},
		{"aws-secret-access-key-file", c.AWS.SecretAccessKeyFile},
		{"aws-session-token-file", c.AWS.SessionTokenFile},
		{"plivo-auth-token-file", c.Plivo.AuthTokenFile},
		{"infobip-api-key-file", c.Infobip.APIKeyFile},
		{"infobip-webhook-password-file", c.Infobip.WebhookPasswordFile},
		{"sinch-api-token-file", c.Sinch.APITokenFile},
		{"sinch-webhook-password-file", c.Sinch.WebhookPasswordFile},
		{"bird-api-key-file", c.Bird.APIKeyFile},
		{"bird-webhook-secret-file", c.Bird.WebhookSecretFile},
		{"smpp-password-file", c.SMPP.PasswordFile},
		{"sms-webhook-secret-file", c.SMSWebhook.SecretFile},
		{"lookup-secret-file", c.Lookup.SecretFile},
	}
	return slices.DeleteFunc(all, func(f SecretFile) bool { return f.Path == "" })
}

// Check completes the settings and notes everything that is wrong with them.
func (c *Dev) Check(p *Problems) {
	c.Database.Check(p)
	checkListen(p, c.Listen)
	checkAdmin(p, c.AdminListen, c.Listen)
	if c.PublicURL != "" {
		c.PublicURL = checkPublicURL(p, c.PublicURL)
	}
	if !c.Expose && !IsLoopback(c.Listen) {
		p.Add("other machines can reach %s, and everybody knows the credentials of thimble dev: listen on 127.0.0.1, "+
			"or add --expose to have random ones", c.Listen)
	}
	if !c.Expose && c.AdminListen != "" && !IsLoopback(c.AdminListen) {
		p.Add("other machines can reach the metrics at %s: set THIMBLE_ADMIN_LISTEN to 127.0.0.1, or add --expose",
			c.AdminListen)
	}
}

// Check reads the URL from its file and fills in the default.
func (d *Database) Check(p *Problems) {
	d.URL = fromFile(p, "database", d.URL, d.URLFile)
	d.MaxConns.check(p, "database-connections", 0, 10_000)
	if d.Data == "" {
		p.Add("the data folder is missing: set THIMBLE_DATA")
		return
	}
	if d.URL == "" {
		d.URL = secret.String("sqlite:" + filepath.Join(d.Data, "thimble.db"))
	}
	if scheme, rest, _ := strings.Cut(d.URL.Reveal(), ":"); rest == "" ||
		scheme != "sqlite" && scheme != "postgres" && scheme != "postgresql" {
		p.Add("the database must be sqlite:PATH or postgres://USER@HOST/NAME")
	}
}

// SQLiteFile gives the path of the database file, and false for PostgreSQL.
func (d *Database) SQLiteFile() (string, bool) {
	path, ok := strings.CutPrefix(d.URL.Reveal(), "sqlite:")
	return strings.TrimPrefix(path, "//"), ok
}

// Check reads the key from its file. A missing key is no problem here.
func (m *Master) Check(p *Problems) {
	m.Key = fromFile(p, "master-key", m.Key, m.File)
}

func (k *Keep) check(p *Problems) {
	const century = 36525
	k.Codes.check(p, "keep-codes-days", -1, century)
	k.Messages.check(p, "keep-messages-days", -1, century)
	k.Sessions.check(p, "keep-sessions-days", -1, century)
	k.Audit.check(p, "keep-audit-days", -1, century)
	k.Webhooks.check(p, "keep-webhooks-days", -1, century)
}

// Check notes what is wrong with the settings.
func (w *Webhooks) Check(p *Problems) { w.AllowPrivate.check(p, "webhooks-allow-private") }

func (s *SMTP) check(p *Problems) {
	s.Password = fromFile(p, "smtp-password", s.Password, s.PasswordFile)
	s.Port.check(p, "smtp-port", 0, 65535)
	if !s.Given() && (s.Username != "" || s.Password != "" || s.From != "" || s.Port.N != 0 || s.Security != "") {
		p.Add("the mail server has settings but no name: set THIMBLE_SMTP_HOST")
	}
	if s.Given() && s.From == "" {
		p.Add("mails need a sender: set THIMBLE_SMTP_FROM, such as Acme <login@example.com>")
	}
}

// fromFile gives a secret, which comes directly or from a file but not both.
func fromFile(p *Problems, name string, given secret.String, path string) secret.String {
	if path == "" {
		return given
	}
	if given != "" {
		p.Add("%s and %s-file are both set: keep one", name, name)
		return given
	}
	text, err := os.ReadFile(path)
	if err != nil {
		p.Add("%s-file cannot be read: %v", name, err)
		return ""
	}
	value := strings.TrimSpace(string(text))
	if value == "" {
		p.Add("%s-file: %s is empty", name, path)
	}
	return secret.String(value)
}

// Level reads a log level.
func Level(text string) (slog.Level, bool) {
	switch strings.ToLower(text) {
	case "debug":
		return slog.LevelDebug, true
	case "info":
		return slog.LevelInfo, true
	case "warn":
		return slog.LevelWarn, true
	case "error":
		return slog.LevelError, true
	}
	return 0, false
}

func checkListen(p *Problems, address string) {
	if !isAddress(address) {
		p.Add("the address to listen on must be HOST:PORT, such as 127.0.0.1:8080")
	}
}

// checkAdmin refuses an address of metrics that is the public one. "" is for none.
func checkAdmin(p *Problems, address, public string) {
	_, port, _ := net.SplitHostPort(address)
	_, publicPort, _ := net.SplitHostPort(public)
	switch {
	case address == "":
	case !isAddress(address):
		p.Add("admin-listen must be HOST:PORT, such as 127.0.0.1:9464")
	case port == publicPort && port != "0":
		p.Add("admin-listen and listen have the same port %s: metrics need a port of their own, since everybody reaches the "+
			"public one", port)
	}
}

func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	n, numErr := strconv.Atoi(port)
	return err == nil && numErr == nil && n >= 0 && n <= 65535
}

// IsLoopback reports whether only this machine can reach an address.
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// checkPublicURL gives the URL without a slash at its end.
func checkPublicURL(p *Problems, text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" ||
		u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		p.Add("the public URL must be https://HOST or http://HOST:PORT, without a path")
		return text
	}
	return strings.TrimRight(text, "/")
}
