package project_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

const unknown = "project-test-00000000-0000-4000-8000-000000000000"

func TestUpdate(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		ctx, s := t.Context(), &project.Service{DB: db}
		p, _, err := s.Create(ctx, ids.Live, " Acme ")
		if err != nil || p.Name != "Acme" {
			t.Fatalf("create: %v, %v", p, err)
		}

		_, err = s.Update(ctx, p.ID, func(p *project.Project) error {
			p.Name, p.Settings.LockAfter = "New", 1000
			return nil
		})
		if err == nil {
			t.Error("a lock after 1000 was taken")
		}
		if got, err := s.Get(ctx, p.ID); err != nil || got.Name != "Acme" || got.Settings.LockAfter != 0 {
			t.Errorf("after a refusal: %+v, %v; want it unchanged", got, err)
		}
		if _, err := s.Update(ctx, unknown, func(*project.Project) error { return nil }); !errors.Is(err, project.ErrNotFound) {
			t.Errorf("unknown project: %v, want ErrNotFound", err)
		}
		if events := storetest.Read(t, db).Events; len(events) != 0 {
			t.Errorf("refusals left %d events", len(events))
		}
	})
}

// TestUpdateRace has many operators change one setting each: all changes last.
func TestUpdateRace(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		const racers = 4 // each is beaten at most three times, and Write runs five times
		s := &project.Service{DB: db}
		p, _, err := s.Create(t.Context(), ids.Test, "Race")
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range racers {
			wg.Go(func() {
				_, err := s.Update(context.Background(), p.ID, func(p *project.Project) error {
					project.AddRedirect(&p.Settings, store.RedirectURL{
						URL: "https://example.com/" + strconv.Itoa(i), Purposes: []string{"login"},
					})
					return nil
				})
				if err != nil {
					t.Errorf("racer %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if p, err = s.Get(t.Context(), p.ID); err != nil || len(p.Settings.RedirectURLs) != racers {
			t.Errorf("%d changes lasted, want %d: %v", len(p.Settings.RedirectURLs), racers, err)
		}
	})
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		ctx, s := t.Context(), &project.Service{DB: db}
		p, first, err := s.Create(ctx, ids.Test, "Acme")
		if err != nil {
			t.Fatal(err)
		}
		second, row, err := s.AddSecret(ctx, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		all, err := s.Secrets(ctx, p.ID)
		if err != nil || len(all) != 2 {
			t.Fatalf("%d secrets, %v; want 2", len(all), err)
		}

		if err := s.RevokeSecret(ctx, p.ID, all[0].ID); err != nil {
			t.Fatal(err)
		}
		fresh := &project.Service{DB: db} // another node, which remembers nothing
		if _, err := fresh.Authenticate(ctx, p.ID, first); !errors.Is(err, errs.UnauthorizedCredentials) {
			t.Errorf("the revoked secret: %v, want refused", err)
		}
		if _, err := fresh.Authenticate(ctx, p.ID, second); err != nil {
			t.Errorf("the other secret: %v", err)
		}
		if err := s.RevokeSecret(ctx, p.ID, all[0].ID); !errors.Is(err, project.ErrNoSecret) {
			t.Errorf("revoking it again: %v, want ErrNoSecret", err)
		}
		if err := s.RevokeSecret(ctx, p.ID, row.ID); !errors.Is(err, project.ErrLastSecret) {
			t.Errorf("revoking the last one: %v, want ErrLastSecret", err)
		}
		if _, _, err := s.AddSecret(ctx, unknown); !errors.Is(err, project.ErrNotFound) {
			t.Errorf("unknown project: %v, want ErrNotFound", err)
		}
	})
}
