// Package wirecheck holds an OpenAPI document against a snapshot of the wire that clients expect: which calls there
// are, and the names, JSON types and required lists of their fields. It is used by tests.
package wirecheck

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// document is as much of an OpenAPI document as is compared.
type document struct {
	Paths      map[string]map[string]*operation `json:"paths"`
	Components components                       `json:"components"`
}

type components struct {
	Schemas map[string]*schema `json:"schemas"`
}

type operation struct {
	RequestBody *content            `json:"requestBody,omitempty"`
	Responses   map[string]*content `json:"responses,omitempty"`
}

type content struct {
	Content map[string]media `json:"content,omitempty"`
}

type media struct {
	Schema *schema `json:"schema,omitempty"`
}

type schema struct {
	Ref        string             `json:"$ref,omitempty"`
	Type       any                `json:"type,omitempty"` // a string, or a list of them
	Properties map[string]*schema `json:"properties,omitempty"`
	Required   []string           `json:"required,omitempty"`
	Items      *schema            `json:"items,omitempty"`
	Enum       []any              `json:"enum,omitempty"`
	AllOf      []*schema          `json:"allOf,omitempty"`
	AnyOf      []*schema          `json:"anyOf,omitempty"`
	OneOf      []*schema          `json:"oneOf,omitempty"`
}

const (
	mediaType = "application/json"
	maxDepth  = 7  // of compared objects; types of the wire may contain themselves
	maxRefs   = 20 // that lead to each other
)

// Compare gives one line per difference, sorted: a call that is not declared; in a request, a field that is missing,
// has another type, or is required although clients may leave it out; in the 200 answer, a field that is missing, has
// another type, or is not promised although clients count on it. More calls and more optional fields are no
// difference.
func Compare(openAPI, snapshot []byte) ([]string, error) {
	c := &comparison{}
	if err := json.Unmarshal(openAPI, &c.have); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	if err := json.Unmarshal(snapshot, &c.want); err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	have := map[string]*operation{}
	for path, ops := range c.have.Paths {
		for method, op := range ops {
			have[method+" "+shape(path)] = op
		}
	}

	for path, ops := range c.want.Paths {
		for method, op := range ops {
			name := strings.ToUpper(method) + " " + path
			mine := have[method+" "+shape(path)]
			if mine == nil {
				c.say("%s: not declared", name)
				continue
			}
			c.bodies(name+" request", request, op.RequestBody, mine.RequestBody)
			c.bodies(name+" answer", answer, op.Responses["200"], mine.Responses["200"])
		}
	}
	slices.Sort(c.lines)
	return c.lines, nil
}

var parameter = regexp.MustCompile(`\{[^}]+\}`)

// shape makes paths equal that differ in the names of their parameters alone.
func shape(path string) string { return parameter.ReplaceAllString(path, "{}") }

type side string

const (
	request side = "request"
	answer  side = "answer"
)

type comparison struct {
	have, want document
	lines      []string
}

func (c *comparison) say(format string, args ...any) {
	c.lines = append(c.lines, fmt.Sprintf(format, args...))
}

func (c *comparison) bodies(name string, s side, want, have *content) {
	w, h := body(want), body(have)
	switch {
	case w == nil:
	case h == nil:
		c.say("%s: no body declared", name)
	default:
		c.compare(name, s, w, h, nil)
	}
}

func body(c *content) *schema {
	if c == nil {
		return nil
	}
	return c.Content[mediaType].Schema
}

// compare descends through both schemas at once; above holds the wanted ones that it is inside of.
func (c *comparison) compare(where string, s side, want, have *schema, above []*schema) {
	want, have = c.want.resolve(want), c.have.resolve(have)
	if w, h := want.kind(), have.kind(); !fits(w, h) {
		c.say("%s: type %s, clients expect %s", where, h, w)
		return
	}
	if len(above) > maxDepth || slices.Contains(above, want) {
		return
	}
	above = append(slices.Clone(above), want)
	for _, name := range slices.Sorted(maps.Keys(want.Properties)) {
		c.property(where+"."+name, s, name, want, have, above)
	}
	if want.Items != nil {
		items := have.Items
		if items == nil {
			items = &schema{}
		}
		c.compare(where+"[]", s, want.Items, items, above)
	}
}

func (c *comparison) property(where string, s side, name string, want, have *schema, above []*schema) {
	mine := have.Properties[name]
	if mine == nil {
		c.say("%s: the field is not declared", where)
		return
	}
	must, promised := slices.Contains(want.Required, name), slices.Contains(have.Required, name)
	switch {
	case s == answer && must && !promised:
		c.say("%s: clients count on it, the answer does not promise it", where)
	case s == request && !must && promised:
		c.say("%s: optional for clients, required here", where)
	}
	c.compare(where, s, want.Properties[name], mine, above)
}

func fits(want, have string) bool {
	return want == have || want == "any" || have == "any" || want == "number" && have == "integer"
}

// resolve follows references, and looks through combinations of one schema with null.
func (d *document) resolve(s *schema) *schema {
	for range maxRefs {
		next := d.step(s)
		if next == nil {
			break
		}
		s = next
	}
	return s
}

func (d *document) step(s *schema) *schema {
	if s.Ref != "" {
		name, err := url.PathUnescape(s.Ref[strings.LastIndexByte(s.Ref, '/')+1:])
		if target := d.Components.Schemas[name]; err == nil && target != nil {
			return target
		}
		return &schema{}
	}
	if len(s.AllOf) == 1 && s.Properties == nil {
		return s.AllOf[0]
	}
	for _, choices := range [][]*schema{s.OneOf, s.AnyOf} {
		rest := slices.DeleteFunc(slices.Clone(choices), func(one *schema) bool { return one.Type == "null" })
		if len(rest) == 1 {
			return rest[0]
		}
	}
	return nil
}

// kind is the JSON type, null not counted, or "any".
func (s *schema) kind() string {
	switch t := s.Type.(type) {
	case string:
		return t
	case []any:
		for _, one := range t {
			if one != "null" {
				return fmt.Sprint(one)
			}
		}
	}
	if s.Properties != nil {
		return "object"
	}
	if len(s.Enum) > 0 {
		if _, ok := s.Enum[0].(string); ok {
			return "string"
		}
	}
	return "any"
}
