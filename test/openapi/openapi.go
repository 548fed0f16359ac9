// Package openapi holds real answers against the OpenAPI document that the server shows.
package openapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Document is an OpenAPI document, compiled.
type Document struct {
	operations []*operation
	refusal    *jsonschema.Schema // of what is no declared call
	publicURL  string
}

// Answer is what a server answered to a request.
type Answer struct {
	Method, Path string // of the request; the path may have a query
	Status       int
	Header       http.Header
	Body         []byte
}

// operation is a call that the OpenAPI document declares.
type operation struct {
	method, path string
	fits         *regexp.Regexp
	schemas      map[string]*jsonschema.Schema
}

// Parse compiles the document of a server that believes to be reached at a URL.
func Parse(raw []byte, publicURL string) (*Document, error) {
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

	d := &Document{publicURL: publicURL}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			o := &operation{method: strings.ToUpper(method), path: path, schemas: map[string]*jsonschema.Schema{}}
			fits := regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(path), `[^/]+`)
			o.fits = regexp.MustCompile("^" + fits + "$")
			for status := range op.Responses {
				pointer := fmt.Sprintf("openapi.json#/paths/%s/%s/responses/%s/content/application~1json/schema",
					strings.ReplaceAll(path, "/", "~1"), method, status)
				if o.schemas[status], err = compiler.Compile(pointer); err != nil {
					return nil, err
				}
			}
			d.operations = append(d.operations, o)
		}
	}
	d.refusal, err = compiler.Compile("openapi.json#/components/schemas/Error")
	return d, err
}

// operation gives the declared call of a request, and nil for none.
func (d *Document) operation(method, path string) *operation {
	path, _, _ = strings.Cut(path, "?")
	var found *operation
	for _, o := range d.operations {
		if o.method != method || !o.fits.MatchString(path) {
			continue
		}
		if found == nil || strings.Count(o.path, "{") < strings.Count(found.path, "{") {
			found = o
		}
	}
	return found
}

// probe is asked by supervisors, to whom a 503 says what is not ready.
const probe = "/readyz"

// Check holds an answer against the document: a 200 has its schema and lacks none of its keys, a refusal is an error whose
// type is declared for that call and status. Pages are not looked at.
func (d *Document) Check(a Answer) error {
	op := d.operation(a.Method, a.Path)
	page := a.Status < 400 || strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") || a.Path == probe
	if op == nil && page {
		return nil
	}
	body, err := jsonschema.UnmarshalJSON(strings.NewReader(string(a.Body)))
	if err != nil {
		return fmt.Errorf("the answer is not JSON: %w", err)
	}
	schema, err := d.schemaOf(op, a.Status)
	if err != nil {
		return err
	}
	if err := schema.Validate(body); err != nil {
		return fmt.Errorf("the answer is not the declared one: %w", err)
	}
	if missing := absent(schema, body, ""); a.Status == http.StatusOK && len(missing) > 0 {
		return fmt.Errorf("the answer lacks %s", strings.Join(missing, ", "))
	}

	var object map[string]any
	if err := json.Unmarshal(a.Body, &object); err != nil {
		return err
	}
	return d.envelope(a, object)
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

func (d *Document) schemaOf(op *operation, status int) (*jsonschema.Schema, error) {
	if op == nil {
		return d.refusal, nil
	}
	schema := op.schemas[fmt.Sprint(status)]
	if schema == nil {
		return nil, fmt.Errorf("%s %s declares no answer with status %d", op.method, op.path, status)
	}
	return schema, nil
}

var requestID = regexp.MustCompile(`^request-id-(test|live)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// envelope checks what all answers have in common.
func (d *Document) envelope(a Answer, body map[string]any) error {
	id, _ := body["request_id"].(string)
	switch {
	case body["status_code"] != float64(a.Status):
		return fmt.Errorf("status_code is %v in an answer with status %d", body["status_code"], a.Status)
	case !requestID.MatchString(id):
		return fmt.Errorf("request_id is %q", id)
	case a.Header.Get("X-Request-Id") != id:
		return fmt.Errorf("the header X-Request-Id is %q, request_id is %q", a.Header.Get("X-Request-Id"), id)
	case !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json"):
		return fmt.Errorf("the content type is %q", a.Header.Get("Content-Type"))
	case !strings.Contains(a.Header.Get("Cache-Control"), "no-store") && body["keys"] == nil:
		return fmt.Errorf("the cache control is %q", a.Header.Get("Cache-Control"))
	}
	if a.Status == http.StatusOK {
		return nil
	}
	if _, oauth := body["error"]; oauth {
		return fmt.Errorf("the error has a key error, which clients take for OAuth 2")
	}
	if want := fmt.Sprintf("%s/errors/%d#%s", d.publicURL, a.Status, body["error_type"]); body["error_url"] != want {
		return fmt.Errorf("error_url is %q, want %q", body["error_url"], want)
	}
	return nil
}
