package server

import (
	"errors"

	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/project"
)

type projectOptIn struct {
	storage
	Project string `arg:"" help:"Id of the project."`
	Number  string `arg:"" help:"The number, with + and country code."`
}

// Help is shown below the summary.
func (projectOptIn) Help() string {
	return `Who answers a text with STOP gets no more of them: the provider refuses, and from then on so do we, with the error
unsubscribed_phone_number. Have the person text START to the number that the texts came from, then run this.

Example:

    thimble project opt-in PROJECT +12025550162`
}

// Run takes the stop back.
func (c *projectOptIn) Run(r *runner) error {
	number, err := phone.Parse(c.Number)
	if err != nil {
		return errors.New("not a number: write + and the country code, such as +12025550162")
	}
	return c.withProjects(r, func(s *project.Service) error {
		p, err := s.Get(r.ctx, c.Project)
		if err != nil {
			return err
		}
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
