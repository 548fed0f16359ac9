package server

import (
	"context"
	"fmt"
	"time"

	"github.com/thimble-auth/thimble/internal/config"
	"github.com/thimble-auth/thimble/internal/notify"
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
	ln, err := listenOn(c.Listen, "--listen")
	if err != nil {
		return err
	}
	defer func() { _ = ln.Close() }()
	w, err := watchServer(ctx, c.AdminListen, &c.Database, o.Logger)
	if err != nil {
		return err
	}
	defer w.close()
	o.Metrics, o.Tracer = w.listener != nil, w.tracer
	app, err := Open(ctx, o)
	if err != nil {
		return err
	}
	w.serve(app.Admin())
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
	var problems config.Problems
	o := examine(&c.Serve, r, func(_ string, found config.Problems) { problems = append(problems, found...) })
	inspect(ctx, &c.Database, &problems)
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
