// Package secondtest sets up what the tests of second factors need: a member with logins to complete, on both engines.
package secondtest

import (
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/errs/errstest"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/second"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// Racers is how many goroutines try to spend the same thing.
const Racers = 256

// World is a project with one organization and one member.
type World struct {
	T        *testing.T
	DB       *store.DB
	Keys     *keys.Ring
	Sessions *session.Service
	Second   *second.Service
	Members  *member.Service
	Project  *store.Project
	Org      *store.Organization
	Member   *store.Member
}

// Engines runs a test in a world on each engine, by a clock that stands still.
func Engines(t *testing.T, test func(w *World)) {
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	storetest.EnginesAt(t, func() time.Time { return at }, func(t *testing.T, db *store.DB) {
		w := &World{T: t, DB: db, Project: storetest.Project(t, db, ids.Test), Members: &member.Service{DB: db}}
		master, _ := keys.NewMaster()
		var err error
		w.Keys, err = keys.Open(t.Context(), db, master)
		w.Check(err)
		w.Sessions = &session.Service{DB: db, Keys: w.Keys}
		w.Second = &second.Service{DB: db, Sessions: w.Sessions, Login: &login.Service{Sessions: w.Sessions}}
		organizations := &org.Service{DB: db}
		w.Org, err = organizations.Create(t.Context(), w.Project, rbac.Caller{}, org.Changes{
			Name: "Acme", MFAPolicy: store.MFARequired,
		})
		w.Check(err)
		found, err := w.Members.Create(t.Context(), w.Project, rbac.Caller{}, ids.OrgRef(w.Org.ID),
			member.New{Email: "ada@example.com"})
		w.Check(err)
		w.Member = found.Member
		test(w)
	})
}

// Check ends the test on an error.
func (w *World) Check(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// Login gives the token of a login that lacks the second factor.
func (w *World) Login() session.Tokens {
	w.T.Helper()
	now := w.DB.Now()
	id := ids.NewUUID(now)
	token, hash := secret.NewToken(id)
	w.Check(w.DB.Write(w.T.Context(), func(tx *store.Tx) error {
		tx.InsertIntermediate(&store.Intermediate{
			ID: id.String(), ProjectID: w.Project.ID, OrganizationID: w.Org.ID, TokenHash: hash, Version: 1,
			Email: w.Member.Email, CreatedAt: now, ExpiresAt: now.Add(session.IntermediateLife),
			Factors: []store.Factor{{
				Type: store.FactorMagicLink, DeliveryMethod: store.DeliverEmail, SequenceOrder: store.Primary,
				Email: &store.EmailFactor{EmailID: w.Member.EmailID, Email: w.Member.Email},
			}},
		})
		return nil
	}))
	return session.Tokens{Intermediate: token}
}

// Attempt is an attempt of the member with the token.
func (w *World) Attempt(tokens session.Tokens) second.Attempt {
	return second.Attempt{
		Organization: ids.OrgRef(w.Org.ID), Member: ids.MemberRef(w.Member.ID), Tokens: tokens,
	}
}

// Row reads the member again.
func (w *World) Row() *store.Member {
	w.T.Helper()
	found, err := w.Members.Get(w.T.Context(), w.Project, ids.OrgRef(w.Org.ID), ids.MemberRef(w.Member.ID), "")
	w.Check(err)
	return found.Member
}

// OneWon checks that one of the racers got a session, that there are no others, that all refusals were among the kinds,
// and that copies of a right code did not lock their member.
func (w *World) OneWon(got errstest.Outcomes, kinds ...string) {
	w.T.Helper()
	sessions, err := w.Sessions.List(w.T.Context(), w.Org, w.Member)
	w.Check(err)
	if got[""] != 1 || len(sessions) != 1 {
		w.T.Errorf("%d successes and %d sessions, want one: %v", got[""], len(sessions), got)
	}
	total := got[""] + got[errs.UserLockLimitReached.Type]
	for _, kind := range kinds {
		total += got[kind]
	}
	if total != Racers {
		w.T.Errorf("calls ended in other ways than %v: %v", kinds, got)
	}
	m := w.Row()
	if limit.LockOf(m, &w.Project.Settings, w.DB.Now()).Locked || m.MFAFailures != 0 {
		w.T.Errorf("the member has %d failures and should have none", m.MFAFailures)
	}
}

// Race runs f in Racers goroutines that start at once.
func Race(f func(i int) error) errstest.Outcomes { return errstest.Race(Racers, f) }
