package store_test

import (
	"errors"
	"testing"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// The index refuses a name that was free when it was looked for; then the function runs again. It does not run for ever.
func TestWriteUnique(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		p := storetest.Project(t, db, ids.Test)
		var all [2]*store.Organization
		for i, slug := range []string{"taken", "other"} {
			all[i] = &store.Organization{ID: ids.New(ids.Organization, ids.Test, db.Now()), ProjectID: p.ID, Slug: slug}
			err := db.Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.InsertOrganization(t.Context(), all[i])
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}

		rename := func(slugs ...string) (runs int, err error) {
			err = db.WriteUnique(t.Context(), func(tx *store.Tx) error {
				o, err := tx.LockOrganization(t.Context(), p.ID, all[1].ID)
				if err != nil {
					return err
				}
				o.Slug = slugs[min(runs, len(slugs)-1)]
				runs++
				tx.UpdateOrganization(o)
				return nil
			})
			return runs, err
		}
		if runs, err := rename("taken", "free"); err != nil || runs != 2 {
			t.Errorf("taken, then free: %d runs, %v; want 2 and success", runs, err)
		}
		if runs, err := rename("taken"); !errors.Is(err, sqldb.ErrUnique) || runs != 3 {
			t.Errorf("always taken: %d runs, %v; want 3 and %v", runs, err, sqldb.ErrUnique)
		}
		if runs, err := rename("fine"); err != nil || runs != 1 {
			t.Errorf("free: %d runs, %v; want 1 and success", runs, err)
		}
	})
}
