// Package scenario tells stories about the server: HTTP in and out, in fake time, on both engines, and at the end all
// that was sent and all that was recorded. README.md says how a story is written.
package scenario

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the outbox and audit sections instead of comparing with them")

// The sections of a story.
const (
	sectionSetup  = "setup"  // optional: steps whose traces the last two sections leave out
	sectionSteps  = "steps"  //
	sectionOutbox = "outbox" // every message that the steps sent
	sectionAudit  = "audit"  // every event that the steps recorded
)

// story is a file of testdata.
type story struct {
	name    string
	path    string
	archive *txtar.Archive
	text    map[string]string
	line    map[string]int // where the section's text begins
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	all := &databases{t: t}
	for _, path := range paths {
		s := readStory(t, path)
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			all.both(t, func(t *testing.T, url string) { tell(t, s, url, false) })
			if !*update {
				onSQLite(t, "twice", func(t *testing.T, url string) { tell(t, s, url, true) })
			}
		})
	}
}

func readStory(t *testing.T, path string) *story {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := &story{
		name: strings.TrimSuffix(filepath.Base(path), ".txtar"), path: path, archive: txtar.Parse(raw),
		text: map[string]string{}, line: map[string]int{},
	}
	if strings.TrimSpace(string(s.archive.Comment)) == "" {
		t.Fatalf("%s does not say what it shows", path)
	}
	at := 1 + strings.Count(string(s.archive.Comment), "\n")
	for _, f := range s.archive.Files {
		at++ // the line with the section's name
		s.text[f.Name], s.line[f.Name] = string(f.Data), at
		at += strings.Count(string(f.Data), "\n")
	}
	return s
}

// tell runs a story and compares what is left of it. twice has each transaction run once for nothing beforehand.
func tell(t *testing.T, s *story, url string, twice bool) {
	setup, steps := parse(t, s, sectionSetup), parse(t, s, sectionSteps)
	server := serverOf(setup)
	server.twice = twice
	w := newWorld(t, url, server)
	defer w.close()

	w.run(setup)
	w.mark()
	w.run(steps)
	outbox, events := w.outbox(), w.audit()
	w.checkLog()
	w.checkMetrics()

	if *update {
		if strings.HasPrefix(url, "sqlite:") {
			s.rewrite(t, outbox, events)
		}
		return
	}
	s.compare(t, sectionOutbox, outbox)
	s.compare(t, sectionAudit, events)
}

func (s *story) compare(t *testing.T, section, got string) {
	t.Helper()
	want, stated := s.text[section]
	if !stated {
		t.Fatalf("%s has no section %s", s.path, section)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s:%d: the %s is another (-stated +found):\n%s", s.path, s.line[section], section, diff)
	}
}

func (s *story) rewrite(t *testing.T, outbox, events string) {
	t.Helper()
	kept := s.archive.Files[:0:0]
	for _, f := range s.archive.Files {
		if f.Name != sectionOutbox && f.Name != sectionAudit {
			kept = append(kept, f)
		}
	}
	kept = append(kept, txtar.File{Name: sectionOutbox, Data: []byte(outbox)},
		txtar.File{Name: sectionAudit, Data: []byte(events)})
	out := txtar.Format(&txtar.Archive{Comment: s.archive.Comment, Files: kept})
	if err := os.WriteFile(s.path, out, 0o644); err != nil {
		t.Fatal(err)
	}
}
