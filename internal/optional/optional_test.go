package optional

import (
	"encoding/json"
	"testing"
)

func TestText(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{}`: "old", `{"a":null}`: "", `{"a":""}`: "", `{"a":"new"}`: "new",
	} {
		var in struct {
			A Text `json:"a"`
		}
		if err := json.Unmarshal([]byte(body), &in); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		if got := in.A.Or("old"); got != want {
			t.Errorf("%s: a field that was old becomes %q, want %q", body, got, want)
		}
	}
	var in Text
	if err := json.Unmarshal([]byte(`1`), &in); err == nil {
		t.Error("a number passes for a text")
	}
	if got := Set("x"); got != (Text{Given: true, Value: "x"}) {
		t.Errorf("Set = %+v", got)
	}
}
