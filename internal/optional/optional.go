// Package optional holds request values for which absent, null and a value are three different wishes.
package optional

import (
	"bytes"
	"encoding/json"
)

// Text is a text that a request may leave alone (absent), clear (null or "") or set. It is for fields that an answer
// may give as null; elsewhere null means absent and a pointer is enough.
type Text struct {
	Given bool
	Value string
}

// Set gives the Text that sets, or clears, the field.
func Set(value string) Text { return Text{Given: true, Value: value} }

// Or gives the value, or what the field had when it is left alone.
func (t Text) Or(old string) string {
	if t.Given {
		return t.Value
	}
	return old
}

// UnmarshalJSON reads a string or null.
func (t *Text) UnmarshalJSON(b []byte) error {
	*t = Text{Given: true}
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	return json.Unmarshal(b, &t.Value)
}

// OpenAPI gives the schema of the field.
func (Text) OpenAPI() map[string]any { return map[string]any{"type": "string"} }
