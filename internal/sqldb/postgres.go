package sqldb

import (
	"context"
	"errors"
)

func openPostgres(ctx context.Context, url string, o Options) (engine, error) {
	return nil, errors.New("TODO")
}
