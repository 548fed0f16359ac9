package server

import (
	"errors"
	"fmt"
	"strings"

	"github.com/thimble-auth/thimble/internal/api"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/wording"
)

type templateCommands struct {
	List    templateList    `cmd:"" help:"Show what texts say in each language, and whose words they are."`
	Set     templateSet     `cmd:"" help:"Give texts other words in a language, or another name, after checking them."`
	Remove  templateRemove  `cmd:"" help:"Go back to the words or the name that were used before."`
	Preview templatePreview `cmd:"" help:"Check words without saving them, and show the text that they make."`
}

// Help is shown below the summary.
func (templateCommands) Help() string {
	return `A template is the text of one language, with {code} exactly once and {project} where the name belongs. Filled in, with
the line for browsers below it, it must fit into one SMS: 160 characters of the GSM alphabet, or 70 with any other.
Organizations may have words and a name of their own; without them they use those of the project. Texts of test projects
name nobody: there, a template with {project} gives way to the shipped words.

Examples:

    thimble project template preview PROJECT --locale de-DE --text "{code}: Ihr Code für {project}. Nicht weitergeben!"
    thimble project template set PROJECT --locale de-DE --text "{code}: Ihr Code für {project}. Nicht weitergeben!"
    thimble project template set PROJECT --organization acme --name "Acme Bank"
    thimble project template remove PROJECT --organization acme --name
    thimble project template list PROJECT --organization acme`
}

// templatePlace is whose texts a command is about.
type templatePlace struct {
	storage
	Project      string `arg:"" help:"Id of the project."`
	Organization string `name:"organization" placeholder:"REF" help:"Id, slug or external id of an organization that has words of its own."`
}

// with runs f, and says what a caller of the API would be told when it fails.
func (c *templatePlace) with(r *runner, f func(*wording.Service, wording.Place) error) error {
	return c.withProjects(r, func(s *project.Service) error {
		p, err := s.Get(r.ctx, c.Project)
		if err != nil {
			return err
		}
		at := wording.Place{Project: p, Organization: ids.OrgRef(c.Organization)}
		err = f(&wording.Service{DB: s.DB, Projects: s}, at)
		if refusal, ok := errors.AsType[*errs.Error](err); ok {
			return errors.New(refusal.Message)
		}
		return err
	})
}

type templateList struct {
	templatePlace
	JSON bool `name:"json" help:"Answer in JSON."`
}

// Run shows the texts.
func (c *templateList) Run(r *runner) error {
	return c.with(r, func(s *wording.Service, at wording.Place) error {
		found, err := s.List(r.ctx, at)
		if err != nil {
			return err
		}
		l := api.WireListing(found)
		if c.JSON {
			return r.json(map[string]any{
				"organization_id": l.OrganizationID, "display_name": l.DisplayName, "name": l.Name,
				"max_segments": l.MaxSegments, "templates": l.Templates,
			})
		}
		r.printf("name in texts: %s\n", l.Name)
		for _, t := range l.Templates {
			r.printf("\n%s  %s\n", t.Locale, t.Source)
			r.preview(t.Preview)
			r.problems(t.Problems)
		}
		return nil
	})
}

type templateSet struct {
	templatePlace
	Locale string  `name:"locale" default:"en" help:"Language of the text."`
	Text   *string `name:"text" placeholder:"TEMPLATE" help:"The text, with {code} and, where it belongs, {project}."`
	Name   *string `name:"name" help:"The name that texts use instead of the project's."`
}

// Help is shown below the summary.
func (templateSet) Help() string {
	return `What does not fit is refused, with what to change. Try it with preview first.

Examples:

    thimble project template set PROJECT --locale de-DE --text "{code}: Ihr Code für {project}. Nicht weitergeben!"
    thimble project template set PROJECT --organization acme --name "Acme Bank" --text "{project}: {code}"`
}

var errTemplateNothing = errors.New("say what is meant: --text, --name, or both")

// Run saves the name first, so that the text is checked with it.
func (c *templateSet) Run(r *runner) error {
	if c.Text == nil && c.Name == nil {
		return errTemplateNothing
	}
	return c.with(r, func(s *wording.Service, at wording.Place) error {
		if c.Name != nil {
			name, err := s.SetDisplayName(r.ctx, at, *c.Name)
			if err != nil {
				return err
			}
			r.printf("Texts use the name %s.\n", name)
		}
		if c.Text == nil {
			return nil
		}
		e, err := s.Set(r.ctx, at, locale.Input(c.Locale), *c.Text)
		if err != nil {
			return err
		}
		r.entry(e)
		if !at.Project.Live() && strings.Contains(e.Template, "{project}") {
			r.printf("This is a test project, whose texts name nobody: they keep the shipped words.\n")
		}
		return nil
	})
}

type templateRemove struct {
	templatePlace
	Locale string `name:"locale" placeholder:"TAG" help:"Language whose text goes back to what it was."`
	Name   bool   `name:"name" help:"Go back to the name that was used before."`
}

// Run takes template, name or both away.
func (c *templateRemove) Run(r *runner) error {
	if c.Locale == "" && !c.Name {
		return errors.New("say what is meant: --locale, --name, or both")
	}
	return c.with(r, func(s *wording.Service, at wording.Place) error {
		if c.Name {
			name, err := s.RemoveDisplayName(r.ctx, at)
			if err != nil {
				return err
			}
			r.printf("Texts use the name %s again.\n", name)
		}
		if c.Locale == "" {
			return nil
		}
		e, err := s.Remove(r.ctx, at, locale.Input(c.Locale))
		if err != nil {
			return err
		}
		r.entry(e)
		return nil
	})
}

type templatePreview struct {
	templatePlace
	Locale string `name:"locale" default:"en" help:"Language of the text."`
	Text   string `name:"text" required:"" placeholder:"TEMPLATE" help:"The text, with {code} and, where it belongs, {project}."`
	Name   string `name:"name" help:"A name to try instead of the one that texts use."`
	JSON   bool   `name:"json" help:"Answer in JSON."`
}

var errTemplateRefused = errors.New("this text would be refused")

// Run shows the text. It fails for one that could not be saved, after showing as much as there is.
func (c *templatePreview) Run(r *runner) error {
	return c.with(r, func(s *wording.Service, at wording.Place) error {
		preview, problems, err := s.Preview(r.ctx, at, wording.Draft{
			Locale: locale.Input(c.Locale), Template: c.Text, DisplayName: c.Name,
		})
		if err != nil {
			return err
		}
		w := api.WirePreview(preview, problems)
		if c.JSON {
			err = r.json(map[string]any{"preview": w.Preview, "problems": w.Problems})
		} else {
			r.preview(w.Preview)
			r.problems(w.Problems)
		}
		if err == nil && len(problems) > 0 {
			return errTemplateRefused
		}
		return err
	})
}

func (r *runner) entry(e wording.Entry) {
	r.printf("Texts in %s use %s words:\n", e.Locale, map[string]string{
		wording.FromOrganization: "the organization's", wording.FromProject: "the project's", wording.FromServer: "the shipped",
	}[e.From])
	w := api.WirePreview(e.Preview, e.Problems)
	r.preview(w.Preview)
	r.problems(w.Problems)
}

// preview shows a text as its reader sees it. There is nothing to see of one that cannot be filled in.
func (r *runner) preview(p api.TextPreview) {
	if p.Text == "" {
		return
	}
	for line := range strings.SplitSeq(p.Text, "\n") {
		r.printf("  | %s\n", line)
	}
	because := ""
	if len(p.UCS2Characters) > 0 {
		because = fmt.Sprintf(" because of %s", strings.Join(p.UCS2Characters, " "))
	}
	r.printf("  %d SMS, %d of %d in %s%s\n", p.Segments, p.Length, p.Room, p.Alphabet, because)
}

func (r *runner) problems(list []api.TemplateProblem) {
	for _, one := range list {
		r.printf("  %s\n", one.ErrorMessage)
	}
}
