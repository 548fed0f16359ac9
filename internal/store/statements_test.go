package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite"

	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// mayScan are the statements that read a whole table, with the reason.
var mayScan = map[string]string{
	"projects":      "the command line lists them all",
	"ring_keys":     "the key ring is read whole and has a few rows",
	"pretend_rules": "there are at most fifty, in development alone",
	"newest_event":  "it stops after the newest row of the primary key",
}

// TestStatements has both engines prepare every statement and say how they would run it: none reads a whole table.
func TestStatements(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "thimble.db")
		storetest.Open(t, "sqlite:"+path)
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		for _, s := range sqldb.Statements() {
			plan, err := sqlitePlan(t.Context(), db, s.Text(sqldb.SQLite))
			if err != nil {
				t.Errorf("%s: %v", s.Name(), err)
			}
			complain(t, s, plan, "SCAN ")
		}
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := pgtest.URL(t)
		storetest.Open(t, url)
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.Background()) }()
		// An empty table is best read whole: only what has no index at all is read whole now.
		if _, err := conn.Exec(t.Context(), "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan"); err != nil {
			t.Fatal(err)
		}
		for _, s := range sqldb.Statements() {
			plan, err := postgresPlan(t.Context(), conn, s.Name(), s.Text(sqldb.Postgres))
			if err != nil {
				t.Errorf("%s: %v", s.Name(), err)
			}
			complain(t, s, plan, "Seq Scan on ")
		}
	})
}

func complain(t *testing.T, s *sqldb.Stmt, plan []string, scan string) {
	t.Helper()
	for _, line := range plan {
		whole := strings.Contains(line, scan) && !strings.Contains(line, "CONSTANT ROW")
		if _, may := mayScan[s.Name()]; whole && !may && !overSubquery(line) {
			t.Errorf("%s reads a whole table: %s", s.Name(), strings.TrimSpace(line))
		}
	}
}

// overSubquery reports lines of SQLite's plans that walk what a part of the statement itself gave.
func overSubquery(line string) bool {
	return slices.ContainsFunc([]string{"SCAN found", "ROW VALUES CLAUSE"}, func(part string) bool {
		return strings.Contains(line, part)
	})
}

func sqlitePlan(ctx context.Context, db *sql.DB, text string) ([]string, error) {
	args := make([]any, strings.Count(text, "?"))
	for i := range args {
		args[i] = 1
	}
	most := 0
	for i := 1; i <= 99; i++ {
		if strings.Contains(text, fmt.Sprintf("?%d", i)) {
			most = i
		}
	}
	rows, err := db.QueryContext(ctx, "EXPLAIN QUERY PLAN "+text, args[:most]...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()

	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var line string
		if err := rows.Scan(&id, &parent, &unused, &line); err != nil {
			return nil, err
		}
		plan = append(plan, line)
	}
	return plan, rows.Err()
}

func postgresPlan(ctx context.Context, conn *pgx.Conn, name, text string) ([]string, error) {
	description, err := conn.Prepare(ctx, "go_"+name, text)
	if err != nil {
		return nil, err
	}
	nulls := make([]string, len(description.ParamOIDs))
	for i, oid := range description.ParamOIDs {
		nulls[i] = "NULL::blob" // the one type that is ours
		if typ, ok := conn.TypeMap().TypeForOID(oid); ok {
			nulls[i] = "NULL::" + typ.Name
		}
	}
	call := ""
	if len(nulls) > 0 {
		call = "(" + strings.Join(nulls, ", ") + ")"
	}

	if _, err := conn.Exec(ctx, "PREPARE plan_"+name+" AS "+text); err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, "EXPLAIN EXECUTE plan_"+name+call, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
