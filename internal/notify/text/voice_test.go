package text_test

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/notify/text"
)

func TestRenderCall(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		tag  locale.Tag
		p    text.Params
		want string
	}{
		"test project": {
			"en",
			text.Params{Code: code},
			"Hello. Your code is:\n0, 1, 2, 3, 4, 5.\nOnce more, your code is:\n0, 1, 2, 3, 4, 5.\n" +
				"The code is valid for two minutes. Goodbye.",
		},
		"live project": {
			"de-DE",
			text.Params{Code: code, Project: "Acme", Domain: "login.example.com"},
			"Guten Tag. Dies ist ein Anruf von Acme. Ihr Code lautet:\n0, 1, 2, 3, 4, 5.\n" +
				"Ich wiederhole, Ihr Code lautet:\n0, 1, 2, 3, 4, 5.\nDer Code gilt zwei Minuten. Auf Wiederhören.",
		},
		"digits as the language has them": {
			"ja",
			text.Params{Code: code},
			"こんにちは。認証コードをお伝えします。\n0、1、2、3、4、5。\nもう一度お伝えします。\n0、1、2、3、4、5。\n" +
				"コードは二分間有効です。失礼いたします。",
		},
		"no words of ours": {
			"xx",
			text.Params{Code: code, Project: "Acme Inc."},
			"Hello. This is a call from Acme Inc. Your code is:\n0, 1, 2, 3, 4, 5.\nOnce more, your code is:\n" +
				"0, 1, 2, 3, 4, 5.\nThe code is valid for two minutes. Goodbye.",
		},
	} {
		if got := text.RenderCall(tt.tag, tt.p); got != tt.want {
			t.Errorf("%s: RenderCall(%q, %+v)\n got %q\nwant %q", name, tt.tag, tt.p, got, tt.want)
		}
	}
}

// TestEveryLanguageIsSpoken: words of its own, and the code twice.
func TestEveryLanguageIsSpoken(t *testing.T) {
	t.Parallel()
	seen := map[string]locale.Tag{}
	for _, tag := range locale.SMS() {
		body := text.RenderCall(tag, text.Params{Code: code})
		if other, ok := seen[body]; ok {
			t.Errorf("%q and %q say the same: %q", tag, other, body)
		}
		seen[body] = tag
		if named := text.RenderCall(tag, text.Params{Code: code, Project: "Acme"}); !strings.Contains(named, "Acme") {
			t.Errorf("%q does not say who calls: %q", tag, named)
		}
		if strings.ContainsAny(body, "{}") {
			t.Errorf("%q: %q", tag, body)
		}
	}
}

// Whatever the name, there are five lines, of which two hold the code and nothing else, one digit at a time.
func TestAnyNameLeavesTheCodeAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := text.Params{
			Code:    rapid.StringMatching(`[0-9]{6}`).Draw(t, "code"),
			Project: rapid.String().Draw(t, "project"),
		}
		body := text.RenderCall(rapid.SampledFrom(locale.SMS()).Draw(t, "tag"), p)
		lines := strings.Split(body, "\n")
		if len(lines) != 5 {
			t.Fatalf("%q: %d lines", body, len(lines))
		}
		for _, n := range []int{1, 3} {
			digits := strings.FieldsFunc(lines[n], func(r rune) bool { return !unicode.IsDigit(r) })
			if len(digits) != len(p.Code) || strings.Join(digits, "") != p.Code {
				t.Fatalf("%q: line %d is not the code, digit by digit", body, n)
			}
		}
	})
}
