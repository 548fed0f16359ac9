package endpoint

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"time"
)

type object = map[string]any

const schemas = "#/components/schemas/"

// A describer derives JSON schemas from types, for one direction: in requests only api:"required" makes a field
// required, in answers everything that is always sent is.
type describer struct {
	docs       map[string]string
	answers    bool
	components object
	types      map[string]reflect.Type // by component, to find two types of one name
}

// selfDescribing is a type that knows its schema better than reflection.
type selfDescribing interface{ OpenAPI() map[string]any }

func (d *describer) schema(t reflect.Type) (object, error) {
	if s, ok := reflect.New(t).Interface().(selfDescribing); ok {
		return maps.Clone(s.OpenAPI()), nil
	}
	switch {
	case t == rawMessage:
		return object{"type": "object", "additionalProperties": true}, nil
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}, nil
	case implements[encoding.TextMarshaler](t) || implements[encoding.TextUnmarshaler](t):
		return object{"type": "string"}, nil
	case implements[json.Marshaler](t) || implements[json.Unmarshaler](t):
		return nil, fmt.Errorf("%s needs a method OpenAPI", t)
	}

	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}, nil
	case reflect.Bool:
		return object{"type": "boolean"}, nil
	case reflect.Int8, reflect.Int16, reflect.Int32:
		return object{"type": "integer", "format": "int32"}, nil
	case reflect.Int, reflect.Int64:
		return object{"type": "integer", "format": "int64"}, nil
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}, nil
	case reflect.Interface:
		return object{}, nil
	case reflect.Pointer:
		return d.nullable(t.Elem())
	case reflect.Slice:
		return d.wrap(t.Elem(), "array", "items")
	case reflect.Map:
		if t.Elem().Kind() == reflect.Interface || t.Elem() == rawMessage {
			return object{"type": "object", "additionalProperties": true}, nil
		}
		return d.wrap(t.Elem(), "object", "additionalProperties")
	case reflect.Struct:
		return d.structure(t)
	default:
		return nil, fmt.Errorf("%s has no JSON form", t)
	}
}

func implements[I any](t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[I]())
}

func (d *describer) wrap(elem reflect.Type, kind, key string) (object, error) {
	inner, err := d.schema(elem)
	if err != nil {
		return nil, err
	}
	return object{"type": kind, key: inner}, nil
}

// nullable allows null in answers. In requests null means absent everywhere, and so needs no mention.
func (d *describer) nullable(t reflect.Type) (object, error) {
	s, err := d.schema(t)
	if err != nil || !d.answers {
		return s, err
	}
	kind, plain := s["type"].(string)
	if !plain {
		return object{"oneOf": []any{s, object{"type": "null"}}}, nil
	}
	s["type"] = []string{kind, "null"}
	return s, nil
}

func (d *describer) structure(t reflect.Type) (object, error) {
	name := componentName(t)
	if name == "" {
		return d.fields(t)
	}
	switch old := d.types[name]; old {
	case t:
		return object{"$ref": schemas + name}, nil
	case nil:
	default:
		return nil, fmt.Errorf("%s and %s are both the component %s", old, t, name)
	}

	d.types[name] = t
	s, err := d.fields(t)
	if err != nil {
		return nil, err
	}
	if doc := d.typeDoc(t); doc != "" {
		s["description"] = doc
	}
	d.components[name] = s
	return object{"$ref": schemas + name}, nil
}

// componentName is the tag `schema` of a blank field, else the type's own name.
func componentName(t reflect.Type) string {
	for i := range t.NumField() {
		if f := t.Field(i); f.Name == "_" && f.Tag.Get("schema") != "" {
			return f.Tag.Get("schema")
		}
	}
	return t.Name()
}

// fields describes the JSON fields of a struct as an object.
func (d *describer) fields(t reflect.Type) (object, error) {
	properties, must := object{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name := jsonName(f)
		if name == "" {
			continue
		}
		s, err := d.field(t, f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		properties[name] = s
		if required(f) || d.answers && f.Type.Kind() != reflect.Pointer && !omitted(f) {
			must = append(must, name)
		}
	}
	s := object{"type": "object", "properties": properties}
	if len(must) > 0 {
		s["required"] = must
	}
	return s, nil
}

func (d *describer) field(t reflect.Type, f reflect.StructField) (object, error) {
	s, err := d.schema(f.Type)
	if err != nil {
		return nil, err
	}
	if enum := f.Tag.Get("enum"); enum != "" {
		setEnum(s, strings.Split(enum, ","))
	}
	if doc := d.docs[fieldOwner(t, f)+"."+f.Name]; doc != "" {
		s["description"] = doc
	}
	return s, nil
}

// setEnum lists the values of a string, of the strings in a list, or of either that may be null.
func setEnum(s object, values []string) {
	if items, ok := s["items"].(object); ok {
		items["enum"] = values
		return
	}
	enum := make([]any, 0, len(values)+1)
	for _, v := range values {
		enum = append(enum, v)
	}
	if _, nullable := s["type"].([]string); nullable {
		enum = append(enum, nil)
	}
	s["enum"] = enum
}

// fieldOwner names the struct in which a promoted field was declared.
func fieldOwner(t reflect.Type, f reflect.StructField) string {
	for _, i := range f.Index[:len(f.Index)-1] {
		t = t.Field(i).Type
	}
	return t.String()
}

func (d *describer) typeDoc(t reflect.Type) string {
	return sentence(t.Name(), d.docs[t.String()])
}

// sentence drops the name that a Go comment begins with: "Send asks for a code." becomes "Asks for a code."
func sentence(name, doc string) string {
	rest, ok := strings.CutPrefix(doc, name+" ")
	if !ok || rest == "" {
		return doc
	}
	return strings.ToUpper(rest[:1]) + rest[1:]
}
