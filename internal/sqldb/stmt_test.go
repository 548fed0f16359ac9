package sqldb

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
)

var discard = slog.New(slog.DiscardHandler)

func TestNumbered(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                              "",
		"SELECT $1, $12":                "SELECT ?1, ?12",
		"SELECT '$1', \"$2\", $3":       "SELECT '$1', \"$2\", ?3",
		"SELECT 'it''s $1' || $1":       "SELECT 'it''s $1' || ?1",
		"SELECT 1 -- it's $1\n, $2":     "SELECT 1 -- it's $1\n, ?2",
		"SELECT a-$1, '$.x' FROM t$":    "SELECT a-?1, '$.x' FROM t$",
		"SELECT 'open $1":               "SELECT 'open $1",
		"SELECT 1 -- to the end $1, $2": "SELECT 1 -- to the end $1, $2",
	} {
		if got := numbered(text); got != want {
			t.Errorf("numbered(%q) = %q, want %q", text, got, want)
		}
	}
}

var sqlTwo = SQL2("registry_test", "SELECT $1", "SELECT $1::bigint")

func TestRegistry(t *testing.T) {
	t.Parallel()
	s := sqlTwo
	if s.Text(SQLite) != "SELECT ?1" || s.Text(Postgres) != "SELECT $1::bigint" {
		t.Errorf("texts are %q and %q", s.Text(SQLite), s.Text(Postgres))
	}
	if !slices.Contains(Statements(), s) {
		t.Error("the statement is not registered")
	}
	if !slices.IsSortedFunc(Statements(), func(a, b *Stmt) int { return strings.Compare(a.name, b.name) }) {
		t.Error("statements are not sorted by name")
	}
	defer func() {
		if recover() == nil {
			t.Error("a second statement of the same name was taken")
		}
	}()
	SQL("registry_test", "SELECT 2")
}
