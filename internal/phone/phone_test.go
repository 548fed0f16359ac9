package phone_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/phone"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want, region string }{
		{"US", "+12025550162", "+12025550162", "US"},
		{"Canada by area code", "+14165550123", "+14165550123", "CA"},
		{"Jamaica by area code", "+1 876 555 0123", "+18765550123", "JM"},
		{"Jamaica's second area code", "+16585550123", "+16585550123", "JM"},
		{"Puerto Rico", "+17875550123", "+17875550123", "PR"},
		{"Bahamas", "+12423591234", "+12423591234", "BS"},
		{"Dominican Republic", "+18095550123", "+18095550123", "DO"},
		{"Britain", "+447400123456", "+447400123456", "GB"},
		{"Guernsey by mobile range", "+447781123456", "+447781123456", "GG"},
		{"Jersey by mobile range", "+447797712345", "+447797712345", "JE"},
		{"Isle of Man by mobile range", "+447624123456", "+447624123456", "IM"},
		{"Russia", "+79161234567", "+79161234567", "RU"},
		{"Kazakhstan", "+77012345678", "+77012345678", "KZ"},
		{"a leading zero that belongs to the number", "+390612345678", "+390612345678", "IT"},
		{"Vatican by digits", "+390669812345", "+390669812345", "VA"},
		{"Réunion, not Mayotte", "+262692123456", "+262692123456", "RE"},
		{"no country", "+80012345678", "+80012345678", "001"},
		{"the documentation's sample", "+15005550006", "+15005550006", "US"},
		{"wide digits and plus", "＋１（２０２）５５５－０１６２", "+12025550162", "US"},
		{"Arabic digits", "+١ ٢٠٢ ٥٥٥ ٠١٦٢", "+12025550162", "US"},
		{"Devanagari digits", "+१२०२५५५०१६२", "+12025550162", "US"},
		{"mathematical digits", "+𝟏𝟮𝟢𝟸𝟻𝟻𝟻𝟶𝟷𝟼𝟸", "+12025550162", "US"},
		{"no-break spaces", "+1\u00a0202\u202f555\u00a00162", "+12025550162", "US"},
		{"hyphens of all kinds", "+1-202‐555‑01–6—2", "+12025550162", "US"},
		{"dots, slash, minus", "+1.202/555−0162", "+12025550162", "US"},
		{"marks from a contact book", "\u202a+1 202-555-0162\u202c", "+12025550162", "US"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := phone.Parse(tt.in)
			if err != nil || got.String() != tt.want || got.Region() != tt.region {
				t.Errorf("Parse(%q) = %q in %q, %v; want %q in %q", tt.in, got, got.Region(), err, tt.want, tt.region)
			}
			stored := phone.Stored(got.String())
			if stored.Region() != tt.region {
				t.Errorf("Stored(%q).Region() = %q, want %q", got, stored.Region(), tt.region)
			}
			if placed := stored.Placed(); placed != got {
				t.Errorf("Stored(%q).Placed() = %#v, want %#v", got, placed, got)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"nothing":                               "",
		"plus alone":                            "+",
		"spaces alone":                          "   ",
		"national form":                         "202 555 0162",
		"national form in parentheses":          "(202) 555-0162",
		"country code without plus":             "12025550162",
		"00 prefix":                             "0012025550162",
		"011 prefix":                            "01112025550162",
		"00 behind the plus":                    "+0012025550162",
		"plus in parentheses":                   "(+1) 202 555 0162",
		"two pluses":                            "++12025550162",
		"plus inside":                           "+1+2025550162",
		"plus at the end":                       "12025550162+",
		"national prefix of Britain":            "+44 (0)20 7946 0958",
		"national prefix of the US":             "+1 1 202 555 0162",
		"old mobile prefix of Mexico":           "+521 55 1234 5678",
		"extension with x":                      "+12025550162x5",
		"extension with ext":                    "+1 202 555 0162 ext. 5",
		"extension with ;":                      "+12025550162;ext=5",
		"extension with #":                      "+12025550162#5",
		"extension with comma":                  "+12025550162,5",
		"wait for tone":                         "+12025550162~5",
		"tel URI":                               "tel:+12025550162",
		"letters":                               "+1 800 FLOWERS",
		"Roman numeral letter":                  "+Ⅰ2025550162",
		"superscript digit":                     "+1202555016²",
		"two numbers":                           "+12025550162 / +12025550163",
		"too short":                             "+1202555016",
		"too long":                              "+120255501622",
		"sixteen digits":                        "+1202555016212345",
		"sixteen digits that the library takes": "+49 800 1234 5678 901",
		"area code that does not exist":         "+10000000000",
		"exchange that cannot be":               "+12020550162",
		"unassigned country code":               "+2101234567",
		"country code alone":                    "+44",
		"broken UTF-8":                          "+1202555016\xff",
		"NUL":                                   "+12025550162\x00",
		"underscore":                            "+1_2025550162",
		"longer than anybody writes":            "+1" + strings.Repeat(" ", 300) + "2025550162",
		"Italian number without its zero":       "+39612345678",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := phone.Parse(in)
			if !errors.Is(err, errs.InvalidPhoneNumber) || got != (phone.Number{}) {
				t.Errorf("Parse(%q) = %q, %v; want invalid_phone_number", in, got, err)
			}
		})
	}
}

// An error must not carry the number into a log.
func TestErrorKeepsTheNumberOut(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"202 555 0162", "+12025550", "+2105550162", "+1 555 0162 x"} {
		if _, err := phone.Parse(in); err == nil || strings.Contains(err.Error(), "555") {
			t.Errorf("Parse(%q): error %v, want one without digits", in, err)
		}
	}
}

var (
	zeros      = []rune("0٠۰߀०০੦୦௦౦０๐𝟎𝟘𝟶")
	separators = []string{
		"", "", "", " ", "-", ".", "/", "(", ")", "\u00a0", "\u202f", "\u2009", "\u3000", "‑", "–",
		"—", "−", "－", "．", "（", "）", "·", "\u200b", "\u200e", "\u2060", "\t", ") ", "- ",
	}
)

// spelling writes a number in one of the ways that people and programs do.
func spelling(t *rapid.T, e164 string) string {
	var b strings.Builder
	b.WriteString(rapid.SampledFrom([]string{"+", "+", "＋"}).Draw(t, "plus"))
	zero := rapid.SampledFrom(zeros).Draw(t, "script")
	for _, digit := range e164[1:] {
		b.WriteString(rapid.SampledFrom(separators).Draw(t, "separator"))
		b.WriteRune(zero + digit - '0')
	}
	b.WriteString(rapid.SampledFrom(separators).Draw(t, "end"))
	return b.String()
}

func TestSpellingsOfOneNumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SampledFrom([]string{"+12025550162", "+18765550123", "+390612345678"}).Draw(t, "number")
		for range 30 { // times rapid's 100 checks
			in := spelling(t, want)
			got, err := phone.Parse(in)
			if err != nil || got.String() != want {
				t.Fatalf("Parse(%q) = %q, %v; want %q", in, got, err, want)
			}
			again, err := phone.Parse(got.String())
			if err != nil || again != got {
				t.Fatalf("Parse(%q) = %q, %v; want itself", got, again, err)
			}
		}
	})
}

// The library's own way is slower and repairs what it reads. Where it repairs nothing, both must agree on everything.
func TestAgreesWithLibrary(t *testing.T) {
	t.Parallel()
	var examples []string
	for region := range phonenumbers.GetSupportedRegions() {
		for _, kind := range []phonenumbers.PhoneNumberType{
			phonenumbers.MOBILE, phonenumbers.FIXED_LINE, phonenumbers.TOLL_FREE, phonenumbers.PERSONAL_NUMBER,
		} {
			n := phonenumbers.GetExampleNumberForType(region, kind)
			if n.GetNationalNumber() != 0 {
				examples = append(examples, phonenumbers.Format(n, phonenumbers.E164))
			}
		}
	}
	if len(examples) < 500 {
		t.Fatalf("only %d examples", len(examples))
	}
	for _, example := range examples {
		for last := range 10 { // neighbours too: valid and invalid ones
			compare(t, example[:len(example)-1]+fmt.Sprint(last))
			compare(t, example[:4]+fmt.Sprint(last)+example[5:])
			compare(t, example+fmt.Sprint(last))
		}
	}
}

func compare(t *testing.T, in string) {
	t.Helper()
	if len(in) > len("+123456789012345") {
		return // the library knows some that are longer than E.164 allows
	}
	got, err := phone.Parse(in)
	want, wantErr := phonenumbers.Parse(in, "")
	valid := wantErr == nil && phonenumbers.IsValidNumber(want) && phonenumbers.Format(want, phonenumbers.E164) == in
	if valid != (err == nil) {
		t.Errorf("Parse(%q) = %q, %v; the library says valid = %v", in, got, err, valid)
		return
	}
	if region := phonenumbers.GetRegionCodeForNumber(want); valid && got.Region() != region {
		t.Errorf("Parse(%q).Region() = %q, the library says %q", in, got.Region(), region)
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	type forms struct {
		String, Masked, Prefix, Log string
		Zero                        bool
	}
	for in, want := range map[string]forms{
		"":              {Zero: true},
		"+12025551234":  {"+12025551234", "XXXXXXX1234", "1202555", "XXXXXXX1234", false},
		"+447781123456": {"+447781123456", "XXXXXXXX3456", "4477811", "XXXXXXXX3456", false},
		"+29021234":     {"+29021234", "XXXX1234", "2902123", "XXXX1234", false},
		"+123":          {"+123", "123", "123", "123", false},
	} {
		n := phone.Stored(in)
		got := forms{n.String(), n.Masked(), n.Prefix(), slog.AnyValue(n).Resolve().String(), n == (phone.Number{})}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Stored(%q) (-want +got):\n%s", in, diff)
		}
	}
}

func TestInput(t *testing.T) {
	t.Parallel()
	if phone.Input("").Given() || !phone.Input("x").Given() {
		t.Error("Given is not about being empty")
	}
	if n, err := phone.Input("+1 202 555 0162").Parse(true); err != nil || n.String() != "+12025550162" {
		t.Errorf("Parse = %q, %v", n, err)
	}
	for _, text := range []string{"+10000000000", "+1 (000) 000-0000"} {
		n, err := phone.Input(text).Parse(false)
		stored := phone.Stored(n.String())
		if err != nil || n.String() != "+10000000000" || !n.IsSandbox() || n.Region() != "001" || stored.Region() != "001" {
			t.Errorf("in a test project: %q in %q, %v", n, n.Region(), err)
		}
		if n, err = phone.Input(text).Parse(true); !errors.Is(err, errs.InvalidPhoneNumberSandbox) || n != (phone.Number{}) {
			t.Errorf("in a live project: %q, %v", n, err)
		}
	}
	for _, text := range []string{"+1000000000", "+100000000000", "+20000000000", "10000000000"} {
		if n, err := phone.Input(text).Parse(false); !errors.Is(err, errs.InvalidPhoneNumber) || n.IsSandbox() {
			t.Errorf("%q became %q, %v", text, n, err)
		}
	}
	if got := slog.AnyValue(phone.Input("+12025550162")).Resolve().String(); got != "***" {
		t.Errorf("a log shows %q of an unread number", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"+12025550162", "+1 (876) 555-0123", "＋１２０２５５５０１６２", "+390612345678", "0012025550162",
		"+44 (0)20 7946 0958", "+1202555016\xff", "+", "", "\u202a+77012345678\u202c", "+12025550162;ext=5", "+00", "+999",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		n, err := phone.Parse(in)
		if err != nil {
			if !errors.Is(err, errs.InvalidPhoneNumber) || n != (phone.Number{}) {
				t.Fatalf("Parse(%q) = %q, %v", in, n, err)
			}
			return
		}
		e164 := n.String()
		if len(e164) < 6 || len(e164) > 16 || e164[0] != '+' || strings.Trim(e164[1:], "0123456789") != "" {
			t.Fatalf("Parse(%q) = %q, which is not E.164", in, e164)
		}
		if again, err := phone.Parse(e164); err != nil || again != n || n.Region() == "" {
			t.Fatalf("Parse(%q) = %q in %q, %v; want itself", e164, again, n.Region(), err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, in := range []string{"+12025550162", "+1 (202) 555-0162", "+14165550123", "+18765550123", "+447781123456"} {
		b.Run(in, func(b *testing.B) {
			for b.Loop() {
				_, _ = phone.Parse(in)
			}
		})
	}
}
