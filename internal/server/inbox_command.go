package server

import (
	"errors"
	"fmt"

	"github.com/thimble-auth/thimble/internal/inbox"
	"github.com/thimble-auth/thimble/internal/notify"
)

type inboxCommands struct {
	Show inboxCommand `cmd:"" default:"withargs" help:"Show the newest messages."`
	Tail tailCommand  `cmd:"" help:"Show messages as they arrive, until it is interrupted."`
}

// Help is shown below the summary.
func (inboxCommands) Help() string { return inboxCommand{}.Help() }

type inboxCommand struct {
	sealed
	To      string `name:"to" placeholder:"WHOM" help:"Only messages to this address or number."`
	Project string `name:"project" placeholder:"ID" help:"Only messages of this project."`
	Limit   int    `name:"limit" default:"10" placeholder:"N" help:"How many, newest first, 1 to 1000."`
	JSON    bool   `name:"json" help:"Answer in JSON."`
}

// Help is shown below the summary.
func (inboxCommand) Help() string {
	return `Messages of test projects go to nobody. They are kept, and shown here, newest first, wherever the project
lives: give the server's THIMBLE_DATA or THIMBLE_DATABASE_URL, and its master key. Messages of live projects
are never shown.

Examples:

    thimble inbox
    thimble inbox --to +12025550162 --limit 1
    thimble inbox tail --to +12025550162`
}

// Run shows the messages.
func (c *inboxCommand) Run(r *runner) error {
	if c.Limit < 1 || c.Limit > 1000 {
		return errors.New("--limit must be from 1 to 1000")
	}
	db, ring, err := c.open(r)
	if err != nil {
		return err
	}
	letters, err := notify.New(notify.Options{DB: db, Keys: ring}).Letters(r.ctx, c.Project, c.To, c.Limit)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}

	if c.JSON {
		return r.json(map[string]any{"messages": inbox.Messages(letters)})
	}
	if len(letters) == 0 {
		r.printf("There are no messages.\n")
	}
	for i := range letters {
		printLetter(r, &letters[i])
	}
	return nil
}

func printLetter(r *runner, l *notify.Letter) {
	note := ""
	switch n := len(l.Arrived); {
	case n == 0:
		note = "  (" + l.Status + ", not arrived)"
	case n > 1:
		note = fmt.Sprintf("  (arrived %d times)", n)
	}
	r.printf("%s  %s to %s%s\n", stamp(l.CreatedAt), l.Channel, l.Recipient, note)
	if l.Subject != "" {
		r.printf("%s\n", l.Subject)
	}
	r.printf("\n%s\n\n", l.Body)
}
