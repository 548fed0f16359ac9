// Package metadata merges the free JSON objects that callers keep beside organizations and members.
package metadata

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/thimble-auth/thimble/internal/errs"
)

// The bounds of one object after a merge.
const (
	MaxKeys  = 20
	MaxBytes = 4096 // of compact JSON
)

// Merge gives the stored object with the patch applied: keys of the patch replace those of the object whole, a null
// deletes its key. An absent patch changes nothing. It fails with errs.MetadataInvalidFormat for a patch that is no
// object, with errs.MetadataTooManyKeys and with errs.MetadataTooLarge.
func Merge(stored, patch json.RawMessage) (json.RawMessage, error) {
	merged, err := object(stored)
	if err != nil {
		return nil, err
	}
	changes, err := object(patch)
	if err != nil {
		return nil, errs.MetadataInvalidFormat.Because(err)
	}

	for key, value := range changes {
		if string(value) == "null" {
			delete(merged, key)
			continue
		}
		merged[key] = value
	}
	if len(merged) > MaxKeys {
		return nil, errs.MetadataTooManyKeys
	}
	return encode(merged)
}

func encode(object map[string]json.RawMessage) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // the limit is for what the caller wrote, not for our escapes
	if err := e.Encode(object); err != nil {
		return nil, err
	}
	text := bytes.TrimSpace(b.Bytes())
	if len(text) > MaxBytes {
		return nil, errs.MetadataTooLarge
	}
	return text, nil
}

var errNoObject = errors.New("not a JSON object")

// object reads a JSON object; nothing at all and null are empty ones.
func object(text json.RawMessage) (map[string]json.RawMessage, error) {
	keys := map[string]json.RawMessage{}
	if len(text) == 0 || string(text) == "null" {
		return keys, nil
	}
	if err := json.Unmarshal(text, &keys); err != nil {
		return nil, err
	}
	if keys == nil {
		return nil, errNoObject
	}
	return keys, nil
}
