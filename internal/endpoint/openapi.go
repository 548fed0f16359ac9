package endpoint

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/thimble-auth/thimble/internal/errs"
)

// Errors that the machine sends by itself.
var (
	always = []*errs.Error{
		errs.BadRequest, errs.InvalidArgument, errs.ClientClosedRequest, errs.InternalServerError, errs.ServerUnavailable,
	}
	withCredentials = []*errs.Error{
		errs.InvalidAuthorizationHeader, errs.InvalidProjectIDAuthentication, errs.UnauthorizedCredentials,
	}
)

// OpenAPI derives the OpenAPI 3.1 document of the calls, indented, with sorted keys. Docs holds the comments of the
// source by "package.Type", "package.Type.Field", "package.Type.method" and "package.function", as package godoc reads
// them; without docs the document has no descriptions.
func OpenAPI(endpoints []Endpoint, docs map[string]string) ([]byte, error) {
	w := &writer{
		in:    &describer{docs: docs, components: object{}, types: map[string]reflect.Type{}},
		out:   &describer{docs: docs, components: object{}, types: map[string]reflect.Type{}, answers: true},
		paths: object{},
	}
	for _, e := range endpoints {
		if err := w.add(e); err != nil {
			return nil, fmt.Errorf("describe %s: %w", e.name, err)
		}
	}
	components := w.merge()
	components["Error"] = errorSchema()
	return json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info":    object{"title": "Thimble", "version": "1", "description": "Authentication for B2B software."},
		"paths":   w.paths,
		"components": object{
			"schemas": components,
			"securitySchemes": object{"project": object{
				"type": "http", "scheme": "basic", "description": "The project's id as user name, one of its secrets as password.",
			}},
		},
	}, "", "  ")
}

type writer struct {
	in, out  *describer
	paths    object
	requests []object // the schemas of requests, whose references may be renamed
}

func (w *writer) add(e Endpoint) error {
	op := object{"operationId": e.name, "tags": []string{e.name[:max(0, strings.LastIndexByte(e.name, '.'))]}}
	w.describe(op, e)
	if !e.public {
		op["security"] = []any{object{"project": []string{}}}
	}

	params, err := w.params(e.plan)
	if err != nil {
		return err
	}
	if len(params) > 0 {
		op["parameters"] = params
	}
	if e.plan.body != nil {
		body, err := w.in.structure(e.plan.in)
		if err != nil {
			return err
		}
		w.requests = append(w.requests, body)
		op["requestBody"] = object{"required": true, "content": jsonContent(body)}
	}

	answer, err := w.out.structure(e.out)
	if err != nil {
		return err
	}
	responses := object{"200": object{"description": "It worked.", "content": jsonContent(answer)}}
	w.refusals(responses, e)
	op["responses"] = responses

	item, _ := w.paths[e.path].(object)
	if item == nil {
		item = object{}
		w.paths[e.path] = item
	}
	item[strings.ToLower(e.method)] = op
	return nil
}

func jsonContent(schema object) object {
	return object{"application/json": object{"schema": schema}}
}

// describe takes the words of a call from its handler's comment, else from its input's.
func (w *writer) describe(op object, e Endpoint) {
	name := handlerName(e.handler)
	doc := sentence(name[strings.LastIndexByte(name, '.')+1:], w.in.docs[name])
	if doc == "" {
		doc = w.in.typeDoc(e.plan.in)
	}
	if doc == "" {
		return
	}
	summary, _, _ := strings.Cut(doc, ". ")
	op["summary"] = strings.TrimSuffix(summary, ".")
	op["description"] = doc
}

// handlerName turns the linker's name of a method value, "path/api.(*API).send-fm", into "api.API.send".
func handlerName(linked string) string {
	name := linked[strings.LastIndexByte(linked, '/')+1:]
	return strings.NewReplacer("(*", "", "(", "", ")", "", "-fm", "").Replace(name)
}

func (w *writer) params(p *plan) ([]object, error) {
	var params []object
	for _, one := range p.params {
		f := p.in.FieldByIndex(one.index)
		s, err := w.in.field(p.in, f)
		if err != nil {
			return nil, err
		}
		param := object{"in": one.where, "name": f.Tag.Get(one.where), "required": one.required, "schema": s}
		if doc, ok := s["description"]; ok {
			param["description"] = doc
			delete(s, "description")
		}
		params = append(params, param)
	}
	return params, nil
}

// refusals adds the errors of a call, grouped by status.
func (w *writer) refusals(responses object, e Endpoint) {
	all := slices.Concat(e.errors, always)
	if !e.public {
		all = append(all, withCredentials...)
	}
	types := map[int][]string{}
	for _, one := range all {
		if !slices.Contains(types[one.Status], one.Type) {
			types[one.Status] = append(types[one.Status], one.Type)
		}
	}
	for status, names := range types {
		slices.Sort(names)
		responses[strconv.Itoa(status)] = object{
			"description": statusText(status),
			"content": jsonContent(object{"allOf": []any{
				object{"$ref": schemas + "Error"},
				object{"type": "object", "properties": object{"error_type": object{"enum": names}}},
			}}),
		}
	}
}

func statusText(status int) string {
	if text := http.StatusText(status); text != "" {
		return text
	}
	return "Client Closed Request" // 499, which no RFC names
}

func errorSchema() object {
	text := func(doc string) object { return object{"type": "string", "description": doc} }
	return object{
		"type":        "object",
		"description": "What every answer but 200 holds.",
		"properties": object{
			"status_code":   object{"type": "integer", "format": "int32", "description": "The HTTP status."},
			"request_id":    text("Names this request in the server's log."),
			"error_type":    text("Which error; the names never change."),
			"error_message": text("What happened, fit for end users."),
			"error_url":     text("A page about the error."),
			"error_details": object{"type": "object", "additionalProperties": true, "description": "More, for few types."},
		},
		"required": []string{"status_code", "request_id", "error_type", "error_message", "error_url"},
	}
}

// merge puts the components of both directions together. Where a type looks different in requests, because less of it
// is required there, the request's form gets a name of its own.
func (w *writer) merge() object {
	renamed := w.differing()
	all := object{}
	for name, s := range w.out.components {
		all[name] = s
	}
	for name, s := range w.in.components {
		rename(s, renamed)
		if renamed[name] {
			name += inputSuffix
		}
		all[name] = s
	}
	for _, s := range w.requests {
		rename(s, renamed)
	}
	return all
}

const inputSuffix = "Input"

// differing finds the components whose two forms differ, in themselves or in what they refer to.
func (w *writer) differing() map[string]bool {
	differ := map[string]bool{}
	for name, s := range w.in.components {
		if other, both := w.out.components[name]; both && !reflect.DeepEqual(s, other) {
			differ[name] = true
		}
	}
	for changed := true; changed; {
		changed = false
		for name, s := range w.in.components {
			if _, both := w.out.components[name]; both && !differ[name] && refersTo(s, differ) {
				differ[name], changed = true, true
			}
		}
	}
	return differ
}

func refersTo(v any, names map[string]bool) bool {
	found := false
	eachRef(v, func(_ object, name string) { found = found || names[name] })
	return found
}

func rename(v any, names map[string]bool) {
	eachRef(v, func(holder object, name string) {
		if names[name] {
			holder["$ref"] = schemas + name + inputSuffix
		}
	})
}

func eachRef(v any, each func(holder object, name string)) {
	switch v := v.(type) {
	case object:
		if ref, ok := v["$ref"].(string); ok {
			each(v, strings.TrimPrefix(ref, schemas))
		}
		for _, inner := range v {
			eachRef(inner, each)
		}
	case []any:
		for _, inner := range v {
			eachRef(inner, each)
		}
	}
}
