package guard_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
)

// What a decision costs with its counters, for many members at once: without a budget, with the default one, which
// counts unverified numbers alone, and with all that can be set.
func BenchmarkSend(b *testing.B) {
	all := store.BudgetSettings{"project": 1 << 50, "country/US": 1 << 50, "organization/*": 1 << 50}
	for _, engine := range []sqldb.Engine{sqldb.SQLite, sqldb.Postgres} {
		for _, c := range []struct {
			name     string
			verified bool
			budgets  store.BudgetSettings
		}{
			{"verified", true, nil},
			{"verified, budget of the project", true, store.BudgetSettings{"project": 1 << 50}},
			{"verified, three budgets", true, all},
			{"unverified, no budget", false, store.BudgetSettings{"project": -1}},
			{"unverified, budget of the project", false, store.BudgetSettings{"project": 1 << 50}},
			{"unverified, three budgets", false, all},
		} {
			b.Run(engine.String()+"/"+c.name, func(b *testing.B) {
				url := "sqlite:" + b.TempDir() + "/bench.db"
				if engine == sqldb.Postgres {
					url = pgtest.URL(b)
				}
				db, err := store.Open(b.Context(), url, sqldb.Options{Clock: midday})
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = db.Close() }()
				l := newTill(b, db, ids.Live, c.budgets)
				var n atomic.Int64
				b.SetParallelism(16)
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						member := n.Add(1) % 10_000
						in := guard.Send{
							Project: l.p, Organization: &store.Organization{ID: fmt.Sprint("o", member%100)},
							Member: &store.Member{ID: fmt.Sprint("m", member)}, Verified: c.verified, Provider: "twilio",
							Number: phone.Stored(fmt.Sprintf("+1202555%04d", member)),
						}
						err := db.Write(b.Context(), func(tx *store.Tx) error {
							d, err := l.Check(b.Context(), tx, in)
							if err != nil || d.Refusal != nil {
								return err
							}
							return d.Count(b.Context(), tx)
						})
						if err != nil {
							b.Error(err)
						}
					}
				})
			})
		}
	}
}
