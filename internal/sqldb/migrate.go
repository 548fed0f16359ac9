package sqldb

import (
	"context"
	"errors"
	"io/fs"
)

// ErrNewerSchema says that the database was migrated by a newer version of the program.
var ErrNewerSchema = errors.New("the database belongs to a newer version")

// Migrate brings the schema up to date with the files NNNN_what.sql of fsys.
func Migrate(ctx context.Context, db *DB, fsys fs.FS) error {
	return errors.New("TODO")
}
