package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

type projectCommands struct {
	Create   projectCreate    `cmd:"" help:"Make a project with its first secret."`
	List     projectList      `cmd:"" help:"List projects with their settings."`
	Set      projectSet       `cmd:"" help:"Change a project's settings."`
	Secret   secretCommands   `cmd:"" help:"A project's secrets."`
	Redirect redirectCommands `cmd:"" help:"A project's redirect URLs."`
	Trust    trustCommands    `cmd:"" help:"The issuers whose tokens a project takes for sessions."`
	Template templateCommands `cmd:"" help:"What a project's texts say, in each language."`
	OptOut   projectOptOut    `cmd:"" name:"opt-out" help:"Let no texts go to a number whose owner wants none."`
	OptIn    projectOptIn     `cmd:"" name:"opt-in" help:"Let texts go again to a number that had stopped them."`
}

// Help is shown below the summary.
func (projectCommands) Help() string {
	return `These commands work on the database, while servers run on it; what they change is known to running servers
within five seconds. Give the server's THIMBLE_DATA or THIMBLE_DATABASE_URL.

Examples:

    thimble project create "My application" --env live
    thimble project set PROJECT --countries US,CA,JM --limit number_day=10 --limit prefix_hour=default
    thimble project redirect add PROJECT https://app.example.com/authenticate --default
    thimble project secret add PROJECT`
}

// withProjects runs f on the projects of an existing database.
func (s *storage) withProjects(r *runner, f func(*project.Service) error) error {
	db, err := s.open(r)
	if err != nil {
		return err
	}
	return errors.Join(f(&project.Service{DB: db}), db.Close())
}

type projectCreate struct {
	storage
	Name string `arg:"" help:"Name that people read in texts and mails of a live project."`

	Env  string `name:"env" enum:"test,live" default:"test" help:"test or live. Messages of test projects never leave."`
	JSON bool   `name:"json" help:"Answer in JSON."`
}

// created is the answer of project create.
type created struct {
	ProjectID   string `json:"project_id"`
	Secret      string `json:"secret"`
	PublicToken string `json:"public_token"`
}

// Run makes the project. It works before the first start of the server.
func (c *projectCreate) Run(r *runner) error {
	db, err := c.openOrCreate(r)
	if err != nil {
		return err
	}
	p, text, err := c.create(r, db)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}

	answer := created{p.ID, text.Reveal(), p.PublicToken}
	if c.JSON {
		return r.json(answer)
	}
	r.printf("project       %s\nsecret        %s\n", answer.ProjectID, answer.Secret)
	r.printf("public token  %s\n\n", answer.PublicToken)
	r.printf("The secret is shown this once. Links need a place to lead to:\n"+
		"thimble project redirect add %s https://app.example.com/authenticate --default\n", p.ID)
	return nil
}

// create refuses live projects where they would be of no use: thimble serve does not start on such a database.
func (c *projectCreate) create(r *runner, db *store.DB) (*project.Project, secret.String, error) {
	if ids.Env(c.Env) == ids.Live {
		var development bool
		err := db.Read(r.ctx, func(tx *store.Tx) (err error) {
			development, err = tx.IsDevelopment(r.ctx)
			return err
		})
		if err != nil {
			return nil, "", err
		}
		if development {
			return nil, "", errDevelopment
		}
	}
	return (&project.Service{DB: db}).Create(r.ctx, ids.Env(c.Env), c.Name)
}

var errDevelopment = errors.New("this database is that of thimble dev, on which thimble serve does not start: give " +
	"the folder of the server with --data or THIMBLE_DATA, or its database with --database or THIMBLE_DATABASE_URL")

type projectList struct {
	storage
	JSON bool `name:"json" help:"Answer in JSON."`
}

// Run lists the projects.
func (c *projectList) Run(r *runner) error {
	return c.withProjects(r, func(s *project.Service) error {
		all, err := s.List(r.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			views := make([]projectView, len(all))
			for i, p := range all {
				views[i] = viewOf(p)
			}
			return r.json(map[string]any{"projects": views})
		}
		if len(all) == 0 {
			r.printf("There is no project yet: thimble project create makes one.\n")
		}
		for i, p := range all {
			if i > 0 {
				r.printf("\n")
			}
			r.printf("%s", viewOf(p))
		}
		return nil
	})
}

type secretCommands struct {
	Add    secretAdd    `cmd:"" help:"Make one more secret. The others stay."`
	List   secretList   `cmd:"" help:"List when secrets were made, and their ids. The secrets themselves are not kept."`
	Revoke secretRevoke `cmd:"" help:"Refuse a secret from now on."`
}

type secretAdd struct {
	storage
	Project string `arg:"" help:"Id of the project."`
}

// Run adds a secret.
func (c *secretAdd) Run(r *runner) error {
	return c.withProjects(r, func(s *project.Service) error {
		text, row, err := s.AddSecret(r.ctx, c.Project)
		if err != nil {
			return err
		}
		r.printf("secret     %s\nsecret id  %s\n\nThe secret is shown this once. ", revealed(text), row.ID)
		r.printf("Revoke the old one when nobody uses it any more: thimble project secret revoke %s ID\n", c.Project)
		return nil
	})
}

func revealed(text secret.String) string { return text.Reveal() }

type secretList struct {
	storage
	Project string `arg:"" help:"Id of the project."`
}

// Run lists the secrets.
func (c *secretList) Run(r *runner) error {
	return c.withProjects(r, func(s *project.Service) error {
		all, err := s.Secrets(r.ctx, c.Project)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(r.stdout, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "SECRET ID\tMADE")
		for _, one := range all {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", one.ID, stamp(one.CreatedAt))
		}
		return w.Flush()
	})
}

type secretRevoke struct {
	storage
	Project string `arg:"" help:"Id of the project."`
	Secret  string `arg:"" help:"Id of the secret, not the secret itself."`
}

// Run revokes a secret.
func (c *secretRevoke) Run(r *runner) error {
	return c.withProjects(r, func(s *project.Service) error {
		if err := s.RevokeSecret(r.ctx, c.Project, c.Secret); err != nil {
			return err
		}
		r.printf("Revoked. Running servers refuse it within five seconds.\n")
		return nil
	})
}

type redirectCommands struct {
	Add    redirectAdd    `cmd:"" help:"Allow links to lead to a URL."`
	List   redirectList   `cmd:"" help:"List where links may lead."`
	Remove redirectRemove `cmd:"" help:"Do not let links lead there any more."`
}

type redirectAdd struct {
	storage
	Project string `arg:"" help:"Id of the project."`
	URL     string `arg:"" help:"The URL, such as https://app.example.com/authenticate."`
	Default bool   `name:"default" help:"Use it where a call names no URL, for these purposes."`

	Purposes []string `name:"purposes" help:"login, signup, invite, discovery, reset_password. Without it, all."`
}

// Run registers the URL.
func (c *redirectAdd) Run(r *runner) error {
	if len(c.Purposes) == 0 {
		c.Purposes = slices.Clone(project.Purposes)
	}
	added := store.RedirectURL{URL: c.URL, Purposes: c.Purposes}
	if c.Default {
		added.Defaults = c.Purposes
	}
	return c.withProjects(r, func(s *project.Service) error {
		p, err := s.Update(r.ctx, c.Project, func(p *project.Project) error {
			project.AddRedirect(&p.Settings, added)
			return nil
		})
		if err != nil {
			return err
		}
		return r.redirects(p)
	})
}

type redirectList struct {
	storage
	Project string `arg:"" help:"Id of the project."`
}

// Run lists the URLs.
func (c *redirectList) Run(r *runner) error {
	return c.withProjects(r, func(s *project.Service) error {
		p, err := s.Get(r.ctx, c.Project)
		if err != nil {
			return err
		}
		return r.redirects(p)
	})
}

type redirectRemove struct {
	storage
	Project string `arg:"" help:"Id of the project."`
	URL     string `arg:"" help:"The URL as project redirect list shows it."`
}

// Run forgets the URL.
func (c *redirectRemove) Run(r *runner) error {
	return c.withProjects(r, func(s *project.Service) error {
		p, err := s.Update(r.ctx, c.Project, func(p *project.Project) error {
			return project.RemoveRedirect(&p.Settings, c.URL)
		})
		if err != nil {
			return err
		}
		return r.redirects(p)
	})
}

func (r *runner) redirects(p *project.Project) error {
	if len(p.Settings.RedirectURLs) == 0 {
		r.printf("Links of this project lead nowhere yet: thimble project redirect add %s URL --default\n", p.ID)
		return nil
	}
	w := tabwriter.NewWriter(r.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "URL\tPURPOSES\tDEFAULT FOR")
	for _, u := range p.Settings.RedirectURLs {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", u.URL, strings.Join(u.Purposes, ","), orDash(strings.Join(u.Defaults, ",")))
	}
	return w.Flush()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func (r *runner) json(v any) error {
	e := json.NewEncoder(r.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
