// Package servertest opens whole servers for the tests of rules, without HTTP: each on both engines, with a test project.
package servertest

import (
	"context"
	"log/slog"
	"testing"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/server"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// World is a server with a test project.
type World struct {
	*server.App
	T       *testing.T
	Project *store.Project
}

// Engines runs a test in a world on each engine, at the same time.
func Engines(t *testing.T, test func(w *World)) {
	storetest.URLs(t, func(t *testing.T, url string) { test(Open(t, server.Options{DatabaseURL: url})) })
}

// Open opens a server with those options and a master key of its own. It ends with the test.
func Open(t *testing.T, o server.Options) *World {
	t.Helper()
	o.PublicURL, o.Logger = "http://127.0.0.1", slog.New(slog.DiscardHandler)
	o.Master, _ = keys.NewMaster()
	app, err := server.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	w := &World{App: app, T: t}
	w.Project, _, err = app.Projects.Create(t.Context(), ids.Test, "Test")
	w.Check(err)
	return w
}

// Check ends the test on an error.
func (w *World) Check(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// NewOrganization makes an organization with those settings.
func (w *World) NewOrganization(c org.Changes) *store.Organization {
	w.T.Helper()
	o, err := w.API.Organizations.Create(w.T.Context(), w.Project, rbac.Caller{}, c)
	w.Check(err)
	return o
}

// NewMember makes a member of an organization.
func (w *World) NewMember(o *store.Organization, n member.New) *store.Member {
	w.T.Helper()
	found, err := w.API.Members.Create(w.T.Context(), w.Project, rbac.Caller{}, ids.OrgRef(o.ID), n)
	w.Check(err)
	return found.Member
}

// Letters gives the newest messages to a recipient, newest first, up to a limit.
func (w *World) Letters(to string, limit int) []string {
	w.T.Helper()
	letters, err := w.Notify.Letters(w.T.Context(), w.Project.ID, to, limit)
	w.Check(err)
	bodies := make([]string, len(letters))
	for i, l := range letters {
		bodies[i] = l.Body
	}
	return bodies
}

// Sessions counts a member's living sessions.
func (w *World) Sessions(m *store.Member) int {
	w.T.Helper()
	all, err := w.API.Sessions.List(w.T.Context(), &store.Organization{ID: m.OrganizationID}, m)
	w.Check(err)
	return len(all)
}
