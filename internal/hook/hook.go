// Package hook keeps the webhooks of projects, and tells them the events that package event wrote down: signed by Standard
// Webhooks, at least once, in no promised order, for up to three days.
package hook

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/outbox"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// The bounds of what a project can have.
const (
	MaxWebhooks    = 20
	MaxKinds       = 50
	MaxSecrets     = 5
	MaxURL         = 2000 // bytes
	MaxDescription = 200  // bytes
)

// Options are what a Service is made of.
type Options struct {
	DB   *store.DB
	Keys *keys.Ring
	// Forget has a project read again whose webhooks changed; nil where nobody keeps any.
	Forget func(projectID string)
	// HTTP makes the calls. nil is a client that refuses private addresses unless AllowPrivate is set.
	HTTP *httpx.Client
	// AllowPrivate takes http:// URLs, and addresses in networks of our own.
	AllowPrivate bool
	// Logger gets what goes wrong. nil is slog.Default.
	Logger *slog.Logger
}

// Service keeps webhooks and tells them events. It is safe for concurrent use.
type Service struct {
	o      Options
	node   string // owns leases; new for each start
	pool   *outbox.Pool[*job]
	ledger outbox.Batch[entry]

	mu    sync.Mutex
	lanes map[string]*lane
}

// New makes a service. It tells nobody anything before Run.
func New(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.HTTP == nil {
		o.HTTP = httpx.New(httpx.Options{
			Timeout: callTimeout, MaxBody: maxAnswer, IdlePerHost: perWebhook, AllowPrivate: o.AllowPrivate,
		})
	}
	s := &Service{o: o, node: "node-" + ids.NewUUID(o.DB.Now()).String(), lanes: map[string]*lane{}}
	s.pool = outbox.New[*job](work{s}, outbox.Options{Now: o.DB.Now, Logger: o.Logger})
	s.ledger = outbox.Batch[entry]{Run: s.write, Max: ledgerMax}
	return s
}

// Change is what a webhook shall be; nil leaves a part of it as it is.
type Change struct {
	URL         *string
	Description *string
	Kinds       *[]string
	Enabled     *bool
}

// apply checks a change and makes it.
func (s *Service) apply(w *store.Webhook, c Change) error {
	if c.URL != nil {
		if err := s.checkURL(*c.URL); err != nil {
			return err
		}
		w.URL = *c.URL
	}
	if c.Kinds != nil {
		kinds, err := checkKinds(*c.Kinds)
		if err != nil {
			return err
		}
		w.Kinds = kinds
	}
	if c.Description != nil {
		if len(*c.Description) > MaxDescription || strings.ContainsFunc(*c.Description, func(r rune) bool { return r < ' ' }) {
			return errs.InvalidArgument.Saying("The description must have at most 200 bytes on one line.")
		}
		w.Description = *c.Description
	}
	if c.Enabled != nil {
		w.Status, w.Reason = store.WebhookEnabled, ""
		if !*c.Enabled {
			w.Status, w.Reason = store.WebhookDisabled, "disabled by hand"
		}
	}
	return nil
}

func (s *Service) checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || len(text) > MaxURL || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return errs.InvalidWebhookURL
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !s.o.AllowPrivate) {
		return errs.InvalidWebhookURL
	}
	return nil
}

// checkKinds gives the kinds in order, each once.
func checkKinds(kinds []string) ([]string, error) {
	if len(kinds) == 0 || len(kinds) > MaxKinds || !slices.ContainsFunc(kinds, event.Known) {
		return nil, errs.InvalidWebhookEvents
	}
	for _, kind := range kinds {
		if !event.Known(kind) {
			return nil, errs.InvalidWebhookEvents
		}
	}
	kinds = slices.Clone(kinds)
	slices.Sort(kinds)
	return slices.Compact(kinds), nil
}

// Create adds a webhook, and gives the secret that its calls are signed with, this once. It fails with
// errs.InvalidWebhookURL, errs.InvalidWebhookEvents, errs.InvalidArgument and errs.TooManyWebhooks.
func (s *Service) Create(
	ctx context.Context, p *store.Project, requestID string, c Change,
) (*store.Webhook, secret.String, error) {
	var w *store.Webhook
	var text secret.String
	err := s.change(ctx, p, func(tx *store.Tx, fresh *store.Project) error {
		now := tx.Now()
		w = &store.Webhook{
			ID: ids.New(ids.Webhook, p.Env, now), ProjectID: p.ID, Status: store.WebhookEnabled, CreatedAt: now, UpdatedAt: now,
		}
		if c.URL == nil || c.Kinds == nil {
			return errs.InvalidArgument
		}
		if err := s.apply(w, c); err != nil {
			return err
		}
		all, err := tx.Webhooks(ctx, p.ID)
		if err != nil {
			return err
		}
		if len(all) >= MaxWebhooks {
			return errs.TooManyWebhooks
		}
		tx.InsertWebhook(w)
		if text, err = s.addSecret(tx, p, w.ID, now); err != nil {
			return err
		}
		record(tx, fresh, requestID, "webhook.create", w.ID)
		return nil
	})
	return w, text, err
}

// List gives the webhooks of a project, oldest first.
func (s *Service) List(ctx context.Context, p *store.Project) (all []*store.Webhook, err error) {
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		all, err = tx.Webhooks(ctx, p.ID)
		return err
	})
	return all, err
}

// Get gives a webhook, or errs.WebhookNotFound.
func (s *Service) Get(ctx context.Context, p *store.Project, id string) (w *store.Webhook, err error) {
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		w, err = find(ctx, tx, p, id)
		return err
	})
	return w, err
}

// Change changes a webhook. It fails with errs.WebhookNotFound, and as Create does.
func (s *Service) Change(
	ctx context.Context, p *store.Project, requestID, id string, c Change,
) (*store.Webhook, error) {
	var w *store.Webhook
	err := s.change(ctx, p, func(tx *store.Tx, fresh *store.Project) (err error) {
		if w, err = find(ctx, tx, p, id); err != nil {
			return err
		}
		if err := s.apply(w, c); err != nil {
			return err
		}
		tx.UpdateWebhook(w)
		record(tx, fresh, requestID, "webhook.update", w.ID)
		return nil
	})
	if err == nil && w.Status == store.WebhookEnabled {
		s.forgive(w.ID) // what it failed at may be what was changed
	}
	return w, err
}

// Remove forgets a webhook: nothing is told to it any more. It fails with errs.WebhookNotFound.
func (s *Service) Remove(ctx context.Context, p *store.Project, requestID, id string) error {
	return s.change(ctx, p, func(tx *store.Tx, fresh *store.Project) error {
		w, err := find(ctx, tx, p, id)
		if err != nil {
			return err
		}
		tx.DeleteWebhook(w)
		record(tx, fresh, requestID, "webhook.remove", w.ID)
		return nil
	})
}

// change does f, and writes down what the project's webhooks want after it. Of two changes at once, one is done again.
func (s *Service) change(
	ctx context.Context, p *store.Project, f func(tx *store.Tx, fresh *store.Project) error,
) error {
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
		fresh, err := tx.Project(ctx, p.ID)
		if errors.Is(err, store.ErrNotFound) {
			return project.ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := f(tx, fresh); err != nil {
			return err
		}
		return listen(ctx, tx, fresh)
	})
	if err == nil && s.o.Forget != nil {
		s.o.Forget(p.ID)
	}
	return err
}

// listen writes down what the enabled webhooks of a project want, which was read before they were changed.
func listen(ctx context.Context, tx *store.Tx, p *store.Project) error {
	all, err := tx.Webhooks(ctx, p.ID)
	if err != nil {
		return err
	}
	var wanted []string
	for _, w := range all {
		if w.Status == store.WebhookEnabled {
			wanted = append(wanted, w.Kinds...)
		}
	}
	slices.Sort(wanted)
	written, err := tx.UpdateListens(ctx, p, slices.Compact(wanted))
	if err == nil && !written {
		return store.ErrChanged
	}
	return err
}

func find(ctx context.Context, tx *store.Tx, p *store.Project, id string) (*store.Webhook, error) {
	w, err := tx.Webhook(ctx, p.ID, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errs.WebhookNotFound
	}
	return w, err
}

func record(tx *store.Tx, p *store.Project, requestID, action, webhookID string) {
	event.Record(tx, p, audit.Event{
		ProjectID: p.ID, RequestID: requestID, Action: action, Outcome: audit.Done,
		Details: map[string]string{"webhook_id": webhookID},
	})
}

// until is when something that is told again is given up.
func until(now time.Time) time.Time { return now.Add(event.Life) }
