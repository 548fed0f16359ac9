package server

import (
	"errors"

	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
)

// ofNumber is a command about a project and somebody's number.
type ofNumber struct {
	storage
	Project string `arg:"" help:"Id of the project."`
	Number  string `arg:"" help:"The number, with + and country code."`
}

// with runs f on the two.
func (c *ofNumber) with(r *runner, f func(*project.Service, *project.Project, phone.Number) error) error {
	number, err := phone.Parse(c.Number)
	if err != nil {
		return errors.New("not a number: write + and the country code, such as +12025550162")
	}
	return c.withProjects(r, func(s *project.Service) error {
		p, err := s.Get(r.ctx, c.Project)
		if err != nil {
			return err
		}
		return f(s, p, number)
	})
}

type projectOptOut struct{ ofNumber }

// Help is shown below the summary.
func (projectOptOut) Help() string {
	return `For people who say in another way than by STOP that they want no more texts of a project. Sends to the number are
refused with the error unsubscribed_phone_number, until the command opt-in takes that back; START does not.

Example:

    thimble project opt-out PROJECT +12025550162`
}

// Run notes it.
func (c *projectOptOut) Run(r *runner) error {
	return c.with(r, func(s *project.Service, p *project.Project, number phone.Number) error {
		_, news, err := s.OptOut(r.ctx, p, number, store.OptOutOperator, "")
		if err != nil {
			return err
		}
		if !news {
			return errors.New("that number gets no texts of the project already")
		}
		r.printf("No more texts go to that number.\n")
		return nil
	})
}

type projectOptIn struct{ ofNumber }

// Help is shown below the summary.
func (projectOptIn) Help() string {
	return `Who answers a text with STOP gets no more of them, of no project: the provider refuses, and from then on so do we,
with the error unsubscribed_phone_number. START takes that back by itself where the provider passes texts on to this
server; see docs/providers.md. Where it does not, have the person text START to the number that the texts came from,
then run this. It takes back, too, what a project's backend or the command opt-out said.

Example:

    thimble project opt-in PROJECT +12025550162`
}

// Run takes the stop back.
func (c *projectOptIn) Run(r *runner) error {
	return c.with(r, func(s *project.Service, p *project.Project, number phone.Number) error {
		stopped, err := s.OptIn(r.ctx, p, number)
		if err != nil {
			return err
		}
		if !stopped {
			return errors.New("that number had not stopped the project's texts")
		}
		r.printf("Texts go to that number again.\n")
		return nil
	})
}
