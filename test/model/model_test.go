// Package model plays random stories about logins against the server, over HTTP and on both engines, and holds every
// answer against a rulebook that was written apart from it. README.md says how to play more of them and how to read one
// that went wrong.
package model

import (
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/test/model/rulebook"
	"github.com/thimble-auth/thimble/test/world"
)

// What rapid does unless told otherwise: as much as make test has time for.
var usual = map[string]string{
	"rapid.checks":     "25", // stories, on each engine
	"rapid.steps":      "40", // acts of a story, on the average
	"rapid.shrinktime": "1m", // to find a short story that goes wrong, once a long one did
}

func TestMain(m *testing.M) {
	flag.Parse()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, value := range usual {
		if given[name] {
			continue
		}
		if err := flag.Set(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	os.Exit(m.Run())
}

func TestStories(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		began := time.Now().Truncate(time.Hour).Add(time.Hour) // after the key ring was made
		h := &house{tb: t, w: world.Open(t, url, sqldb.Options{Clock: func() time.Time { return began }})}
		t.Cleanup(h.tellFirst)
		rapid.Check(t, func(rt *rapid.T) {
			s := newStage(rt, h)
			rt.Repeat(s.acts())
			for _, m := range s.book.Members {
				s.look(m)
			}
		})
	})
}

// acts are what may come next in a story. What is there twice comes twice as often.
func (s *stage) acts() map[string]func(*rapid.T) {
	acts := map[string]func(*rapid.T){
		// After each of them the server's idea of whom it was about is compared.
		"": func(*rapid.T) { s.look(s.book.Members[s.at]) },
	}
	add := func(name string, times int, act func()) {
		for i := range times {
			acts[fmt.Sprintf("%s %d", name, i)] = func(rt *rapid.T) {
				s.t = rt
				act()
			}
		}
	}
	about := func(act func(*rulebook.Member)) func() { return func() { act(s.someone()) } }

	add("mail", 1, s.mail)
	add("follow a link", 1, s.followLink)
	add("enter a code from a mail", 1, about(s.enterMail))
	add("enter a password", 1, about(s.password))
	add("log in", 2, s.logIn)
	add("discover", 1, s.discover)
	add("ask for a text", 1, s.texts)
	add("enter a code from a text", 2, about(s.enterText))
	add("prove a number", 2, s.proveNumber)
	add("use an app", 2, about(s.app))
	add("set an app up", 1, s.setUpApp)
	add("recover", 1, about(s.recover))
	add("finish a login", 1, s.finish)
	add("besiege", 1, s.siege)
	add("come to the brink", 1, s.brink)
	add("remove", 1, s.remove)
	add("exchange", 2, s.exchange)
	add("go over", 2, s.goOver)
	add("use a session", 1, s.session)
	add("change a policy", 2, s.policies)
	add("unlock", 1, about(s.unlock))
	add("pause", 1, s.pause)
	add("come in the last moment", 2, s.deadline)
	return acts
}

// The rulebook would be no second opinion if it asked the server.
func TestRulebookStandsAlone(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("rulebook/*.go")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no rulebook: %v", err)
	}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			if strings.Contains(spec.Path.Value, ".") {
				t.Errorf("%s imports %s: the standard library is all it may know", path, spec.Path.Value)
			}
		}
	}
}
