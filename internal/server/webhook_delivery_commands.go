package server

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/thimble-auth/thimble/internal/api"
	"github.com/thimble-auth/thimble/internal/hook"
	"github.com/thimble-auth/thimble/internal/store"
)

type webhookTest struct {
	ofProject
	Webhook string `arg:"" help:"Id of the webhook."`
}

// Run tells it something.
func (c *webhookTest) Run(r *runner) error {
	return c.with(r, func(ctx context.Context, s *hook.Service, p *store.Project) error {
		id, err := s.Test(ctx, p, "", c.Webhook)
		if err != nil {
			return err
		}
		r.printf("%s\n\nThe running server posts it within seconds. What became of it: thimble webhook deliveries %s %s\n",
			id, p.ID, c.Webhook)
		return nil
	})
}

type webhookDeliveries struct {
	ofProject
	Webhook string `arg:"" help:"Id of the webhook."`
	Status  string `name:"status" enum:"pending,delivered,failed," default:"" help:"Only those that are pending, delivered or failed."`
	Limit   int    `name:"limit" default:"50" help:"How many at most."`
	JSON    bool   `name:"json" help:"Answer in JSON."`
}

// Run lists them.
func (c *webhookDeliveries) Run(r *runner) error {
	return c.with(r, func(ctx context.Context, s *hook.Service, p *store.Project) error {
		all, err := s.Deliveries(ctx, p, c.Webhook, "", c.Status, max(1, c.Limit))
		if err != nil {
			return err
		}
		if c.JSON {
			return r.json(map[string]any{"deliveries": api.WireDeliveries(all)})
		}
		w := tabwriter.NewWriter(r.stdout, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "EVENT\tKIND\tSTATUS\tTRIES\tNEXT\tWHY")
		for _, d := range all {
			next := "-"
			if d.State == store.DeliveryPending {
				next = stamp(d.DueAt)
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n", d.EventID, d.Kind, d.State, d.Attempts, next, d.Reason)
		}
		return w.Flush()
	})
}

type webhookReplay struct {
	ofProject
	Webhook     string `arg:"" help:"Id of the webhook."`
	Event       string `arg:"" optional:"" help:"Id of one event, whatever became of it."`
	FailedSince string `name:"failed-since" placeholder:"TIME" help:"Instead: all that happened since then and was given up, such as 2026-11-23T08:00:00Z."`
}

// Help is shown below the summary.
func (webhookReplay) Help() string {
	return `The calls have the webhook-id that they had, so that a program that keeps those it has seen does nothing twice.

Examples:

    thimble webhook replay PROJECT WEBHOOK event-live-01978a3c-7d0e-7c3e-8f2b-2f6d9b8f2a11
    thimble webhook replay PROJECT WEBHOOK --failed-since 2026-11-23T08:00:00Z`
}

// Run replays them.
func (c *webhookReplay) Run(r *runner) error {
	if (c.Event == "") == (c.FailedSince == "") {
		return errors.New("say what is meant: the id of an event, or --failed-since")
	}
	return c.with(r, func(ctx context.Context, s *hook.Service, p *store.Project) error {
		n := int64(1)
		if c.Event != "" {
			if err := s.Replay(ctx, p, "", c.Webhook, c.Event); err != nil {
				return err
			}
		} else {
			since, err := time.Parse(time.RFC3339, c.FailedSince)
			if err != nil {
				return errors.New("--failed-since must be a time such as 2026-11-23T08:00:00Z")
			}
			if n, err = s.ReplayFailed(ctx, p, "", c.Webhook, since); err != nil {
				return err
			}
		}
		r.printf("%d to be told once more.\n", n)
		return nil
	})
}
