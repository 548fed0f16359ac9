package server

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/thimble-auth/thimble/internal/config"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/password"
	"github.com/thimble-auth/thimble/internal/reaper"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

// examine checks all settings of a server, without asking anybody, and makes its options from them. tell is told what
// each check found, with the setting that it looked at, or what the names of several begin with; "" stands for problems
// that begin with the name of their setting.
func examine(c *config.Serve, r *runner, tell func(name string, found config.Problems)) Options {
	tell("config", r.source.Problems())
	for _, part := range c.Parts() {
		var found config.Problems
		part.Check(&found)
		tell(part.Name, found)
	}

	level, _ := config.Level(c.LogLevel)
	o := Options{
		DatabaseURL: c.URL.Reveal(), Database: sqldb.Options{MaxConns: c.MaxConns.N, FollowDatabaseClock: true},
		PublicURL: c.PublicURL, MailFrom: c.SMTP.From, Keep: ages(c),
		WebhooksPrivate: c.Webhooks.AllowPrivate.On,
		Logger:          slog.New(slog.NewJSONHandler(r.stderr, &slog.HandlerOptions{Level: level})),
	}
	var found config.Problems
	if c.Master.Key != "" {
		var err error
		if o.Master, err = keys.ParseMaster(c.Master.Key.Reveal()); err != nil {
			found.Add("the master key is wrong: %v", err)
		}
	}
	tell("master-key", found)

	var err error
	found = nil
	if o.Breaches, err = password.OpenBreaches(c.BreachFile, o.Logger); err != nil {
		found.Join(err)
	}
	tell("password-breach-file", found)

	found = nil
	carriers(c, &o, &found)
	tell("", found)
	return o
}

func ages(c *config.Serve) reaper.Ages {
	days := func(n config.Number) time.Duration { return time.Duration(n.N) * 24 * time.Hour }
	return reaper.Ages{
		Codes: days(c.Keep.Codes), Messages: days(c.Keep.Messages),
		Sessions: days(c.Keep.Sessions), Audit: days(c.Keep.Audit),
		Webhooks: days(c.Keep.Webhooks),
	}
}

// inspect looks at a database, and refuses those that were not made for this.
func inspect(ctx context.Context, d *config.Database, p *config.Problems) store.State {
	state, err := store.Inspect(ctx, d.URL.Reveal(), sqldb.Options{})
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
	return state
}
