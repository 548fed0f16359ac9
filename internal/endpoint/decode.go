package endpoint

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/thimble-auth/thimble/internal/errs"
)

// A decoder reads one JSON value, which a scanner has accepted, into v. One is made per type when a call is declared,
// so that a request needs no look at types.
type decoder func(value []byte, v reflect.Value) error

// A fieldError says which field of the request is wrong; its texts are ours, never the caller's.
type fieldError struct {
	field string // its name, with dots between the names of nested fields; "" for an element of a list
	what  string
	cause error
}

func (e *fieldError) Error() string { return e.field + " " + e.what }

// Unwrap gives the cause, which may be an error that the caller should see instead.
func (e *fieldError) Unwrap() error { return e.cause }

// inside names the object that a wrong field is in.
func inside(name string, err error) error {
	var f *fieldError
	if !errors.As(err, &f) {
		return err
	}
	named := *f
	named.field = strings.TrimSuffix(name+"."+f.field, ".")
	return &named
}

func wrong(what string) error { return &fieldError{what: what} }

var (
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	rawMessage      = reflect.TypeFor[json.RawMessage]()
)

// builder makes decoders. Types that are being built are remembered, so that a type may contain itself.
type builder struct {
	building map[reflect.Type]*decoder
}

// decoder panics for types that a request cannot hold: that is a programmer's mistake, found at start-up.
func (b *builder) decoder(t reflect.Type) decoder {
	switch {
	case t == rawMessage:
		return decodeRaw
	case reflect.PointerTo(t).Implements(jsonUnmarshaler):
		return decodeJSON
	case reflect.PointerTo(t).Implements(textUnmarshaler):
		return decodeText
	}

	switch t.Kind() {
	case reflect.String:
		return decodeString
	case reflect.Bool:
		return decodeBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return decodeInt
	case reflect.Float32, reflect.Float64:
		return decodeFloat
	case reflect.Interface:
		return decodeAny
	case reflect.Pointer:
		return pointerDecoder(b.decoder(t.Elem()))
	case reflect.Slice:
		return sliceDecoder(b.decoder(t.Elem()))
	case reflect.Map:
		return mapDecoder(t, b.decoder(t.Elem()))
	case reflect.Struct:
		return b.structDecoder(t)
	default:
		panic("endpoint: a request cannot hold a " + t.String())
	}
}

func decodeString(value []byte, v reflect.Value) error {
	text, err := textOf(value)
	if err != nil {
		return err
	}
	v.SetString(text)
	return nil
}

// textOf refuses U+0000 beside what is no string: PostgreSQL cannot keep it, and no field has a use for it.
func textOf(value []byte) (string, error) {
	if value[0] != '"' {
		return "", wrong("must be a string")
	}
	text := content(value)
	if bytes.IndexByte(text, 0) >= 0 {
		return "", wrong("must not contain the character U+0000")
	}
	return string(text), nil
}

func decodeText(value []byte, v reflect.Value) error {
	text, err := textOf(value)
	if err != nil {
		return err
	}
	u, _ := v.Addr().Interface().(encoding.TextUnmarshaler)
	return asFieldError(u.UnmarshalText([]byte(text)), "has the wrong form")
}

func decodeJSON(value []byte, v reflect.Value) error {
	u, _ := v.Addr().Interface().(json.Unmarshaler)
	return asFieldError(u.UnmarshalJSON(value), "has the wrong form")
}

// asFieldError lets an error that is meant for the caller pass, and hides any other.
func asFieldError(err error, what string) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*errs.Error](err); ok {
		return err
	}
	return &fieldError{what: what, cause: err}
}

func decodeBool(value []byte, v reflect.Value) error {
	if value[0] != 't' && value[0] != 'f' {
		return wrong("must be true or false")
	}
	v.SetBool(value[0] == 't')
	return nil
}

func decodeInt(value []byte, v reflect.Value) error {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || v.OverflowInt(n) {
		return wrong("must be a whole number in range")
	}
	v.SetInt(n)
	return nil
}

func decodeFloat(value []byte, v reflect.Value) error {
	n, err := strconv.ParseFloat(string(value), 64)
	if err != nil || v.OverflowFloat(n) || value[0] != '-' && (value[0] < '0' || value[0] > '9') {
		return wrong("must be a number in range")
	}
	v.SetFloat(n)
	return nil
}

// decodeRaw keeps an object as it came. It copies, since the request's buffer is used again.
func decodeRaw(value []byte, v reflect.Value) error {
	if value[0] != '{' {
		return wrong("must be an object")
	}
	v.SetBytes(bytes.Clone(value))
	return nil
}

// decodeAny keeps numbers as json.Number: a float64 would change large ones.
func decodeAny(value []byte, v reflect.Value) error {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	var a any
	if err := d.Decode(&a); err != nil {
		return &fieldError{what: "has the wrong form", cause: err}
	}
	if a != nil {
		v.Set(reflect.ValueOf(a))
	}
	return nil
}

func pointerDecoder(elem decoder) decoder {
	return func(value []byte, v reflect.Value) error {
		if isNull(value) {
			return nil
		}
		p := reflect.New(v.Type().Elem())
		if err := elem(value, p.Elem()); err != nil {
			return err
		}
		v.Set(p)
		return nil
	}
}

func isNull(value []byte) bool { return value[0] == 'n' }

func sliceDecoder(elem decoder) decoder {
	return func(value []byte, v reflect.Value) error {
		if value[0] != '[' {
			return wrong("must be a list")
		}
		list := reflect.MakeSlice(v.Type(), 0, 0) // [] and an absent list differ
		err := elements(value, func(one []byte) error {
			if isNull(one) && v.Type().Elem().Kind() != reflect.Interface {
				return wrong("must not contain null")
			}
			e := reflect.New(v.Type().Elem()).Elem()
			if err := elem(one, e); err != nil {
				return err
			}
			list = reflect.Append(list, e)
			return nil
		})
		v.Set(list)
		return err
	}
}

// mapDecoder keeps keys whose value is null: in metadata and claims a null deletes the key.
func mapDecoder(t reflect.Type, elem decoder) decoder {
	if t.Key().Kind() != reflect.String {
		panic("endpoint: a request cannot hold a " + t.String())
	}
	return func(value []byte, v reflect.Value) error {
		if value[0] != '{' {
			return wrong("must be an object")
		}
		m := reflect.MakeMap(t)
		err := members(value, func(key, one []byte) error {
			e := reflect.New(t.Elem()).Elem()
			if err := decodeEntry(elem, one, e); err != nil {
				return err
			}
			m.SetMapIndex(reflect.ValueOf(string(key)).Convert(t.Key()), e)
			return nil
		})
		v.Set(m)
		return err
	}
}

// decodeEntry reads a value of a map. As values of a map, raw JSON may be anything, null included.
func decodeEntry(elem decoder, value []byte, v reflect.Value) error {
	if v.Type() == rawMessage {
		v.SetBytes(bytes.Clone(value))
		return nil
	}
	if k := v.Kind(); isNull(value) && k != reflect.Pointer && k != reflect.Interface {
		return wrong("must not contain null")
	}
	return elem(value, v)
}
