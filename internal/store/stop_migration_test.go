package store_test

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// What was noted of refusals before STOPs had their own table still counts, now in all projects, and START ends it.
func TestStopsOfEarlierVersions(t *testing.T) {
	t.Parallel()
	storetest.URLs(t, func(t *testing.T, url string) {
		earlier := fstest.MapFS{}
		files, err := os.ReadDir("migrations")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.Name() < "0008" {
				text, err := os.ReadFile("migrations/" + f.Name())
				if err != nil {
					t.Fatal(err)
				}
				earlier[f.Name()] = &fstest.MapFile{Data: text}
			}
		}
		old, err := sqldb.Open(t.Context(), url, sqldb.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := sqldb.Migrate(t.Context(), old, earlier); err != nil {
			t.Fatal(err)
		}
		note := sqldb.Dynamic("note", `
			INSERT INTO opt_outs (project_id, phone, source, created_at) VALUES ($1, $2, 'twilio', $3)`)
		err = old.Write(t.Context(), func(tx *sqldb.Tx) error {
			for i, project := range []string{shop, portal} {
				if _, err := tx.Exec(t.Context(), note, project, stopped, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}

		o := optOuts{t, storetest.Open(t, url)}
		if !o.isOut(shop, stopped) || !o.isOut("project-live-3", stopped) || o.isOut(shop, other) {
			t.Error("what was noted does not count")
		}
		o.start("twilio", "M1", true)
		o.wants("START", false)
		o.does("anything left", false, func(tx *store.Tx) (bool, error) {
			return tx.DeleteOptOut(t.Context(), shop, stopped)
		})
	})
}
