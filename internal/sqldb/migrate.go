package sqldb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// ErrNewerSchema says that the database was migrated by a newer version of the program.
var ErrNewerSchema = errors.New("the database belongs to a newer version of the program")

var (
	sqlMigrated     = own("SELECT COALESCE(MAX(version), 0) FROM schema_migrations")
	sqlAddMigration = own(`INSERT INTO schema_migrations (version, name, applied_at) VALUES ($1, $2, $3)
		ON CONFLICT DO NOTHING`)
)

const createMigrations = `CREATE TABLE IF NOT EXISTS schema_migrations (
	version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)`

// migration is one file.
type migration struct {
	version int64
	name    string
	text    string
}

// Migrate brings the schema up to date with the files NNNN_what.sql in the top folder of fsys. Each runs once, in a
// transaction of its own, in the order of the numbers; there is no way back. A line that begins with "--sqlite " or
// "--postgres " belongs to that engine alone and is run without this beginning.
//
// Several nodes may call it at once. It returns ErrNewerSchema, having changed nothing, when the database knows a
// number that fsys does not reach.
func Migrate(ctx context.Context, db *DB, fsys fs.FS) error {
	migrations, err := readMigrations(fsys, db.engine)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := createMigrationsTable(ctx, db); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	var done int64
	err = db.Read(ctx, func(tx *Tx) error { return tx.QueryRow(ctx, sqlMigrated, nil, &done) })
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}

	if n := len(migrations); n > 0 && done > migrations[n-1].version {
		return fmt.Errorf("migrate: %w: its schema is %d", ErrNewerSchema, done)
	}
	for _, m := range migrations {
		if m.version <= done {
			continue
		}
		if err := m.apply(ctx, db); err != nil {
			return fmt.Errorf("migrate %s: %w", m.name, err)
		}
	}
	return nil
}

// apply runs the migration unless another node has. The row of the migration is the lock: a second node's insert
// waits for the first one's commit and then inserts nothing.
func (m migration) apply(ctx context.Context, db *DB) error {
	return db.Write(ctx, func(tx *Tx) error {
		if err := tx.on.patient(); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, sqlAddMigration, m.version, m.name, tx.Now().UnixMicro())
		if err != nil || n == 0 {
			return err
		}
		return tx.failed(tx.on.script(m.text))
	})
}

// createMigrationsTable tries a few times: PostgreSQL lets two nodes find the table missing and refuses the second one.
func createMigrationsTable(ctx context.Context, db *DB) (err error) {
	for range 5 {
		err = db.Write(ctx, func(tx *Tx) error {
			if err := tx.on.patient(); err != nil {
				return err
			}
			return tx.failed(tx.on.script(createMigrations))
		})
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func readMigrations(fsys fs.FS, engine Engine) ([]migration, error) {
	names, err := fs.Glob(fsys, "*.sql") // sorted
	if err != nil {
		return nil, err
	}
	migrations := make([]migration, 0, len(names))
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil || len(number) != 4 || version < 1 {
			return nil, fmt.Errorf("%s is not named NNNN_what.sql", name)
		}
		if n := len(migrations); n > 0 && migrations[n-1].version == version {
			return nil, fmt.Errorf("%s and %s have the same number", migrations[n-1].name, name)
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		name = strings.TrimSuffix(path.Base(name), ".sql")
		migrations = append(migrations, migration{version, name, textFor(engine, string(text))})
	}
	return migrations, nil
}

// textFor brings out the lines that belong to the engine alone. Those of the other one stay comments.
func textFor(engine Engine, text string) string {
	mark := "--" + engine.String() + " "
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, mark)
	}
	return strings.Join(lines, "\n")
}
