package server

import (
	"errors"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/project"
)

type memberCommands struct {
	Unlock memberUnlock `cmd:"" help:"Let a member try codes again: forget all wrong ones."`
}

type memberUnlock struct {
	storage
	Project string `arg:"" help:"Id of the project."`
	Member  string `arg:"" help:"Id of the member."`
}

// Help is shown below the summary.
func (memberUnlock) Help() string {
	return `A member is locked after some wrong codes in a row, and the second factor is disabled after 100, locks or not.
Make sure that it is the member who asks. What this does is recorded.

Example:

    thimble member unlock PROJECT MEMBER`
}

// Run unlocks the member.
func (c *memberUnlock) Run(r *runner) error {
	return c.withProjects(r, func(s *project.Service) error {
		p, err := s.Get(r.ctx, c.Project)
		if err != nil {
			return err
		}
		members := &member.Service{DB: s.DB}
		m, err := members.Unlock(r.ctx, p, c.Member)
		if errors.Is(err, errs.MemberNotFound) {
			return errors.New("the project has no member with that id")
		}
		if err != nil {
			return err
		}
		r.printf("%s can try codes again.\n", m.ID)
		return nil
	})
}
