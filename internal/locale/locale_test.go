package locale_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/locale"
)

func TestInput(t *testing.T) {
	t.Parallel()
	for in, want := range map[locale.Input]struct{ sms, email locale.Tag }{
		"":        {"en", "en"},
		"en":      {"en", "en"},
		"EN":      {"en", "en"},
		"pt-br":   {"pt-br", "pt-br"},
		"pt-BR":   {"pt-br", "pt-br"},
		"es":      {"es", "es"},
		"Fr":      {"fr", "fr"},
		"it":      {"it", ""},
		"de-de":   {"de-DE", ""},
		"DE-DE":   {"de-DE", ""},
		"zh-hans": {"zh-Hans", ""},
		"ZH-HANS": {"zh-Hans", ""},
		"ca-es":   {"ca-ES", ""},
		"ja":      {"ja", ""},
		"ru":      {"ru", ""},
		"nl":      {"nl", ""},
		"pl":      {"pl", ""},
		"tr":      {"tr", ""},
		"fa":      {"fa", ""},
		"vi":      {"vi", ""},
		"cs":      {"cs", ""},

		"de": {}, "pt": {}, "pt_br": {}, "en-US": {}, "zh": {}, "zh-Hant": {}, "ca": {}, " en": {}, "en ": {}, "xx": {},
		"e": {}, "en\x00": {}, "\xff": {}, "İT": {}, "ıt": {}, "ſ": {}, "zh-Hans-CN": {}, "null": {},
	} {
		check(t, in, "ForSMS", in.ForSMS, want.sms)
		check(t, in, "ForEmail", in.ForEmail, want.email)
	}
}

func check(t *testing.T, in locale.Input, name string, f func() (locale.Tag, error), want locale.Tag) {
	t.Helper()
	got, err := f()
	if got != want || (want == "") != errors.Is(err, errs.InvalidLocale) || (want != "") != (err == nil) {
		t.Errorf("Input(%q).%s() = %q, %v; want %q", in, name, got, err, want)
	}
}

// The lists are the wire's, in its order.
func TestLists(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([]locale.Tag{"en", "es", "pt-br", "fr"}, locale.Email()); diff != "" {
		t.Errorf("Email() (-want +got):\n%s", diff)
	}
	want := strings.Fields("en es pt-br fr it de-DE zh-Hans ca-ES ja ru nl pl tr fa vi cs")
	var got []string
	for _, tag := range locale.SMS() {
		got = append(got, string(tag))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("SMS() (-want +got):\n%s", diff)
	}
}

func FuzzInput(f *testing.F) {
	for _, tag := range locale.SMS() {
		f.Add(string(tag))
		f.Add(strings.ToUpper(string(tag)))
	}
	for _, seed := range []string{"", "\u212aA", "en-", "\xff\xfe", "zh-Hansa", "EN\n", "de_DE"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := locale.Input(in).ForSMS()
		if err != nil {
			if got != "" || !errors.Is(err, errs.InvalidLocale) {
				t.Fatalf("ForSMS(%q) = %q, %v", in, got, err)
			}
		} else if !slices.Contains(locale.SMS(), got) || in != "" && !strings.EqualFold(in, string(got)) {
			t.Fatalf("ForSMS(%q) = %q", in, got)
		}

		mail, mailErr := locale.Input(in).ForEmail()
		if mailErr == nil && (err != nil || mail != got) {
			t.Fatalf("ForEmail(%q) = %q, but ForSMS gives %q, %v", in, mail, got, err)
		}
	})
}
