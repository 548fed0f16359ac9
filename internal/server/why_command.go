package server

import (
	"errors"
	"fmt"

	"github.com/thimble-auth/thimble/internal/api"
	"github.com/thimble-auth/thimble/internal/notify"
)

type whyCommand struct {
	sealed
	ID   string `arg:"" name:"message-or-request-id" help:"Id of a message, or of the request that asked for it."`
	JSON bool   `name:"json" help:"Answer in JSON."`
}

// Help is shown below the summary.
func (whyCommand) Help() string {
	return `Every answer has a request_id, and every message an id. With either of them this tells what became of a text or
mail: why it was let through, which providers were asked and what they said, when it arrived, and whether its code
was used; or why the request was refused. It shows no number, no address and no code.

Examples:

    thimble why request-id-live-019abcde-...
    thimble why message-live-019abcde-... --json`
}

// Run tells the story.
func (c *whyCommand) Run(r *runner) error {
	db, ring, err := c.open(r)
	if err != nil {
		return err
	}
	stories, err := notify.New(notify.Options{DB: db, Keys: ring}).Stories(r.ctx, "", c.ID)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if c.JSON {
		return r.json(map[string]any{"stories": api.WireStories(stories)})
	}
	if len(stories) == 0 {
		return fmt.Errorf("nothing is known of %s: messages are kept for 90 days, and requests that sent nothing leave none", c.ID)
	}
	for _, s := range stories {
		if m := s.Message; m != nil {
			r.printf("%s: %s to %s, %s\n", m.ID, m.Channel, or(m.Country, "an address"), m.Status)
		}
		for _, step := range s.Steps {
			r.printf("  %s  %-12s %-8s %s\n", stamp(step.At), step.What, step.Provider, step.Detail)
			if step.Passes != "" {
				r.printf("  %s  %-12s %-8s %s\n", stamp(step.At), "passes", "", step.Passes)
			}
		}
	}
	return nil
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
