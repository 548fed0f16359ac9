package endpoint_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/endpoint/godoc"
	"github.com/thimble-auth/thimble/internal/endpoint/wirecheck"
	"github.com/thimble-auth/thimble/internal/errs"
)

type role struct {
	_       struct{}  `schema:"api_role"`
	ID      string    `json:"role_id" api:"required"`
	Sources []string  `json:"sources" enum:"direct,scim"`
	Since   time.Time `json:"since"`
	Nested  *role     `json:"nested"`
	Parent  *string   `json:"parent" enum:"a,b"`
}

type flavour struct{}

func (flavour) OpenAPI() map[string]any {
	return map[string]any{"type": "string", "enum": []string{"sweet", "sour"}}
}

type updateRequest struct {
	_       struct{}                   `schema:"api_update_Request"`
	Org     string                     `path:"organization_id"`
	Dry     bool                       `query:"dry"`
	Session string                     `header:"X-Stytch-Member-Session"`
	Name    string                     `json:"name" api:"required"`
	Policy  string                     `json:"policy" enum:"OPTIONAL,REQUIRED_FOR_ALL"`
	Claims  map[string]json.RawMessage `json:"claims"`
	Roles   []role                     `json:"roles"`
	Flavour flavour                    `json:"flavour"`
}

type updateResponse struct {
	endpoint.Reply
	_       struct{}         `schema:"api_update_Response"`
	Role    role             `json:"role"`
	Roles   map[string]role  `json:"roles"`
	Count   int              `json:"count,omitempty"`
	Size    float64          `json:"size" api:"required"`
	Meta    json.RawMessage  `json:"meta"`
	Options []map[string]any `json:"options"`
}

func document(t *testing.T, docs map[string]string, endpoints ...endpoint.Endpoint) map[string]any {
	t.Helper()
	text, err := endpoint.OpenAPI(endpoints, docs)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// at walks down a document.
func at(t *testing.T, v any, keys ...string) any {
	t.Helper()
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok || m[k] == nil {
			t.Fatalf("no %s of %v in %v", k, keys, v)
		}
		v = m[k]
	}
	return v
}

func equal(t *testing.T, what string, got any, want string) {
	t.Helper()
	var w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", what, diff)
	}
}

func update(context.Context, endpoint.Call, *updateRequest) (*updateResponse, error) {
	return nil, errors.New("never run")
}

func declared() endpoint.Endpoint {
	return endpoint.PUT("/v1/orgs/{organization_id}", "orgs.members.update", update,
		errs.OrganizationNotFound, errs.MemberNotFound, errs.InvalidEmail)
}

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	doc := document(t, map[string]string{
		"endpoint_test.update":             "update changes an organization. It may take a while.",
		"endpoint_test.updateRequest.Org":  "Which one.",
		"endpoint_test.updateRequest.Name": "Its new name.",
		"endpoint_test.role":               "role lets people do things.",
		"endpoint.Reply.RequestID":         "For the log.",
	}, declared())

	op := at(t, doc, "paths", "/v1/orgs/{organization_id}", "put")
	equal(t, "words", []any{at(t, op, "operationId"), at(t, op, "tags"), at(t, op, "summary"), at(t, op, "description")},
		`["orgs.members.update", ["orgs.members"], "Changes an organization",
		  "Changes an organization. It may take a while."]`)
	equal(t, "security", at(t, op, "security"), `[{"project":[]}]`)
	equal(t, "parameters", at(t, op, "parameters"), `[
		{"in":"path","name":"organization_id","required":true,"description":"Which one.","schema":{"type":"string"}},
		{"in":"query","name":"dry","required":false,"schema":{"type":"boolean"}},
		{"in":"header","name":"X-Stytch-Member-Session","required":false,"schema":{"type":"string"}}]`)
	equal(t, "request", at(t, op, "requestBody", "content", "application/json", "schema"),
		`{"$ref":"#/components/schemas/api_update_Request"}`)
	equal(t, "answer", at(t, op, "responses", "200", "content", "application/json", "schema"),
		`{"$ref":"#/components/schemas/api_update_Response"}`)
	equal(t, "404", at(t, op, "responses", "404", "content", "application/json", "schema"), `{"allOf":[
		{"$ref":"#/components/schemas/Error"},
		{"type":"object","properties":{"error_type":{"enum":["member_not_found","organization_not_found"]}}}]}`)
	equal(t, "401", at(t, op, "responses", "401", "content", "application/json", "schema"), `{"allOf":[
		{"$ref":"#/components/schemas/Error"},
		{"type":"object","properties":{"error_type":{"enum":["unauthorized_credentials"]}}}]}`)

	schemas := at(t, doc, "components", "schemas")
	equal(t, "request's fields", at(t, schemas, "api_update_Request"), `{"type":"object","required":["name"],"properties":{
		"name":{"type":"string","description":"Its new name."},
		"policy":{"type":"string","enum":["OPTIONAL","REQUIRED_FOR_ALL"]},
		"claims":{"type":"object","additionalProperties":true},
		"roles":{"type":"array","items":{"$ref":"#/components/schemas/api_roleInput"}},
		"flavour":{"type":"string","enum":["sweet","sour"]}}}`)
	equal(t, "answer's fields", at(t, schemas, "api_update_Response"), `{"type":"object",
		"required":["request_id","status_code","role","roles","size","meta","options"],"properties":{
		"request_id":{"type":"string","description":"For the log."},
		"status_code":{"type":"integer","format":"int32"},
		"role":{"$ref":"#/components/schemas/api_role"},
		"roles":{"type":"object","additionalProperties":{"$ref":"#/components/schemas/api_role"}},
		"count":{"type":"integer","format":"int64"},
		"size":{"type":"number"},
		"meta":{"type":"object","additionalProperties":true},
		"options":{"type":"array","items":{"type":"object","additionalProperties":true}}}}`)
	equal(t, "component of answers", at(t, schemas, "api_role"), `{"type":"object","description":"Lets people do things.",
		"required":["role_id","sources","since"],"properties":{
		"role_id":{"type":"string"},
		"sources":{"type":"array","items":{"type":"string","enum":["direct","scim"]}},
		"since":{"type":"string","format":"date-time"},
		"nested":{"oneOf":[{"$ref":"#/components/schemas/api_role"},{"type":"null"}]},
		"parent":{"type":["string","null"],"enum":["a","b",null]}}}`)
	equal(t, "component of requests", at(t, schemas, "api_roleInput", "required"), `["role_id"]`)
	equal(t, "component that contains itself", at(t, schemas, "api_roleInput", "properties", "nested"),
		`{"$ref":"#/components/schemas/api_roleInput"}`)
}

func TestOpenAPIOfPublicCalls(t *testing.T) {
	t.Parallel()
	doc := document(t, nil, endpoint.GET("/v1/jwks/{organization_id}", "jwks", name("x")).Public())
	op := at(t, doc, "paths", "/v1/jwks/{organization_id}", "get").(map[string]any)
	if op["security"] != nil || op["requestBody"] != nil || at(t, op, "responses").(map[string]any)["401"] != nil {
		t.Errorf("a public GET has credentials or a body: %v", op)
	}
}

func TestOpenAPIRefuses(t *testing.T) {
	t.Parallel()
	type orgResponse struct {
		endpoint.Reply
		Other string `json:"other"`
	}
	other := func(context.Context, endpoint.Call, *orgRequest) (*orgResponse, error) {
		return nil, errors.New("never run")
	}
	_, err := endpoint.OpenAPI([]endpoint.Endpoint{
		endpoint.GET("/v1/a/{organization_id}", "a", name("x")), endpoint.GET("/v1/b/{organization_id}", "b", other),
	}, nil)
	if err == nil || !strings.Contains(err.Error(), "orgResponse") {
		t.Errorf("two types of one name: got %v", err)
	}
}

func TestOpenAPIAgainstTheWire(t *testing.T) {
	t.Parallel()
	text, err := endpoint.OpenAPI([]endpoint.Endpoint{declared()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := wirecheck.Snapshot(text)
	if err != nil {
		t.Fatal(err)
	}
	diffs, err := wirecheck.Compare(text, snapshot)
	if err != nil || len(diffs) > 0 {
		t.Errorf("the document differs from itself: %v %v", diffs, err)
	}
}

// TestDocs ties together the keys that godoc writes and those that OpenAPI reads.
func TestDocs(t *testing.T) {
	t.Parallel()
	docs, err := godoc.Comments(".")
	if err != nil {
		t.Fatal(err)
	}
	doc := document(t, docs, declared())
	got := at(t, doc, "components", "schemas", "api_update_Response", "properties", "request_id", "description")
	if got != "Names this request in the server's log." {
		t.Errorf("got %q", got)
	}
	if docs["endpoint.Endpoint.Public"] == "" || docs["endpoint.OpenAPI"] == "" {
		t.Error("comments of methods and functions are missing")
	}
}

func TestRouteList(t *testing.T) {
	t.Parallel()
	public := endpoint.GET("/x/{organization_id}", "x", name("x")).Public()
	got := string(endpoint.Routes([]endpoint.Endpoint{declared(), public}))
	want := "PUT /v1/orgs/{organization_id} orgs.members.update\nGET /x/{organization_id} x public\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
