package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/config"
	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/inbox"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

// devGrace is how long thimble dev takes to stop at most: somebody waits at the keyboard.
const devGrace = 5 * time.Second

type devCommand struct {
	config.Dev
}

// Help is shown below the summary.
func (devCommand) Help() string {
	return `Starts everything on this machine: a test project with credentials that are the same everywhere, an
organization with one member, and an inbox that holds what would have been sent. It prints the credentials,
and a block for the shell that walks through a whole login.

Everything is kept in the data folder; remove the folder to begin anew. POST /dev/clock {"advance_seconds":
120} moves the server's time forward. Session JWTs carry the moved time, so that SDKs that check them by
themselves refuse them until their own clock has caught up: let the server check them then.

Examples:

    thimble dev
    thimble dev --listen 127.0.0.1:9000 --data /tmp/try
    thimble dev --database postgres://me@localhost/try
    thimble dev --listen 0.0.0.0:8080 --expose --public-url http://192.168.1.20:8080`
}

// Run serves until a signal.
func (c *devCommand) Run(r *runner) error {
	problems := r.source.Problems()
	c.Check(&problems)
	if err := problems.Err(); err != nil {
		return err
	}
	ctx, stop := untilSignal(r.ctx)
	defer stop()

	log := slog.New(slog.NewTextHandler(r.stderr, nil))
	release, err := c.claim(ctx)
	if err != nil {
		return err
	}
	defer release()
	ln, err := listenOn(c.Listen, "--listen")
	if err != nil {
		return err
	}
	defer func() { _ = ln.Close() }()

	w, err := watchServer(ctx, c.AdminListen, &c.Database, log)
	if err != nil {
		return err
	}
	defer w.close()
	who, app, err := c.start(ctx, ln.Addr(), w, log)
	if err != nil {
		return err
	}
	w.serve(app.Admin())
	r.printf("%s", c.welcome(who))
	return app.serveUntil(ctx, ln, c.protect(app, who), devGrace)
}

// claim makes sure that the database is one that may be filled, and this process the only one to do so.
func (c *devCommand) claim(ctx context.Context) (release func(), err error) {
	if err := makeFolder(&c.Database); err != nil {
		return nil, err
	}
	release = func() {}
	if path, ok := c.SQLiteFile(); ok {
		if release, err = lockDatabase(path); err != nil {
			return nil, err
		}
	}
	state, err := store.Inspect(ctx, c.URL.Reveal(), sqldb.Options{})
	switch {
	case err != nil:
	case state.Newer:
		err = errNewer
	case len(state.Projects) > 0 && !state.Development:
		err = errors.New("this database holds projects that thimble dev did not make, and it would add credentials that " +
			"everybody knows: give another folder with --data or another database with --database")
	default:
		return release, nil
	}
	release()
	return nil, err
}

var errNewer = errors.New("a newer version of thimble changed this database: run that version, or give another one")

func (c *devCommand) start(ctx context.Context, address net.Addr, w *watching, log *slog.Logger) (identity, *App, error) {
	who := fixed
	if c.Expose {
		var err error
		if who, err = exposedIdentity(c.Data); err != nil {
			return who, nil, err
		}
	}
	master, err := developmentMaster(c.Data)
	if err != nil {
		return who, nil, err
	}
	if c.PublicURL == "" {
		c.PublicURL = "http://" + reachable(address)
	}

	app, err := Open(ctx, Options{
		DatabaseURL: c.URL.Reveal(), Database: sqldb.Options{MaxConns: c.MaxConns.N, FollowDatabaseClock: true},
		Master: master, PublicURL: c.PublicURL, Logger: log, Mounts: c.mounts, Simulator: true,
		HTTP:            httpx.New(httpx.Options{AllowPrivate: true}), // what is tried out is on this machine
		WebhooksPrivate: true, Metrics: w.listener != nil, Tracer: w.tracer,
	})
	if err != nil {
		return who, nil, err
	}
	if err := seed(ctx, app.DB, who); err != nil {
		return who, nil, errors.Join(err, app.Close(ctx))
	}
	return who, app, nil
}

// reachable gives an address that a browser on this machine can open.
func reachable(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("localhost:%d", tcp.Port)
	}
	return address.String()
}

// protect asks for the credentials on the pages of development when others can reach them: they show every code.
func (c *devCommand) protect(app *App, who identity) http.Handler {
	if !c.Expose {
		return app
	}
	user, password := who.ProjectID, secret.String(who.Secret)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isDevelopmentPage(r.URL.Path) {
			app.ServeHTTP(w, r)
			return
		}
		u, p, ok := r.BasicAuth()
		if !ok || u != user || !secret.Equal([]byte(p), []byte(password.Reveal())) {
			w.Header().Set("WWW-Authenticate", `Basic realm="Project and secret of thimble dev"`)
			http.Error(w, "The project and its secret open this page.", http.StatusUnauthorized)
			return
		}
		app.ServeHTTP(w, r)
	})
}

// isDevelopmentPage sees through the doubled slashes and dots that routing resolves.
func isDevelopmentPage(text string) bool {
	return strings.HasPrefix(path.Clean("/"+text)+"/", "/dev/")
}

// mounts are the pages of development.
func (c *devCommand) mounts(a *App) []endpoint.Mount { return DevelopmentPages(a, c.PublicURL) }

// inboxPoll is how often those who wait for a message look for those that came by way of other processes.
const inboxPoll = 300 * time.Millisecond

// DevelopmentPages are the routes below /dev of a server with Options.Simulator that is reached at an address.
func DevelopmentPages(a *App, publicURL string) []endpoint.Mount {
	pages := &inbox.Inbox{
		Notify: a.Notify, Simulator: a.Pretend, Patient: patient, Leaving: a.leaving,
		MoveClock: func(ctx context.Context, d time.Duration) (time.Time, error) {
			now, err := a.DB.MoveClock(ctx, d)
			a.Pretend.Wake() // what carriers are to do later may be due now
			return now, err
		},
	}
	if a.DB.Engine() == sqldb.Postgres {
		pages.Poll = inboxPoll
	}
	if u, err := url.Parse(publicURL); err == nil {
		pages.Hosts = []string{strings.ToLower(u.Hostname())}
	}
	return pages.Mounts()
}
