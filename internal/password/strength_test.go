package password

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

func TestZxcvbn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		password, address string
		least, most       int
		warning           string
	}{
		{"", "", 0, 0, ""},
		{"password", "", 0, 0, "very common password"},
		{"P@ssw0rd", "", 0, 0, "common password"},
		{"PASSWORD1", "", 0, 1, "common password"},
		{"qwertyuiop[]", "", 0, 2, ""},
		{"zxcfrewsdt", "", 0, 3, ""},
		{"abcdefghijk", "", 0, 1, "Sequences"},
		{"98765432", "", 0, 1, ""},
		{"aaaaaaaaaaaa", "", 0, 1, "Repeats"},
		{"abcabcabcabc", "", 0, 1, ""},
		{strings.Repeat("ab1", 33), "", 0, 2, "Repeats"},
		{"13.08.1985", "", 0, 1, "Dates"},
		{"19850813", "", 0, 1, "Dates"},
		{"Ada.Lovelace.1815@example.com", "ada.lovelace.1815@example.com", 0, 1, "address"},
		{"lovelace", "lovelace@example.com", 0, 0, "address"},
		{"Tr0ub4dour&3", "", 1, 3, ""},
		{"correct horse battery staple", "", 4, 4, ""},
		{"vK7#pQz!m2Lw", "", 4, 4, ""},
		{"日本語のパスワードです長い", "", 3, 4, ""},
		{"İİİİİİİİ password İ", "", 0, 3, ""},
		{"\xff\xfe\x00abc", "", 0, 2, ""},
	} {
		e := estimateOf(c.password, wordsOf(c.address))
		if e.score < c.least || e.score > c.most {
			t.Errorf("%q: score %d, want %d to %d: %+v", c.password, e.score, c.least, c.most, e.fragments)
		}
		f := e.feedback()
		if c.warning != "" && !strings.Contains(f.Warning, c.warning) {
			t.Errorf("%q: warning %q, want one with %q: %+v", c.password, f.Warning, c.warning, e.fragments)
		}
		if f.Suggestions == nil || e.score < goodScore && len(f.Suggestions) == 0 {
			t.Errorf("%q: suggestions %v", c.password, f.Suggestions)
		}
	}
}

// Whatever is judged is made of fragments that follow each other without a gap, and takes a bounded time.
func FuzzEstimate(f *testing.F) {
	f.Add("Tr0ub4dour&3", "ada@example.com")
	f.Add(strings.Repeat("@(4", 400), "")
	f.Add("İ1/1/11 \xff", "İ@example.com")
	f.Fuzz(func(t *testing.T, text, address string) {
		e := estimateOf(text, wordsOf(address))
		at := min(utf8.RuneCountInString(text), estimated)
		for _, part := range e.fragments {
			if part.to != at || part.from >= part.to {
				t.Fatalf("a fragment from %d to %d where one has to end at %d", part.from, part.to, at)
			}
			at = part.from
		}
		if at != 0 || e.score < 0 || e.score > 4 {
			t.Fatalf("%d letters left, score %d", at, e.score)
		}
		_ = e.feedback()
	})
}

func BenchmarkEstimate(b *testing.B) {
	for _, text := range []string{"Tr0ub4dour&3", strings.Repeat("@(4", 400)} {
		for b.Loop() {
			estimateOf(text, nil)
		}
	}
}

func TestLUDS(t *testing.T) {
	t.Parallel()
	strict := store.ProjectSettings{ValidationPolicy: PolicyLUDS, LUDSMinLength: 10, LUDSMinComplexity: 4}
	loose := store.ProjectSettings{ValidationPolicy: PolicyLUDS}
	for _, c := range []struct {
		password string
		settings *store.ProjectSettings
		want     LUDS
		valid    bool
	}{
		{"", &loose, LUDS{MissingComplexity: 3, MissingCharacters: 8}, false},
		{"abc", &loose, LUDS{Lower: true, MissingComplexity: 2, MissingCharacters: 5}, false},
		{"Abcdefg1", &loose, LUDS{Lower: true, Upper: true, Digit: true}, true},
		{"Abcdefg1", &strict, LUDS{Lower: true, Upper: true, Digit: true, MissingComplexity: 1, MissingCharacters: 2}, false},
		{"Abcdefgh1!", &strict, LUDS{Lower: true, Upper: true, Digit: true, Symbol: true}, true},
		{"Ébcdefgh1a", &strict, LUDS{Lower: true, Digit: true, Symbol: true, MissingComplexity: 1}, false},
		{"ééééééé1A", &loose, LUDS{Upper: true, Digit: true, Symbol: true}, true},
		{"Password1", &loose, LUDS{Lower: true, Upper: true, Digit: true}, true}, // LUDS counts, it does not read
	} {
		got := judge(c.settings, secret.String(c.password), "")
		if got.Policy != PolicyLUDS || got.Zxcvbn != nil || got.LUDS == nil || got.Valid != c.valid {
			t.Fatalf("%q: %+v, want valid %t", c.password, got, c.valid)
		}
		if diff := cmp.Diff(c.want, *got.LUDS); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.password, diff)
		}
	}
	if got := judge(&store.ProjectSettings{}, secret.String(strings.Repeat("vK7#pQz!m2Lw", 100)), ""); got.Valid {
		t.Error("a password of 1200 bytes is valid")
	}
}
