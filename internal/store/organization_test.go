package store_test

import (
	"errors"
	"testing"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// Readers share the settings of an organization; who changes them has a copy, so that what is undone was never seen.
func TestLockedSettingsAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		p := storetest.Project(t, db, ids.Test)
		o := &store.Organization{
			ID: ids.New(ids.Organization, ids.Test, db.Now()), ProjectID: p.ID, Slug: "acme",
			Settings: store.OrgSettings{
				AllowedMFAMethods: []string{store.MethodSMS}, CountryPolicy: map[string]string{"US": "allow"},
			},
		}
		read := func() (got *store.Organization) {
			t.Helper()
			err := db.Read(t.Context(), func(tx *store.Tx) (err error) {
				got, err = tx.Organization(t.Context(), p.ID, o.ID)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if err := db.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.InsertOrganization(t.Context(), o)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		read()

		undo := errors.New("undo")
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			locked, err := tx.LockOrganization(t.Context(), p.ID, o.ID)
			if err != nil {
				return err
			}
			locked.Settings.AllowedMFAMethods[0] = store.MethodTOTP
			locked.Settings.CountryPolicy["US"] = "block"
			return undo
		})
		if !errors.Is(err, undo) {
			t.Fatal(err)
		}
		if got := read().Settings; got.AllowedMFAMethods[0] != store.MethodSMS || got.CountryPolicy["US"] != "allow" {
			t.Errorf("others see what was undone: %+v", got)
		}
	})
}
