package wirecheck_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/endpoint/wirecheck"
)

const expected = `{"openapi":"3.1.0","info":{"title":"t"},"paths":{
  "/v1/a/{id}": {"post": {
    "operationId": "A", "description": "words",
    "requestBody": {"content":{"application/json":{"schema":{"$ref":"#/components/schemas/AReq"}}}},
    "responses": {"200":{"description":"words",
      "content":{"application/json":{"schema":{"$ref":"#/components/schemas/ARes"}}}}}}},
  "/v1/b": {"get": {"responses": {"200":{
    "content":{"application/json":{"schema":{"$ref":"#/components/schemas/B"}}}}}}},
  "/v2/c": {"get": {"responses": {"200":{}}}}},
 "components":{"schemas":{
  "AReq":{"type":"object","description":"words","required":["id"],"properties":{
    "id":{"type":"string","description":"words"},"n":{"type":"number"},"mode":{"$ref":"#/components/schemas/Mode"}}},
  "Mode":{"type":"string","enum":["x","y"]},
  "ARes":{"type":"object","required":["ok","list"],"properties":{
    "ok":{"type":"boolean"},"opt":{"type":"string"},
    "list":{"type":"array","items":{"$ref":"#/components/schemas/ARes"}}}},
  "B":{"type":"object","properties":{"x":{"type":"string"}}},
  "Unused":{"type":"object"}}}}`

func TestSnapshot(t *testing.T) {
	t.Parallel()
	got, err := wirecheck.Snapshot([]byte(expected), "/v1/a", "/v9")
	if err != nil {
		t.Fatal(err)
	}
	for _, absent := range []string{"words", "/v1/b", "/v2/c", "Unused", `"B"`, "title"} {
		if strings.Contains(string(got), absent) {
			t.Errorf("the snapshot holds %q:\n%s", absent, got)
		}
	}
	for _, present := range []string{"/v1/a/{id}", `"AReq"`, `"ARes"`, `"Mode"`, `"opt"`} {
		if !strings.Contains(string(got), present) {
			t.Errorf("the snapshot lacks %q:\n%s", present, got)
		}
	}
	if lines, err := wirecheck.Compare([]byte(expected), got); err != nil || len(lines) > 0 {
		t.Errorf("the document differs from its own snapshot: %v %v", lines, err)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, old, new string
		want           []string
	}{
		{name: "nothing"},
		{"other name of a parameter", "/v1/a/{id}", "/v1/a/{ref}", nil},
		{"more fields", `"n":{"type":"number"}`, `"n":{"type":"number"},"more":{"type":"object"}`, nil},
		{"null", `"opt":{"type":"string"}`, `"opt":{"type":["string","null"]}`, nil},
		{
			"null beside a reference", `"mode":{"$ref":"#/components/schemas/Mode"}`,
			`"mode":{"oneOf":[{"$ref":"#/components/schemas/Mode"},{"type":"null"}]}`, nil,
		},
		{"integer for number", `"n":{"type":"number"}`, `"n":{"type":"integer"}`, nil},
		{"anything", `"opt":{"type":"string"}`, `"opt":{}`, nil},
		{"less is required", `"required":["id"],`, ``, nil},
		{"promise of more", `"required":["ok","list"]`, `"required":["ok","list","opt"]`, nil},

		{"no call", `"/v1/b"`, `"/v1/x"`, []string{"GET /v1/b: not declared"}},
		{"other method", `"/v1/b": {"get"`, `"/v1/b": {"post"`, []string{"GET /v1/b: not declared"}},
		{"no request", `"requestBody"`, `"nobody"`, []string{"POST /v1/a/{id} request: no body declared"}},
		{
			"no answer", `"/v1/b": {"get": {"responses": {"200"`, `"/v1/b": {"get": {"responses": {"201"`,
			[]string{"GET /v1/b answer: no body declared"},
		},
		{
			"missing field", `"opt":{"type":"string"}`, `"apt":{"type":"string"}`,
			[]string{"POST /v1/a/{id} answer.opt: the field is not declared"},
		},
		{
			"type", `"opt":{"type":"string"}`, `"opt":{"type":"boolean"}`,
			[]string{"POST /v1/a/{id} answer.opt: type boolean, clients expect string"},
		},
		{
			"list", `"type":"array","items":{"$ref":"#/components/schemas/ARes"}`, `"type":"array","items":{"type":"string"}`,
			[]string{"POST /v1/a/{id} answer.list[]: type string, clients expect object"},
		},
		{
			"no promise", `"required":["ok","list"]`, `"required":["ok"]`,
			[]string{"POST /v1/a/{id} answer.list: clients count on it, the answer does not promise it"},
		},
		{
			"asks for more", `"required":["id"]`, `"required":["id","n"]`,
			[]string{"POST /v1/a/{id} request.n: optional for clients, required here"},
		},
		{"broken reference", `"mode":{"$ref":"#/components/schemas/Mode"}`, `"mode":{"$ref":"#/components/schemas/No"}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(expected, c.old) {
				t.Fatalf("%q is not in the document", c.old)
			}
			snapshot, err := wirecheck.Snapshot([]byte(expected), "/v1/")
			if err != nil {
				t.Fatal(err)
			}
			got, err := wirecheck.Compare([]byte(strings.Replace(expected, c.old, c.new, 1)), snapshot)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestNotJSON(t *testing.T) {
	t.Parallel()
	if _, err := wirecheck.Compare([]byte("{"), []byte("{}")); err == nil {
		t.Error("a broken document was accepted")
	}
	if _, err := wirecheck.Compare([]byte("{}"), []byte("{")); err == nil {
		t.Error("a broken snapshot was accepted")
	}
	if _, err := wirecheck.Snapshot([]byte("{")); err == nil {
		t.Error("a broken document was accepted")
	}
}
