package server

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/thimble-auth/thimble/internal/attest"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
)

type trustCommands struct {
	Add    trustAdd    `cmd:"" help:"Let tokens of another issuer become sessions."`
	List   trustList   `cmd:"" help:"List the issuers whose tokens become sessions."`
	Remove trustRemove `cmd:"" help:"Do not take tokens of an issuer any more. Sessions stay."`
}

type trustAdd struct {
	storage

	Project  string            `arg:"" help:"Id of the project."`
	Name     string            `arg:"" help:"Name of the profile."`
	Issuer   string            `name:"issuer" required:"" help:"What tokens must say in iss."`
	Audience string            `name:"audience" required:"" help:"What tokens must say in aud."`
	JWKSURL  string            `name:"jwks-url" placeholder:"URL" help:"Where the issuer publishes its keys."`
	PEM      []string          `name:"pem" placeholder:"FILE" help:"File with a public key or certificate; up to five."`
	Claims   map[string]string `name:"map" mapsep:"," placeholder:"NAME=CLAIM" help:"Which claim says what: email and token_id, needed; organization_id, external_member_id, role_ids."`
	JIT      bool              `name:"jit" help:"Make members of strangers, and organizations of unknown names. Tokens must name the organization then."`
}

// Run adds the profile.
func (c *trustAdd) Run(r *runner) error {
	added := store.TrustedTokenProfile{
		Name: c.Name, Issuer: c.Issuer, Audience: c.Audience, JWKSURL: c.JWKSURL, Claims: c.Claims, JIT: c.JIT,
	}
	for _, path := range c.PEM {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if _, err := attest.ParsePEM(string(text)); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		added.PEMKeys = append(added.PEMKeys, string(text))
	}

	db, err := c.open(r)
	if err != nil {
		return err
	}
	projects := &project.Service{DB: db}
	_, err = projects.Update(r.ctx, c.Project, func(p *project.Project) error {
		added.ID = ids.New(ids.TrustedToken, p.Env, db.Now())
		p.Settings.TrustedTokens = append(p.Settings.TrustedTokens, added)
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	r.printf("profile  %s\n", added.ID)
	return nil
}

type trustList struct {
	storage

	Project string `arg:"" help:"Id of the project."`
}

// Run lists the profiles.
func (c *trustList) Run(r *runner) error {
	return c.withProjects(r, func(s *project.Service) error {
		p, err := s.Get(r.ctx, c.Project)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(r.stdout, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "PROFILE\tNAME\tISSUER\tAUDIENCE\tKEYS\tJIT")
		for _, t := range p.Settings.TrustedTokens {
			keys := t.JWKSURL
			if keys == "" {
				keys = fmt.Sprintf("%d in PEM", len(t.PEMKeys))
			}
			_, _ = fmt.Fprintf(w, "%s\n", strings.Join([]string{
				t.ID, t.Name, t.Issuer, t.Audience, keys, fmt.Sprint(t.JIT),
			}, "\t"))
		}
		return w.Flush()
	})
}

type trustRemove struct {
	storage

	Project string `arg:"" help:"Id of the project."`
	Profile string `arg:"" help:"Id of the profile."`
}

// Run forgets the profile.
func (c *trustRemove) Run(r *runner) error {
	return c.withProjects(r, func(s *project.Service) error {
		_, err := s.Update(r.ctx, c.Project, func(p *project.Project) error {
			return project.RemoveTrusted(&p.Settings, c.Profile)
		})
		if err != nil {
			return err
		}
		r.printf("Removed. Running servers refuse its tokens within five seconds.\n")
		return nil
	})
}
