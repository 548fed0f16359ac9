package endpoint

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// An encoder appends a value as encoding/json writes it, with two differences: HTML is not escaped, since nosniff and the
// content type keep browsers from reading any here, and lists, objects and raw JSON that are nil are empty, since clients
// with typed models refuse null there. Like a decoder, one is made per type when a call is declared: a session check spent
// an eighth of its time in encoding/json.
type encoder func(b []byte, v reflect.Value) ([]byte, error)

var (
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
)

// appending is a type that can write its JSON behind other JSON.
type appending interface {
	json.Marshaler
	Append(b []byte) []byte
}

// encoders makes encoders. Types that are being built are remembered, so that a type may contain itself.
type encoders struct {
	building map[reflect.Type]*encoder
}

// encoderOf gives the encoder of a type, for values that can be addressed.
func encoderOf(t reflect.Type) encoder {
	return (&encoders{building: map[reflect.Type]*encoder{}}).of(t)
}

func (e *encoders) of(t reflect.Type) encoder {
	switch {
	case t == rawMessage:
		return appendRaw
	case t.Implements(reflect.TypeFor[appending]()) && t.Kind() != reflect.Pointer:
		return func(b []byte, v reflect.Value) ([]byte, error) {
			return v.Addr().Interface().(appending).Append(b), nil //nolint:forcetypeassert // a pointer has the methods, too
		}
	case t.Kind() != reflect.Pointer && (marshals(t) || marshals(reflect.PointerTo(t))):
		return appendOther
	}

	switch t.Kind() {
	case reflect.String:
		return func(b []byte, v reflect.Value) ([]byte, error) { return appendString(b, v.String()) }
	case reflect.Bool:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendBool(b, v.Bool()), nil }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendInt(b, v.Int(), 10), nil }
	case reflect.Pointer:
		return e.pointer(t)
	case reflect.Slice:
		return e.slice(t)
	case reflect.Map:
		return appendMap
	case reflect.Struct:
		return e.structure(t)
	default:
		return appendOther
	}
}

func marshals(t reflect.Type) bool { return t.Implements(jsonMarshaler) || t.Implements(textMarshaler) }

func (e *encoders) pointer(t reflect.Type) encoder {
	inner := e.of(t.Elem())
	return func(b []byte, v reflect.Value) ([]byte, error) {
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		return inner(b, v.Elem())
	}
}

func (e *encoders) slice(t reflect.Type) encoder {
	if t.Elem().Kind() == reflect.Uint8 {
		return appendBytes
	}
	inner := e.of(t.Elem())
	return func(b []byte, v reflect.Value) (_ []byte, err error) {
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = inner(b, v.Index(i)); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	}
}

func (e *encoders) structure(t reflect.Type) encoder {
	if made, ok := e.building[t]; ok {
		return func(b []byte, v reflect.Value) ([]byte, error) { return (*made)(b, v) }
	}
	made := new(encoder)
	e.building[t] = made

	fields := e.fields(t)
	*made = func(b []byte, v reflect.Value) (_ []byte, err error) {
		b = append(b, '{')
		start := len(b)
		for i := range fields {
			f := &fields[i]
			one := v
			for _, at := range f.index {
				one = one.Field(at)
			}
			if f.omit != nil && f.omit(one) {
				continue
			}
			if len(b) > start {
				b = append(b, ',')
			}
			if b, err = f.encode(append(b, f.key...), one); err != nil {
				return b, err
			}
		}
		return append(b, '}'), nil
	}
	return *made
}

type answerField struct {
	key    string // in quotes, with the colon
	index  []int
	omit   func(reflect.Value) bool // nil for a field that is always there
	encode encoder
}

// fields are the JSON fields of a struct in the order of declaration, those of embedded structs in their place.
func (e *encoders) fields(t reflect.Type) []answerField {
	var all []answerField
	named := map[string]bool{}
	for _, f := range reflect.VisibleFields(t) {
		name := jsonName(f)
		if name == "" {
			if f.IsExported() && !f.Anonymous && f.Tag.Get("json") != "-" {
				panic("endpoint: " + t.String() + "." + f.Name + " has no name in JSON")
			}
			continue
		}
		if named[name] {
			panic("endpoint: " + t.String() + " has two fields " + name)
		}
		named[name] = true
		noPointers(t, f)
		all = append(all, answerField{`"` + name + `":`, f.Index, omitter(f), e.of(f.Type)})
	}
	return all
}

// omitter tells which values of a field are left out of answers. Structs are not, whatever their tag says.
func omitter(f reflect.StructField) func(reflect.Value) bool {
	if !omitted(f) {
		return nil
	}
	switch f.Type.Kind() {
	case reflect.Slice, reflect.Map:
		return func(v reflect.Value) bool { return v.Len() == 0 }
	case reflect.Struct, reflect.Array:
		return nil
	default:
		return reflect.Value.IsZero
	}
}

// appendString writes plain ASCII as it is: nearly all that is in an answer.
func appendString(b []byte, s string) ([]byte, error) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return appendJSON(b, s)
		}
	}
	return append(append(append(b, '"'), s...), '"'), nil
}

func appendMap(b []byte, v reflect.Value) ([]byte, error) {
	if v.Len() == 0 {
		return append(b, "{}"...), nil
	}
	return appendOther(b, v)
}

func appendRaw(b []byte, v reflect.Value) ([]byte, error) {
	raw := v.Bytes()
	if len(raw) == 0 || string(raw) == "{}" {
		return append(b, "{}"...), nil
	}
	return appendOther(b, v)
}

// appendBytes writes base64.
func appendBytes(b []byte, v reflect.Value) ([]byte, error) {
	if v.Len() == 0 {
		return append(b, `""`...), nil
	}
	return appendOther(b, v)
}

func appendOther(b []byte, v reflect.Value) ([]byte, error) {
	return appendJSON(b, v.Addr().Interface())
}

// appendJSON is what encoding/json writes, without escaped HTML and the newline.
func appendJSON(b []byte, value any) ([]byte, error) {
	out := appender(b)
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return b, err
	}
	return out[:len(out)-1], nil
}

type appender []byte

func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}
