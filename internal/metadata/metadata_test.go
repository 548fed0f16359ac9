package metadata

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/errs"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ stored, patch, want string }{
		{``, ``, `{}`},
		{`{"a":1}`, ``, `{"a":1}`},
		{`{"a":1}`, `null`, `{"a":1}`},
		{`{"a":1}`, `{}`, `{"a":1}`},
		{`{"a":1,"b":2}`, `{"a":null}`, `{"b":2}`},
		{`{"a":1}`, `{"b": null}`, `{"a":1}`},
		{`{"a":{"x":1}}`, `{"a":{"y":[null]}}`, `{"a":{"y":[null]}}`},
		{`{"a":[1]}`, `{"a": "<&>"}`, `{"a":"<&>"}`},
		{`{}`, `{"n":12345678901234567890.50}`, `{"n":12345678901234567890.50}`},
		{`{}`, `{"a":"\u0000"}`, `{"a":"\u0000"}`},
	} {
		got, err := Merge(json.RawMessage(c.stored), json.RawMessage(c.patch))
		if err != nil || string(got) != c.want {
			t.Errorf("Merge(%s, %s) = %s, %v, want %s", c.stored, c.patch, got, err, c.want)
		}
	}
}

func TestMergeRefuses(t *testing.T) {
	t.Parallel()
	keys := func(n int, from int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf(`"k%d":1`, from+i)
		}
		return "{" + strings.Join(list, ",") + "}"
	}
	sized := func(n int) string { return `{"a":"` + strings.Repeat("<", n-len(`{"a":""}`)) + `"}` }

	for name, c := range map[string]struct {
		stored, patch string
		want          *errs.Error
	}{
		"a list":            {`{}`, `[]`, errs.MetadataInvalidFormat},
		"a text":            {`{}`, `"a"`, errs.MetadataInvalidFormat},
		"half an object":    {`{}`, `{"a":`, errs.MetadataInvalidFormat},
		"20 keys":           {`{}`, keys(20, 0), nil},
		"21 keys":           {`{}`, keys(21, 0), errs.MetadataTooManyKeys},
		"21 keys, merged":   {keys(20, 0), keys(1, 20), errs.MetadataTooManyKeys},
		"a full one, again": {keys(20, 0), keys(20, 0), nil},
		"one out, one in":   {keys(20, 0), `{"k0":null,"x":1}`, nil},
		"4096 bytes":        {`{}`, sized(4096), nil},
		"4097 bytes":        {`{}`, sized(4097), errs.MetadataTooLarge},
		"4097, merged":      {sized(4091), `{"b":1}`, errs.MetadataTooLarge},
	} {
		_, err := Merge(json.RawMessage(c.stored), json.RawMessage(c.patch))
		if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}
