package endpoint

import (
	"encoding/json"
	"reflect"
)

// filler gives a function that replaces nil lists and maps by empty ones, down to the elements of lists, or nil when
// the type holds none. Clients with typed models refuse null there. It does not look behind maps and interfaces, and
// fields with omitempty stay as they are.
func filler(t reflect.Type) func(reflect.Value) {
	return (&fillers{building: map[reflect.Type]*func(reflect.Value){}}).of(t)
}

type fillers struct {
	building map[reflect.Type]*func(reflect.Value)
}

func (fs *fillers) of(t reflect.Type) func(reflect.Value) {
	switch {
	case t == reflect.TypeFor[json.RawMessage]():
		return fillRaw
	case t.Implements(reflect.TypeFor[json.Marshaler]()) || t.Kind() == reflect.Map:
		return fillMap(t)
	}
	switch t.Kind() {
	case reflect.Struct:
		return fs.structs(t)
	case reflect.Pointer:
		inner := fs.of(t.Elem())
		if inner == nil {
			return nil
		}
		return func(v reflect.Value) {
			if !v.IsNil() {
				inner(v.Elem())
			}
		}
	case reflect.Slice:
		return fs.slices(t)
	default:
		return nil
	}
}

func fillRaw(v reflect.Value) {
	if v.Len() == 0 {
		v.SetBytes([]byte("{}"))
	}
}

func fillMap(t reflect.Type) func(reflect.Value) {
	if t.Kind() != reflect.Map {
		return nil
	}
	return func(v reflect.Value) {
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
	}
}

func (fs *fillers) slices(t reflect.Type) func(reflect.Value) {
	empty := reflect.MakeSlice(t, 0, 0)
	inner := fs.of(t.Elem())
	return func(v reflect.Value) {
		if v.IsNil() {
			v.Set(empty)
			return
		}
		if inner == nil {
			return
		}
		for i := range v.Len() {
			inner(v.Index(i))
		}
	}
}

func (fs *fillers) structs(t reflect.Type) func(reflect.Value) {
	if f, ok := fs.building[t]; ok {
		return func(v reflect.Value) {
			if *f != nil {
				(*f)(v)
			}
		}
	}
	made := new(func(reflect.Value))
	fs.building[t] = made

	type step struct {
		field int
		fill  func(reflect.Value)
	}
	var steps []step
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || !f.Anonymous && (jsonName(f) == "" || omitted(f)) {
			continue
		}
		if fill := fs.of(f.Type); fill != nil {
			steps = append(steps, step{i, fill})
		}
	}
	if len(steps) == 0 {
		return nil
	}
	*made = func(v reflect.Value) {
		for _, s := range steps {
			s.fill(v.Field(s.field))
		}
	}
	return *made
}
