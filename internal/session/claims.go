package session

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/thimble-auth/thimble/internal/errs"
)

// maxClaims is the size of all custom claims of a session as JSON, in bytes.
const maxClaims = 4096

// reserved are the registered claims of RFC 7519 §4.1, which a caller cannot set: they are ignored.
var reserved = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"}

const reservedNamespace = "https://stytch.com/"

// MergeClaims merges changes into claims: objects are merged into one another, null deletes a key, everything else
// replaces what was there. The result is a JSON object, or empty when there are no claims.
func MergeClaims(claims, changes json.RawMessage) (json.RawMessage, error) {
	if len(changes) == 0 || string(changes) == "null" {
		return claims, nil
	}
	into, err := decodeObject(claims)
	if err != nil {
		return nil, err
	}
	from, err := decodeObject(changes)
	if err != nil {
		return nil, errs.InvalidArgument.Saying("session_custom_claims must be a JSON object.")
	}

	for name := range from {
		if strings.HasPrefix(name, reservedNamespace) {
			return nil, errs.StytchClaimsInCustomClaims
		}
		if slices.Contains(reserved, name) {
			delete(from, name)
		}
	}
	merge(into, from)
	return encodeClaims(into)
}

func encodeClaims(claims map[string]any) (json.RawMessage, error) {
	if len(claims) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(claims); err != nil {
		return nil, errs.UnableToRepresentCustomClaimsJSON.Because(err)
	}
	out := bytes.TrimSpace(b.Bytes())
	if len(out) > maxClaims {
		return nil, errs.CustomClaimsTooLarge
	}
	return out, nil
}

func decodeObject(text json.RawMessage) (map[string]any, error) {
	object := map[string]any{}
	if len(text) == 0 {
		return object, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // a large number stays what the caller wrote
	err := d.Decode(&object)
	return object, err
}

func merge(into, from map[string]any) {
	for name, value := range from {
		if value == nil {
			delete(into, name)
			continue
		}
		inner, isObject := value.(map[string]any)
		if !isObject {
			into[name] = value
			continue
		}
		old, wasObject := into[name].(map[string]any)
		if !wasObject {
			old = map[string]any{}
		}
		merge(old, inner) // also into an empty object: it drops the nulls
		into[name] = old
	}
}
