// Package attack sends the server what nobody should: malformed requests to every call, tokens and ids of others, and
// texts that mean something elsewhere. What is refused must be refused as documented and change nothing.
package attack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/test/world"
)

// party is a member with everything that belongs to them.
type party struct {
	client                      *world.Client
	organization, member        string
	email, number               string
	session, sessionID, jwt     string // of a whole login
	intermediate, link, newCode string // of one that is under way
}

// scene is a server with several parties, each of which must never get hold of another's.
type scene struct {
	t   testing.TB
	url string
	*world.World

	ada    *party // the one whose credentials are used
	bob    *party // of ada's organization
	eve    *party // of another organization
	mallet *party // of another project
	live   *party // of a project of the other environment
}

func newScene(t testing.TB, url string) *scene {
	t.Helper()
	s := &scene{t: t, url: url, World: world.Open(t, url, sqldb.Options{})}
	own, other, live := s.NewProject(t, ids.Test), s.NewProject(t, ids.Test), s.NewProject(t, ids.Live)
	acme := own.NewOrganization(t, "Acme")
	s.ada = s.party(own, acme, "ada@example.com", "+12025550101")
	s.bob = s.party(own, acme, "bob@example.com", "+12025550102")
	s.eve = s.party(own, own.NewOrganization(t, "Globex"), "eve@example.com", "+12025550103")
	s.mallet = s.party(other, other.NewOrganization(t, "Initech"), "mallet@example.com", "+12025550104")
	s.live = s.party(live, live.NewOrganization(t, "Umbrella"), "live@example.com", "+12025550105")
	s.Settle(t)
	return s
}

// party makes a member, logs them in, and begins another login.
func (s *scene) party(c *world.Client, organization, email, number string) *party {
	s.t.Helper()
	p := &party{
		client: c, organization: organization, member: c.NewMember(s.t, organization, email), email: email, number: number,
	}
	a := s.Story(s.t, c, organization, p.member, email, number)
	p.session, p.jwt, p.sessionID = a.At("session_token"), a.At("session_jwt"), a.At("member_session.member_session_id")
	texts := len(s.Twilio.Texts())
	p.intermediate = s.Login(s.t, c, organization, email) // texts a code by itself
	if strings.Contains(c.ID, "-live-") {
		p.newCode = world.CodeIn(s.TextAfter(s.t, texts).Body)
	} else {
		p.newCode = s.Code(s.t, c, number)
	}
	p.link = s.Link(s.t, c, organization, email)
	return p
}

// unchanged runs a function that must leave no trace in the database.
func (s *scene) unchanged(f func()) {
	s.t.Helper()
	before := world.Snapshot(s.t, s.url)
	f()
	if diff := cmp.Diff(before, world.Snapshot(s.t, s.url)); diff != "" {
		s.t.Errorf("the database changed (-before +after):\n%s", diff)
	}
}

// operation is a call that the OpenAPI document declares.
type operation struct {
	method, path string
	params       []param
	properties   map[string]schema
	required     []string
	refusals     map[string][]string // types by status
}

type param struct{ In, Name string }

type schema struct {
	Type       kind              `json:"type"`
	Ref        string            `json:"$ref"`
	Items      *schema           `json:"items"`
	Properties map[string]schema `json:"properties"`
	Required   []string          `json:"required"`
}

func (o *operation) String() string { return o.method + " " + o.path }

// kind is a JSON type; of a nullable one, which is a list, the first.
type kind string

// UnmarshalJSON reads both forms.
func (k *kind) UnmarshalJSON(b []byte) error {
	var several []string
	if err := json.Unmarshal(b, &several); err == nil {
		*k = kind(several[0])
		return nil
	}
	return json.Unmarshal(b, (*string)(k))
}

var declared struct {
	once sync.Once
	all  []*operation
}

// operations reads the document that the server shows.
func (s *scene) operations() []*operation {
	s.t.Helper()
	declared.once.Do(func() {
		declared.all = readDocument(s.t, s.ada.client.Must(s.t, "GET", "/openapi.json", nil).Raw)
	})
	if len(declared.all) < 20 {
		s.t.Fatalf("%d operations", len(declared.all))
	}
	return declared.all
}

func readDocument(t testing.TB, raw []byte) []*operation {
	t.Helper()
	type media map[string]struct{ Schema json.RawMessage }
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters  []param
			RequestBody struct{ Content media }
			Responses   map[string]struct{ Content media }
		}
		Components struct{ Schemas map[string]schema }
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	var all []*operation
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			from := doc.Paths[path][method]
			op := &operation{
				method: strings.ToUpper(method), path: path, params: from.Parameters, refusals: map[string][]string{},
			}
			var body schema
			if content, ok := from.RequestBody.Content["application/json"]; ok {
				if err := json.Unmarshal(content.Schema, &body); err != nil {
					t.Fatal(err)
				}
				body = doc.Components.Schemas[strings.TrimPrefix(body.Ref, "#/components/schemas/")]
				op.properties, op.required = body.Properties, body.Required
			}
			for status, response := range from.Responses {
				op.refusals[status] = typesOf(response.Content["application/json"].Schema)
			}
			all = append(all, op)
		}
	}
	return all
}

// typesOf finds the error types that a response may have.
func typesOf(raw json.RawMessage) []string {
	var s struct {
		AllOf []struct {
			Properties struct {
				Type struct{ Enum []string } `json:"error_type"`
			}
		}
	}
	_ = json.Unmarshal(raw, &s)
	var all []string
	for _, one := range s.AllOf {
		all = append(all, one.Properties.Type.Enum...)
	}
	return all
}

// refusal says what is wrong with an answer that should refuse as documented, "" for nothing. The operation may be nil.
func refusal(op *operation, a *world.Answer) string {
	switch {
	case a.Status < 400 || a.Status > 499:
		return "is no refusal"
	case a.Body == nil || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json"):
		return "is not JSON"
	case a.Body["status_code"] != float64(a.Status):
		return "has another status_code"
	case a.At("request_id") == "" || a.At("request_id") != a.Header.Get("X-Request-Id"):
		return "has no request_id"
	case a.At("error_message") == "":
		return "has no message"
	case a.At("error_url") != fmt.Sprintf("%s/errors/%d#%s", world.PublicURL, a.Status, a.Type()):
		return "leads elsewhere"
	case !slices.ContainsFunc(errs.All(), func(e errs.Entry) bool { return e.Type == a.Type() && e.Status == a.Status }):
		return "has no type of the catalogue"
	case op != nil && !slices.Contains(op.refusals[fmt.Sprint(a.Status)], a.Type()):
		return "has a type that the document does not list"
	}
	return ""
}

func cut(text string) string {
	if len(text) > 200 {
		return text[:200] + "…"
	}
	return text
}
