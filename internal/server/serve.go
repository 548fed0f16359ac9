package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/thimble-auth/thimble/internal/config"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/password"
	"github.com/thimble-auth/thimble/internal/reaper"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

type serveCommand struct {
	config.Serve
}

// Help is shown below the summary.
func (serveCommand) Help() string {
	return `Settings come from flags, from environment variables (in brackets below), or from a YAML file, in this order.
In the file, smtp_host may also be written as host below smtp. Keys of the file and variables THIMBLE_* that
mean nothing are errors; the variables that Kubernetes makes for services are not. Before it starts it says
everything that is missing.

A first start, with a data folder of its own, which must not be that of thimble dev:

    (umask 077; ./thimble keys master > master.key)
    export THIMBLE_MASTER_KEY_FILE=master.key
    export THIMBLE_DATA=/var/lib/thimble
    export THIMBLE_PUBLIC_URL=https://auth.example.com
    ./thimble serve --listen 0.0.0.0:8080

Then, while it runs, with the same THIMBLE_DATA or THIMBLE_DATABASE_URL:

    ./thimble project create "My application" --env live
    ./thimble project redirect add PROJECT https://app.example.com/authenticate --default

Keep a copy of the master key apart from copies of the database: each is worth nothing without the other. GET
/healthz says whether the process lives, GET /readyz whether it can work, and why not. SIGTERM stops it
without losing anything.`
}

// Run serves until a signal.
func (c *serveCommand) Run(r *runner) error {
	ctx, stop := untilSignal(r.ctx)
	defer stop()
	o, release, err := c.prepare(ctx, r)
	if err != nil {
		return fmt.Errorf("cannot serve: %w", err)
	}
	defer release()

	warnOfOpenKey(o.Logger, c.Master.File)
	ln, err := listenOn(c.Listen)
	if err != nil {
		return err
	}
	defer func() { _ = ln.Close() }()
	app, err := Open(ctx, o)
	if err != nil {
		return err
	}
	app.log.Info("ready", "version", Version(), "listen", ln.Addr().String(), "public_url", c.PublicURL,
		"database", app.DB.Engine().String())
	app.logAddresses(o.SMS)
	return app.serveUntil(ctx, ln, app, time.Duration(c.Grace.N)*time.Second)
}

// logAddresses tells which addresses have to be set at the providers by hand. Whoever reads them here can still not sign
// what comes to them.
func (a *App) logAddresses(routes []notify.SMSRoute) {
	for _, route := range routes {
		name := route.Sender.Name()
		if address := a.Notify.ReportAddress(name); address != "" {
			a.log.Info("subscribe this address to the provider's reports", "provider", name, "address", address)
		}
		if address := a.Notify.InboundAddress(name); address != "" {
			a.log.Info("have the provider pass texts to its number on to this address, for STOP and START", "provider", name,
				"address", address)
		}
	}
}

// prepare checks everything that can be checked before the database is changed, and reports all of it at once.
func (c *serveCommand) prepare(ctx context.Context, r *runner) (Options, func(), error) {
	problems := r.source.Problems()
	c.Check(&problems)
	level, _ := config.Level(c.LogLevel)
	o := Options{
		DatabaseURL: c.URL.Reveal(), Database: sqldb.Options{MaxConns: c.MaxConns.N, FollowDatabaseClock: true},
		PublicURL: c.PublicURL, MailFrom: c.SMTP.From, Keep: c.ages(),
		Logger: slog.New(slog.NewJSONHandler(r.stderr, &slog.HandlerOptions{Level: level})),
	}
	if c.Master.Key != "" {
		var err error
		if o.Master, err = keys.ParseMaster(c.Master.Key.Reveal()); err != nil {
			problems.Add("the master key is wrong: %v", err)
		}
	}
	var err error
	if o.Breaches, err = password.OpenBreaches(c.BreachFile, o.Logger); err != nil {
		problems.Join(err)
	}
	carriers(&c.Serve, &o, &problems)
	c.inspect(ctx, &problems)
	if err := problems.Err(); err != nil {
		return o, nil, err
	}

	if err := makeFolder(&c.Database); err != nil {
		return o, nil, err
	}
	path, ok := c.SQLiteFile()
	if !ok {
		return o, func() {}, nil
	}
	release, err := lockDatabase(path)
	return o, release, err
}

func (c *serveCommand) ages() reaper.Ages {
	days := func(n config.Number) time.Duration { return time.Duration(n.N) * 24 * time.Hour }
	return reaper.Ages{
		Codes: days(c.Keep.Codes), Messages: days(c.Keep.Messages),
		Sessions: days(c.Keep.Sessions), Audit: days(c.Keep.Audit),
	}
}

// inspect refuses databases that were not made for this.
func (c *serveCommand) inspect(ctx context.Context, p *config.Problems) {
	state, err := store.Inspect(ctx, c.URL.Reveal(), sqldb.Options{})
	switch {
	case err != nil:
		p.Add("the database cannot be opened: %v", err)
	case state.Newer:
		p.Join(errNewer)
	case state.Development:
		p.Join(errors.New("thimble dev filled this database, and everybody knows its credentials: give another folder with " +
			"THIMBLE_DATA or another database with THIMBLE_DATABASE_URL"))
	case slices.Contains(state.Projects, fixed.ProjectID):
		p.Add("this database holds %s, whose credentials everybody knows: give another database", fixed.ProjectID)
	}
}
