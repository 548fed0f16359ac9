package store

import (
	"context"
	"errors"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// WriteUnique is Write for an f that looks whether a name is free and then takes it. When somebody else takes it in
// between, the unique index refuses; f then runs again, sees that, and can say which name it was.
func (db *DB) WriteUnique(ctx context.Context, f func(tx *Tx) error) error {
	err := db.Write(ctx, f)
	for range 2 {
		if !errors.Is(err, sqldb.ErrUnique) {
			return err
		}
		err = db.Write(ctx, f)
	}
	return err
}
