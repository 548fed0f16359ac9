// Package server puts the parts together: configuration, database, keys, rules, faces, listeners; and starts and stops
// them.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"github.com/thimble-auth/thimble/internal/api"
	"github.com/thimble-auth/thimble/internal/attest"
	"github.com/thimble-auth/thimble/internal/challenge"
	"github.com/thimble-auth/thimble/internal/discovery"
	"github.com/thimble-auth/thimble/internal/emailotp"
	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/exchange"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/hook"
	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/learn"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/magiclink"
	"github.com/thimble-auth/thimble/internal/mail"
	"github.com/thimble-auth/thimble/internal/mailbox"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/metric"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/password"
	"github.com/thimble-auth/thimble/internal/pretend"
	"github.com/thimble-auth/thimble/internal/price"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/reaper"
	"github.com/thimble-auth/thimble/internal/recovery"
	"github.com/thimble-auth/thimble/internal/second"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/smsotp"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/totp"
	"github.com/thimble-auth/thimble/internal/trace"
	"github.com/thimble-auth/thimble/internal/wording"
)

// Options are what a running server needs to know.
type Options struct {
	// DatabaseURL is a sqlite: or postgres: URL.
	DatabaseURL string
	Database    sqldb.Options
	// Master opens the key ring.
	Master keys.Master
	// PublicURL is where people and providers reach the server, without a slash at its end.
	PublicURL string
	// Issuer of session JWTs in front of the project id. "" is the one that unmodified SDKs accept.
	Issuer string
	// SMS and Mail carry the messages of live projects.
	SMS      []notify.SMSRoute
	Routes   notify.Routes
	Learning bool // prefer the providers that serve better
	Prices   *price.Table
	Mail     mail.Sender
	MailFrom string
	// Lookup says what numbers are whose country does not, so many times a day; nil for nobody.
	Lookup        guard.Lookup
	LookupsPerDay int64
	// Breaches is the list of breached passwords; nil for none.
	Breaches *password.Breaches
	// HTTP asks the systems that projects trust. nil is a client that asks public addresses alone.
	HTTP *httpx.Client
	// Webhooks calls the webhooks of projects; nil is a client that calls public addresses alone, unless WebhooksPrivate is
	// set: then http:// is taken, too.
	Webhooks        *httpx.Client
	WebhooksPrivate bool
	// Keep is how long rows are kept that have lost their use.
	Keep reaper.Ages
	// Simulator has carriers that misbehave on request carry the texts of test projects, once there are rules for them. It is
	// for development.
	Simulator bool
	// Metrics counts what the server does, for App.Admin. Without it nothing is counted.
	Metrics bool
	// Tracer records what requests spend their time on; nil records nothing. It is closed by whoever made it.
	Tracer *trace.Tracer
	// Mounts are pages beside the calls, such as those of development.
	Mounts func(*App) []endpoint.Mount
	Logger *slog.Logger
}

// App is a server without a listener: everything between a request and the disk.
type App struct {
	DB       *store.DB
	Keys     *keys.Ring
	Projects *project.Service
	Sessions *session.Service
	Notify   *notify.Service
	API      *api.API
	// Pretend is the simulator of carriers, nil without Options.Simulator.
	Pretend *pretend.Service

	hooks   *hook.Service
	learn   *learn.Service
	guard   *guard.Service
	metrics *metric.Set
	tracer  *trace.Tracer
	handler http.Handler
	log     *slog.Logger
	stop    context.CancelFunc
	loops   sync.WaitGroup
	leaving chan struct{} // closed when requests are to end that only wait
	leave   func()
}

// Open opens the database, brings its schema up to date, opens the key ring and starts the work in the background.
// Close ends it.
func Open(ctx context.Context, o Options) (*App, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.HTTP == nil {
		o.HTTP = httpx.New(httpx.Options{})
	}
	o.Database.Logger, o.Database.Trace = o.Logger, transactions(o.Tracer)
	db, err := store.Open(ctx, o.DatabaseURL, o.Database)
	if err != nil {
		return nil, err
	}
	a, err := open(ctx, o, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return a, nil
}

func open(ctx context.Context, o Options, db *store.DB) (*App, error) {
	ring, err := keys.Open(ctx, db, o.Master)
	if err != nil {
		return nil, fmt.Errorf("open the key ring: %w", err)
	}
	a := &App{DB: db, Keys: ring, tracer: o.Tracer, log: o.Logger, leaving: make(chan struct{})}
	a.leave = sync.OnceFunc(func() { close(a.leaving) })
	if o.Metrics {
		a.metrics = newMetrics(&o, db)
	}
	a.Projects = &project.Service{DB: db}
	a.Sessions = &session.Service{DB: db, Keys: ring, Issuer: o.Issuer}
	a.learn = learn.New(db, o.SMS, o.Logger)
	a.learn.Metrics = a.metrics
	outgoing := notify.Options{
		DB: db, Keys: ring, PublicURL: o.PublicURL, SMS: o.SMS, Routes: o.Routes, Mail: o.Mail, MailFrom: o.MailFrom,
		Prices: o.Prices, Project: a.Projects.Within, Logger: o.Logger, Metrics: a.metrics, Tracer: o.Tracer,
	}
	if o.Learning {
		outgoing.Learned = a.learn
	}
	if o.Simulator {
		a.Pretend = pretend.New(db, o.Logger)
		outgoing.Rehearsal = &notify.Rehearsal{Carriers: a.Pretend.Carriers(), On: a.Pretend.On}
	}
	a.Notify = notify.New(outgoing)
	if a.Pretend != nil {
		a.Pretend.Attach(a.Notify.Arrived, a.Notify.ForgetRehearsal)
		if err := a.Pretend.Load(ctx); err != nil {
			return nil, err
		}
	}
	if err := a.Notify.Start(ctx); err != nil {
		return nil, err
	}

	a.guard = &guard.Service{
		DB: db, Prices: o.Prices, Logger: o.Logger, Lookup: o.Lookup, LookupsPerDay: o.LookupsPerDay,
	}
	a.hooks = hook.New(hook.Options{
		DB: db, Keys: ring, Forget: a.Projects.Forget, HTTP: o.Webhooks, AllowPrivate: o.WebhooksPrivate, Logger: o.Logger,
	})
	if err := a.hooks.Start(ctx); err != nil {
		return nil, err
	}
	texts := &challenge.Service{Keys: ring, Notify: a.Notify, Guard: a.guard, Metrics: a.metrics}
	logins := &login.Service{Sessions: a.Sessions, Challenge: texts}
	mails := &mailbox.Service{Notify: a.Notify, Metrics: a.metrics}
	seconds := &second.Service{DB: db, Sessions: a.Sessions, Login: logins}
	a.API = &api.API{
		Projects: a.Projects, Organizations: &org.Service{DB: db}, Members: &member.Service{DB: db}, Sessions: a.Sessions,
		SMS: &smsotp.Service{
			DB: db, Keys: ring, Sessions: a.Sessions, Challenge: texts, Second: seconds, Notify: a.Notify, Guard: a.guard,
		},
		TOTP:     &totp.Service{DB: db, Keys: ring, Sessions: a.Sessions, Second: seconds},
		Recovery: &recovery.Service{DB: db, Keys: ring, Second: seconds},
		MagicLinks: &magiclink.Service{
			DB: db, Sessions: a.Sessions, Login: logins, Mailbox: mails, PublicURL: o.PublicURL,
		},
		Passwords: &password.Service{
			DB: db, Keys: ring, Sessions: a.Sessions, Login: logins, Mailbox: mails, Pool: &password.Pool{},
			Breaches: o.Breaches, PublicURL: o.PublicURL,
		},
		EmailOTP: &emailotp.Service{
			DB: db, Keys: ring, Sessions: a.Sessions, Login: logins, Mailbox: mails,
		},
		Discovery: &discovery.Service{DB: db, Sessions: a.Sessions, Login: logins},
		Exchange:  &exchange.Service{DB: db, Sessions: a.Sessions, Login: logins},
		Attest:    &attest.Service{DB: db, Sessions: a.Sessions, Login: logins, HTTP: o.HTTP},
		Wording:   &wording.Service{DB: db, Projects: a.Projects},
		Guard:     a.guard,
		Hooks:     a.hooks,
		Keys:      ring,
	}
	if a.metrics != nil {
		a.metrics.Register(&scrape{a})
	}
	a.mount(o)
	a.start(o)
	return a, nil
}

func (a *App) mount(o Options) {
	machine := &endpoint.Machine{
		Projects: a.Projects, PublicURL: o.PublicURL, Logger: o.Logger, Now: a.DB.Now, Metrics: a.metrics, Tracer: o.Tracer,
	}
	mounts := []endpoint.Mount{
		{Pattern: "GET /openapi.json", Handler: api.Document()},
		{Pattern: "GET " + magiclink.Path, Handler: a.API.MagicLinks},
		{Pattern: notify.CallbackPattern, Handler: endpoint.Page(a.Notify.TakeReport)},
	}
	mounts = append(mounts, a.probes()...)
	if o.Mounts != nil {
		mounts = append(mounts, o.Mounts(a)...)
	}
	a.handler = machine.Handler(a.API.Endpoints(), mounts...)
}

// start runs what goes on beside requests until Close.
func (a *App) start(o Options) {
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	a.loops.Go(func() { a.Keys.Run(ctx) })
	a.loops.Go(func() { a.Notify.Run(ctx) })
	a.loops.Go(func() { a.hooks.Run(ctx) })
	if a.Pretend != nil {
		a.loops.Go(func() { a.Pretend.Run(ctx, a) })
	}
	a.loops.Go(func() { a.learn.Run(ctx) })
	a.loops.Go(func() { a.guard.Run(ctx) })
	a.loops.Go(func() { a.Sessions.Run(ctx, a.log) })
	old := &reaper.Reaper{DB: a.DB, Ages: o.Keep, Logger: a.log}
	a.loops.Go(func() { old.Run(ctx) })
}

// ServeHTTP answers one request.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// Close ends the server after its last request: messages under way may leave until ctx ends, the leases of all others
// are given back, and the database is closed.
func (a *App) Close(ctx context.Context) error {
	a.leave()
	drained := errors.Join(a.Notify.Drain(ctx), a.hooks.Drain(ctx))
	a.stop()
	a.loops.Wait()
	return errors.Join(drained, a.DB.Close())
}
