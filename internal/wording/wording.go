// Package wording knows what texts with a code say: the words of this server, or those that a project or an
// organization has chosen for a language instead, and the name in them.
package wording

import (
	"context"
	"errors"
	"strings"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/notify/text"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
)

// Whose words a text uses.
const (
	FromOrganization = "organization"
	FromProject      = "project"
	FromServer       = "shipped"
)

// Wording is what a text of one language says.
type Wording struct {
	Name        string // in the place of {project}
	Template    string // "" for the server's own words
	MaxSegments int    // how many SMS it may take, 0 is 1
	From        string
}

// Of gives the wording for members of an organization; nil is one that has chosen nothing. The organization's template
// of the language goes before the project's, and that before the server's words; the same holds for the name.
func Of(p *store.Project, o *store.Organization, tag locale.Tag) Wording {
	w := Wording{MaxSegments: int(p.Settings.TextSegments), From: FromServer}
	use := func(s *store.TextSettings, from string) {
		if template := s.Templates[string(tag)]; template != "" && w.Template == "" {
			w.Template, w.From = template, from
		}
		if w.Name == "" {
			w.Name = s.DisplayName
		}
	}
	if o != nil {
		use(&o.Settings.Texts, FromOrganization)
	}
	use(&p.Settings.Texts, FromProject)
	if w.Name == "" {
		w.Name = p.Name
	}
	return w
}

// params are the inputs of the wording's text.
func (w Wording) params(p *store.Project) text.Params {
	return text.Params{
		Code: text.SampleCode, Project: w.Name, Domain: p.Settings.WebOTPDomain, Template: w.Template,
		MaxSegments: w.MaxSegments,
	}
}

// Entry is the wording of one language for people who edit it.
type Entry struct {
	Locale   locale.Tag
	Template string // the server's own one where nobody has chosen any
	From     string
	Preview  text.Preview  // what a text says, in a live project
	Problems []*errs.Error // why the template could not be saved as it is: name, domain or room have changed since
}

// Listing is everything that texts say.
type Listing struct {
	OrganizationID string // "" for the project's own
	DisplayName    string // the one that is set here, "" for none
	Name           string // the one that texts use
	MaxSegments    int
	Entries        []Entry // of all languages
}

// Service edits wording.
type Service struct {
	DB       *store.DB
	Projects *project.Service // whose memory ends with a change
}

// Place says whose wording is meant: the project's, or that of an organization.
type Place struct {
	Project      *project.Project // the caller's: known to exist, its settings may be some seconds old
	Organization ids.OrgRef       // "" for the project's own
	RequestID    string
}

// subject is what a Place means, as it is in the database.
type subject struct {
	project      *store.Project
	organization *store.Organization // nil for the project's own wording
}

// own is the part of the settings that is edited.
func (s *subject) own() *store.TextSettings {
	if s.organization != nil {
		return &s.organization.Settings.Texts
	}
	return &s.project.Settings.Texts
}

func (s *subject) entry(tag locale.Tag) Entry {
	w := Of(s.project, s.organization, tag)
	p := w.params(s.project)
	e := Entry{Locale: tag, Template: w.Template, From: w.From}
	e.Preview = text.Describe(text.Render(tag, p), w.MaxSegments)
	if w.Template == "" {
		e.Template = text.Shipped(tag)
	} else {
		_, e.Problems = text.Check(p)
	}
	return e
}

// read finds what the place means. Organizations of other projects are not found.
func read(ctx context.Context, tx *store.Tx, at Place) (*subject, error) {
	var s subject
	var err error
	if s.project, err = tx.Project(ctx, at.Project.ID); err != nil {
		return nil, err
	}
	if at.Organization != "" {
		s.organization, err = org.Resolve(ctx, tx, s.project, at.Organization)
	}
	return &s, err
}

// List gives the wording of all languages.
func (s *Service) List(ctx context.Context, at Place) (*Listing, error) {
	var found *subject
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		found, err = read(ctx, tx, at)
		return err
	})
	if err != nil {
		return nil, err
	}
	w := Of(found.project, found.organization, locale.English)
	l := &Listing{DisplayName: found.own().DisplayName, Name: w.Name, MaxSegments: max(w.MaxSegments, 1)}
	if found.organization != nil {
		l.OrganizationID = found.organization.ID
	}
	for _, tag := range locale.SMS() {
		l.Entries = append(l.Entries, found.entry(tag))
	}
	return l, nil
}

// Draft is a template that is not saved yet.
type Draft struct {
	Locale   locale.Input
	Template string
	// DisplayName is tried instead of the one that texts use; "" is that one.
	DisplayName string
}

// Preview checks a draft without saving it. What is wrong with it comes back as problems.
func (s *Service) Preview(ctx context.Context, at Place, d Draft) (text.Preview, []*errs.Error, error) {
	tag, err := d.Locale.ForSMS()
	if err != nil {
		return text.Preview{}, nil, err
	}
	var found *subject
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		found, err = read(ctx, tx, at)
		return err
	})
	if err != nil {
		return text.Preview{}, nil, err
	}
	if d.DisplayName != "" {
		if found.own().DisplayName, err = text.CheckDisplayName(d.DisplayName); err != nil {
			var wrong *errs.Error
			if errors.As(err, &wrong) {
				return text.Preview{}, []*errs.Error{wrong}, nil
			}
			return text.Preview{}, nil, err
		}
	}
	preview, problems := found.check(tag, strings.TrimSpace(d.Template))
	return preview, problems, nil
}

// check says what would be wrong with a template here.
func (s *subject) check(tag locale.Tag, template string) (text.Preview, []*errs.Error) {
	p := Of(s.project, s.organization, tag).params(s.project)
	p.Template = template
	return text.Check(p)
}
