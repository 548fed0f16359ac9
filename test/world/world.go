// Package world has what black-box tests begin with: databases with a key ring, servers on them with providers that
// misbehave on request, projects, and clients that speak HTTP.
package world

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/mail"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/server"
	"github.com/thimble-auth/thimble/internal/sms/twilio"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
	"github.com/thimble-auth/thimble/test/vendors"
)

// PublicURL is where the servers of this package believe to be reached.
const PublicURL = "https://auth.example.com"

// World is a server in this process.
type World struct {
	App    *server.App
	Twilio *vendors.Twilio
	Mails  *Letterbox
	// Program is what webhooks reach.
	Program *vendors.Subscriber
	// Log is everything that the server wrote.
	Log *Log
}

// Open starts a server on a database of this package. It ends with the test.
func Open(t testing.TB, url string, o sqldb.Options) *World {
	t.Helper()
	w := &World{Twilio: vendors.NewTwilio(), Mails: NewLetterbox(), Program: vendors.NewSubscriber(), Log: &Log{}}
	sender := twilio.New(twilio.Config{
		AccountSID: vendors.TwilioAccount, AuthToken: vendors.TwilioToken, From: vendors.TwilioFrom,
		HTTP: httpx.New(httpx.Options{Transport: w.Twilio.RoundTripper()}),
	})
	app, err := server.Open(t.Context(), server.Options{
		DatabaseURL: url, Database: o, Master: prototypeOf(t).master, PublicURL: PublicURL,
		SMS: []notify.SMSRoute{{Sender: sender}}, Mail: w.Mails, MailFrom: "Acme <login@example.com>",
		Webhooks: httpx.New(httpx.Options{Transport: w.Program.RoundTripper()}),
		Logger:   slog.New(slog.NewJSONHandler(w.Log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.App = app
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := app.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return w
}

// NewProject makes a project without send limits whose links lead to an application, and gives a client of it.
func (w *World) NewProject(t testing.TB, env ids.Env) *Client {
	t.Helper()
	p, secret, err := w.App.Projects.Create(t.Context(), env, "Acme")
	if err != nil {
		t.Fatal(err)
	}
	purposes := []string{"login", "signup", "invite", "discovery", "reset_password"}
	w.Configure(t, p.ID, func(p *project.Project) {
		project.AddRedirect(&p.Settings, store.RedirectURL{
			URL: "https://app.example.com/in", Purposes: purposes, Defaults: purposes,
		})
		p.Settings.Limits = map[string]int64{}
		for name := range limit.Defaults() {
			p.Settings.Limits[name] = 1_000_000 // counted all the same
		}
		p.Settings.Budgets = store.BudgetSettings{store.ScopeProject: -1} // none
	})
	return &Client{ID: p.ID, Secret: secret.Reveal(), Base: "http://thimble.test", Transport: InProcess{w.App}, T: t}
}

// Configure changes the settings of a project.
func (w *World) Configure(t testing.TB, id string, change func(p *project.Project)) {
	t.Helper()
	_, err := w.App.Projects.Update(t.Context(), id, func(p *project.Project) error {
		change(p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var tokenInMail = regexp.MustCompile(`\?token=([A-Za-z0-9_-]+)`)

// Link mails a link to a member and gives its token.
func (w *World) Link(t testing.TB, c *Client, organization, email string) string {
	t.Helper()
	c.Must(t, "POST", LoginOrSignup, J{"organization_id": organization, "email_address": email})
	found := tokenInMail.FindStringSubmatch(w.Letter(t, c, email))
	if found == nil {
		t.Fatal("no link in the mail")
	}
	return found[1]
}

// Login proves a member's mailbox and gives the intermediate session token that it leads to.
func (w *World) Login(t testing.TB, c *Client, organization, email string) string {
	t.Helper()
	a := c.Must(t, "POST", AuthenticateLink, J{"magic_links_token": w.Link(t, c, organization, email)})
	token := a.At("intermediate_session_token")
	if token == "" {
		t.Fatalf("no intermediate session: %s", a.Raw)
	}
	return token
}

// Letter gives the newest message to a recipient: what the inbox of a test project holds, or what has left a live one.
func (w *World) Letter(t testing.TB, c *Client, to string) string {
	t.Helper()
	if strings.HasPrefix(c.ID, ids.Project+"-"+string(ids.Test)) {
		letters, err := w.App.Notify.Letters(t.Context(), c.ID, to, 1)
		if err != nil || len(letters) == 0 {
			t.Fatalf("no message to %s: %v", to, err)
		}
		return letters[0].Body
	}
	if strings.HasPrefix(to, "+") {
		return w.text(t, to).Body
	}
	return w.Mails.Take(t, to).Text
}

func (w *World) text(t testing.TB, to string) vendors.Text {
	t.Helper()
	for {
		changed := w.Twilio.Changed()
		texts := w.Twilio.Texts()
		for i := len(texts) - 1; i >= 0; i-- {
			if texts[i].To == to {
				return texts[i]
			}
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatalf("no text to %s", to)
		}
	}
}

// TextAfter waits until more than n texts have left and gives the one behind those.
func (w *World) TextAfter(t testing.TB, n int) vendors.Text {
	t.Helper()
	for {
		changed := w.Twilio.Changed()
		if texts := w.Twilio.Texts(); len(texts) > n {
			return texts[n]
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatalf("only %d texts have left", n)
		}
	}
}

// Code gives the code in the newest text to a number.
func (w *World) Code(t testing.TB, c *Client, to string) string {
	t.Helper()
	return CodeIn(w.Letter(t, c, to))
}

// CodeIn gives the code that a text begins with.
func CodeIn(text string) string { return text[:min(6, len(text))] }

// Story logs a member in with a number that is new to them and gives the answer with the session.
func (w *World) Story(t testing.TB, c *Client, organization, member, email, number string) *Answer {
	t.Helper()
	token := w.Login(t, c, organization, email)
	c.Must(t, "POST", SendSMS, J{
		"organization_id": organization, "member_id": member, "mfa_phone_number": number,
		"intermediate_session_token": token,
	})
	return c.Must(t, "POST", AuthenticateSMS, J{
		"organization_id": organization, "member_id": member, "code": w.Code(t, c, number),
		"intermediate_session_token": token,
	})
}

// Settle waits until no message waits any more.
func (w *World) Settle(t testing.TB) {
	t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		waits := func(m *store.Message) bool { return m.Status == store.MessageQueued }
		if !slices.ContainsFunc(storetest.Read(t, w.App.DB).Messages, waits) {
			return
		}
		select {
		case <-again.C:
		case <-t.Context().Done():
			t.Fatal("messages still wait")
		}
	}
}

// Log keeps what is written to it. It is safe for concurrent use.
type Log struct {
	mu  sync.Mutex
	all bytes.Buffer
}

// Write keeps a copy.
func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

// String gives everything so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// Letterbox stands in for a mail server.
type Letterbox struct {
	mu      sync.Mutex
	mails   []mail.Message
	arrived chan struct{} // closed at the next mail
}

// NewLetterbox makes an empty one.
func NewLetterbox() *Letterbox { return &Letterbox{arrived: make(chan struct{})} }

// Send keeps the mail.
func (l *Letterbox) Send(_ context.Context, m mail.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mails = append(l.mails, m)
	close(l.arrived)
	l.arrived = make(chan struct{})
	return nil
}

// Check finds nothing wrong.
func (l *Letterbox) Check() error { return nil }

// Take waits for a mail to the address and takes it out.
func (l *Letterbox) Take(t testing.TB, to string) mail.Message {
	t.Helper()
	for {
		l.mu.Lock()
		for i, m := range l.mails {
			if m.To == to {
				l.mails = append(l.mails[:i:i], l.mails[i+1:]...)
				l.mu.Unlock()
				return m
			}
		}
		arrived := l.arrived
		l.mu.Unlock()
		select {
		case <-arrived:
		case <-t.Context().Done():
			t.Fatalf("no mail to %s", to)
		}
	}
}
