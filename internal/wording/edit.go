package wording

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/notify/text"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/store"
)

// Set saves a template for a language after checking it. Other nodes use it within five seconds where it is a
// project's. It fails with errs.InvalidLocale, or with the first thing that is wrong and a message that names all.
func (s *Service) Set(ctx context.Context, at Place, in locale.Input, template string) (Entry, error) {
	tag, err := in.ForSMS()
	if err != nil {
		return Entry{}, err
	}
	template = strings.TrimSpace(template)
	found, err := s.change(ctx, at, event{"template.set", tag}, func(found *subject) error {
		if _, problems := found.check(tag, template); len(problems) > 0 {
			return joined(problems)
		}
		own := found.own()
		if own.Templates == nil {
			own.Templates = map[string]string{}
		}
		own.Templates[string(tag)] = template
		return nil
	})
	if err != nil {
		return Entry{}, err
	}
	return found.entry(tag), nil
}

// Remove takes a template away and gives the wording that is used from then on. It fails with errs.InvalidLocale or
// errs.TemplateNotFound.
func (s *Service) Remove(ctx context.Context, at Place, in locale.Input) (Entry, error) {
	tag, err := in.ForSMS()
	if err != nil {
		return Entry{}, err
	}
	found, err := s.change(ctx, at, event{"template.remove", tag}, func(found *subject) error {
		own := found.own()
		if own.Templates[string(tag)] == "" {
			return errs.TemplateNotFound
		}
		delete(own.Templates, string(tag))
		return nil
	})
	if err != nil {
		return Entry{}, err
	}
	return found.entry(tag), nil
}

// SetDisplayName saves the name that texts use, and gives it as it was saved. It fails with errs.InvalidDisplayName, or
// when a template that would name it does not fit any more.
func (s *Service) SetDisplayName(ctx context.Context, at Place, name string) (string, error) {
	name, err := text.CheckDisplayName(name)
	if err != nil {
		return "", err
	}
	_, err = s.change(ctx, at, event{action: "display_name.set"}, func(found *subject) error {
		found.own().DisplayName = name
		return found.checkAll()
	})
	return name, err
}

// RemoveDisplayName takes the name away and gives the one that texts use from then on. It fails with
// errs.DisplayNameNotFound.
func (s *Service) RemoveDisplayName(ctx context.Context, at Place) (string, error) {
	found, err := s.change(ctx, at, event{action: "display_name.remove"}, func(found *subject) error {
		if found.own().DisplayName == "" {
			return errs.DisplayNameNotFound
		}
		found.own().DisplayName = ""
		return nil
	})
	if err != nil {
		return "", err
	}
	return Of(found.project, found.organization, locale.English).Name, nil
}

// checkAll refuses a name with which a template in use here does not fit.
func (s *subject) checkAll() error {
	for _, tag := range locale.SMS() {
		w := Of(s.project, s.organization, tag)
		if w.Template == "" || !strings.Contains(w.Template, "{project}") {
			continue
		}
		if _, problems := text.Check(w.params(s.project)); len(problems) > 0 {
			first := problems[0]
			return first.Saying(fmt.Sprintf("With this name the template for %s does not fit. %s", tag, first.Message))
		}
	}
	return nil
}

// event is what the audit log says of a change.
type event struct {
	action string
	tag    locale.Tag // "" for a change that has no language
}

// change runs f on what the place means, as it is in the database, and keeps what it leaves. f may run more than once.
func (s *Service) change(ctx context.Context, at Place, e event, f func(*subject) error) (*subject, error) {
	var found *subject
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if found, err = lock(ctx, tx, at); err != nil {
			return err
		}
		if err := f(found); err != nil {
			return err
		}
		if err := found.keep(ctx, tx); err != nil {
			return err
		}
		record(tx, found, at.RequestID, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.Projects.Forget(at.Project.ID)
	return found, nil
}

// lock is read for a change. Of a project, the guarded update notices that somebody else was faster.
func lock(ctx context.Context, tx *store.Tx, at Place) (*subject, error) {
	found, err := read(ctx, tx, Place{Project: at.Project})
	if err != nil || at.Organization == "" {
		return found, err
	}
	id, err := org.ResolveID(ctx, tx, found.project, at.Organization)
	if err != nil {
		return nil, err
	}
	found.organization, err = tx.LockOrganization(ctx, found.project.ID, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errs.OrganizationNotFound
	}
	return found, err
}

// keep writes what was edited.
func (s *subject) keep(ctx context.Context, tx *store.Tx) error {
	if s.organization != nil {
		tx.UpdateOrganization(s.organization)
		return nil
	}
	written, err := tx.UpdateProject(ctx, s.project)
	if err == nil && !written {
		return store.ErrChanged
	}
	return err
}

// joined is the first thing that is wrong, with a message that names all.
func joined(problems []*errs.Error) error {
	messages := make([]string, len(problems))
	for i, one := range problems {
		messages[i] = one.Message
	}
	return problems[0].Saying(strings.Join(messages, " "))
}

func record(tx *store.Tx, s *subject, requestID string, e event) {
	a := audit.Event{ProjectID: s.project.ID, RequestID: requestID, Action: e.action, Outcome: audit.Done}
	if s.organization != nil {
		a.OrganizationID = s.organization.ID
	}
	if e.tag != "" {
		a.Details = map[string]string{"locale": string(e.tag)}
	}
	audit.Record(tx, a)
}
