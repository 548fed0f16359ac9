package server

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/api"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
)

func TestTemplateCommands(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, environ []string, url string) {
		made := create(t, environ, "Shop", "--env", "live")
		test := create(t, environ, "Trial")
		prepared(t, url, func(db *store.DB) {
			p, err := (&project.Service{DB: db}).Get(t.Context(), made.ProjectID)
			if err != nil {
				t.Fatal(err)
			}
			organizations := &org.Service{DB: db}
			if _, err := organizations.Create(t.Context(), p, rbac.Caller{}, org.Changes{Name: "Acme", Slug: "acme"}); err != nil {
				t.Fatal(err)
			}
		})
		template := func(verb string, args ...string) []string {
			return append([]string{"project", "template", verb, made.ProjectID}, args...)
		}
		says := func(args []string, want ...string) {
			t.Helper()
			text := must(t, environ, args...)
			for _, part := range want {
				if !strings.Contains(text, part) {
					t.Errorf("%v: no %q in\n%s", args, part, text)
				}
			}
		}

		says(template("set", "--locale", "DE-de", "--text", "{code} öffnet {project}."),
			"Texts in de-DE use the project's words:", "  | 123456 öffnet Shop.\n  1 SMS, 19 of 160 in GSM-7\n")
		says(template("set", "--organization", "acme", "--name", "Acme “Bank”", "--text", "{project}:\n{code}"),
			"Texts use the name Acme “Bank”.", "the organization's words:", "  | Acme “Bank”:\n  | 123456\n",
			"1 SMS, 19 of 70 in UCS-2 because of “ ”")
		says(template("list", "--organization", "acme"), "name in texts: Acme “Bank”", "en  organization", "de-DE  project",
			"  | 123456 öffnet Acme “Bank”.", "ja  shipped")
		says(template("preview", "--text", "{code} at {project}", "--name", "Corner Shop"), "| 123456 at Corner Shop\n")

		var all struct {
			Name      string         `json:"name"`
			Templates []api.Template `json:"templates"`
		}
		if err := json.Unmarshal([]byte(must(t, environ, template("list", "--json")...)), &all); err != nil {
			t.Fatal(err)
		}
		if all.Name != "Shop" || len(all.Templates) != 16 || all.Templates[5].Template != "{code} öffnet {project}." {
			t.Errorf("list: %+v", all)
		}

		says(template("remove", "--organization", "acme", "--name", "--locale", "en"), "Texts use the name Shop again.",
			"Texts in en use the shipped words:")
		says(template("remove", "--locale", "de-DE"), "Texts in de-DE use the shipped words:", "123456 ist Ihr Code für Shop.")
		says([]string{"project", "template", "set", test.ProjectID, "--text", "{code} for {project}"},
			"whose texts name nobody")
	})
}

func TestTemplateCommandsRefuse(t *testing.T) {
	t.Parallel()
	environ, _ := data(t)
	made := create(t, environ, "Shop")
	template := func(verb string, args ...string) []string {
		return append([]string{"project", "template", verb, made.ProjectID}, args...)
	}
	must(t, environ, template("set", "--text", "{code}", "--name", "Corner Shop")...)
	before := must(t, environ, template("list", "--json")...)
	for name, test := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"nothing to set":     {template("set"), 1, "--text, --name, or both"},
		"nothing to remove":  {template("remove"), 1, "--locale, --name, or both"},
		"no text":            {template("preview"), 2, "--text"},
		"no code":            {template("set", "--text", "Hello"), 1, "The template has no {code}.\n"},
		"no code, not saved": {template("preview", "--text", "Hello"), 1, "would be refused"},
		"no language":        {template("set", "--text", "{code}", "--locale", "tlh"), 1, "anguage"},
		"empty text":         {template("set", "--text", ""), 1, "The template has no {code}."},
		"empty name":         {template("set", "--name", ""), 1, "The name must have 1 to 64 characters"},
		"no UTF-8":           {template("set", "--text", "{code}\xff"), 1, "U+FFFD"},
		"nothing there":      {template("remove", "--locale", "fr"), 1, "no wording of this language to remove"},
		"no organization":    {template("set", "--text", "{code}", "--organization", "x"), 1, "rganization"},
		"of a live project": {
			template("list", "--organization", ids.New(ids.Organization, ids.Live, time.Unix(0, 0))), 1, "live project",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, stderr, status := thimble(t, environ, test.args...)
			if status != test.status || !strings.Contains(stderr, test.want) {
				t.Errorf("status %d, want %d and %q in:\n%s", status, test.status, test.want, stderr)
			}
		})
	}
	if diff := cmp.Diff(before, must(t, environ, template("list", "--json")...)); diff != "" {
		t.Errorf("refusals changed something (-before +after):\n%s", diff)
	}
}
