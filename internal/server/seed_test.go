package server

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// seeded is everything that seeds make.
type seeded struct {
	Project      *store.Project
	Secrets      []store.ProjectSecret
	Organization *store.Organization
	Member       *store.Member
	Development  bool
}

func readSeeds(t *testing.T, db *store.DB, who identity) seeded {
	t.Helper()
	var s seeded
	err := db.Read(t.Context(), func(tx *store.Tx) (err error) {
		if s.Project, err = tx.Project(t.Context(), who.ProjectID); err != nil {
			return err
		}
		if s.Secrets, err = tx.ProjectSecrets(t.Context(), who.ProjectID); err != nil {
			return err
		}
		if s.Development, err = tx.IsDevelopment(t.Context()); err != nil {
			return err
		}
		s.Organization, s.Member, err = tx.MemberOfProject(t.Context(), who.ProjectID, who.MemberID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSeed(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		ctx, projects := t.Context(), &project.Service{DB: db}
		if err := seed(ctx, db, fixed); err != nil {
			t.Fatal(err)
		}
		first := readSeeds(t, db, fixed)
		if !first.Development || first.Member.Status != store.StatusActive || first.Organization.Slug != "acme" ||
			first.Organization.Settings.MFAPolicy != store.MFARequired || len(first.Secrets) != 1 {
			t.Errorf("seeds: %+v", first)
		}
		if err := project.CheckSettings(&first.Project.Settings); err != nil {
			t.Errorf("the seeded settings are wrong: %v", err)
		}
		if _, err := projects.Authenticate(ctx, fixed.ProjectID, secret.String(fixed.Secret)); err != nil {
			t.Errorf("the fixed credentials: %v", err)
		}

		// What somebody changed lasts over a restart, and nothing comes twice.
		_, err := projects.Update(ctx, fixed.ProjectID, func(p *project.Project) error {
			p.Name = "Mine"
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		changed := readSeeds(t, db, fixed)
		if err := seed(ctx, db, fixed); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(changed, readSeeds(t, db, fixed)); diff != "" {
			t.Errorf("the second time changed something (-want +got):\n%s", diff)
		}
	})
}

// TestSeedExposed: when others can reach the server, what everybody knows opens nothing; and it does again at home.
func TestSeedExposed(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		opens := func(who identity) bool {
			_, err := (&project.Service{DB: db}).Authenticate(ctx, who.ProjectID, secret.String(who.Secret))
			return err == nil
		}
		random := newIdentity(db.Now())
		for _, who := range []identity{fixed, random} {
			if err := seed(ctx, db, who); err != nil {
				t.Fatal(err)
			}
		}
		if opens(fixed) || !opens(random) {
			t.Errorf("exposed: fixed opens %v, random opens %v; want only random", opens(fixed), opens(random))
		}
		if err := seed(ctx, db, fixed); err != nil {
			t.Fatal(err)
		}
		if !opens(fixed) {
			t.Error("back at home the fixed credentials do not open")
		}
	})
}

// TestFixedIdentity pins what examples, tests and other people's scripts rely on.
func TestFixedIdentity(t *testing.T) {
	t.Parallel()
	if fixed.ProjectID != "project-test-11111111-1111-4111-8111-111111111111" ||
		fixed.Secret != "secret-test-11111111111111111111111111111111" ||
		fixed.PublicToken != "public-token-test-11111111-1111-4111-8111-111111111111" {
		t.Errorf("%+v", fixed)
	}
	one, two := newIdentity(time.UnixMicro(0)), newIdentity(time.UnixMicro(0))
	if one.ProjectID == two.ProjectID || one.Secret == two.Secret || one.PublicToken == two.PublicToken {
		t.Error("two random identities are the same")
	}
}

// TestKeptFiles: keys and random credentials are made once, and only their owner can read them.
func TestKeptFiles(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	for name, read := range map[string]func() (any, error){
		masterFile:  func() (any, error) { return developmentMaster(folder) },
		exposedFile: func() (any, error) { return exposedIdentity(folder) },
	} {
		first, err := read()
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read(); err != nil {
			t.Fatal(err)
		}
		again, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || string(text) != string(again) {
			t.Errorf("%s changed: %v (first read: %v)", name, err, first)
		}
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v; want 0600", name, info.Mode(), err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(folder, ".new-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, %v; want 0700", info.Mode(), err)
	}

	if err := os.WriteFile(filepath.Join(folder, masterFile), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := developmentMaster(folder); err == nil || !strings.Contains(err.Error(), masterFile) {
		t.Errorf("a broken key file: %v, want an error that names it", err)
	}
	var who identity
	if text, err := os.ReadFile(filepath.Join(folder, exposedFile)); err != nil || json.Unmarshal(text, &who) != nil {
		t.Errorf("the credentials file is no JSON: %s %v", text, err)
	}
}
