// Package storetest opens databases for tests: each test runs on both engines, on a database of its own.
package storetest

import (
	"path/filepath"
	"testing"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
)

// Engines runs the test on SQLite and on PostgreSQL, at the same time.
func Engines(t *testing.T, test func(t *testing.T, db *store.DB)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, Open(t, "sqlite:"+filepath.Join(t.TempDir(), "thimble.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, Open(t, pgtest.URL(t)))
	})
}

// Open opens the database at the URL and closes it when the test ends.
func Open(t testing.TB, url string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url, sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Project adds a project with default settings.
func Project(t testing.TB, db *store.DB, env ids.Env) *store.Project {
	t.Helper()
	now := db.Now()
	p := &store.Project{
		ID: ids.New(ids.Project, env, now), PublicToken: ids.New(ids.PublicToken, env, now), Env: env, Name: "Test",
		CreatedAt: now, UpdatedAt: now,
	}
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.InsertProject(t.Context(), p)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
