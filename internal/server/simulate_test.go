package server

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/simulate"
	"github.com/thimble-auth/thimble/internal/store"
)

func TestSimulateCommand(t *testing.T) {
	t.Parallel()
	environ, url := data(t)
	plot := filepath.Join(t.TempDir(), "plot.svg")
	args := []string{
		"simulate", "prefixes:requests=400,prefixes=2", "logins", "--logins", "50", "--days", "1", "--limit", "prefix_hour=3",
	}
	text := must(t, environ, append(args, "--svg", plot)...)
	for _, want := range []string{"of 400 requests stopped", "of 50 logins hurt", "prefix_hour"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if drawn, err := os.ReadFile(plot); err != nil || !strings.HasPrefix(string(drawn), "<svg") {
		t.Errorf("%v: %.80s", err, drawn)
	}

	var report simulate.Report
	if err := json.Unmarshal([]byte(must(t, environ, append(args, "--json")...)), &report); err != nil {
		t.Fatal(err)
	}
	if report.Attack.Requests != 400 || report.People.Logins != 50 || report.WallSeconds < 0 {
		t.Errorf("%+v", report)
	}
	if path, _ := strings.CutPrefix(url, "sqlite:"); !missing(path) {
		t.Error("made-up traffic makes the server's database")
	}
}

func missing(path string) bool {
	_, err := os.Stat(path)
	return os.IsNotExist(err)
}

func TestSimulateWithAPolicyFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	yaml := write("policy.yaml", "countries: [US]\nlimits:\n  prefix_hour: 2\n")
	asJSON := write("policy.json", `{"countries": ["US"], "limits": {"prefix_hour": 2}}`)
	args := []string{"simulate", "prefixes:requests=200,prefixes=2", "--days", "1", "--json"}
	withYAML, withJSON := must(t, nil, append(args, "--policy", yaml)...), must(t, nil, append(args, "--policy", asJSON)...)
	if diff := cmp.Diff(timeless(t, withYAML), timeless(t, withJSON)); diff != "" {
		t.Errorf("YAML and JSON differ: %s", diff)
	}
	if timeless(t, withYAML) == timeless(t, must(t, nil, append(args, "--policy", yaml, "--limit", "prefix_hour=none")...)) {
		t.Error("a flag does not go before the file")
	}

	_, stderr, status := thimble(t, nil, append(args, "--policy", write("wrong.yaml", "contries: [US]\n"))...)
	if status != 1 || !strings.Contains(stderr, `unknown field "contries"`) {
		t.Errorf("%d %s", status, stderr)
	}
}

// timeless is a report without how long it took.
func timeless(t *testing.T, text string) string {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatal(err)
	}
	delete(fields, "wall_seconds")
	plain, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func TestSimulateRecorded(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, environ []string, url string) {
		_, master := keys.NewMaster()
		environ = append(environ, "THIMBLE_MASTER_KEY="+master)
		made := create(t, environ, "Shop", "--env", "live")
		text := must(t, environ, "simulate", "--recorded", "--project", made.ProjectID, "--limit", "prefix_hour=1")
		if !strings.Contains(text, "Nothing would have been different") || !strings.Contains(text, made.ProjectID) {
			t.Errorf("%s", text)
		}
		var settings store.ProjectSettings
		for _, p := range list(t, environ) {
			settings.Limits = p.Limits
		}
		if settings.Limits["prefix_hour"] == 1 {
			t.Error("a simulation changes the project")
		}
		_, stderr, status := thimble(t, environ, "simulate", "--recorded", "--project", "project-live-none")
		if status != 1 || !strings.Contains(stderr, "there is no project with that id") {
			t.Errorf("%d %s", status, stderr)
		}
	})
}

func TestSimulateRefusesWhatMeansNothing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ args, want string }{
		{"", "name at least one kind of traffic"},
		{"nothing", `there is no traffic "nothing"`},
		{"prefixes --days=-1", "--days must be from 1 to 366"},
		{"prefixes --days 400", "the days must be from 1 to 366"},
		{"prefixes --limit nonsense=1", `there is no limit "nonsense"`},
		{"prefixes --requests=-5", "--requests and --logins must be from 1 to"},
		{"logins --logins 99999999999", "--requests and --logins must be from 1 to"},
		{"--recorded", "--recorded needs --project"},
		{"prefixes --project x", "--project goes with --recorded"},
		{"prefixes --figures", "--figures brings its own traffic"},
		{"--recorded --project x --days 99", "the days must be from 1 to 90"},
	} {
		environ, _ := data(t)
		_, stderr, status := thimble(t, environ, append([]string{"simulate"}, strings.Fields(test.args)...)...)
		if status == 0 || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: status %d, %s, want %s", test.args, status, stderr, test.want)
		}
	}
}
