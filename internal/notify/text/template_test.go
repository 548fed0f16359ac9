package text_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/notify/text"
)

func a(n int) string { return strings.Repeat("a", n) }

// told are the types and messages of problems.
func told(problems []*errs.Error) []string {
	var all []string
	for _, one := range problems {
		all = append(all, one.Type+": "+one.Message)
	}
	return all
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	const (
		none    = "template_code_not_once: The template has no {code}."
		twice   = "template_code_not_once: The template has {code} more than once."
		braces  = "template_unknown_placeholder: Braces can only be those of {code} and {project}."
		line    = "template_forbidden_line: No line may begin with @: the server adds the line by which browsers find the code."
		letters = "template_forbidden_character: The template holds characters that a text cannot have: "
		long    = "template_too_long: "
	)
	for name, tt := range map[string]struct {
		p    text.Params
		want []string
	}{
		"empty":              {text.Params{}, []string{none}},
		"no code":            {text.Params{Template: "Hello {project}"}, []string{none}},
		"code twice":         {text.Params{Template: "{code} or {code}"}, []string{twice}},
		"another name":       {text.Params{Template: "{code} {name}"}, []string{braces}},
		"capital letters":    {text.Params{Template: "{Code}"}, []string{none, braces}},
		"spaces":             {text.Params{Template: "{ code }"}, []string{none, braces}},
		"a brace":            {text.Params{Template: "{code} }"}, []string{braces}},
		"braces around code": {text.Params{Template: "{{code}}"}, []string{braces}},
		"halves":             {text.Params{Template: "{pro{code}ject}"}, []string{braces}},
		"first line":         {text.Params{Template: "@{code}"}, []string{line}},
		"second line":        {text.Params{Template: "{code}\n@evil.example #1"}, []string{line}},
		"space before it":    {text.Params{Template: "{code}\n \u00a0@evil.example #1"}, []string{line}},
		"a name writes it": {
			text.Params{Template: "{code}\n{project}", Project: "@evil.example #999999"}, []string{line},
		},
		"tab":                 {text.Params{Template: "{code}\t"}, []string{letters + "U+0009."}},
		"carriage return":     {text.Params{Template: "{code}\r\nx"}, []string{letters + "U+000D."}},
		"page break":          {text.Params{Template: "{code}\f"}, []string{letters + "U+000C."}},
		"nothing":             {text.Params{Template: "{code}\x00"}, []string{letters + "U+0000."}},
		"turned around":       {text.Params{Template: "\u202e{code}\u2066"}, []string{letters + "U+202E, U+2066."}},
		"other line breaks":   {text.Params{Template: "{code}\u2028@\u2029\u0085"}, []string{letters + "U+2028, U+2029, U+0085."}},
		"no width":            {text.Params{Template: "{code}\u200b\ufeff"}, []string{letters + "U+200B, U+FEFF."}},
		"nobody's characters": {text.Params{Template: "{code}\ue000"}, []string{letters + "U+E000."}},
		"no UTF-8":            {text.Params{Template: "{code}\xff"}, []string{letters + "\ufffd (U+FFFD)."}},
		"all at once": {
			text.Params{Template: "{x}\n@\t"}, []string{letters + "U+0009.", none, braces, line},
		},
		"absurdly long": {
			text.Params{Template: "{code}" + a(500)},
			[]string{long + "The template is 26 characters too long: it has 506 of at most 480."},
		},
		"GSM-7, one too many": {
			text.Params{Template: "{code}" + a(155)},
			[]string{long + "The text is 1 character too long: filled in it takes 161, and 160 fit into 1 SMS in GSM-7."},
		},
		"an extension character too many": {
			text.Params{Template: "{code}" + a(153) + "€"},
			[]string{long + "The text is 1 character too long: filled in it takes 161, and 160 fit into 1 SMS in GSM-7. " +
				"Counting twice: € (U+20AC)."},
		},
		"the last line": {
			text.Params{Template: "{code}" + a(132), Domain: "app.example.com"},
			[]string{long + "The text is 3 characters too long: filled in it takes 163, and 160 fit into 1 SMS in GSM-7."},
		},
		"the name": {
			text.Params{Template: "{code}{project}" + a(150), Project: "Acme Inc."},
			[]string{long + "The text is 5 characters too long: filled in it takes 165, and 160 fit into 1 SMS in GSM-7."},
		},
		"UCS-2, one too many": {
			text.Params{Template: "{code}" + strings.Repeat("ж", 65)},
			[]string{long + "The text is 1 character too long: filled in it takes 71, and 70 fit into 1 SMS in UCS-2. " +
				"It is in UCS-2 because of ж (U+0436); in GSM-7 there is room for 160."},
		},
		"what made it UCS-2": {
			text.Params{Template: "“{code}” – ç" + a(80) + "\u200d\u00a0🏭", Project: ""},
			[]string{long + "The text is 26 characters too long: filled in it takes 96, and 70 fit into 1 SMS in UCS-2. " +
				"It is in UCS-2 because of “ (U+201C), ” (U+201D), – (U+2013), ç (U+00E7), U+200D, U+00A0, 🏭 (U+1F3ED); " +
				"in GSM-7 there is room for 160. Counting twice: 🏭 (U+1F3ED)."},
		},
		"a whole alphabet": {
			text.Params{Template: "{code}абвгдежзийклмнопрстуфхцчшщъыьэюя" + a(40)},
			[]string{long + "The text is 8 characters too long: filled in it takes 78, and 70 fit into 1 SMS in UCS-2. " +
				"It is in UCS-2 because of а (U+0430), б (U+0431), в (U+0432), г (U+0433), д (U+0434), е (U+0435), " +
				"ж (U+0436), з (U+0437), and 24 more; in GSM-7 there is room for 160."},
		},
		"two SMS": {
			text.Params{Template: "{code}" + a(301), MaxSegments: 2},
			[]string{long + "The text is 1 character too long: filled in it takes 307, and 306 fit into 2 SMS in GSM-7."},
		},
		"two SMS, a torn character": {
			text.Params{Template: "{code}" + a(146) + "€" + a(152), MaxSegments: 2},
			[]string{long + "The text is 1 character too long: filled in it takes 306, and 306 fit into 2 SMS in GSM-7. " +
				"Counting twice: € (U+20AC)."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := text.Check(tt.p)
			if diff := cmp.Diff(tt.want, told(problems)); diff != "" {
				t.Errorf("Check(%+v) (-want +got):\n%s", tt.p, diff)
			}
		})
	}
}

func TestCheckTakes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		p    text.Params
		want text.Preview
	}{
		"the code alone": {
			text.Params{Template: "{code}"},
			text.Preview{Text: "123456", Alphabet: "GSM-7", Segments: 1, Length: 6, Room: 160},
		},
		"lines, name and domain": {
			text.Params{Template: "{code} for {project}.\n\nNo @ here", Project: "Acme Inc.", Domain: "app.example.com"},
			text.Preview{
				Text:     "123456 for Acme Inc.\n\nNo @ here\n@app.example.com #123456",
				Alphabet: "GSM-7", Segments: 1, Length: 56, Room: 160,
			},
		},
		"GSM-7, full": {
			text.Params{Template: "{code}" + a(154)},
			text.Preview{Text: "123456" + a(154), Alphabet: "GSM-7", Segments: 1, Length: 160, Room: 160},
		},
		"extension characters": {
			text.Params{Template: "{code}" + strings.Repeat("[]", 38) + "~"},
			text.Preview{
				Text: "123456" + strings.Repeat("[]", 38) + "~", Alphabet: "GSM-7", Segments: 1, Length: 160, Room: 160,
			},
		},
		"UCS-2, full": {
			text.Params{Template: "{code}" + strings.Repeat("ж", 64)},
			text.Preview{
				Text: "123456" + strings.Repeat("ж", 64), Alphabet: "UCS-2", Segments: 1, Length: 70, Room: 70, UCS2: []rune("ж"),
			},
		},
		"emoji": {
			text.Params{Template: "{code}" + strings.Repeat("🏭", 32)},
			text.Preview{
				Text: "123456" + strings.Repeat("🏭", 32), Alphabet: "UCS-2", Segments: 1, Length: 70, Room: 70, UCS2: []rune("🏭"),
			},
		},
		"joiners": {
			text.Params{Template: "{code} 👩\u200d👧 نمی\u200cدانم"},
			text.Preview{
				Text: "123456 👩\u200d👧 نمی\u200cدانم", Alphabet: "UCS-2", Segments: 1, Length: 21, Room: 70,
				UCS2: []rune("👩\u200d👧نمی\u200cدا"),
			},
		},
		"two SMS": {
			text.Params{Template: "{code}" + a(300), MaxSegments: 2},
			text.Preview{Text: "123456" + a(300), Alphabet: "GSM-7", Segments: 2, Length: 306, Room: 306},
		},
		"the name loses its accents to fit": {
			text.Params{Template: "{code} {project}" + a(70), Project: "São João"},
			text.Preview{Text: "123456 Sao Joao" + a(70), Alphabet: "GSM-7", Segments: 1, Length: 85, Room: 160},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problems := text.Check(tt.p)
			if diff := cmp.Diff(tt.want, got); diff != "" || len(problems) > 0 {
				t.Errorf("Check(%+v): %q (-want +got):\n%s", tt.p, told(problems), diff)
			}
			tt.p.Code = text.SampleCode
			if sent := text.Render("en", tt.p); sent != got.Text {
				t.Errorf("the preview is %q, what is sent %q", got.Text, sent)
			}
		})
	}
}

// What was saved is sent as far as it still fits; our own words stand in for it.
func TestRenderTemplate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		p    text.Params
		want string
	}{
		"as it was saved": {
			text.Params{Template: "Code: {code}", Project: "Acme", Domain: "app.example.com"},
			"Code: 012345\n@app.example.com #012345",
		},
		"no name":               {text.Params{Template: "{code} for {project}"}, "012345 is your code. It is valid for 2 minutes."},
		"no name, none needed":  {text.Params{Template: "Code: {code}"}, "Code: 012345"},
		"a name is no template": {text.Params{Template: "{code} {project}", Project: "{code}"}, "012345 {code}"},
		"a longer name since": {
			text.Params{Template: "{code}" + a(140) + "{project}", Project: "Northwind Traders"},
			"012345" + a(140) + "Northwind T...",
		},
		"a longer domain since": {
			text.Params{Template: "{code}" + a(140), Project: "Acme", Domain: "app.example.com"},
			"012345 is your Acme code. It is valid for 2 minutes.\n@app.example.com #012345",
		},
		"fewer SMS since": {text.Params{Template: "{code}" + a(160), Project: "A"}, "012345 is your A code. It is valid for 2 minutes."},
		"the room of a template is not that of our words": {
			text.Params{Template: "{oops}", Project: strings.Repeat("Acme ", 60), MaxSegments: 3},
			"012345 is your " + strings.TrimSpace(strings.Repeat("Acme ", 22)) + "... code. It is valid for 2 minutes.",
		},
		"a name that forges a line since": {
			text.Params{Template: "{code} for\n{project}", Project: "@evil.example #999999"},
			"012345 is your @evil.example #999999 code. It is valid for 2 minutes.",
		},
		"damaged": {text.Params{Template: "no code", Project: "Acme"}, "012345 is your Acme code. It is valid for 2 minutes."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.p.Code = code
			if got := text.Render("en", tt.p); got != tt.want {
				t.Errorf("Render(%+v)\n got %q\nwant %q", tt.p, got, tt.want)
			}
		})
	}
}

// Our own words pass their own check, and are what is sent.
func TestShippedWordsAreTemplates(t *testing.T) {
	t.Parallel()
	for _, tag := range append(locale.SMS(), "xx") {
		p := text.Params{Template: text.Shipped(tag), Project: "Acme"}
		preview, problems := text.Check(p)
		if len(problems) > 0 {
			t.Errorf("%s: %q", tag, told(problems))
		}
		if sent := text.Render(tag, text.Params{Code: text.SampleCode, Project: "Acme"}); sent != preview.Text {
			t.Errorf("%s: the template makes %q, what is sent is %q", tag, preview.Text, sent)
		}
	}
}

func TestCheckDisplayName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Acme": "Acme", "  Acme & Söhne ": "Acme & Söhne", a(64): a(64), strings.Repeat("株", 64): strings.Repeat("株", 64),
		"A @ B": "A @ B", "👩\u200d👧": "👩\u200d👧", "{code}": "{code}",
		"": "", " ": "", a(65): "", "two\nlines": "", "@acme": "", " @acme": "", "a\tb": "", "a\u202eb": "", "\u200d": "",
		"a\xffb": "", "\u2028": "",
	} {
		got, err := text.CheckDisplayName(name)
		if got != want || (want == "") != errors.Is(err, errs.InvalidDisplayName) {
			t.Errorf("CheckDisplayName(%q) = %q, %v, want %q", name, got, err, want)
		}
	}
}

// Whatever was saved, and whatever the project is called and where it lives by then: a text has its code, takes no more
// SMS than allowed, and its WebOTP line is the last one and the only one.
func FuzzTemplate(f *testing.F) {
	for _, template := range []string{
		"{code}", "{code} for {project}.", "{project}: {code}\nNever pass it on.", "{project}\n{code}", "{code}\n@evil.example #1",
		"{pro{code}ject}", "“{code}” 🏭", "{code}" + a(154), "\u202e{code}", "{code}\r", "{{code}", "{code} {code}", "",
	} {
		f.Add(template, "Acme", "Northwind Traders 株式会社", "app.example.com", byte(1))
		f.Add(template, "São João", "@evil.example #999999", "", byte(2))
	}
	f.Fuzz(func(t *testing.T, template, then, now, domain string, room byte) {
		if len(then) > 300 || len(now) > 300 {
			return // names of projects have 128 bytes, those for texts 64 characters
		}
		saved := text.Params{Template: template, Project: then, MaxSegments: int(room%text.MaxSegments) + 1}
		preview, problems := text.Check(saved)
		if len(problems) > 0 {
			for _, one := range problems {
				if one.Status != 400 || one.Message == "" {
					t.Fatalf("Check(%+v): %v", saved, one)
				}
			}
		} else {
			holds(t, preview.Text, text.SampleCode, "", saved.MaxSegments)
		}

		// What is in the database is not what was checked, if somebody put it there.
		sent := text.Params{Code: code, Template: template, Project: now, MaxSegments: saved.MaxSegments}
		if len(domain) <= text.MaxDomain && !strings.ContainsFunc(domain, notInDomain) {
			sent.Domain = domain
		}
		for _, tag := range []locale.Tag{"en", "ja"} {
			holds(t, text.Render(tag, sent), code, sent.Domain, sent.MaxSegments)
		}
	})
}

func notInDomain(r rune) bool {
	return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-.", r)
}

func holds(t *testing.T, body, code, domain string, maxSegments int) {
	t.Helper()
	if n := text.Segments(body); n > maxSegments {
		t.Fatalf("%q: %d SMS, allowed are %d", body, n, maxSegments)
	}
	lines := strings.Split(body, "\n")
	if domain != "" {
		last := len(lines) - 1
		if lines[last] != "@"+domain+" #"+code {
			t.Fatalf("%q: the last line is not that of %s", body, domain)
		}
		lines = lines[:last]
	}
	if strings.Count(strings.Join(lines, "\n"), code) < 1 {
		t.Fatalf("%q: no code", body)
	}
	if slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "@") }) {
		t.Fatalf("%q: a line like that of browsers", body)
	}
}
