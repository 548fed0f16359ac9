package endpoint

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// maxRequired is how many required fields a struct may have: they are counted in the bits of one number.
const maxRequired = 64

// A bodyField is one JSON field of a struct.
type bodyField struct {
	name   string
	index  []int
	bit    uint64 // of a required field
	text   bool   // an empty string is as good as none
	nulls  bool   // the type reads null itself
	decode decoder
}

// bodyFields are the JSON fields of a struct, those of embedded structs among them.
type bodyFields struct {
	byName   map[string]*bodyField
	required []*bodyField // in the order of declaration, which is the order of complaints
}

// structDecoder reads an object. Unknown keys are ignored; names must match exactly, letter case included.
func (b *builder) structDecoder(t reflect.Type) decoder {
	if d, ok := b.building[t]; ok {
		return func(value []byte, v reflect.Value) error { return (*d)(value, v) }
	}
	d := new(decoder)
	b.building[t] = d
	fields := b.bodyFields(t)
	*d = func(value []byte, v reflect.Value) error {
		if value[0] != '{' {
			return wrong("must be an object")
		}
		return fields.decode(value, v)
	}
	return *d
}

func (b *builder) bodyFields(t reflect.Type) *bodyFields {
	fields := &bodyFields{byName: map[string]*bodyField{}}
	for _, f := range reflect.VisibleFields(t) {
		name := jsonName(f)
		if name == "" {
			continue
		}
		if fields.byName[name] != nil {
			panic(fmt.Sprintf("endpoint: %s has two fields %s", t, name))
		}
		noPointers(t, f)
		field := &bodyField{
			name:   name,
			index:  f.Index,
			text:   f.Type.Kind() == reflect.String || reflect.PointerTo(f.Type).Implements(textUnmarshaler),
			nulls:  reflect.PointerTo(f.Type).Implements(jsonUnmarshaler) && f.Type != reflect.TypeFor[json.RawMessage](),
			decode: b.decoder(f.Type),
		}
		fields.byName[name] = field
		if required(f) {
			field.bit = 1 << len(fields.required)
			fields.required = append(fields.required, field)
		}
	}
	if len(fields.required) > maxRequired {
		panic("endpoint: " + t.String() + " has too many required fields")
	}
	return fields
}

// decode reads the fields of an object. Null, and "" for a text, leave the field as if it were absent, since some
// clients send empty values and others leave them out.
func (fs *bodyFields) decode(value []byte, v reflect.Value) error {
	var given uint64
	err := members(value, func(key, one []byte) error {
		f := fs.byName[string(key)]
		if f == nil || f.absent(one) {
			return nil
		}
		given |= f.bit
		if err := f.decode(one, v.FieldByIndex(f.index)); err != nil {
			return inside(f.name, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, f := range fs.required {
		if given&f.bit == 0 {
			return &fieldError{field: f.name, what: "is required"}
		}
	}
	return nil
}

func (f *bodyField) absent(value []byte) bool {
	if isNull(value) {
		return f.bit != 0 || !f.nulls
	}
	return f.text && len(value) == len(`""`) && value[0] == '"'
}

func required(f reflect.StructField) bool { return f.Tag.Get("api") == "required" }

// jsonName gives the name that a field has in JSON, or "" when it has none.
func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "-" || !f.IsExported() {
		return ""
	}
	return name
}

// noPointers refuses a field that lies behind an embedded pointer, which would be nil.
func noPointers(t reflect.Type, f reflect.StructField) {
	for _, i := range f.Index[:len(f.Index)-1] {
		if t = t.Field(i).Type; t.Kind() == reflect.Pointer {
			panic("endpoint: " + t.String() + " must not be embedded by pointer")
		}
	}
}

// omitted reports whether a field is left out of answers when it is empty.
func omitted(f reflect.StructField) bool {
	_, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	return strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
}
