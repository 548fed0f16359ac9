package sqldb

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
)

var (
	sqlWide = SQL("bench_wide", `SELECT `+wideColumns+` FROM wide WHERE id = $1`)
	sqlPut  = SQL("bench_put", `INSERT INTO items (id, name, n, ok, data) VALUES ($1, $1, $2, TRUE, $3)`)
)

const wideColumns = `c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19,
	c20, c21, c22, c23, c24, c25, c26, c27, c28, c29, c30, c31, c32, c33, c34, c35, c36, c37, c38, c39,
	c40, c41, c42, c43, c44, c45, c46, c47, c48, c49, c50, c51, c52, c53, c54, c55, c56, c57, c58, c59`

// wide adds a table of sixty columns, every third a number, and a row.
func wide(b *testing.B, db *DB) {
	b.Helper()
	var columns, values []string
	for i := range 60 {
		if i%3 == 0 {
			columns, values = append(columns, fmt.Sprintf("c%d BIGINT NOT NULL", i)), append(values, "1700000000000000")
		} else {
			columns, values = append(columns, fmt.Sprintf("c%d TEXT NOT NULL", i)), append(values, "'member-test-0192f0c1'")
		}
	}
	text := fmt.Sprintf(`CREATE TABLE wide (id TEXT NOT NULL PRIMARY KEY, %s);
		INSERT INTO wide VALUES ('key', %s)`, strings.Join(columns, ", "), strings.Join(values, ", "))
	must(b, Migrate(context.Background(), db, fstest.MapFS{"0002_wide.sql": {Data: []byte(text)}}))
}

func benchBoth(b *testing.B, callers []int, bench func(b *testing.B, db *DB, callers int)) {
	for _, n := range callers {
		b.Run(fmt.Sprintf("sqlite/callers=%d", n), func(b *testing.B) { bench(b, open(b, sqliteURL(b), Options{}), n) })
		b.Run(fmt.Sprintf("postgres/callers=%d", n), func(b *testing.B) { bench(b, open(b, pgtest.URL(b), Options{}), n) })
	}
}

// split runs op b.N times from several goroutines and reports operations per second.
func split(b *testing.B, callers int, op func(i int64)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	begin := time.Now()
	for range callers {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				op(i)
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/time.Since(begin).Seconds(), "op/s")
}

// BenchmarkQueryRow is the session check's read: one row of sixty columns by key.
func BenchmarkQueryRow(b *testing.B) {
	benchBoth(b, []int{1, 32}, func(b *testing.B, db *DB, callers int) {
		wide(b, db)
		ctx := context.Background()
		split(b, callers, func(int64) {
			numbers, texts := [60]int64{}, [60]string{}
			dest := make([]any, 60)
			for i := range dest {
				if dest[i] = any(&texts[i]); i%3 == 0 {
					dest[i] = &numbers[i]
				}
			}
			must(b, db.Read(ctx, func(tx *Tx) error { return tx.QueryRow(ctx, sqlWide, []any{"key"}, dest...) }))
		})
	})
}

// BenchmarkWrite is one durable row per call.
func BenchmarkWrite(b *testing.B) {
	data := make([]byte, 100)
	benchBoth(b, []int{1, 32, 256}, func(b *testing.B, db *DB, callers int) {
		ctx := context.Background()
		split(b, callers, func(i int64) {
			id := fmt.Sprintf("member-test-%020d", i)
			must(b, db.Write(ctx, func(tx *Tx) error {
				tx.Later(sqlPut, 1, id, i, data)
				return nil
			}))
		})
	})
}
