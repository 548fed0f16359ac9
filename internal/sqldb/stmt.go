package sqldb

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// constant is what SQL accepts: outside this package only an untyped constant converts to it by itself, so that no text
// put together at run time becomes a statement.
type constant string

// Stmt is one SQL statement, a text for each engine. Connections prepare it when they first meet it and keep it by its
// pointer, so a Stmt is a package variable.
type Stmt struct {
	name     string
	sqlite   string
	postgres string
	guarded  map[int64]*Stmt // the texts made by guard, by wanted row count
	lock     sync.Mutex
	id       string // the prepared name on PostgreSQL; "" is never kept prepared
}

var registry struct {
	sync.Mutex
	all    []*Stmt
	byName map[string]bool
}

var stmtCount atomic.Int64

// SQL declares a statement that is the same text on both engines. Parameters are $1, $2 and so on. The name appears in
// errors and is unique in the program; a second one of the same name panics.
func SQL(name string, text constant) *Stmt {
	return register(name, string(text), string(text))
}

// SQL2 declares a statement with a text for each engine, with the same parameters and columns. It needs a reason: a
// measurement or a missing feature.
func SQL2(name string, sqlite, postgres constant) *Stmt {
	return register(name, string(sqlite), string(postgres))
}

// Dynamic makes a statement from text put together at run time. It is for the search builder alone: such a statement is
// neither registered nor kept prepared.
func Dynamic(name, text string) *Stmt {
	return &Stmt{name: name, sqlite: numbered(text), postgres: text}
}

// own makes a statement of this package, which knows no tables: it is not in Statements.
func own(text string) *Stmt {
	return &Stmt{name: text, sqlite: numbered(text), postgres: text, id: nextID()}
}

var sqlPing = own("SELECT 1")

// Statements returns every statement declared with SQL and SQL2, sorted by name.
func Statements() []*Stmt {
	registry.Lock()
	defer registry.Unlock()

	all := slices.Clone(registry.all)
	slices.SortFunc(all, func(a, b *Stmt) int { return strings.Compare(a.name, b.name) })
	return all
}

// Name returns the name the statement was declared with.
func (s *Stmt) Name() string { return s.name }

// Text returns the text that the engine is given.
func (s *Stmt) Text(e Engine) string {
	if e == Postgres {
		return s.postgres
	}
	return s.sqlite
}

func register(name, sqlite, postgres string) *Stmt {
	s := &Stmt{name: name, sqlite: numbered(sqlite), postgres: postgres, id: nextID()}

	registry.Lock()
	defer registry.Unlock()
	if registry.byName == nil {
		registry.byName = map[string]bool{}
	}
	if registry.byName[name] {
		panic("sqldb: two statements are named " + name)
	}
	registry.byName[name] = true
	registry.all = append(registry.all, s)
	return s
}

func nextID() string {
	return "s" + strconv.FormatInt(stmtCount.Add(1), 10)
}

// numbered turns $1 into ?1: SQLite takes $1 for a name and numbers names in the order of their first appearance. Text
// inside quotes and comments stays as it is.
func numbered(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); {
		end := i + skip(text[i:])
		if end > i {
			b.WriteString(text[i:end])
			i = end
			continue
		}
		if text[i] == '$' && i+1 < len(text) && '0' <= text[i+1] && text[i+1] <= '9' {
			b.WriteByte('?')
		} else {
			b.WriteByte(text[i])
		}
		i++
	}
	return b.String()
}

// skip returns the length of the quoted text or comment that text begins with, 0 if it begins with neither.
func skip(text string) int {
	switch {
	case text[0] == '\'' || text[0] == '"':
		if n := strings.IndexByte(text[1:], text[0]); n >= 0 {
			return n + 2
		}
		return len(text)
	case strings.HasPrefix(text, "--"):
		if n := strings.IndexByte(text, '\n'); n >= 0 {
			return n
		}
		return len(text)
	}
	return 0
}

// guard returns the statement that fails with a division by zero on PostgreSQL unless s touches exactly want rows, or
// nil if s cannot be put inside another statement. With it a row count is checked by the server, in the same round trip
// as the COMMIT that must not happen.
func (s *Stmt) guard(want int64) *Stmt {
	s.lock.Lock()
	defer s.lock.Unlock()

	if g, ok := s.guarded[want]; ok {
		return g
	}
	if s.guarded == nil {
		s.guarded = map[int64]*Stmt{}
	}
	s.guarded[want] = s.makeGuard(want)
	return s.guarded[want]
}

func (s *Stmt) makeGuard(want int64) *Stmt {
	words := strings.Fields(strings.ToUpper(s.postgres))
	if s.id == "" || len(words) == 0 || !slices.Contains([]string{"INSERT", "UPDATE", "DELETE"}, words[0]) {
		return nil
	}
	returning := "\nRETURNING 1"
	if slices.Contains(words, "RETURNING") {
		returning = "\n"
	}
	text := fmt.Sprintf("WITH guarded AS (%s%s) SELECT 1/(count(*) = %d)::int FROM guarded", s.postgres, returning, want)
	return &Stmt{name: s.name, postgres: text, id: nextID()}
}
