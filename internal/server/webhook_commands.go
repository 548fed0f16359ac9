package server

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/api"
	"github.com/thimble-auth/thimble/internal/config"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/hook"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
)

type webhookCommands struct {
	Create     webhookCreate     `cmd:"" help:"Tell a program what happens in a project. Shows the secret, once."`
	List       webhookList       `cmd:"" help:"List whom a project's events are told, and whether it works."`
	Set        webhookSet        `cmd:"" help:"Change, enable or disable a webhook."`
	Remove     webhookRemove     `cmd:"" help:"Tell a program nothing any more."`
	Secret     webhookSecret     `cmd:"" help:"Give a webhook a new secret. The old one goes on beside it for a day."`
	Test       webhookTest       `cmd:"" help:"Tell a webhook an event that says nothing."`
	Deliveries webhookDeliveries `cmd:"" help:"Show what a webhook was told, is to be told, and was not told."`
	Replay     webhookReplay     `cmd:"" help:"Tell a webhook events once more."`
}

// Help is shown below the summary.
func (webhookCommands) Help() string {
	return `Events are posted as JSON, signed by Standard Webhooks, at least once and in no promised order; what fails is tried again
for three days. docs/webhooks.md has their kinds, and how to verify them. Running servers know a change within five
seconds.

Examples:

    thimble webhook create PROJECT https://app.example.com/webhooks --events 'member.*,session.created'
    thimble webhook test PROJECT WEBHOOK
    thimble webhook deliveries PROJECT WEBHOOK --status failed
    thimble webhook replay PROJECT WEBHOOK --failed-since 2026-11-23T08:00:00Z`
}

// ofProject is what the commands on the webhooks of a project have in common.
type ofProject struct {
	storage
	Project string `arg:"" help:"Id of the project."`
}

// with runs f with the project and its webhooks, and says what a caller of the API would be told when it fails.
func (c *ofProject) with(r *runner, f func(context.Context, *hook.Service, *store.Project) error) error {
	db, err := c.open(r)
	if err != nil {
		return err
	}
	return errors.Join(withHooks(r, hook.Options{DB: db}, c.Project, f), db.Close())
}

// sealedOfProject is ofProject for what makes secrets or takes URLs.
type sealedOfProject struct {
	sealed
	Webhooks config.Webhooks `embed:"" prefix:"webhooks-"`
	Project  string          `arg:"" help:"Id of the project."`
}

func (c *sealedOfProject) with(r *runner, f func(context.Context, *hook.Service, *store.Project) error) error {
	var problems config.Problems
	c.Webhooks.Check(&problems)
	if err := problems.Err(); err != nil {
		return err
	}
	db, ring, err := c.open(r)
	if err != nil {
		return err
	}
	return errors.Join(c.withRing(r, db, ring, f), db.Close())
}

func (c *sealedOfProject) withRing(
	r *runner, db *store.DB, ring *keys.Ring, f func(context.Context, *hook.Service, *store.Project) error,
) error {
	private := c.Webhooks.AllowPrivate.On
	err := db.Read(r.ctx, func(tx *store.Tx) error {
		development, err := tx.IsDevelopment(r.ctx)
		private = private || development
		return err
	})
	if err != nil {
		return err
	}
	return withHooks(r, hook.Options{DB: db, Keys: ring, AllowPrivate: private}, c.Project, f)
}

func withHooks(
	r *runner, o hook.Options, id string, f func(context.Context, *hook.Service, *store.Project) error,
) error {
	p, err := (&project.Service{DB: o.DB}).Get(r.ctx, id)
	if err != nil {
		return err
	}
	err = f(r.ctx, hook.New(o), p)
	if refusal, ok := errors.AsType[*errs.Error](err); ok {
		return errors.New(refusal.Message)
	}
	return err
}

type webhookCreate struct {
	sealedOfProject
	URL         string   `arg:"" help:"Where events are posted to, https."`
	Events      []string `name:"events" default:"*" placeholder:"KIND,…" help:"Which: kinds, groups such as member.*, or * for all. Default: *."`
	Description string   `name:"description" placeholder:"TEXT" help:"For whoever reads the list later."`
}

// Run adds it.
func (c *webhookCreate) Run(r *runner) error {
	return c.with(r, func(ctx context.Context, s *hook.Service, p *store.Project) error {
		w, text, err := s.Create(ctx, p, "", hook.Change{URL: &c.URL, Kinds: &c.Events, Description: &c.Description})
		if err != nil {
			return err
		}
		r.printf("webhook  %s\nsecret   %s\n\nThe secret is shown this once. Try the webhook: thimble webhook test %s %s\n",
			w.ID, revealed(text), p.ID, w.ID)
		return nil
	})
}

type webhookList struct {
	ofProject
	JSON bool `name:"json" help:"Answer in JSON."`
}

// Run lists them.
func (c *webhookList) Run(r *runner) error {
	return c.with(r, func(ctx context.Context, s *hook.Service, p *store.Project) error {
		all, err := s.List(ctx, p)
		if err != nil {
			return err
		}
		if c.JSON {
			return r.json(map[string]any{"webhooks": api.WireWebhooks(all)})
		}
		if len(all) == 0 {
			r.printf("The project has no webhooks: thimble webhook create %s URL\n", p.ID)
			return nil
		}
		for _, w := range all {
			state := w.Status
			if w.Reason != "" {
				state += ": " + w.Reason
			}
			r.printf("%s  %s\n  %s\n  %s\n", w.ID, state, w.URL, strings.Join(w.Kinds, ", "))
			if w.Description != "" {
				r.printf("  %s\n", w.Description)
			}
		}
		return nil
	})
}

type webhookSet struct {
	sealedOfProject
	Webhook     string    `arg:"" help:"Id of the webhook."`
	URL         *string   `name:"url" placeholder:"URL" help:"Where events are posted to, https."`
	Events      *[]string `name:"events" placeholder:"KIND,…" help:"Which: kinds, groups such as member.*, or * for all."`
	Description *string   `name:"description" placeholder:"TEXT" help:"For whoever reads the list later."`
	Enable      bool      `name:"enable" xor:"state" help:"Tell it events again, and what waits since less than three days."`
	Disable     bool      `name:"disable" xor:"state" help:"Tell it nothing for now. What happens meanwhile it never hears."`
}

// Run changes it.
func (c *webhookSet) Run(r *runner) error {
	return c.with(r, func(ctx context.Context, s *hook.Service, p *store.Project) error {
		change := hook.Change{URL: c.URL, Kinds: c.Events, Description: c.Description}
		if c.Enable || c.Disable {
			change.Enabled = &c.Enable
		}
		w, err := s.Change(ctx, p, "", c.Webhook, change)
		if err != nil {
			return err
		}
		r.printf("%s is %s.\n", w.ID, w.Status)
		return nil
	})
}

type webhookRemove struct {
	ofProject
	Webhook string `arg:"" help:"Id of the webhook."`
}

// Run removes it.
func (c *webhookRemove) Run(r *runner) error {
	return c.with(r, func(ctx context.Context, s *hook.Service, p *store.Project) error {
		if err := s.Remove(ctx, p, "", c.Webhook); err != nil {
			return err
		}
		r.printf("Removed.\n")
		return nil
	})
}

type webhookSecret struct {
	sealedOfProject
	Webhook string `arg:"" help:"Id of the webhook."`
	Overlap int64  `name:"overlap-hours" default:"24" placeholder:"N" help:"For how long calls are signed with the old secret, too: 0 to 168."`
}

// Run makes a new secret.
func (c *webhookSecret) Run(r *runner) error {
	return c.with(r, func(ctx context.Context, s *hook.Service, p *store.Project) error {
		hours := max(-1, min(c.Overlap, int64(hook.MaxOverlap/time.Hour)+1))
		text, err := s.Rotate(ctx, p, "", c.Webhook, time.Duration(hours)*time.Hour)
		if err != nil {
			return err
		}
		r.printf("secret  %s\n\nThe secret is shown this once. ", revealed(text))
		if hours == 0 {
			r.printf("The old ones are not used any more.\n")
			return nil
		}
		r.printf("Calls are signed with the old one, too, for %d hours.\n", hours)
		return nil
	})
}
