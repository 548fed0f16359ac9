package server

import (
	_ "embed"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed story.sh
var storyText string

// story is a whole login for a shell that has curl and sed. It stands in a subshell, so that pasting it changes nothing
// in the shell of whoever does; it has no comments and no exclamation marks, which some shells take for something else
// when they are typed.
var story = template.Must(template.New("story").Parse(storyText))

var welcome = template.Must(template.New("welcome").Parse(`
Thimble is ready: {{.URL}}

  project       {{.ProjectID}}
  secret        {{.Secret}}
  public token  {{.PublicToken}}
  organization  {{.OrganizationID}} (acme)
  member        {{.MemberID}} ({{.Email}})
  inbox         {{.URL}}/dev/inbox
  kept in       {{.Kept}}

Paste this into another terminal for a whole login, as often as you like:

{{.Story}}
`))

// scene is what the welcome and the story need to know.
type scene struct {
	identity
	URL, Email, Phone, Kept, Story string
}

// welcome is what thimble dev prints once it is ready.
func (c *devCommand) welcome(who identity) string {
	s := scene{identity: who, URL: c.PublicURL, Email: seedEmail, Phone: seedPhone, Kept: c.kept()}
	s.Story = strings.TrimSpace(render(story, s))
	return render(welcome, s)
}

func (c *devCommand) kept() string {
	folder, err := filepath.Abs(c.Data)
	if err != nil {
		folder = c.Data
	}
	if _, ok := c.SQLiteFile(); !ok {
		return "PostgreSQL, and keys in " + folder
	}
	return folder
}

func render(t *template.Template, s scene) string {
	var b strings.Builder
	if err := t.Execute(&b, s); err != nil {
		panic("server: a template of ours does not fit: " + err.Error())
	}
	return b.String()
}
