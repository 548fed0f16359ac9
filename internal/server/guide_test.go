package server

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// script runs the blocks for the shell of a page, one after the other and each on its own, against thimble dev.
func script(t *testing.T, page string, environ []string) (out string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	blocks := block.FindAllSubmatch(text, -1)
	if len(blocks) == 0 {
		t.Fatalf("%s has no blocks", page)
	}
	environ = append(environ, "PATH="+withThimble(t)+string(os.PathListSeparator)+os.Getenv("PATH"), "TMPDIR="+t.TempDir())
	for _, found := range blocks {
		shell := exec.CommandContext(t.Context(), "sh", "-eu")
		shell.Stdin = strings.NewReader(string(found[1]))
		shell.Env = environ
		shell.Dir = t.TempDir()
		said, err := shell.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v in\n%s\n%s", page, err, found[1], said)
		}
		out += string(said)
	}
	return out
}

// TestTestingGuide runs the blocks of docs/testing.md as they stand, twice.
func TestTestingGuide(t *testing.T) {
	t.Parallel()
	environ, _ := data(t)
	address := lineAfter(t, strings.Join(dev(t, environ), "\n"), "Thimble is ready: ")
	for range 2 {
		out := script(t, "../../docs/testing.md", append(environ, "THIMBLE_URL="+address))
		for _, want := range []string{"logged in with the code of a text", `"prefix":"+1202"`, `"next":3`} {
			if !strings.Contains(out, want) {
				t.Errorf("the blocks do not print %q:\n%s", want, out)
			}
		}
	}
}
