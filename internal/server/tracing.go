package server

import (
	"context"

	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/trace"
)

// transactions tells a tracer of the transactions of recorded requests; nil for no tracer.
func transactions(t *trace.Tracer) sqldb.Trace {
	if t == nil {
		return nil
	}
	return func(ctx context.Context, write bool) func(sqldb.Cost, bool) {
		span := t.Transaction(ctx, write)
		if !span.Recorded() {
			return nil
		}
		return func(c sqldb.Cost, failed bool) { span.Done(c.RoundTrips, c.Statements, failed) }
	}
}
