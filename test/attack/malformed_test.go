package attack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/thimble-auth/thimble/test/world"
)

// fill puts a party's ids into the path of an operation.
func (o *operation) fill(p *party) string {
	return strings.NewReplacer(
		"{organization_id}", p.organization, "{member_id}", p.member, "{project_id}", p.client.ID).Replace(o.path)
}

// refused sends a body to an operation that must refuse it.
func (s *scene) refused(op *operation, body string, headers ...string) {
	s.t.Helper()
	a := s.ada.client.Call(s.t, op.method, op.fill(s.ada), body, headers...)
	if wrong := refusal(op, a); wrong != "" {
		s.t.Errorf("%s with %s: %d %s: %s", op, cut(body), a.Status, a.Raw, wrong)
	}
}

func (s *scene) withBody() []*operation {
	return slices.DeleteFunc(slices.Clone(s.operations()), func(o *operation) bool { return o.properties == nil })
}

const mebibyte = 1 << 20

// notJSON are bodies that no call may take.
func notJSON() map[string]string {
	deep := func(n int) string { return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	utf16le := ""
	for _, u := range utf16.Encode([]rune(`{"organization_id":"a"}`)) {
		utf16le += string([]byte{byte(u), byte(u >> 8)})
	}
	return map[string]string{
		"too large":             `{"a":"` + strings.Repeat("a", mebibyte) + `"}`,
		"one byte too large":    `{"a":"` + strings.Repeat("a", mebibyte-7) + `"}`,
		"spaces":                strings.Repeat(" ", mebibyte+1),
		"a list":                `[]`,
		"null":                  `null`,
		"a string":              `"organization_id"`,
		"a number":              `1`,
		"true":                  `true`,
		"open":                  `{"a":1`,
		"open string":           `{"a":"`,
		"a comma too many":      `{"a":1,}`,
		"a colon too few":       `{"a"}`,
		"single quotes":         `{'a':1}`,
		"no quotes":             `{a:1}`,
		"a comment":             `{/**/"a":1}`,
		"a leading zero":        `{"a":01}`,
		"NaN":                   `{"a":NaN}`,
		"Infinity":              `{"a":-Infinity}`,
		"hexadecimal":           `{"a":0x1}`,
		"two objects":           `{"a":1}{"a":2}`,
		"more behind":           `{"a":1} x`,
		"a NUL behind":          "{\"a\":1}\x00",
		"a byte order mark":     "\ufeff{}",
		"UTF-16":                utf16le,
		"bytes":                 "\xff\xfe\x00",
		"bytes in a string":     "{\"a\":\"\xff\"}",
		"bytes in a key":        "{\"\xff\":1}",
		"a short sequence":      "{\"a\":\"\xc3\x28\"}",
		"an overlong slash":     "{\"a\":\"\xc0\xaf\"}",
		"an encoded surrogate":  "{\"a\":\"\xed\xa0\x80\"}",
		"a lone surrogate":      `{"a":"\ud800"}`,
		"a wrong pair":          `{"a":"\ud800\u0041"}`,
		"a low surrogate first": `{"a":"\udc00\ud800"}`,
		"a line break":          "{\"a\":\"\n\"}",
		"a wrong escape":        `{"a":"\x41"}`,
		"a key twice":           `{"organization_id":"a","organization_id":"b"}`,
		"a key twice, escaped":  `{"member_id":"a","\u006dember_id":"b"}`,
		"a key twice, below":    `{"a":{"b":{"c":1,"c":2}}}`,
		"65 levels":             deep(64),
		"a hundred thousand":    deep(100_000),
		"open levels":           strings.Repeat(`{"a":`, 100_000),
		"a form":                `organization_id=a&member_id=b`,
		"XML":                   `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>`,
	}
}

func TestBodiesThatAreNoJSON(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		s := newScene(t, url)
		s.unchanged(func() {
			for _, op := range s.withBody() {
				for name, body := range notJSON() {
					a := s.ada.client.Call(t, op.method, op.fill(s.ada), body)
					if wrong := refusal(op, a); wrong != "" || a.Type() != "bad_request" {
						t.Errorf("%s with %s: %d %s: %s", op, name, a.Status, a.Raw, wrong)
					}
				}
			}
		})
	})
}

// A body without a length is read no further than the limit.
func TestBodyWithoutEnd(t *testing.T) {
	t.Parallel()
	s := newScene(t, world.SQLite(t))
	for _, op := range s.withBody() {
		endless := &counting{}
		r, err := http.NewRequestWithContext(t.Context(), op.method, "http://thimble.test"+op.fill(s.ada), endless)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth(s.ada.client.ID, s.ada.client.Secret)
		r.ContentLength = -1
		a, err := s.ada.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if wrong := refusal(op, a); wrong != "" || endless.n > 2*mebibyte {
			t.Errorf("%s: %d %s: %s; %d bytes were read", op, a.Status, a.Raw, wrong, endless.n)
		}
	}
}

// counting is a body that never ends.
type counting struct{ n int }

// Read gives spaces.
func (c *counting) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	c.n += len(b)
	if c.n > 16*mebibyte {
		return 0, io.ErrUnexpectedEOF
	}
	return len(b), nil
}

// ofOtherTypes gives JSON values that do not have the type of a schema.
func ofOtherTypes(k kind) []string {
	all := map[kind][]string{
		"string":  {`"a"`, `""`},
		"boolean": {`true`, `false`},
		"integer": {`1`, `0`},
		"array":   {`["a"]`, `[]`},
		"object":  {`{"a":"b"}`, `{}`},
	}
	delete(all, k)
	values := []string{`1.5`}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		values = append(values, all[name]...)
	}
	switch k {
	case "integer":
		values = append(values, `2147483648`, `-2147483649`, `99999999999999999999999999`, `1e400`, `1e2`, `-0.1`, `"60"`)
	case "array":
		values = append(values, `[null]`, `[{"a":[[]]}]`)
	case "string":
		values = append(values, `"\u0000"`, `"a\u0000b"`)
	}
	return values
}

// Every field of every call refuses every value of another type, and required ones refuse null and absence.
func TestFieldsOfOtherTypes(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		s := newScene(t, url)
		fields := 0
		s.unchanged(func() {
			for _, op := range s.withBody() {
				for name, property := range op.properties {
					fields++
					k := property.Type
					if property.Ref != "" {
						k = "object"
					}
					values := ofOtherTypes(k)
					if slices.Contains(op.required, name) {
						values = append(values, `null`)
						s.refused(op, s.body(op, map[string]string{name: "absent"}))
					}
					for _, value := range values {
						a := s.ada.client.Call(t, op.method, op.fill(s.ada), s.body(op, map[string]string{name: value}))
						if wrong := refusal(op, a); wrong != "" || !strings.Contains(a.At("error_message"), name) &&
							a.Type() == "invalid_argument" {
							t.Errorf("%s with %s %s: %d %s: %s", op, name, value, a.Status, a.Raw, wrong)
						}
					}
				}
			}
		})
		if fields < 80 {
			t.Errorf("only %d fields", fields)
		}
	})
}

// body makes a request with harmless required fields and some others, as JSON texts by name.
func (s *scene) body(op *operation, others map[string]string) string {
	fields := map[string]json.RawMessage{}
	for _, name := range op.required {
		fields[name] = json.RawMessage(`"a"`)
		switch op.properties[name].Type {
		case "integer":
			fields[name] = json.RawMessage(`1`)
		case "array":
			fields[name] = json.RawMessage(`["a"]`)
		}
	}
	for name, value := range others {
		fields[name] = json.RawMessage(value)
		if value == "absent" {
			delete(fields, name)
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// looksNobodyUp are the calls whose answer depends on nothing that is stored.
var looksNobodyUp = []string{"/v1/b2b/passwords/strength_check"}

// Null in an optional field is the same as no field.
func TestNullIsAbsence(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		s := newScene(t, url)
		// Nobody's organization, so that nothing comes of the calls that are well formed.
		nobody := *s.ada
		nobody.organization = "organization-test-11111111-1111-4111-8111-111111111111"
		s.unchanged(func() {
			for _, op := range s.withBody() {
				base := s.body(op, map[string]string{})
				if op.path == world.Organizations {
					base = `{"organization_name":""}`
				}
				if op.path == "/v1/thimble/display_name" {
					base = `{"display_name":"@"}` // else it is the project's
				}
				without := s.ada.client.Call(t, op.method, op.fill(&nobody), base)
				for name := range op.properties {
					if slices.Contains(op.required, name) {
						continue
					}
					with := strings.TrimSuffix(base, "}") + fmt.Sprintf(`,%q:null}`, name)
					with = strings.Replace(with, "{,", "{", 1)
					a := s.ada.client.Call(t, op.method, op.fill(&nobody), with)
					refused := a.Status >= 400 || slices.Contains(looksNobodyUp, op.path)
					if a.Status != without.Status || a.Type() != without.Type() || !refused {
						t.Errorf("%s with %s: %d %s, without it %d %s", op, with, a.Status, a.Raw, without.Status, without.Raw)
					}
				}
			}
		})

		s.ada.client.Must(t, "POST", world.SendSMS, world.J{
			"organization_id": s.ada.organization, "member_id": s.ada.member, "mfa_phone_number": nil, "locale": nil,
			"intermediate_session_token": s.ada.intermediate, "session_token": nil, "session_jwt": nil,
		})
		s.ada.client.Must(t, "POST", world.AuthenticateSMS, world.J{
			"organization_id": s.ada.organization, "member_id": s.ada.member, "code": s.Code(t, s.ada.client, s.ada.number),
			"intermediate_session_token": s.ada.intermediate, "session_token": nil, "session_jwt": nil,
			"session_duration_minutes": nil, "session_custom_claims": nil, "set_mfa_enrollment": nil, "set_default_mfa": nil,
			"telemetry_id": nil,
		})
	})
}

// Texts of 64 KiB in every field of the two calls about codes, and in those that make organizations.
func TestHugeTexts(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		s := newScene(t, url)
		huge := `"` + strings.Repeat("9", mebibyte/16) + `"`
		// Each base is refused for a reason of its own if the huge field is not.
		bases := map[string]map[string]string{
			world.SendSMS: {
				"organization_id": s.quote(s.ada.organization), "member_id": s.quote(s.ada.member), "locale": `"xx"`,
				"intermediate_session_token": s.quote(s.ada.intermediate),
			},
			world.AuthenticateSMS: {
				"organization_id": s.quote(s.ada.organization), "member_id": s.quote(s.ada.member), "code": `"12345"`,
				"intermediate_session_token": s.quote(s.ada.intermediate),
			},
			world.Organizations: {"organization_name": `"Acme"`, "mfa_policy": `"NOBODY"`},
		}
		s.unchanged(func() {
			for _, op := range s.withBody() {
				base, ok := bases[op.path]
				if !ok {
					continue
				}
				for name, property := range op.properties {
					fields := maps.Clone(base)
					switch property.Type {
					case "string":
						fields[name] = huge
					case "array":
						fields[name] = `[` + huge + `]`
					case "object":
						fields[name] = `{"a":` + huge + `}`
					case "integer":
						fields[name] = strings.Trim(huge, `"`)
					default:
						continue
					}
					s.refused(op, s.body(op, fields))
				}
			}
		})
	})
}

func (s *scene) quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// What a body claims to be does not matter; what it is does.
func TestContentTypes(t *testing.T) {
	t.Parallel()
	s := newScene(t, world.SQLite(t))
	form := "organization_id=" + s.ada.organization + "&member_id=" + s.ada.member
	s.unchanged(func() {
		for _, kind := range []string{
			"application/x-www-form-urlencoded", "multipart/form-data; boundary=a", "text/plain", "text/xml", "application/json",
			"application/json; charset=utf-16", "", "\u00e9", "a/b/c;;", "application/octet-stream",
		} {
			for _, op := range s.withBody() {
				s.refused(op, form, "Content-Type", kind)
				s.refused(op, "\x1f\x8b\x08\x00\x00", "Content-Type", kind, "Content-Encoding", "gzip")
			}
		}
	})
}

// Credentials that are none.
func TestCredentials(t *testing.T) {
	t.Parallel()
	s := newScene(t, world.SQLite(t))
	headers := []string{
		"", "Basic", "Basic ", "Basic !!!!", "Basic YQ==", "Basic Og==", "Basic /w==", "Bearer " + s.ada.session, "Digest a=b",
		"Basic " + strings.Repeat("YQ", 10_000), s.ada.client.ID, "basic", "Basic\tYTpi", "Basic YTpi YTpi",
	}
	s.unchanged(func() {
		for _, op := range s.operations() {
			if strings.Contains(op.path, "jwks") {
				continue
			}
			for _, header := range headers {
				a, err := raw(t.Context(), s, op, header)
				if err != nil {
					t.Fatal(err)
				}
				if wrong := refusal(op, a); wrong != "" {
					t.Errorf("%s with Authorization %q: %d %s: %s", op, cut(header), a.Status, a.Raw, wrong)
				}
			}
		}
	})
}

func raw(ctx context.Context, s *scene, op *operation, header string) (*world.Answer, error) {
	r, err := http.NewRequestWithContext(ctx, op.method, "http://thimble.test"+op.fill(s.ada), strings.NewReader("{}"))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", header)
	return s.ada.client.Do(r)
}
