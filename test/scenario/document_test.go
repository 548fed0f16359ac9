package scenario

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// operation is a call that the OpenAPI document declares.
type operation struct {
	method, path string
	fits         *regexp.Regexp
	schemas      map[string]*jsonschema.Schema
}

// document is the committed OpenAPI document, compiled once.
var document = sync.OnceValues(func() ([]*operation, error) {
	raw, err := os.ReadFile("../../internal/api/openapi.json")
	if err != nil {
		return nil, err
	}
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("openapi.json", parsed); err != nil {
		return nil, err
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]json.RawMessage `json:"responses"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}

	var all []*operation
	for path, methods := range doc.Paths {
		for method, op := range methods {
			o := &operation{method: strings.ToUpper(method), path: path, schemas: map[string]*jsonschema.Schema{}}
			fits := regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(path), `[^/]*`)
			o.fits = regexp.MustCompile("^" + fits + "$")
			for status := range op.Responses {
				pointer := fmt.Sprintf("openapi.json#/paths/%s/%s/responses/%s/content/application~1json/schema",
					strings.ReplaceAll(path, "/", "~1"), method, status)
				if o.schemas[status], err = compiler.Compile(pointer); err != nil {
					return nil, err
				}
			}
			all = append(all, o)
		}
	}
	errorSchema, err := compiler.Compile("openapi.json#/components/schemas/Error")
	if err != nil {
		return nil, err
	}
	all = append(all, &operation{schemas: map[string]*jsonschema.Schema{"": errorSchema}})
	return all, nil
})

// operationOf gives the declared call of a request, and nil for none.
func operationOf(t testing.TB, method, path string) *operation {
	t.Helper()
	all, err := document()
	if err != nil {
		t.Fatal(err)
	}
	path, _, _ = strings.Cut(path, "?")
	var found *operation
	for _, o := range all {
		if o.fits == nil || o.method != method || !o.fits.MatchString(path) {
			continue
		}
		if found == nil || strings.Count(o.path, "{") < strings.Count(found.path, "{") {
			found = o
		}
	}
	return found
}

// holds checks an answer against the document: a 200 has its schema, a refusal is an error whose type is declared for
// that call and status. It gives the decoded body.
func holds(t testing.TB, method, path string, r *httptest.ResponseRecorder) (map[string]any, error) {
	t.Helper()
	op := operationOf(t, method, path)
	page := r.Code < 400 || strings.HasPrefix(r.Header().Get("Content-Type"), "text/html")
	if op == nil && page {
		return nil, nil
	}
	body, err := jsonschema.UnmarshalJSON(strings.NewReader(r.Body.String()))
	if err != nil {
		return nil, fmt.Errorf("the answer is not JSON: %w", err)
	}
	schema, err := schemaOf(op, r.Code)
	if err != nil {
		return nil, err
	}
	if err := schema.Validate(body); err != nil {
		return nil, fmt.Errorf("the answer is not the declared one: %w", err)
	}

	if missing := absent(schema, body, ""); r.Code == 200 && len(missing) > 0 {
		return nil, fmt.Errorf("the answer lacks %s", strings.Join(missing, ", "))
	}

	var object map[string]any
	if err := json.Unmarshal(r.Body.Bytes(), &object); err != nil {
		return nil, err
	}
	return object, envelope(r, object)
}

// absent lists the declared keys that a value lacks: null, "" and [] say that there is nothing, absence does not, because
// clients read keys without looking whether they are there. Of a factor only the object of its method is there.
func absent(s *jsonschema.Schema, v any, at string) []string {
	for s.Ref != nil {
		s = s.Ref
	}
	var missing []string
	for _, inner := range slices.Concat(s.AllOf, s.AnyOf, s.OneOf) {
		missing = append(missing, absent(inner, v, at)...)
	}
	switch v := v.(type) {
	case map[string]any:
		for name, property := range s.Properties {
			value, there := v[name]
			switch {
			case there:
				missing = append(missing, absent(property, value, at+"."+name)...)
			case !strings.HasSuffix(name, "_factor"):
				missing = append(missing, at+"."+name)
			}
		}
	case []any:
		if s.Items2020 == nil {
			break
		}
		for i, one := range v {
			missing = append(missing, absent(s.Items2020, one, fmt.Sprintf("%s[%d]", at, i))...)
		}
	}
	return missing
}

func schemaOf(op *operation, status int) (*jsonschema.Schema, error) {
	if op == nil {
		all, err := document()
		if err != nil {
			return nil, err
		}
		return all[len(all)-1].schemas[""], nil
	}
	schema := op.schemas[fmt.Sprint(status)]
	if schema == nil {
		return nil, fmt.Errorf("%s %s declares no answer with status %d", op.method, op.path, status)
	}
	return schema, nil
}

var requestID = regexp.MustCompile(`^request-id-(test|live)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// envelope checks what all answers have in common.
func envelope(r *httptest.ResponseRecorder, body map[string]any) error {
	id, _ := body["request_id"].(string)
	switch {
	case body["status_code"] != float64(r.Code):
		return fmt.Errorf("status_code is %v in an answer with status %d", body["status_code"], r.Code)
	case !requestID.MatchString(id):
		return fmt.Errorf("request_id is %q", id)
	case r.Header().Get("X-Request-Id") != id:
		return fmt.Errorf("the header X-Request-Id is %q, request_id is %q", r.Header().Get("X-Request-Id"), id)
	case !strings.HasPrefix(r.Header().Get("Content-Type"), "application/json"):
		return fmt.Errorf("the content type is %q", r.Header().Get("Content-Type"))
	case !strings.Contains(r.Header().Get("Cache-Control"), "no-store") && body["keys"] == nil:
		return fmt.Errorf("the cache control is %q", r.Header().Get("Cache-Control"))
	}
	if r.Code == 200 {
		return nil
	}
	if _, oauth := body["error"]; oauth {
		return fmt.Errorf("the error has a key error, which clients take for OAuth 2")
	}
	if want := fmt.Sprintf("%s/errors/%d#%s", publicURL, r.Code, body["error_type"]); body["error_url"] != want {
		return fmt.Errorf("error_url is %q, want %q", body["error_url"], want)
	}
	return nil
}
