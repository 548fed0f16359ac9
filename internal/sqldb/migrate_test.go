package sqldb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
)

var (
	sqlVersions = SQL("versions", `SELECT version FROM schema_migrations ORDER BY version`)
	sqlLog      = SQL("log", `SELECT COUNT(*) FROM log`)
	sqlEngine   = SQL("engine", `SELECT engine FROM log LIMIT 1`)
)

// bare opens a database without any schema, twice: two nodes.
func bare(t *testing.T, test func(t *testing.T, one, two *DB)) {
	t.Parallel()
	urls := map[string]func(testing.TB) string{"sqlite": sqliteURL, "postgres": pgtest.URL}
	for name, url := range urls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := url(t)
			var nodes [2]*DB
			for i := range nodes {
				db, err := Open(t.Context(), url, Options{Logger: discard})
				must(t, err)
				t.Cleanup(func() { must(t, db.Close()) })
				nodes[i] = db
			}
			test(t, nodes[0], nodes[1])
		})
	}
}

func versions(t *testing.T, db *DB) (all []int64) {
	t.Helper()
	must(t, db.Read(t.Context(), func(tx *Tx) error {
		all = nil
		return tx.Query(t.Context(), sqlVersions, nil, func(scan func(...any) error) error {
			var v int64
			err := scan(&v)
			all = append(all, v)
			return err
		})
	}))
	return all
}

func count(t *testing.T, db *DB, s *Stmt) (n int64) {
	t.Helper()
	must(t, db.Read(t.Context(), func(tx *Tx) error { return tx.QueryRow(t.Context(), s, nil, &n) }))
	return n
}

// files makes migrations 1 to n, each of which leaves a row.
func files(n int) fstest.MapFS {
	fsys := fstest.MapFS{"README": {Data: []byte("not a migration")}}
	for i := 1; i <= n; i++ {
		text := fmt.Sprintf("-- a comment; with a semicolon\nINSERT INTO log (engine) VALUES ('%d;');\n", i)
		if i == 1 {
			text = "CREATE TABLE log (engine TEXT NOT NULL);\n" +
				"--sqlite INSERT INTO log (engine) VALUES ('sqlite');\n--postgres INSERT INTO log (engine) VALUES ('postgres');\n"
		}
		fsys[fmt.Sprintf("%04d_step.sql", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestMigrate(t *testing.T) {
	bare(t, func(t *testing.T, one, two *DB) {
		for _, n := range []int{1, 3, 3, 12} {
			must(t, Migrate(t.Context(), one, files(n)))
			if got := versions(t, two); len(got) != n || got[n-1] != int64(n) {
				t.Errorf("after %d files the versions are %v", n, got)
			}
			if got := count(t, two, sqlLog); got != int64(n) {
				t.Errorf("after %d files the log has %d rows", n, got)
			}
		}
		var engine string
		must(t, one.Read(t.Context(), func(tx *Tx) error { return tx.QueryRow(t.Context(), sqlEngine, nil, &engine) }))
		if engine != one.Engine().String() {
			t.Errorf("the line for %s was run on %s", engine, one.Engine())
		}

		wantErr(t, Migrate(t.Context(), two, files(11)), ErrNewerSchema)
		if got := versions(t, two); len(got) != 12 {
			t.Errorf("an older program left the versions %v", got)
		}
	})
}

// Nodes that start at once run each file once.
func TestMigrateTogether(t *testing.T) {
	bare(t, func(t *testing.T, one, two *DB) {
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { must(t, Migrate(t.Context(), one, files(8))) })
			wg.Go(func() { must(t, Migrate(t.Context(), two, files(8))) })
		}
		wg.Wait()
		if got := versions(t, one); len(got) != 8 || count(t, two, sqlLog) != 8 {
			t.Errorf("versions %v, log of %d rows; want 8 each", got, count(t, two, sqlLog))
		}
	})
}

// A file that fails leaves nothing of itself, and all before it.
func TestMigrateFails(t *testing.T) {
	bare(t, func(t *testing.T, one, two *DB) {
		fsys := files(3)
		fsys["0003_step.sql"].Data = []byte(
			"INSERT INTO log (engine) VALUES ('half'); CREATE TABLE other (id TEXT); SELEKT 1;")
		err := Migrate(t.Context(), one, fsys)
		if err == nil || !strings.Contains(err.Error(), "0003_step") {
			t.Errorf("got %v, want an error that names the file", err)
		}
		if got := versions(t, two); !slices.Equal(got, []int64{1, 2}) || count(t, two, sqlLog) != 2 {
			t.Errorf("versions %v, log of %d rows; want 1 and 2, and 2 rows", got, count(t, two, sqlLog))
		}
		must(t, Migrate(t.Context(), two, files(3)))
	})
}

func TestMigrateNames(t *testing.T) {
	t.Parallel()
	db := open(t, sqliteURL(t), Options{})
	for _, name := range []string{"1_short.sql", "x001_what.sql", "0000_zero.sql", "-001_minus.sql", "0001_again.sql"} {
		fsys := maps.Clone(schema)
		fsys[name] = &fstest.MapFile{Data: []byte("SELECT 1")}
		if err := Migrate(context.Background(), db, fsys); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
