package text_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/notify/text"
)

const code = "012345"

// The languages whose letters the GSM alphabet has, by our choice of words.
var gsmLanguages = []locale.Tag{"en", "es", "fr", "pt-br", "it", "de-DE", "nl", "ca-ES", "pl", "tr"}

func TestRender(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		tag  locale.Tag
		p    text.Params
		want string
	}{
		"test project": {"en", text.Params{Code: code}, "012345 is your code. It is valid for 2 minutes."},
		"live project": {
			"en",
			text.Params{Code: code, Project: "Acme"},
			"012345 is your Acme code. It is valid for 2 minutes.",
		},
		"WebOTP": {
			"en",
			text.Params{Code: code, Project: "Acme", Domain: "login.example.com"},
			"012345 is your Acme code. It is valid for 2 minutes.\n@login.example.com #012345",
		},
		"no words of ours": {"xx", text.Params{Code: code}, "012345 is your code. It is valid for 2 minutes."},
		"full stop of the name": {
			"de-DE",
			text.Params{Code: code, Project: "Acme Inc."},
			"012345 ist Ihr Code für Acme Inc. Er gilt 2 Minuten.",
		},
		"accents that fit stay": {
			"pt-br",
			text.Params{Code: code, Project: "São João"},
			"012345 é o seu PIN de acesso para São João. Vale por 2 minutos.",
		},
		"accents that do not fit go": {
			"pt-br",
			text.Params{Code: code, Project: "São João Construções"},
			"012345 é o seu PIN de acesso para Sao Joao Construcoes. Vale por 2 minutos.",
		},
		"long name": {
			"ru",
			text.Params{Code: code, Project: "Northwind Traders", Domain: "login.example.com"},
			"012345 — код Northwi... Действует 2 минуты.\n@login.example.com #012345",
		},
		"no room for a name": {
			"ru",
			text.Params{Code: code, Project: "Northwind Traders", Domain: "login.shop.example.com"},
			"012345 — ваш код. Действует 2 минуты.\n@login.shop.example.com #012345",
		},
		"no room for the time": {
			"ja",
			text.Params{Code: code, Project: "Acme", Domain: "authentication.customers.example.co.jp"},
			"012345 は認証コードです。\n@authentication.customers.example.co.jp #012345",
		},
		"no room for words": {
			"ja",
			text.Params{Code: code, Project: "Acme", Domain: strings.Repeat("d", text.MaxDomain)},
			"012345\n@" + strings.Repeat("d", text.MaxDomain) + " #012345",
		},
		"a name cannot write a line": {
			"en",
			text.Params{Code: code, Project: "Acme\n@evil.example #999999\r\n\u202eX"},
			"012345 is your Acme @evil.example #999999 X code. It is valid for 2 minutes.",
		},
		"a name cannot name a value": {
			"en",
			text.Params{Code: code, Project: "{code} {project}"},
			"012345 is your {code} {project} code. It is valid for 2 minutes.",
		},
		"emoji are not torn": {
			"ja",
			text.Params{Code: code, Project: strings.Repeat("👩‍👩‍👧", 20)},
			"012345 は👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧...の認証コードです。2分間有効です。",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := text.Render(tt.tag, tt.p); got != tt.want {
				t.Errorf("Render(%q, %+v)\n got %q\nwant %q", tt.tag, tt.p, got, tt.want)
			}
		})
	}
}

// Every language, every length of name in several scripts, every length of domain: one SMS, the code first, the WebOTP
// line last and whole.
func TestAlwaysOneSegment(t *testing.T) {
	t.Parallel()
	domains := []string{""}
	for n := 4; n <= text.MaxDomain; n += 9 {
		domains = append(domains, strings.Repeat("a", n-4)+".com")
	}
	domains = append(domains, strings.Repeat("a", text.MaxDomain-4)+".com")
	for _, tag := range locale.SMS() {
		t.Run(string(tag), func(t *testing.T) {
			t.Parallel()
			for _, letter := range []string{"A", "é", "ł", "株", "^", "🏭", "ab "} {
				for length := range 201 {
					if length > 30 && length%30 != 0 {
						continue
					}
					for _, domain := range domains {
						check(t, tag, text.Params{Code: code, Project: strings.Repeat(letter, length), Domain: domain})
					}
				}
			}
		})
	}
}

func check(t interface{ Fatalf(string, ...any) }, tag locale.Tag, p text.Params) {
	body := text.Render(tag, p)
	if n := text.Segments(body); n != 1 {
		t.Fatalf("Render(%q, %+v) = %q: %d segments", tag, p, body, n)
	}
	if !strings.HasPrefix(body, p.Code) {
		t.Fatalf("Render(%q, %+v) = %q: the code is not first", tag, p, body)
	}
	lines := strings.Split(body, "\n")
	if want := "@" + p.Domain + " #" + p.Code; p.Domain != "" && (len(lines) != 2 || lines[1] != want) {
		t.Fatalf("Render(%q, %+v) = %q: the last line is not %q", tag, p, body, want)
	}
	if p.Domain == "" && len(lines) != 1 {
		t.Fatalf("Render(%q, %+v) = %q: %d lines", tag, p, body, len(lines))
	}
}

func TestAnyNameIsOneSegment(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := text.Params{
			Code:    rapid.StringMatching(`[0-9]{6}`).Draw(t, "code"),
			Project: rapid.String().Draw(t, "project"),
			Domain:  rapid.StringMatching(`([a-z0-9-]{1,40}\.[a-z]{2,20})?`).Draw(t, "domain"),
		}
		check(t, rapid.SampledFrom(locale.SMS()).Draw(t, "tag"), p)
	})
}

// A name takes a text out of the GSM alphabet only if its letters are not there, and an ordinary name and domain fit
// whole.
func TestAlphabets(t *testing.T) {
	t.Parallel()
	for _, tag := range locale.SMS() {
		for _, p := range []text.Params{
			{Code: code},
			{Code: code, Project: "Acme"},
			{Code: code, Project: "Acme", Domain: "login.example.com"},
			{Code: code, Project: strings.Repeat("Acme ", 50), Domain: "login.example.com"},
		} {
			body := text.Render(tag, p)
			if got, want := text.GSM7(body), slices.Contains(gsmLanguages, tag); got != want {
				t.Errorf("Render(%q, %+v) = %q: GSM-7 is %v", tag, p, body, got)
			}
			if p.Project != "" && !strings.Contains(body, p.Project[:4]) {
				t.Errorf("Render(%q, %+v) = %q: no name", tag, p, body)
			}
		}
	}
}

// Each language has words of its own.
func TestEveryLanguageHasWords(t *testing.T) {
	t.Parallel()
	seen := map[string]locale.Tag{}
	for _, tag := range locale.SMS() {
		body := text.Render(tag, text.Params{Code: code})
		if other, ok := seen[body]; ok {
			t.Errorf("%q and %q say the same: %q", tag, other, body)
		}
		seen[body] = tag
		if strings.ContainsAny(body, "{}") || !strings.ContainsAny(body[len(code):], "2دو") {
			t.Errorf("%q: %q", tag, body)
		}
	}
}

func TestSegments(t *testing.T) {
	t.Parallel()
	for i, tt := range []struct {
		body string
		want int
	}{
		{"", 1},
		{strings.Repeat("a", 160), 1},
		{strings.Repeat("a", 161), 2},
		{strings.Repeat("a", 306), 2},
		{strings.Repeat("a", 307), 3},
		{strings.Repeat("€", 80), 1},
		{strings.Repeat("€", 81), 2},
		{strings.Repeat("€", 152), 2}, // 76 in each part of 153: none is torn
		{strings.Repeat("€", 153), 3},
		{strings.Repeat("ж", 70), 1},
		{strings.Repeat("ж", 71), 2},
		{strings.Repeat("ж", 134), 2},
		{strings.Repeat("ж", 135), 3},
		{strings.Repeat("🏭", 35), 1},
		{strings.Repeat("🏭", 36), 2},
		{strings.Repeat("🏭", 66), 2}, // 33 in each part of 67 units
		{strings.Repeat("🏭", 67), 3},
		{strings.Repeat("a", 70) + "ç", 2},
		{"\f^{}\\[~]|€" + strings.Repeat("a", 140), 1},
		{"\f^{}\\[~]|€" + strings.Repeat("a", 141), 2},
	} {
		if got := text.Segments(tt.body); got != tt.want {
			t.Errorf("%d: Segments(%q) = %d, want %d", i, tt.body, got, tt.want)
		}
	}
}

func TestGSM7(t *testing.T) {
	t.Parallel()
	for _, r := range "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà€[]{}\\^~|\n\r\f" {
		if !text.GSM7(string(r)) {
			t.Errorf("%q is in the alphabet", r)
		}
	}
	for _, r := range "çóáíúâêôãõÀÈşığŞİčřžąęłαВ`’“”–…\t\u00a0" {
		if text.GSM7(string(r)) {
			t.Errorf("%q is not in the alphabet", r)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	for _, project := range []string{"Acme", strings.Repeat("株", 100)} {
		b.Run(fmt.Sprint(len(project)), func(b *testing.B) {
			for b.Loop() {
				text.Render("ja", text.Params{Code: code, Project: project, Domain: "login.example.com"})
			}
		})
	}
}
