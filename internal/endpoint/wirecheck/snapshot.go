package wirecheck

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Snapshot cuts out of an OpenAPI document what Compare needs for the calls under the path prefixes (all when none is
// given): paths, field names, types and required lists, no texts. It is indented, with sorted keys, so that a new one
// reads well as a diff.
func Snapshot(openAPI []byte, prefixes ...string) ([]byte, error) {
	var all document
	if err := json.Unmarshal(openAPI, &all); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	s := &cut{from: &all, to: document{
		Paths:      map[string]map[string]*operation{},
		Components: components{Schemas: map[string]*schema{}},
	}}
	for path, ops := range all.Paths {
		if !under(path, prefixes) {
			continue
		}
		for method, op := range ops {
			s.operation(path, method, op)
		}
	}
	text, err := json.MarshalIndent(s.to, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write snapshot: %w", err)
	}
	return append(text, '\n'), nil
}

func under(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return len(prefixes) == 0
}

type cut struct {
	from *document
	to   document
}

func (c *cut) operation(path, method string, op *operation) {
	if op.Responses == nil {
		return // no operation, but something that calls share
	}
	kept := &operation{}
	if b := body(op.RequestBody); b != nil {
		kept.RequestBody = c.content(b)
	}
	if b := body(op.Responses["200"]); b != nil {
		kept.Responses = map[string]*content{"200": c.content(b)}
	}
	if c.to.Paths[path] == nil {
		c.to.Paths[path] = map[string]*operation{}
	}
	c.to.Paths[path][method] = kept
}

func (c *cut) content(s *schema) *content {
	c.reach(s)
	return &content{Content: map[string]media{mediaType: {Schema: s}}}
}

// reach keeps every component that the schema leads to.
func (c *cut) reach(s *schema) {
	if s == nil {
		return
	}
	if name := s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]; name != "" {
		target := c.from.Components.Schemas[name]
		if target == nil || c.to.Components.Schemas[name] != nil {
			return
		}
		c.to.Components.Schemas[name] = target
		c.reach(target)
	}
	for _, inner := range s.Properties {
		c.reach(inner)
	}
	c.reach(s.Items)
	for _, inner := range s.combined() {
		c.reach(inner)
	}
}

func (s *schema) combined() []*schema {
	var all []*schema
	all = append(all, s.AllOf...)
	all = append(all, s.AnyOf...)
	return append(all, s.OneOf...)
}
