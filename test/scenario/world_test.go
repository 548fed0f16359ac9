package scenario

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/ids"
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

const (
	publicURL = "https://auth.example.com"
	appURL    = "https://app.example.com/authenticate"
)

// world is a server with everything around it.
type world struct {
	t        testing.TB
	app      *server.App
	twilio   *vendors.Twilio
	mails    letterbox
	log      bytes.Buffer
	projects map[string]*client
	as       *client
	vars     map[string]string
	apps     map[string][]byte // the seeds that were typed into apps
	header   http.Header       // of the next request
	texted   map[string]bool   // whose last login sent a code by itself
	secrets  []string          // what no log may hold
	began    storetest.All

	elsewhere elsewhere
	heard     []vendors.Inbound // texts to the provider's number

	subscriber *vendors.Subscriber
	asked      map[int]bool // calls to it that a step has asked for
}

// client is somebody who calls with a project's credentials, or with what they take for them.
type client struct {
	id, secret string
	live       bool
}

// serverOptions are what a story can say about the server itself.
type serverOptions struct {
	noSMS, noMail bool
	slowMail      bool     // by a minute
	breaches      bool     // there is a list of breached passwords
	inbox         bool     // it has the pages of development, and the simulator of carriers
	countries     []string // of the route for texts, none for all
	twice         bool     // see sqldb.Options.RunTwice
}

// letterbox stands in for a mail server.
type letterbox struct {
	mu    sync.Mutex
	mails []mail.Message
}

// Send keeps the mail.
func (l *letterbox) Send(_ context.Context, m mail.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mails = append(l.mails, m)
	return nil
}

// Check finds nothing wrong.
func (l *letterbox) Check() error { return nil }

// newWorld starts a server on the database. It is called in the bubble.
func newWorld(t testing.TB, url string, o serverOptions) *world {
	t.Helper()
	w := &world{
		t: t, twilio: vendors.NewTwilio(), subscriber: vendors.NewSubscriber(), asked: map[int]bool{}, projects: map[string]*client{}, vars: map[string]string{}, header: http.Header{},
		texted: map[string]bool{}, apps: map[string][]byte{},
	}
	var err error
	w.app, err = server.Open(t.Context(), w.options(url, o))
	w.check(err)
	w.subscriber.Now = w.app.DB.Now
	w.project("project", ids.Test)
	w.project("project2", ids.Test)
	w.project("live", ids.Live)
	w.projects["nobody"] = &client{}
	w.projects["stranger"] = &client{id: ids.New(ids.Project, ids.Test, w.app.DB.Now()), secret: "secret-test-x"}
	w.projects["impostor"] = &client{id: w.vars["project"], secret: "secret-test-x"}
	w.projects["garbled"] = &client{id: "garbled", secret: "secret-test-x"}
	w.as = w.projects["project"]
	return w
}

func (w *world) options(url string, o serverOptions) server.Options {
	options := server.Options{
		DatabaseURL: url, Master: proto().master, PublicURL: publicURL, Mail: &w.mails, MailFrom: "Acme <login@example.com>",
		Logger: w.logger(), HTTP: httpx.New(httpx.Options{Transport: &w.elsewhere}),
		Webhooks: httpx.New(httpx.Options{Transport: w.subscriber.RoundTripper(), Timeout: 15 * time.Second}),
		Metrics:  true,
		Database: sqldb.Options{RunTwice: o.twice},
	}
	if o.inbox {
		options.Simulator = true
		options.Mounts = func(a *server.App) []endpoint.Mount { return server.DevelopmentPages(a, publicURL) }
	}
	if o.breaches {
		options.Breaches = w.breaches()
	}
	sender := twilio.New(twilio.Config{
		AccountSID: vendors.TwilioAccount, AuthToken: vendors.TwilioToken, From: vendors.TwilioFrom,
		HTTP: httpx.New(httpx.Options{Transport: w.twilio.RoundTripper()}),
	})
	if !o.noSMS {
		options.SMS = []notify.SMSRoute{{Sender: sender, Countries: o.countries}}
	}
	if o.noMail {
		options.Mail = nil
	}
	if o.slowMail {
		options.Mail = slowMail{&w.mails}
	}
	return options
}

func (w *world) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// project makes a project whose links lead to the application, and whose name in stories is the one given.
func (w *world) project(name string, env ids.Env) {
	w.t.Helper()
	p, secret, err := w.app.Projects.Create(w.t.Context(), env, "Acme")
	w.check(err)
	purposes := []string{"login", "signup", "invite", "discovery", "reset_password"}
	_, err = w.app.Projects.Update(w.t.Context(), p.ID, func(p *project.Project) error {
		project.AddRedirect(&p.Settings, store.RedirectURL{URL: appURL, Purposes: purposes, Defaults: purposes})
		return nil
	})
	w.check(err)
	w.projects[name] = &client{id: p.ID, secret: secret.Reveal(), live: p.Live()}
	w.vars[name] = p.ID
	w.secrets = append(w.secrets, secret.Reveal())
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// close ends the server, which must not take long even when a provider hangs.
func (w *world) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.app.Close(ctx); err != nil {
		w.t.Errorf("close: %v", err)
	}
}

// call sends a request as the present client.
func (w *world) call(method, path, body string) *httptest.ResponseRecorder {
	w.t.Helper()
	path = strings.TrimPrefix(path, publicURL)
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, strings.NewReader(body))
	r.Host = strings.TrimPrefix(publicURL, "https://")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, values := range w.header {
		r.Header[name] = values
	}
	w.header = http.Header{}
	if w.as.id != "" {
		r.SetBasicAuth(w.as.id, w.as.secret)
	}
	answer := httptest.NewRecorder()
	w.app.ServeHTTP(answer, r)
	w.settle()
	time.Sleep(time.Microsecond) // no two requests at the same time: what they leave can be put in order
	return answer
}

// settle waits until everything that a request set off is waiting for something else.
func (w *world) settle() { synctest.Wait() }

// mark says that what happened so far is no part of the story.
func (w *world) mark() {
	w.settle()
	w.began = storetest.Read(w.t, w.app.DB)
}

// outbox writes one line for each message of the story.
func (w *world) outbox() string {
	w.settle()
	var lines []string
	for _, m := range storetest.Read(w.t, w.app.DB).Messages[len(w.began.Messages):] {
		line := fmt.Sprintf("%s to=%s status=%s", m.Channel, m.Recipient, m.Status)
		// Which try came last before the end is left to chance, and with it why it was in vain.
		if m.Reason != "" && m.Status != store.MessageExpired {
			line += " reason=" + m.Reason
		}
		lines = append(lines, line)
	}
	return fold(lines)
}

// audit writes one line for each event of the story.
func (w *world) audit() string {
	events := storetest.Read(w.t, w.app.DB).Events
	// By time: bubbles that run beside each other share one source of ids, so that these are in order only within one.
	slices.SortStableFunc(events, func(a, b store.AuditEvent) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Action, b.Action), cmp.Compare(a.Outcome, b.Outcome))
	})
	var lines []string
	for _, e := range events[len(w.began.Events):] {
		lines = append(lines, e.Action+" "+e.Outcome)
	}
	return fold(lines)
}

// fold writes lines, with equal ones after each other as one and their number.
func fold(lines []string) string {
	var b strings.Builder
	for i := 0; i < len(lines); {
		n := 1
		for i+n < len(lines) && lines[i+n] == lines[i] {
			n++
		}
		b.WriteString(lines[i])
		if n > 1 {
			fmt.Fprintf(&b, " x%d", n)
		}
		b.WriteByte('\n')
		i += n
	}
	return b.String()
}

// checkLog looks for secrets in what the server wrote about itself.
func (w *world) checkLog() {
	text := w.log.String()
	for _, secret := range w.secrets {
		if strings.Contains(text, secret) {
			w.t.Errorf("the log holds %q", secret)
		}
	}
	for line := range strings.Lines(text) {
		if strings.Contains(line, "panic") {
			w.t.Errorf("the log tells of a panic: %s", line)
		}
	}
}
