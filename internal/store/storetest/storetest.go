// Package storetest opens databases for tests: each test runs on both engines, on a database of its own.
package storetest

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
)

// Engines runs the test on SQLite and on PostgreSQL, at the same time.
func Engines(t *testing.T, test func(t *testing.T, db *store.DB)) { EnginesAt(t, nil, test) }

// EnginesAt is Engines by a clock of the test's own.
func EnginesAt(t *testing.T, clock func() time.Time, test func(t *testing.T, db *store.DB)) {
	URLs(t, func(t *testing.T, url string) { test(t, open(t, url, sqldb.Options{Clock: clock})) })
}

// URLs is Engines for tests that open their databases, which are empty, themselves.
func URLs(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, "sqlite:"+filepath.Join(t.TempDir(), "thimble.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, pgtest.URL(t))
	})
}

// Open opens the database at the URL and closes it when the test ends.
func Open(t testing.TB, url string) *store.DB {
	t.Helper()
	return open(t, url, sqldb.Options{})
}

func open(t testing.TB, url string, o sqldb.Options) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url, o)
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

// All is everything that must be looked at to say that nothing else happened, in the order in which it happened.
type All struct {
	Messages []*store.Message // without their content
	Events   []store.AuditEvent
}

// Read gives all messages and audit events of a database.
func Read(t testing.TB, db *store.DB) All {
	t.Helper()
	// Not a statement of the product, which never reads them all.
	messages := sqldb.Dynamic("every_message", `
		SELECT id, channel, kind, recipient, locale, status, reason, provider, attempts, segments FROM messages
		ORDER BY created_at, id`)
	var all All
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		all = All{}
		err := tx.Query(t.Context(), messages, nil, func(scan func(...any) error) error {
			var m store.Message
			all.Messages = append(all.Messages, &m)
			return scan(&m.ID, &m.Channel, &m.Kind, &m.Recipient, &m.Locale, &m.Status, &m.Reason, &m.Provider,
				&m.Attempts, &m.Segments)
		})
		if err != nil {
			return err
		}
		all.Events, err = tx.AuditEvents(t.Context(), "", 100_000)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Empty deletes everything from a PostgreSQL database but the schema and the key ring, so that it can be used again.
func Empty(t testing.TB, db *store.DB) {
	t.Helper()
	tables := sqldb.Dynamic("tables", `
		SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('schema_migrations', 'ring_keys')`)
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		var parts []string
		err := tx.Query(t.Context(), tables, nil, func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			parts = append(parts, fmt.Sprintf("d%d AS (DELETE FROM %s)", len(parts), name))
			return err
		})
		if err != nil {
			return err
		}
		// One statement, at whose end alone references are checked.
		empty := sqldb.Dynamic("empty", "WITH "+strings.Join(parts, ", ")+" SELECT 1")
		_, err = tx.Exec(t.Context(), empty)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
