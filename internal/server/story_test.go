package server

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
)

// TestStory runs the block that thimble dev prints, as it stands, twice in a row, in a shell of its own.
func TestStory(t *testing.T) {
	t.Parallel()
	for engine, arguments := range map[string]func(t *testing.T) []string{
		"sqlite":      func(*testing.T) []string { return nil },
		"postgres":    func(t *testing.T) []string { return []string{"--database", pgtest.URL(t)} },
		"exposed":     func(*testing.T) []string { return []string{"--expose"} },
		"pool of one": func(*testing.T) []string { return []string{"--database-connections", "1"} },
		"pool of one, postgres": func(t *testing.T) []string {
			return []string{"--database-connections", "1", "--database", pgtest.URL(t)}
		},
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			environ, _ := data(t)
			printed := dev(t, environ, arguments(t)...)
			block := storyIn(t, printed)
			if strings.ContainsAny(block, "!#") {
				t.Error("the block holds signs that interactive shells take for something else")
			}

			shell := exec.CommandContext(t.Context(), "sh")
			shell.Stdin = strings.NewReader(block + block)
			out, err := shell.CombinedOutput()
			if err != nil {
				t.Fatalf("%v:\n%s", err, out)
			}
			if n := strings.Count(string(out), "7. logged in, with the session session-test-"); n != 2 {
				t.Errorf("%d logins, want 2:\n%s", n, out)
			}
			if strings.Contains(string(out), "failed") {
				t.Errorf("a step failed:\n%s", out)
			}
		})
	}
}

// TestExposedPages: whoever reaches an exposed server must not read codes without the credentials.
func TestExposedPages(t *testing.T) {
	t.Parallel()
	environ, _ := data(t)
	printed := strings.Join(dev(t, environ, "--expose"), "\n")
	address := lineAfter(t, printed, "Thimble is ready: ")
	project, secret := lineAfter(t, printed, "project       "), lineAfter(t, printed, "secret        ")
	if project == fixed.ProjectID || secret == fixed.Secret {
		t.Errorf("an exposed server has the fixed credentials %s", project)
	}

	get := func(path, user, password string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if user != "" {
			r.SetBasicAuth(user, password)
		}
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	for name, test := range map[string]struct {
		path, user, password string
		want                 int
	}{
		"nobody":              {"/dev/messages", "", "", http.StatusUnauthorized},
		"nobody, the page":    {"/dev/inbox", "", "", http.StatusUnauthorized},
		"nobody, two slashes": {"//dev/messages", "", "", http.StatusUnauthorized},
		"nobody, dots":        {"/v1/../dev/messages", "", "", http.StatusUnauthorized},
		"fixed credentials":   {"/dev/messages", fixed.ProjectID, fixed.Secret, http.StatusUnauthorized},
		"another secret":      {"/dev/messages", project, fixed.Secret, http.StatusUnauthorized},
		"the credentials":     {"/dev/messages", project, secret, http.StatusOK},
		"alive":               {"/healthz", "", "", http.StatusOK},
	} {
		if got := get(test.path, test.user, test.password); got != test.want {
			t.Errorf("%s: status %d, want %d", name, got, test.want)
		}
	}
}

// lineAfter gives the rest of the line on which before stands.
func lineAfter(t *testing.T, text, before string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, before)
	value, _, found := strings.Cut(rest, "\n")
	if !ok || !found {
		t.Fatalf("no %q in:\n%s", before, text)
	}
	return value
}
