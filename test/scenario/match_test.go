package scenario

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// matcher holds an answer against what a story expects of it.
type matcher struct {
	expand  func(string) string      // replaces $name
	capture func(name, value string) // keeps what "$name=" stands for
	wrong   []string
}

var captured = regexp.MustCompile(`^\$([a-z][a-z0-9_]*)=$`)

// match compares a value with an expectation: objects may hold more than is asked for, lists may not. Among strings, *
// stands for any text but none at all when it stands alone, "$name=" keeps the value, "!" says that the key is absent.
func (m *matcher) match(at string, want, got any) {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			m.fail(at, want, got)
			return
		}
		m.object(at, want, object)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			m.fail(at, want, got)
			return
		}
		for i := range want {
			m.match(fmt.Sprintf("%s[%d]", at, i), want[i], list[i])
		}
	case string:
		m.text(at, want, got)
	default:
		if want != got {
			m.fail(at, want, got)
		}
	}
}

func (m *matcher) object(at string, want, got map[string]any) {
	for _, key := range sortedKeys(want) {
		value, there := got[key]
		switch {
		case want[key] == "!":
			if there {
				m.fail(at+"."+key, "no such key", value)
			}
		case !there:
			m.fail(at+"."+key, want[key], "no such key")
		default:
			m.match(at+"."+key, want[key], value)
		}
	}
}

func (m *matcher) text(at, want string, got any) {
	text, isText := got.(string)
	if name := captured.FindStringSubmatch(want); name != nil {
		if !isText || text == "" {
			m.fail(at, want, got)
			return
		}
		m.capture(name[1], text)
		return
	}
	if want == "*" {
		if got == nil || got == "" {
			m.fail(at, "anything", got)
		}
		return
	}
	if want = m.expand(want); !isText || !glob(want, text) {
		m.fail(at, want, got)
	}
}

func (m *matcher) fail(at string, want, got any) {
	m.wrong = append(m.wrong, fmt.Sprintf("%s is %s, want %s", strings.TrimPrefix(at, "."), show(got), show(want)))
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// glob reports whether the text fits the pattern, in which * is any text.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return true
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// A matcher that let everything pass would make all stories true.
func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		want, got string
		wrong     int
	}{
		{`{}`, `{"a":1}`, 0},
		{`{"a":1}`, `{"a":1,"b":2}`, 0},
		{`{"a":1}`, `{"a":2}`, 1},
		{`{"a":1}`, `{"a":"1"}`, 1},
		{`{"a":1}`, `{}`, 1},
		{`{"a":null}`, `{"a":null}`, 0},
		{`{"a":null}`, `{"a":""}`, 1},
		{`{"a":null}`, `{}`, 1},
		{`{"a":""}`, `{"a":""}`, 0},
		{`{"a":""}`, `{"a":"x"}`, 1},
		{`{"a":""}`, `{"a":null}`, 1},
		{`{"a":"!"}`, `{}`, 0},
		{`{"a":"!"}`, `{"a":null}`, 1},
		{`{"a":"*"}`, `{"a":"x"}`, 0},
		{`{"a":"*"}`, `{"a":{}}`, 0},
		{`{"a":"*"}`, `{"a":""}`, 1},
		{`{"a":"*"}`, `{"a":null}`, 1},
		{`{"a":"x-*-y*"}`, `{"a":"x-1-y"}`, 0},
		{`{"a":"x-*-y*"}`, `{"a":"x-y"}`, 1},
		{`{"a":"aa*aa"}`, `{"a":"aaa"}`, 1},
		{`{"a":"$v"}`, `{"a":"value of v"}`, 0},
		{`{"a":"$v"}`, `{"a":"$v"}`, 1},
		{`{"a":"$k="}`, `{"a":"kept"}`, 0},
		{`{"a":"$k="}`, `{"a":""}`, 1},
		{`{"a":[1,2]}`, `{"a":[1,2]}`, 0},
		{`{"a":[1]}`, `{"a":[1,2]}`, 1},
		{`{"a":[]}`, `{"a":[1]}`, 1},
		{`{"a":[{"b":1}]}`, `{"a":[{"b":1,"c":1}]}`, 0},
		{`{"a":{"b":1}}`, `{"a":null}`, 1},
		{`{"a":true,"b":false}`, `{"a":false,"b":true}`, 2},
	}
	for _, tt := range tests {
		kept := ""
		m := matcher{
			expand:  func(s string) string { return strings.ReplaceAll(s, "$v", "value of v") },
			capture: func(name, value string) { kept = name + "=" + value },
		}
		var want, got any
		if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(tt.got), &got); err != nil {
			t.Fatal(err)
		}
		m.match("", want, got)
		if len(m.wrong) != tt.wrong {
			t.Errorf("%s against %s: %q, want %d faults", tt.got, tt.want, m.wrong, tt.wrong)
		}
		if strings.Contains(tt.got, "kept") && kept != "k=kept" {
			t.Errorf("%s against %s keeps %q", tt.got, tt.want, kept)
		}
	}
}
