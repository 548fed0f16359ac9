//go:build unix

package pgtest_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
)

func TestURL(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	first, second := pgtest.URL(t), pgtest.URL(t)
	t.Logf("two databases after %s", time.Since(begin))
	if first == second {
		t.Fatalf("the same database twice: %s", first)
	}

	for _, url := range []string{first, second} {
		conn, err := pgconn.Connect(context.Background(), url)
		if err != nil {
			t.Fatal(err)
		}
		// Were they one database, the second CREATE would fail.
		result := conn.Exec(context.Background(), "CREATE TABLE mine (id BIGINT); SHOW fsync")
		results, err := result.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(results[1].Rows[0][0]); got != "on" {
			t.Errorf("fsync is %s, want on", got)
		}
		if err := conn.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}
