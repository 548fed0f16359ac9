package server

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/thimble-auth/thimble/internal/inbox"
	"github.com/thimble-auth/thimble/internal/notify"
)

type tailCommand struct {
	sealed
	To      string `name:"to" placeholder:"WHOM" help:"Only messages to this address or number."`
	Project string `name:"project" placeholder:"ID" help:"Only messages of this project."`
	Last    int    `name:"last" default:"0" placeholder:"N" help:"Show this many that are there already first, up to 1000."`
	JSON    bool   `name:"json" help:"One JSON object a line, as in GET /dev/messages."`
}

// Help is shown below the summary.
func (tailCommand) Help() string {
	return `Shows each message of a test project when it arrives, and ends with Ctrl-C. Like thimble inbox it reads the
server's database: give the same THIMBLE_DATA or THIMBLE_DATABASE_URL and master key. So it works beside thimble dev
and thimble serve, with several servers on one PostgreSQL, and while none of them runs. Texts that the simulator of
carriers loses do not arrive, and those that it repeats are shown as often as they do.

Tests that wait for one message are better served by GET /dev/messages?to=NUMBER&wait=10s of thimble dev, which
answers within milliseconds: docs/testing.md.

Examples:

    thimble inbox tail
    thimble inbox tail --to +12025550162 --last 1
    thimble inbox tail --json | jq -r .body`
}

// tailEvery is how often the database is asked. It is for people, who do not see the difference.
const tailEvery = 250 * time.Millisecond

// Run follows the messages until a signal.
func (c *tailCommand) Run(r *runner) error {
	if c.Last < 0 || c.Last > 1000 {
		return errors.New("--last must be from 0 to 1000")
	}
	ctx, stop := untilSignal(r.ctx)
	defer stop()
	db, ring, err := c.open(r)
	if err != nil {
		return err
	}
	err = c.follow(ctx, r, notify.New(notify.Options{DB: db, Keys: ring}))
	if ctx.Err() != nil {
		err = nil // that is how it is meant to end
	}
	return errors.Join(err, db.Close())
}

func (c *tailCommand) follow(ctx context.Context, r *runner, messages *notify.Service) error {
	place, err := messages.Newest(ctx, c.Project, c.To)
	if err != nil {
		return err
	}
	if c.Last > 0 {
		if err := c.showLast(ctx, r, messages); err != nil {
			return err
		}
	}
	ticker := time.NewTicker(tailEvery)
	defer ticker.Stop()
	for {
		var found []notify.Letter
		if found, place, err = messages.Arrivals(ctx, c.Project, c.To, place, 100); err != nil {
			return err
		}
		if err := c.show(r, found); err != nil {
			return err
		}
		if len(found) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// showLast shows the newest messages that are there, the oldest of them first.
func (c *tailCommand) showLast(ctx context.Context, r *runner, messages *notify.Service) error {
	found, err := messages.Letters(ctx, c.Project, c.To, c.Last)
	for i := len(found) - 1; i >= 0 && err == nil; i-- {
		err = c.show(r, found[i:i+1])
	}
	return err
}

func (c *tailCommand) show(r *runner, letters []notify.Letter) error {
	if !c.JSON {
		for i := range letters {
			printLetter(r, &letters[i])
		}
		return nil
	}
	encoder := json.NewEncoder(r.stdout)
	encoder.SetEscapeHTML(false)
	for _, m := range inbox.Messages(letters) {
		if err := encoder.Encode(m); err != nil {
			return err
		}
	}
	return nil
}
