package project_test

import (
	"errors"
	"testing"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

func TestPasswordSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		settings store.ProjectSettings
		fine     bool
	}{
		{store.ProjectSettings{}, true},
		{store.ProjectSettings{ValidationPolicy: "luds", LUDSMinLength: 8, LUDSMinComplexity: 1}, true},
		{store.ProjectSettings{ValidationPolicy: "zxcvbn", LUDSMinLength: 32, LUDSMinComplexity: 4}, true},
		{store.ProjectSettings{ValidationPolicy: "LUDS"}, false},
		{store.ProjectSettings{LUDSMinLength: 7}, false},
		{store.ProjectSettings{LUDSMinLength: 33}, false},
		{store.ProjectSettings{LUDSMinComplexity: 5}, false},
		{store.ProjectSettings{LUDSMinComplexity: -1}, false},
	} {
		if err := project.CheckSettings(&c.settings); (err == nil) != c.fine {
			t.Errorf("%+v: %v, want fine %t", c.settings, err, c.fine)
		}
	}
}

// TestToggle: passwords of members do not become those of addresses, nor the other way round.
func TestToggle(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		ctx, s := t.Context(), &project.Service{DB: db}
		for _, memberID := range []string{"member", ""} {
			p, _, err := s.Create(ctx, ids.Test, "Acme")
			if err != nil {
				t.Fatal(err)
			}
			set := func(on bool) error {
				_, err := s.Update(ctx, p.ID, func(p *project.Project) error {
					p.Settings.CrossOrgPasswords = on
					return nil
				})
				return err
			}
			before := memberID == ""
			if err := errors.Join(set(!before), set(before)); err != nil {
				t.Fatalf("without passwords: %v", err)
			}
			err = db.Write(ctx, func(tx *store.Tx) error {
				return tx.PutPassword(ctx, &store.Password{ID: p.ID, ProjectID: p.ID, MemberID: memberID, Email: "ada@example.com"})
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := set(!before); !errors.Is(err, errs.CannotToggleCrossOrgPasswordsWhenPasswordInUse) {
				t.Errorf("with a password of %q: %v, want a refusal", memberID, err)
			}
			if err := set(before); err != nil {
				t.Errorf("no change: %v", err)
			}
		}
	})
}
