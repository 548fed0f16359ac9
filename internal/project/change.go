package project

import (
	"context"
	"errors"
	"slices"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// What an operator can ask for in vain.
var (
	ErrNotFound   = errors.New("there is no project with that id: thimble project list shows all")
	ErrNoSecret   = errors.New("the project has no secret with that id: thimble project secret list shows them")
	ErrNoRedirect = errors.New("the project has no such redirect URL: thimble project redirect list shows them")
	ErrLastSecret = errors.New("this is the project's only secret: add another one first, or nobody can call")
)

// List gives all projects, ordered by id.
func (s *Service) List(ctx context.Context) ([]*Project, error) {
	var all []*Project
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Projects(ctx)
		return err
	})
	return all, err
}

// Get gives a project, or ErrNotFound.
func (s *Service) Get(ctx context.Context, id string) (*Project, error) {
	var p *Project
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		p, err = find(ctx, tx, id)
		return err
	})
	return p, err
}

// Update changes name and settings. Running servers know it within five seconds. change may run more than once, each
// time on what is there by then; what it leaves is checked before it is written.
func (s *Service) Update(ctx context.Context, id string, change func(p *Project) error) (*Project, error) {
	var p *Project
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if p, err = find(ctx, tx, id); err != nil {
			return err
		}
		common := p.Settings.CrossOrgPasswords
		if err := change(p); err != nil {
			return err
		}
		if err := checkToggle(ctx, tx, p, common); err != nil {
			return err
		}
		if p.Name, err = CheckName(p.Name); err != nil {
			return err
		}
		if err := CheckSettings(&p.Settings); err != nil {
			return err
		}
		written, err := tx.UpdateProject(ctx, p)
		if err != nil {
			return err
		}
		if !written {
			return store.ErrChanged
		}
		record(tx, id, "project.update")
		return nil
	})
	return p, err
}

// AddSecret gives the project one more credential, which is shown this once. The others stay.
func (s *Service) AddSecret(ctx context.Context, id string) (secret.String, store.ProjectSecret, error) {
	var (
		text secret.String
		row  store.ProjectSecret
	)
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		p, err := find(ctx, tx, id)
		if err != nil {
			return err
		}
		text, row = NewSecret(p.Env, tx.Now())
		record(tx, id, "project.secret.add")
		return tx.InsertProjectSecret(ctx, id, row)
	})
	return text, row, err
}

// Secrets gives the credentials of the project: when they were made and under which id they can be revoked.
func (s *Service) Secrets(ctx context.Context, id string) ([]store.ProjectSecret, error) {
	var all []store.ProjectSecret
	err := s.DB.Read(ctx, func(tx *store.Tx) error {
		if _, err := find(ctx, tx, id); err != nil {
			return err
		}
		found, err := tx.ProjectSecrets(ctx, id)
		all = found
		return err
	})
	return all, err
}

// RevokeSecret takes a credential away. Running servers refuse it within five seconds. It fails with ErrNoSecret, and
// with ErrLastSecret for the only one.
func (s *Service) RevokeSecret(ctx context.Context, id, secretID string) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := find(ctx, tx, id); err != nil {
			return err
		}
		all, err := tx.ProjectSecrets(ctx, id)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, func(s store.ProjectSecret) bool { return s.ID == secretID }) {
			return ErrNoSecret
		}
		if len(all) == 1 {
			return ErrLastSecret
		}
		if _, err := tx.DeleteProjectSecret(ctx, id, secretID); err != nil {
			return err
		}
		record(tx, id, "project.secret.revoke")
		return nil
	})
}

// AddRedirect registers a redirect URL, or gives a registered one other purposes. It becomes the default for those of
// its purposes that are listed in Defaults, in place of the one before.
func AddRedirect(s *store.ProjectSettings, r store.RedirectURL) {
	var kept []store.RedirectURL
	for _, other := range s.RedirectURLs {
		if other.URL == r.URL {
			continue
		}
		other.Defaults = slices.DeleteFunc(slices.Clone(other.Defaults), func(purpose string) bool {
			return slices.Contains(r.Defaults, purpose)
		})
		kept = append(kept, other)
	}
	s.RedirectURLs = append(kept, r)
}

// RemoveRedirect forgets a redirect URL, or fails with ErrNoRedirect.
func RemoveRedirect(s *store.ProjectSettings, url string) error {
	kept := slices.DeleteFunc(slices.Clone(s.RedirectURLs), func(r store.RedirectURL) bool { return r.URL == url })
	if len(kept) == len(s.RedirectURLs) {
		return ErrNoRedirect
	}
	s.RedirectURLs = kept
	return nil
}

func find(ctx context.Context, tx *store.Tx, id string) (*Project, error) {
	p, err := tx.Project(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrNotFound
	}
	return p, err
}

func record(tx *store.Tx, projectID, action string) {
	audit.Record(tx, audit.Event{ProjectID: projectID, Action: action, Outcome: audit.Done})
}
