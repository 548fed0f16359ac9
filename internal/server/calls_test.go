package server

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/api"
)

// notShown are the calls without an example that runs, with the reason.
var notShown = map[string]string{
	"b2b.sessions.migrate": "it asks another system",
}

var block = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// TestCalls runs the blocks of docs/calls.md as they stand, twice, and looks which calls they made: all there are.
func TestCalls(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/calls.md")
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, found := range block.FindAllSubmatch(page, -1) {
		if strings.ContainsAny(string(found[1]), "!#") {
			t.Error("a block holds signs that interactive shells take for something else")
		}
		script.Write(found[1])
	}

	environ, _ := data(t)
	printed, log := devWithLog(t, environ)
	shell := exec.CommandContext(t.Context(), "sh", "-eu")
	shell.Stdin = strings.NewReader(script.String() + script.String())
	shell.Env = append(environ, "THIMBLE_URL="+lineAfter(t, strings.Join(printed, "\n"), "Thimble is ready: "),
		"PATH="+withThimble(t)+string(os.PathListSeparator)+os.Getenv("PATH"), "TMPDIR="+t.TempDir())
	if out, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}

	want, got := map[string]bool{}, map[string]bool{}
	for _, e := range (&api.API{}).Endpoints() {
		want[e.Name()] = notShown[e.Name()] == ""
		got[e.Name()] = false
	}
	for line := range strings.Lines(log()) {
		if _, rest, ok := strings.Cut(line, " name="); ok && strings.Contains(line, " status=200 ") {
			name, _, _ := strings.Cut(rest, " ")
			if _, call := want[name]; call {
				got[name] = true
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" || !maps.Equal(want, got) {
		t.Errorf("calls that were answered with 200 (-want +got):\n%s", cmp.Diff(want, got))
	}
}

// withThimble gives a folder with a command thimble, which is this test's binary.
func withThimble(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	script := "#!/bin/sh\n" + asThimble + "=1 exec '" + self + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(folder, "thimble"), []byte(script), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	return folder
}
