package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// MIN and MAX alone are found at the end of the index of the primary key.
var sqlSchemaVersion = sqldb.SQL("schema_version", `SELECT COALESCE(MAX(version), 0) FROM schema_migrations`)

// State is what can be told about a database without changing it.
type State struct {
	// Empty: there is no schema yet.
	Empty bool
	// Newer: a newer server changed the schema; nothing else is known then.
	Newer bool
	// Development: `thimble dev` filled it.
	Development bool
	// Pending is how many migrations a server would apply at its start.
	Pending int
	// Ring is the key ring, sealed.
	Ring []RingKey
	// Projects are the ids of all projects, up to a thousand.
	Projects []string
}

// Inspect looks at a database before a server decides to use it. A SQLite file that does not exist is not made.
func Inspect(ctx context.Context, url string, o sqldb.Options) (state State, err error) {
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		if _, err := os.Stat(strings.TrimPrefix(path, "//")); errors.Is(err, fs.ErrNotExist) {
			return State{Empty: true}, nil
		}
	}
	o.MaxConns, o.FollowDatabaseClock = 1, false
	raw, err := sqldb.Open(ctx, url, o)
	if err != nil {
		return State{}, err
	}
	defer func() { err = errors.Join(err, raw.Close()) }()
	if err := raw.Ping(ctx); err != nil {
		return State{}, fmt.Errorf("reach the database: %w", err)
	}

	db := &DB{DB: raw}
	version, err := db.schemaVersion(ctx)
	switch {
	case err != nil: // the table is not there: what else is wrong shows when the database is opened for good
		return State{Empty: true}, nil
	case version == 0:
		return State{Empty: true}, nil
	case version > newestMigration():
		return State{Newer: true}, nil
	}
	err = db.Read(ctx, func(tx *Tx) error {
		state = State{Pending: pendingMigrations(version)}
		return tx.inspect(ctx, &state)
	})
	return state, err
}

func (db *DB) schemaVersion(ctx context.Context) (int64, error) {
	var version int64
	err := db.Read(ctx, func(tx *Tx) error { return tx.QueryRow(ctx, sqlSchemaVersion, nil, &version) })
	return version, err
}

func (tx *Tx) inspect(ctx context.Context, s *State) (err error) {
	if s.Development, err = tx.IsDevelopment(ctx); err != nil {
		return err
	}
	if s.Ring, err = tx.RingKeys(ctx); err != nil {
		return err
	}
	return tx.Query(ctx, sqlProjectIDs, []any{""}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		s.Projects = append(s.Projects, id)
		return err
	})
}

// A database that an older server left has fewer columns than tx.Projects reads.
var sqlProjectIDs = sqldb.SQL("project_ids", `SELECT id FROM projects WHERE id > $1 ORDER BY id LIMIT 1000`)

// newestMigration is the schema that this program knows.
func newestMigration() int64 { return slices.Max(migrationNumbers()) }

// pendingMigrations counts those that are newer than a schema.
func pendingMigrations(version int64) int {
	return len(slices.DeleteFunc(migrationNumbers(), func(n int64) bool { return n <= version }))
}

func migrationNumbers() []int64 {
	names, err := fs.Glob(Migrations(), "*.sql")
	if err != nil || len(names) == 0 {
		panic("store: there are no migrations")
	}
	numbers := make([]int64, len(names))
	for i, name := range names {
		number, _, _ := strings.Cut(name, "_")
		if numbers[i], err = strconv.ParseInt(number, 10, 64); err != nil {
			panic("store: migrations are named NNNN_what.sql")
		}
	}
	return numbers
}
