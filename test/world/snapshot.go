package world

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // another reader of the file than the server's own
)

// Snapshot tells what every table of a database holds: the number of its rows and a hash of them, by the table's name. Two
// that are equal say that nothing happened in between.
func Snapshot(t testing.TB, url string) map[string]string {
	t.Helper()
	take := sqliteSnapshot
	if !strings.HasPrefix(url, "sqlite:") {
		take = postgresSnapshot
	}
	tables, err := take(t.Context(), url)
	if err != nil {
		t.Fatalf("snapshot: %v", err)
	}
	if len(tables) < 10 {
		t.Fatalf("only %d tables", len(tables))
	}
	return tables
}

func sqliteSnapshot(ctx context.Context, url string) (map[string]string, error) {
	path := strings.TrimPrefix(url, "sqlite:")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=query_only(1)&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	names, err := column(ctx, db, "SELECT name FROM sqlite_master WHERE type = 'table'")
	if err != nil {
		return nil, err
	}
	tables := map[string]string{}
	for _, name := range names {
		// The names come from the database itself.
		rows, err := lines(ctx, db, "SELECT * FROM "+name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		slices.Sort(rows)
		sum := sha256.Sum256([]byte(strings.Join(rows, "\n")))
		tables[name] = fmt.Sprintf("%d rows %s", len(rows), hex.EncodeToString(sum[:8]))
	}
	return tables, nil
}

func column(ctx context.Context, db *sql.DB, query string) ([]string, error) {
	all, err := lines(ctx, db, query)
	for i := range all {
		all[i] = strings.Trim(all[i], "[]")
	}
	return all, err
}

// lines gives one text for each row.
func lines(ctx context.Context, db *sql.DB, query string) ([]string, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all []string
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		all = append(all, fmt.Sprint(values))
	}
	return all, rows.Err()
}

func postgresSnapshot(ctx context.Context, url string) (map[string]string, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
	if err != nil {
		return nil, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	tables := map[string]string{}
	for _, name := range names {
		var n int
		var sum string
		err := conn.QueryRow(ctx, "SELECT count(*), coalesce(md5(string_agg(r::text, ',' ORDER BY r::text)), '') FROM "+
			pgx.Identifier{name}.Sanitize()+" AS r").Scan(&n, &sum)
		if err != nil {
			return nil, err
		}
		tables[name] = fmt.Sprintf("%d rows %s", n, sum)
	}
	return tables, nil
}
