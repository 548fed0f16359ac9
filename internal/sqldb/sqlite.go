package sqldb

import (
	"context"
	"errors"
)

func openSQLite(ctx context.Context, path string, o Options) (engine, error) {
	return nil, errors.New("TODO")
}
