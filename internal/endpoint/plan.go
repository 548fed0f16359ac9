package endpoint

import (
	"encoding"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/thimble-auth/thimble/internal/errs"
)

// A plan says how a request becomes an In. It is made once, when the call is declared.
type plan struct {
	in     reflect.Type
	params []param
	query  bool        // some parameter comes from the query
	body   *bodyFields // nil when the method has no body
}

// A param is a field that comes from the path, the query or a header.
type param struct {
	where    string // "path", "query" or "header"
	name     string
	index    []int
	place    int // among the path's parameters
	required bool
	list     bool // a query value that may come several times
	set      func(text string, v reflect.Value) error
}

// newPlan panics on mistakes in the struct's tags.
func newPlan(method, path string, in reflect.Type) *plan {
	p := &plan{in: in}
	if in.Kind() != reflect.Struct {
		panic("endpoint: the input of " + path + " is no struct")
	}
	inPath := pathParams(path)
	hasBody := method == http.MethodPost || method == http.MethodPut
	found := 0
	for _, f := range reflect.VisibleFields(in) {
		one, ok := newParam(f)
		if !ok {
			p.checkTag(f, hasBody)
			continue
		}
		noPointers(in, f)
		if one.where == "path" {
			one.place = indexOf(inPath, one.name)
			if one.place < 0 {
				panic("endpoint: " + path + " has no {" + one.name + "}")
			}
			found++
		}
		p.query = p.query || one.where == "query"
		p.params = append(p.params, one)
	}
	if found != len(inPath) {
		panic("endpoint: the input of " + path + " lacks a field for a part of the path")
	}
	if hasBody {
		b := builder{building: map[reflect.Type]*decoder{}}
		p.body = b.bodyFields(in)
	}
	return p
}

// checkTag refuses fields that no request could fill.
func (p *plan) checkTag(f reflect.StructField, hasBody bool) {
	tag, tagged := f.Tag.Lookup("json")
	switch {
	case f.Name == "_" || f.Anonymous || tag == "-":
	case !tagged || !f.IsExported():
		panic("endpoint: " + p.in.String() + "." + f.Name + " has no tag")
	case !hasBody:
		panic("endpoint: " + p.in.String() + "." + f.Name + " is in a body, and the method has none")
	}
}

func indexOf(names []string, name string) int {
	for i, n := range names {
		if n == name {
			return i
		}
	}
	return -1
}

func newParam(f reflect.StructField) (param, bool) {
	for _, where := range []string{"path", "query", "header"} {
		name, ok := f.Tag.Lookup(where)
		if !ok {
			continue
		}
		p := param{where: where, name: name, index: f.Index, required: where == "path" || required(f)}
		t := f.Type
		if where == "header" {
			p.name = http.CanonicalHeaderKey(name)
		}
		if where == "query" && t.Kind() == reflect.Slice {
			p.list, t = true, t.Elem()
		}
		p.set = setter(t)
		return p, true
	}
	return param{}, false
}

// setter gives the function that reads a text of path, query or header into a value of the type.
func setter(t reflect.Type) func(string, reflect.Value) error {
	if reflect.PointerTo(t).Implements(textUnmarshaler) {
		return func(text string, v reflect.Value) error {
			u, _ := v.Addr().Interface().(encoding.TextUnmarshaler)
			return asFieldError(u.UnmarshalText([]byte(text)), "has the wrong form")
		}
	}
	switch t.Kind() {
	case reflect.String:
		return func(text string, v reflect.Value) error { v.SetString(text); return nil }
	case reflect.Bool:
		return setBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return setInt
	default:
		panic("endpoint: a path, query or header cannot hold a " + t.String())
	}
}

func setBool(text string, v reflect.Value) error {
	// Python writes True and False.
	switch strings.ToLower(text) {
	case "true":
		v.SetBool(true)
	case "false":
	default:
		return wrong("must be true or false")
	}
	return nil
}

func setInt(text string, v reflect.Value) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v.OverflowInt(n) {
		return wrong("must be a whole number in range")
	}
	v.SetInt(n)
	return nil
}

// read fills an In from a request. Its errors are fit for the caller.
func (p *plan) read(r *http.Request, path []string, body []byte, in reflect.Value) error {
	var query url.Values
	if p.query {
		var err error
		if query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
			return errs.BadRequest.Saying("The query of the address cannot be read.").Because(err)
		}
	}
	for i := range p.params {
		one := &p.params[i]
		var err error
		switch one.where {
		case "path":
			err = one.fill(path[one.place], in)
		case "query":
			err = one.fillAll(query[one.name], in)
		case "header":
			err = one.fillAll(r.Header[one.name], in)
		}
		if err != nil {
			return refusal(inside(one.name, err))
		}
	}
	if p.body == nil {
		return nil
	}
	return p.readBody(body, in)
}

// readBody takes an empty body for an empty object: clients send either when a call has no required fields.
func (p *plan) readBody(body []byte, in reflect.Value) error {
	start := skipSpace(body, 0)
	if start == len(body) {
		body, start = []byte("{}"), 0
	}
	if err := checkObject(body); err != nil {
		return errs.BadRequest.Saying("The body is not a JSON object that can be read: " + err.Error() + ".").Because(err)
	}
	return refusal(p.body.decode(body[start:], in))
}

// refusal turns a wrong field into the caller's error.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	f, ok := err.(*fieldError) //nolint:errorlint // a deeper one would lack the outer names
	if !ok {
		return err
	}
	return errs.InvalidArgument.Saying("The field " + f.field + " " + f.what + ".").Because(err)
}

func (p *param) fillAll(values []string, in reflect.Value) error {
	if p.list {
		return p.fillList(values, in)
	}
	switch {
	case len(values) > 1:
		return wrong("must be given once")
	case len(values) == 0 || values[0] == "":
		if p.required {
			return wrong("is required")
		}
		return nil
	}
	return p.fill(values[0], in)
}

func (p *param) fillList(values []string, in reflect.Value) error {
	if p.required && len(values) == 0 {
		return wrong("is required")
	}
	list := in.FieldByIndex(p.index)
	for _, text := range values {
		e := reflect.New(list.Type().Elem()).Elem()
		if err := p.setText(text, e); err != nil {
			return err
		}
		list.Set(reflect.Append(list, e))
	}
	return nil
}

func (p *param) fill(text string, in reflect.Value) error {
	return p.setText(text, in.FieldByIndex(p.index))
}

func (p *param) setText(text string, v reflect.Value) error {
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return wrong("must be UTF-8 text without the character U+0000")
	}
	return p.set(text, v)
}
