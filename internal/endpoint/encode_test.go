package endpoint

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/google/go-cmp/cmp"
)

type word string

// day writes its own JSON and can append it.
type day struct{ time.Time }

func (d day) MarshalJSON() ([]byte, error) { return d.Append(nil), nil }

func (d day) Append(b []byte) []byte { return d.AppendFormat(b, `"2006-01-02"`) }

type loud string

func (l *loud) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(string(*l))), nil }

type common struct {
	ID     string `json:"id"`
	Status int32  `json:"status"`
}

type leaf struct {
	Name  word           `json:"name"`
	Tags  []string       `json:"tags"`
	Rest  map[string]any `json:"rest"`
	Child *leaf          `json:"child"`
}

type everything struct {
	_ struct{} `schema:"everything"`
	common
	Text     string           `json:"text"`
	Yes      bool             `json:"yes"`
	Number   int64            `json:"number"`
	Share    float64          `json:"share"`
	Count    uint8            `json:"count"`
	Hidden   string           `json:"-"`
	Maybe    *string          `json:"maybe"`
	Left     *leaf            `json:"left,omitempty"`
	Brief    string           `json:"brief,omitempty"`
	Few      []string         `json:"few,omitempty"`
	Some     map[string]word  `json:"some,omitempty"`
	Whole    leaf             `json:"whole,omitempty"`
	Leaves   []leaf           `json:"leaves"`
	Pointers []*leaf          `json:"pointers"`
	Day      day              `json:"day"`
	Days     []day            `json:"days"`
	Then     *day             `json:"then"`
	Loud     loud             `json:"loud"`
	Bytes    []byte           `json:"bytes"`
	Raw      json.RawMessage  `json:"raw"`
	MaybeRaw *json.RawMessage `json:"maybe_raw"`
	Any      any              `json:"any"`
	Array    [2]string        `json:"array"`
}

// texts that need escapes, or look as if they did.
var texts = []string{
	"", "plain", `"quoted" \ back`, "tab\tnewline\n", "\x00\x1f\x7f", "<script>&amp;", "Müller", "日本 🙂", "line\u2028 and\u2029", "bad \xff\xc0",
}

// Generate makes lists, maps and raw JSON that are there: what is nil is TestNothingIsNull's.
func (everything) Generate(r *rand.Rand) everything {
	text := func() string { return texts[r.IntN(len(texts))] }
	list := func() []string {
		all := make([]string, r.IntN(3))
		for i := range all {
			all[i] = text()
		}
		return all
	}
	var grow func(depth int) *leaf
	grow = func(depth int) *leaf {
		if depth == 0 {
			return nil
		}
		return &leaf{word(text()), list(), map[string]any{text(): text(), "n": r.IntN(9), "nil": nil}, grow(depth - 1)}
	}
	some := text()
	raw := json.RawMessage([]string{`{}`, `{"a": [1, "<"]}`, `{ }`, `"text"`}[r.IntN(4)])
	now := day{time.Unix(r.Int64N(1<<32), 0).UTC()}
	e := everything{
		common: common{text(), r.Int32()}, Text: text(), Yes: r.IntN(2) == 0, Number: -r.Int64(), Share: r.Float64(), Count: 7, Hidden: "hidden",
		Left: grow(r.IntN(3)), Brief: text(), Few: list(), Whole: *grow(1), Leaves: []leaf{*grow(2)}, Pointers: []*leaf{grow(1), nil},
		Day: now, Days: []day{now, now}, Loud: loud(text()), Bytes: []byte(text()), Raw: raw, Any: text(), Array: [2]string{text(), text()},
	}
	e.Some = map[string]word{}
	if r.IntN(2) == 0 {
		e.Maybe, e.Then, e.MaybeRaw = &some, &now, &raw
		e.Some[text()] = word(text())
		e.Any = []any{1, text(), map[string]any{"deep": list()}}
	}
	return e
}

// What is not nil is written as encoding/json writes it.
func TestEncodeAsEncodingJSON(t *testing.T) {
	t.Parallel()
	encode := encoderOf(reflect.TypeFor[everything]())
	check := func(seed uint64) bool {
		value := everything{}.Generate(rand.New(rand.NewPCG(seed, 1)))
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(&value); err != nil {
			t.Fatal(err)
		}
		got, err := encode(nil, reflect.ValueOf(&value).Elem())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), string(got)+"\n"); diff != "" {
			t.Errorf("seed %d (-encoding/json +ours): %s", seed, diff)
			return false
		}
		return true
	}
	if err := quick.Check(check, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}

// Lists, objects and raw JSON that are nil are empty, down to the elements of lists.
func TestNothingIsNull(t *testing.T) {
	t.Parallel()
	value := everything{Leaves: []leaf{{}}, Any: []string(nil), MaybeRaw: new(json.RawMessage)}
	got, err := encoderOf(reflect.TypeFor[everything]())(nil, reflect.ValueOf(&value).Elem())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"","status":0,"text":"","yes":false,"number":0,"share":0,"count":0,"maybe":null,` +
		`"whole":{"name":"","tags":[],"rest":{},"child":null},` +
		`"leaves":[{"name":"","tags":[],"rest":{},"child":null}],"pointers":[],"day":"0001-01-01","days":[],"then":null,` +
		`"loud":"","bytes":"","raw":{},"maybe_raw":{},"any":null,"array":["",""]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
}

// What cannot be written becomes an error and no half of an answer.
func TestEncodeFails(t *testing.T) {
	t.Parallel()
	for _, value := range []everything{
		{Any: func() {}}, {Raw: json.RawMessage("{")}, {Leaves: []leaf{{Rest: map[string]any{"": make(chan int)}}}},
	} {
		if got, err := encoderOf(reflect.TypeFor[everything]())(nil, reflect.ValueOf(&value).Elem()); err == nil {
			t.Errorf("%s was written", got)
		}
	}
}

func TestAnswersThatCannotBeDeclared(t *testing.T) {
	t.Parallel()
	text := reflect.TypeFor[string]()
	twice := reflect.StructOf([]reflect.StructField{
		{Name: "A", Type: text, Tag: `json:"same"`}, {Name: "B", Type: text, Tag: `json:"same"`},
	})
	for name, answer := range map[string]reflect.Type{
		"no name":          reflect.TypeFor[struct{ Field string }](),
		"the same name":    twice,
		"behind a pointer": reflect.TypeFor[struct{ *common }](),
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: an encoder was made", name)
				}
			}()
			encoderOf(answer)
		}()
	}
}
