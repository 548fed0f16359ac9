package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// older makes the database one of a server that knew nothing of webhooks.
func older(t *testing.T, db *store.DB) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for name, text := range map[string]string{
			"forget_column":    "ALTER TABLE projects DROP COLUMN listens",
			"forget_migration": "DELETE FROM schema_migrations WHERE version = (SELECT MAX(version) FROM schema_migrations)",
		} {
			if _, err := tx.Exec(t.Context(), sqldb.Dynamic(name, text)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestInspect(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "x.db")
	for engine, url := range map[string]string{"sqlite": "sqlite:" + file, "postgres": pgtest.URL(t)} {
		t.Run(engine, func(t *testing.T) {
			inspect := func(want store.State) {
				t.Helper()
				got, err := store.Inspect(t.Context(), url, sqldb.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("state (-want +got):\n%s", diff)
				}
			}

			inspect(store.State{Empty: true})
			if _, err := os.Stat(file); engine == "sqlite" && !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("looking made a file (%v)", err)
			}
			db := storetest.Open(t, url)
			inspect(store.State{})
			p := storetest.Project(t, db, ids.Live)
			inspect(store.State{Projects: []string{p.ID}})
			err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.MarkDevelopment(t.Context()) })
			if err != nil {
				t.Fatal(err)
			}
			inspect(store.State{Development: true, Projects: []string{p.ID}})
			older(t, db)
			inspect(store.State{Development: true, Projects: []string{p.ID}, Pending: 1})
			future := fstest.MapFS{"9999_future.sql": {Data: []byte("CREATE TABLE future (id TEXT NOT NULL)")}}
			if err := sqldb.Migrate(t.Context(), db.DB, future); err != nil {
				t.Fatal(err)
			}
			inspect(store.State{Newer: true})
		})
	}
}
