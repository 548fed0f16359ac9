package server

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// script runs the blocks for the shell of a page one after the other, in one shell in the folder given, against thimble
// dev.
func script(t *testing.T, page, folder string, environ []string) (out string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, found := range block.FindAllSubmatch(text, -1) {
		all.Write(found[1])
	}
	if all.Len() == 0 {
		t.Fatalf("%s has no blocks", page)
	}
	shell := exec.CommandContext(t.Context(), "sh", "-eu")
	shell.Stdin, shell.Dir = strings.NewReader(all.String()), folder
	shell.Env = append(environ, "PATH="+withThimble(t)+string(os.PathListSeparator)+os.Getenv("PATH"), "TMPDIR="+t.TempDir())
	said, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", page, err, said)
	}
	return string(said)
}

// TestTestingGuide runs the blocks of docs/testing.md as they stand, twice.
func TestTestingGuide(t *testing.T) {
	t.Parallel()
	environ, _ := data(t)
	address := lineAfter(t, strings.Join(dev(t, environ), "\n"), "Thimble is ready: ")
	for range 2 {
		out := script(t, "../../docs/testing.md", t.TempDir(), append(environ, "THIMBLE_URL="+address))
		for _, want := range []string{"logged in with the code of a text", `"prefix":"+1202"`, `"next":3`} {
			if !strings.Contains(out, want) {
				t.Errorf("the blocks do not print %q:\n%s", want, out)
			}
		}
	}
}

// TestSMSGuide runs the commands of docs/sms.md as they stand, twice, beside a thimble dev of the same folder.
func TestSMSGuide(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	address := lineAfter(t, strings.Join(dev(t, nil, "--data", filepath.Join(folder, "thimble-data")), "\n"),
		"Thimble is ready: ")
	for range 2 {
		out := script(t, "../../docs/sms.md", folder, []string{"THIMBLE_URL=" + address})
		for _, want := range []string{
			"in GSM-7", "rotating", "decided", "delivered", "twilio                not asked", "codes to strangers",
		} {
			if !strings.Contains(strings.ToLower(out), strings.ToLower(want)) {
				t.Errorf("the commands do not print %q:\n%s", want, out)
			}
		}
	}
}

// The picture of docs/sms.md is well-formed, and says in words what it shows.
func TestSMSPicture(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/sms-way.svg")
	if err != nil {
		t.Fatal(err)
	}
	var picture struct {
		XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
		Title   string   `xml:"title"`
		Desc    string   `xml:"desc"`
	}
	if err := xml.Unmarshal(text, &picture); err != nil || picture.Title == "" || picture.Desc == "" {
		t.Errorf("%v: title %q, description %q", err, picture.Title, picture.Desc)
	}
}
