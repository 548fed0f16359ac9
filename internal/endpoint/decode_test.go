package endpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/secret"
)

// even is a text with a rule of its own.
type even string

func (e *even) UnmarshalText(b []byte) error {
	if len(b)%2 == 1 {
		return errs.InvalidCode
	}
	if string(b) == "oops" {
		return errors.New("oops")
	}
	*e = even(b)
	return nil
}

// choice notices null.
type choice struct{ Given, Null bool }

func (c *choice) UnmarshalJSON(b []byte) error {
	*c = choice{Given: true, Null: string(b) == "null"}
	return nil
}

type sessionFields struct {
	Minutes int32 `json:"minutes"`
}

type tree struct {
	Name     string `json:"name" api:"required"`
	Children []tree `json:"children"`
}

type kitchenSink struct {
	sessionFields
	ID     string                     `json:"id" api:"required"`
	Even   even                       `json:"even"`
	Key    secret.String              `json:"key"`
	Flag   bool                       `json:"flag"`
	MaybeB *bool                      `json:"maybe_b"`
	MaybeS *string                    `json:"maybe_s"`
	Small  int8                       `json:"small"`
	Float  float64                    `json:"float"`
	Names  []string                   `json:"names"`
	Raw    json.RawMessage            `json:"raw"`
	Claims map[string]json.RawMessage `json:"claims"`
	Lists  map[string][]string        `json:"lists"`
	Any    any                        `json:"any"`
	Choice choice                     `json:"choice"`
	Tree   *tree                      `json:"tree"`
	When   time.Time                  `json:"when"`
}

var sinkPlan = newPlan(http.MethodPost, "/x", reflect.TypeFor[kitchenSink]())

func decodeSink(t testing.TB, body string) (kitchenSink, error) {
	t.Helper()
	var in kitchenSink
	err := sinkPlan.readBody([]byte(body), reflect.ValueOf(&in).Elem())
	return in, err
}

func TestDecode(t *testing.T) {
	t.Parallel()
	text, yes := "", true
	for _, c := range []struct {
		name, body string
		want       kitchenSink
	}{
		{"one field", `{"id":"a"}`, kitchenSink{ID: "a"}},
		{"white space", " \t\r\n{ \"id\" : \"a\" , \"flag\" : true } \n", kitchenSink{ID: "a", Flag: true}},
		{"unknown fields", `{"id":"a","zz":{"id":1,"q":[{}]},"":0}`, kitchenSink{ID: "a"}},
		{"names are exact", `{"ID":"b","id":"a","Flag":true}`, kitchenSink{ID: "a"}},
		{"escaped name", `{"\u0069d":"a"}`, kitchenSink{ID: "a"}},
		{"escapes", `{"id":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀"}`, kitchenSink{ID: "\"\\/\b\f\n\r\té😀é😀"}},
		{
			"null is absent", `{"id":"a","flag":null,"names":null,"minutes":null,"raw":null,"even":null,"tree":null}`,
			kitchenSink{ID: "a"},
		},
		{"empty text is absent", `{"id":"a","even":"","key":"","when":""}`, kitchenSink{ID: "a"}},
		{"empty list is given", `{"id":"a","names":[]}`, kitchenSink{ID: "a", Names: []string{}}},
		{
			"pointers see zero values", `{"id":"a","maybe_b":true,"maybe_s":""}`,
			kitchenSink{ID: "a", MaybeB: &yes, MaybeS: &text},
		},
		{"embedded", `{"id":"a","minutes":-5}`, kitchenSink{ID: "a", sessionFields: sessionFields{-5}}},
		{"numbers", `{"id":"a","small":-128,"float":1.5e2}`, kitchenSink{ID: "a", Small: -128, Float: 150}},
		{
			"text types", `{"id":"a","even":"ab","key":"s3","when":"2026-01-02T03:04:05Z"}`,
			kitchenSink{ID: "a", Even: "ab", Key: "s3", When: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
		},
		{
			"raw object", `{"id":"a","raw":{"b": 12345678901234567890}}`,
			kitchenSink{ID: "a", Raw: json.RawMessage(`{"b": 12345678901234567890}`)},
		},
		{"nulls inside a map", `{"id":"a","claims":{"x":null,"y":[1]}}`, kitchenSink{
			ID:     "a",
			Claims: map[string]json.RawMessage{"x": json.RawMessage("null"), "y": json.RawMessage("[1]")},
		}},
		{
			"map of lists", `{"id":"a","lists":{"slack":["T1","T2"]}}`,
			kitchenSink{ID: "a", Lists: map[string][]string{"slack": {"T1", "T2"}}},
		},
		{"any", `{"id":"a","any":[1,"x",null,{"b":true}]}`, kitchenSink{
			ID:  "a",
			Any: []any{json.Number("1"), "x", nil, map[string]any{"b": true}},
		}},
		{"a type that reads null", `{"id":"a","choice":null}`, kitchenSink{ID: "a", Choice: choice{true, true}}},
		{
			"a type that contains itself", `{"id":"a","tree":{"name":"r","children":[{"name":"c"}]}}`,
			kitchenSink{ID: "a", Tree: &tree{Name: "r", Children: []tree{{Name: "c"}}}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeSink(t, c.body)
			if err != nil {
				t.Fatalf("%s: %v", c.body, err)
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(kitchenSink{})); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", c.body, diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	many := func(n int, last string) string {
		var b strings.Builder
		b.WriteString(`{"id":"a"`)
		for i := range n {
			b.WriteString(`,"k` + strings.Repeat("x", i) + `":1`)
		}
		return b.String() + `,"` + last + `":1}`
	}
	for _, c := range []struct {
		name, body, want, says string
	}{
		{"no body", ``, "invalid_argument", "field id is required"},
		{"empty object", `{}`, "invalid_argument", "field id is required"},
		{"required null", `{"id":null}`, "invalid_argument", "field id is required"},
		{"required empty", `{"id":""}`, "invalid_argument", "field id is required"},
		{"number for text", `{"id":1}`, "invalid_argument", "field id must be a string"},
		{"text for flag", `{"id":"a","flag":"true"}`, "invalid_argument", "field flag must be true or false"},
		{"text for number", `{"id":"a","minutes":"5"}`, "invalid_argument", "field minutes must be a whole number"},
		{"fraction", `{"id":"a","minutes":5.5}`, "invalid_argument", "field minutes must be"},
		{"too large", `{"id":"a","small":128}`, "invalid_argument", "field small must be"},
		{"float too large", `{"id":"a","float":1e999}`, "invalid_argument", "field float must be"},
		{"any too odd", `{"id":"a","float":"1"}`, "invalid_argument", "field float must be"},
		{"object for list", `{"id":"a","names":{}}`, "invalid_argument", "field names must be a list"},
		{"null in a list", `{"id":"a","names":["a",null]}`, "invalid_argument", "field names must not contain null"},
		{"number in a list", `{"id":"a","names":["a",1]}`, "invalid_argument", "field names must be a string"},
		{"list for object", `{"id":"a","raw":[]}`, "invalid_argument", "field raw must be an object"},
		{"text for map", `{"id":"a","claims":"x"}`, "invalid_argument", "field claims must be an object"},
		{"null in a map of lists", `{"id":"a","lists":{"x":null}}`, "invalid_argument", "field lists must not contain"},
		{"text for struct", `{"id":"a","tree":"x"}`, "invalid_argument", "field tree must be an object"},
		{
			"nested required", `{"id":"a","tree":{"name":"r","children":[{}]}}`, "invalid_argument",
			"field tree.children.name is required",
		},
		{"U+0000", `{"id":"a\u0000b"}`, "invalid_argument", "field id must not contain"},
		{"U+0000 in a text type", `{"id":"a","even":"a\u0000"}`, "invalid_argument", "field even must not contain"},
		{"a type's own error", `{"id":"a","even":"abc"}`, "invalid_code", "six digits"},
		{"a type's other error", `{"id":"a","even":"oops"}`, "invalid_argument", "field even has the wrong form"},
		{"a bad time", `{"id":"a","when":"yesterday"}`, "invalid_argument", "field when has the wrong form"},

		{"list", `[]`, "bad_request", "not an object at byte 0"},
		{"null", `null`, "bad_request", "not an object"},
		{"two objects", `{"id":"a"}{}`, "bad_request", "more text after the object at byte 10"},
		{"cut short", `{"id":"a`, "bad_request", "unexpected end"},
		{"cut after a comma", `{"id":"a",`, "bad_request", "expected a key"},
		{"comma before the end", `{"id":"a",}`, "bad_request", "expected a key"},
		{"comma before the end of a list", `{"id":["a",]}`, "bad_request", "unexpected character"},
		{"no colon", `{"id" "a"}`, "bad_request", "expected a colon"},
		{"no comma", `{"id":"a" "b":1}`, "bad_request", "expected a comma"},
		{"single quotes", `{'id':'a'}`, "bad_request", "expected a key"},
		{"byte order mark", "\ufeff{}", "bad_request", "not an object"},
		{"not UTF-8", "{\"id\":\"\xff\"}", "bad_request", "not UTF-8"},
		{"half a character", `{"id":"\ud83d"}`, "bad_request", "half a character"},
		{"the wrong half", `{"id":"\ude00\ud83d"}`, "bad_request", "half a character"},
		{"raw control character", "{\"id\":\"a\nb\"}", "bad_request", "control character"},
		{"unknown escape", `{"id":"\x"}`, "bad_request", "unknown escape"},
		{"short escape", `{"id":"\u12"}`, "bad_request", "unknown escape"},
		{"leading zero", `{"a":01}`, "bad_request", "not a number"},
		{"plus", `{"a":+1}`, "bad_request", "unexpected character"},
		{"no digits", `{"a":-}`, "bad_request", "not a number"},
		{"no fraction", `{"a":1.}`, "bad_request", "not a number"},
		{"no exponent", `{"a":1e}`, "bad_request", "not a number"},
		{"NaN", `{"a":NaN}`, "bad_request", "unexpected character"},
		{"half a word", `{"a":tru}`, "bad_request", "unexpected character"},
		{"key twice", `{"id":"a","id":"b"}`, "bad_request", "a key appears twice at byte 10"},
		{"key twice, escaped", `{"id":"a","\u0069\u0064":"b"}`, "bad_request", "a key appears twice"},
		{"key twice, deep", `{"id":"a","x":[{"b":{"c":1,"c":2}}]}`, "bad_request", "a key appears twice"},
		{"key twice among many", many(40, "kxxx"), "bad_request", "a key appears twice"},
		{"key twice at the edge", many(15, "id"), "bad_request", "a key appears twice"},
		{"too deep", deep(65), "bad_request", "too deeply nested"},
		{
			"too deep in lists", `{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}", "bad_request",
			"too deeply nested",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := decodeSink(t, c.body)
			e, ok := errors.AsType[*errs.Error](err)
			if !ok || e.Type != c.want || !strings.Contains(e.Message, c.says) {
				t.Errorf("%s: got %v %+v, want %s %q", c.body, err, e, c.want, c.says)
			}
		})
	}
}

func TestDecodeAtTheLimits(t *testing.T) {
	t.Parallel()
	deep := `{"id":"a","x":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + "}"
	if _, err := decodeSink(t, deep); err != nil {
		t.Errorf("64 levels: %v", err)
	}
	// The same key in objects beside each other, and inside each other.
	if _, err := decodeSink(t, `{"id":"a","x":[{"id":1},{"id":{"id":2}}],"y":{"x":1}}`); err != nil {
		t.Errorf("the same key elsewhere: %v", err)
	}
}

func TestKeysStayCheap(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`{"id":"a"`)
	for i := 0; b.Len() < MaxBody-32; i++ {
		b.WriteString(`,"k` + strconv.Itoa(i) + `":0`)
	}
	b.WriteString("}")
	// Comparing each key with each would take minutes here; the test's own time limit is the assertion.
	if _, err := decodeSink(t, b.String()); err != nil {
		t.Fatal(err)
	}
}

func TestDecodedTextOutlivesTheBuffer(t *testing.T) {
	t.Parallel()
	body := []byte(`{"id":"abcd","raw":{"a":1},"claims":{"k":"v"},"names":["n"]}`)
	var in kitchenSink
	if err := sinkPlan.readBody(body, reflect.ValueOf(&in).Elem()); err != nil {
		t.Fatal(err)
	}
	for i := range body {
		body[i] = 'X'
	}
	got, _ := json.Marshal([]any{in.ID, in.Raw, in.Claims, in.Names})
	if want := `["abcd",{"a":1},{"k":"v"},["n"]]`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

type paramsIn struct {
	Org     string        `path:"org"`
	Member  even          `path:"member"`
	Deleted bool          `query:"deleted"`
	Limit   int64         `query:"limit"`
	Tags    []string      `query:"tag"`
	Must    string        `query:"must" api:"required"`
	Session secret.String `header:"X-Stytch-Member-SessionJWT"`
}

func TestParams(t *testing.T) {
	t.Parallel()
	p := newPlan(http.MethodGet, "/o/{org}/m/{member}", reflect.TypeFor[paramsIn]())
	for _, c := range []struct {
		name, query string
		header      []string
		path        []string
		want        paramsIn
		says        string
	}{
		{
			name: "all", query: "deleted=True&limit=5&tag=a&tag=b&must=x", header: []string{"jwt"},
			path: []string{"acme", "ab"}, want: paramsIn{"acme", "ab", true, 5, []string{"a", "b"}, "x", "jwt"},
		},
		{
			name: "least", query: "must=x&deleted=&limit=", path: []string{"acme", "ab"},
			want: paramsIn{Org: "acme", Member: "ab", Must: "x"},
		},
		{name: "required", query: "must=", path: []string{"a", "ab"}, says: "field must is required"},
		{name: "twice", query: "must=x&must=y", path: []string{"a", "ab"}, says: "field must must be given once"},
		{
			name: "header twice", query: "must=x", header: []string{"a", "b"}, path: []string{"a", "ab"},
			says: "must be given once",
		},
		{name: "no flag", query: "must=x&deleted=1", path: []string{"a", "ab"}, says: "field deleted must be true or false"},
		{name: "no number", query: "must=x&limit=1e3", path: []string{"a", "ab"}, says: "field limit must be a whole number"},
		{name: "U+0000", query: "must=%00", path: []string{"a", "ab"}, says: "field must must be UTF-8"},
		{name: "not UTF-8", query: "must=x", path: []string{"\xff", "ab"}, says: "field org must be UTF-8"},
		{name: "own error", query: "must=x", path: []string{"a", "abc"}, says: "six digits"},
		{name: "broken query", query: "must=%zz", path: []string{"a", "ab"}, says: "query of the address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/?"+c.query, nil)
			r.Header["X-Stytch-Member-Sessionjwt"] = c.header
			var got paramsIn
			err := p.read(r, c.path, nil, reflect.ValueOf(&got).Elem())
			if c.says != "" {
				if e, ok := errors.AsType[*errs.Error](err); !ok || e.Status != 400 || !strings.Contains(e.Message, c.says) {
					t.Errorf("got %v, want %q", err, c.says)
				}
				return
			}
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
}

func TestDeclarationMistakesPanic(t *testing.T) {
	t.Parallel()
	type embedded struct {
		A string `json:"a"`
	}
	for name, declare := range map[string]func(){
		"no tag":      func() { newPlan("POST", "/x", reflect.TypeFor[struct{ A string }]()) },
		"body of GET": func() { newPlan("GET", "/x", reflect.TypeFor[embedded]()) },
		"unknown part": func() {
			newPlan("GET", "/x", reflect.TypeFor[struct {
				A string `path:"a"`
			}]())
		},
		"part without use": func() { newPlan("GET", "/x/{a}", reflect.TypeFor[struct{}]()) },
		"channel": func() {
			newPlan("POST", "/x", reflect.TypeFor[struct {
				A chan int `json:"a"`
			}]())
		},
		"name twice": func() {
			newPlan("POST", "/x", reflect.TypeFor[struct {
				embedded
				B string `json:"a"`
			}]())
		},
		"embedded pointer": func() { newPlan("POST", "/x", reflect.TypeFor[struct{ *embedded }]()) },
		"no struct":        func() { newPlan("POST", "/x", reflect.TypeFor[string]()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("was accepted")
				}
			}()
			declare()
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"id":"a","minutes":5,"names":["x"],"raw":{"a":[1,null]},"any":{"b":-1.5e3}}`,
		`{"id":"\ud83d\ude00\u0000","claims":{"x":null},"tree":{"name":"n","children":[]}}`,
		`{"id":"a","id":"b"}`, `{"a":01}`, ` {} `, `{"a":"\ud800"}`, `{"":{"":{"":[]}}}`, "{\"a\":\"\x80\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		_, err := decodeSink(t, string(body))
		if e, ok := errors.AsType[*errs.Error](err); err != nil && (!ok || e.Status != 400) {
			t.Fatalf("%q: the caller would see %v", body, err)
		}

		var s *syntaxError
		if !errors.As(checkObject(body), &s) {
			compareWithStandard(t, body)
		} else if json.Valid(body) && !stricter(s.what) {
			t.Fatalf("%q: refused (%v), but it is JSON", body, s)
		}
		if !bytes.Equal(before, body) {
			t.Fatalf("%q: the body was changed", before)
		}
	})
}

// stricter tells the refusals that go beyond JSON's grammar.
func stricter(what string) bool {
	switch what {
	case "not UTF-8", "not an object", "a key appears twice", "half a character in a string", "too deeply nested":
		return true
	default:
		return false
	}
}

// compareWithStandard decodes what was accepted with encoding/json too.
func compareWithStandard(t *testing.T, body []byte) {
	t.Helper()
	var want map[string]string
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		t.Fatalf("%q: accepted, but encoding/json says %v", body, err)
	}
	want = map[string]string{}
	for k, v := range raw {
		want[k] = string(v)
	}
	got := map[string]string{}
	text := body[skipSpace(body, 0):]
	_ = members(text, func(key, value []byte) error {
		got[string(key)] = string(value)
		return nil
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%q: (-encoding/json +ours)\n%s", body, diff)
	}
	for k, v := range raw {
		var s string
		if v[0] == '"' && json.Unmarshal(v, &s) == nil && s != string(content(v)) {
			t.Fatalf("%q: %q is %q for encoding/json, %q for us", body, k, s, content(v))
		}
	}
}
