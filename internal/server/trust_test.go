package server

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const somebodysKey = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
`

func TestTrustCommands(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, environ []string, _ string) {
		made := create(t, environ, "Shop")
		file := filepath.Join(t.TempDir(), "key.pem")
		if err := os.WriteFile(file, []byte(somebodysKey), 0o600); err != nil {
			t.Fatal(err)
		}
		add := func(args ...string) []string {
			return append([]string{
				"project", "trust", "add", made.ProjectID, "Partner", "--issuer", "https://p.example",
				"--audience", "shop", "--map", "email=email,token_id=jti",
			}, args...)
		}
		inPEM := must(t, environ, add("--pem", file, "--jit")...)
		must(t, environ, add("--jwks-url", "https://p.example/jwks")...)
		id := regexp.MustCompile(`trusted-token-profile-test-\S+`).FindString(inPEM)
		text := must(t, environ, "project", "trust", "list", made.ProjectID)
		for _, want := range []string{id, "1 in PEM", "https://p.example/jwks", "true", "false"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
		must(t, environ, "project", "trust", "remove", made.ProjectID, id)
		if text := must(t, environ, "project", "trust", "list", made.ProjectID); strings.Contains(text, id) {
			t.Errorf("it is still there:\n%s", text)
		}

		for _, test := range []struct {
			args []string
			want string
		}{
			{add(), "either the URL"},
			{add("--pem", filepath.Join(t.TempDir(), "none")), "none"},
			{add("--jwks-url", "http://p.example/jwks"), "https://"},
			{[]string{"project", "trust", "remove", made.ProjectID, id}, "no such profile"},
			{[]string{"project", "set", made.ProjectID, "--userinfo-url", "ftp://x"}, "userinfo"},
		} {
			_, stderr, status := thimble(t, environ, test.args...)
			if status == 0 || !strings.Contains(stderr, test.want) {
				t.Errorf("%v: status %d, %q; want %q", test.args, status, stderr, test.want)
			}
		}
		must(t, environ, "project", "set", made.ProjectID, "--userinfo-url", "https://old.example/userinfo")
		if got := list(t, environ)[0].UserinfoURL; got != "https://old.example/userinfo" {
			t.Errorf("userinfo URL %q", got)
		}
	})
}
