package limit_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
)

// What a send costs here: reading its counters, and counting it, for many members at once.
func BenchmarkSend(b *testing.B) {
	for _, engine := range []sqldb.Engine{sqldb.SQLite, sqldb.Postgres} {
		b.Run(engine.String(), func(b *testing.B) {
			url := "sqlite:" + b.TempDir() + "/bench.db"
			if engine == sqldb.Postgres {
				url = pgtest.URL(b)
			}
			db, err := store.Open(b.Context(), url, sqldb.Options{Clock: midday})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			p := &store.Project{ID: ids.New(ids.Project, ids.Live, db.Now()), Env: ids.Live}
			p.Settings.Limits = map[string]int64{}
			for name := range limit.Defaults() {
				p.Settings.Limits[name] = 1 << 40
			}

			var n atomic.Int64
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					member := n.Add(1) % 10_000
					s := limit.Send{
						Project: p, Organization: fmt.Sprint("o", member%100), Member: fmt.Sprint("m", member),
						Number: phone.Stored(fmt.Sprintf("+1202555%04d", member)),
					}
					if refused, err := try(b.Context(), db, s); err != nil || refused != "" {
						b.Error(refused, err)
					}
				}
			})
		})
	}
}
