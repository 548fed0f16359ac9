package email_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
)

var (
	label63  = strings.Repeat("a", 63)
	local64  = strings.Repeat("l", 64)
	domain   = label63 + "." + label63 + "." + label63 // 191
	exactly  = local64 + "@" + label63 + "." + label63 + "." + strings.Repeat("b", 58) + ".xy"
	tooLong  = local64 + "@" + label63 + "." + label63 + "." + strings.Repeat("b", 59) + ".xy"
	longHost = domain + "." + strings.Repeat("b", 62) // 254
)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, want string }{
		"plain":                  {"ada@example.com", "ada@example.com"},
		"capitals":               {"Ada.Lovelace@Example.COM", "ada.lovelace@example.com"},
		"tag":                    {"ada+x@example.com", "ada+x@example.com"},
		"every sign of an atom":  {"!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"},
		"international domain":   {"ada@Bücher.example", "ada@xn--bcher-kva.example"},
		"same domain in ASCII":   {"ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"},
		"same in capital ASCII":  {"ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"},
		"ideographic full stop":  {"ada@例え。jp", "ada@xn--r8jz45g.jp"},
		"digits in a label":      {"ada@1a.2b.example", "ada@1a.2b.example"},
		"longest local part":     {local64 + "@example.com", local64 + "@example.com"},
		"longest address":        {exactly, exactly},
		"international top":      {"ada@example.рф", "ada@example.xn--p1ai"},
		"one-letter local part":  {"a@example.com", "a@example.com"},
		"hyphens inside a label": {"a@my--shop.example", "a@my--shop.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := email.Parse(tt.in)
			if err != nil || got.String() != tt.want {
				t.Fatalf("Parse(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
			}
			if got.Local()+"@"+got.Domain() != tt.want || strings.Contains(got.Domain(), "@") {
				t.Errorf("parts of %q: %q and %q", got, got.Local(), got.Domain())
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"nothing":                   "",
		"no at":                     "example.com",
		"no local part":             "@example.com",
		"no domain":                 "ada@",
		"two ats":                   "ada@b@example.com",
		"one label":                 "ada@localhost",
		"display name":              "Ada <ada@example.com>",
		"angle brackets":            "<ada@example.com>",
		"two addresses":             "ada@example.com,bob@example.com",
		"space before":              " ada@example.com",
		"space behind":              "ada@example.com ",
		"line break":                "ada@example.com\r\nBcc: eve@example.com",
		"line break in local part":  "ada\n@example.com",
		"quoted local part":         `"ada"@example.com`,
		"comment":                   "ada(x)@example.com",
		"dot first":                 ".ada@example.com",
		"dot last":                  "ada.@example.com",
		"two dots":                  "a..da@example.com",
		"two dots in domain":        "ada@example..com",
		"trailing dot":              "ada@example.com.",
		"leading dot in domain":     "ada@.example.com",
		"hyphen first":              "ada@-example.com",
		"hyphen last":               "ada@example-.com",
		"underscore":                "ada@ex_ample.com",
		"address literal":           "ada@[192.0.2.1]",
		"IPv4":                      "ada@192.0.2.1",
		"top level of digits":       "ada@example.123",
		"top level of one letter":   "ada@example.c",
		"local part beyond ASCII":   "ädä@example.com",
		"Kelvin sign in local part": "\u212aelvin@example.com",
		"broken UTF-8":              "ada@ex\xffample.com",
		"local part of 65":          local64 + "l@example.com",
		"label of 64":               "ada@" + label63 + "a.example",
		"255 characters":            tooLong,
		"host of 254":               "a@" + longHost,
		"broken punycode":           "ada@xn--\u00fc.example",
		"undecodable punycode":      "ada@xn--a-\u00e4.example",
		"punycode of nothing":       "ada@xn--.example",
		"huge":                      strings.Repeat("a", 1<<16) + "@example.com",
		"NUL":                       "ada@exam\x00ple.com",
		"percent":                   "ada@exam%ple.com",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := email.Parse(in); !errors.Is(err, errs.InvalidEmail) || got != "" {
				t.Errorf("Parse(%q) = %q, %v; want invalid_email", in, got, err)
			}
		})
	}
}

func TestErrorKeepsTheAddressOut(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"secret@", "sec ret@example.com", "secret@localhost", "secret"} {
		if _, err := email.Parse(in); err == nil || strings.Contains(err.Error(), "ret") {
			t.Errorf("Parse(%q): error %v, want one without the address", in, err)
		}
	}
	a, _ := email.Parse("ada@example.com")
	if got := slog.AnyValue(a).Resolve().String(); got != "***@example.com" {
		t.Errorf("a log shows %q", got)
	}
}

func TestParseDomain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Example.COM": "example.com", "mail.example.co.uk": "mail.example.co.uk", "bücher.example": "xn--bcher-kva.example",
		"": "", "com": "", "*.example.com": "", "example.com.": "", "@example.com": "", "https://example.com": "",
		"example.com:443": "", "192.0.2.1": "", "::1": "", "exa mple.com": "",
		longHost: "", longHost[1:]: longHost[1:],
	} {
		got, ok := email.ParseDomain(in)
		if ok != (want != "") || ok && got != want {
			t.Errorf("ParseDomain(%q) = %q, %v; want %q", in, got, ok, want)
		}
	}
}

func TestCommonProvider(t *testing.T) {
	t.Parallel()
	for domain, want := range map[string]bool{
		"gmail.com": true, "googlemail.com": true, "yahoo.co.uk": true, "yahoo.com": true, "hotmail.fr": true,
		"me.com": true, "mail.ru": true, "uol.com.br": true, "free.fr": true, "live.com.mx": true, "gmx.de": true,
		"mx.gmail.com": true,

		"example.com": false, "mail.example.com": false, "gmail.example.com": false, "notgmail.com": false,
		"gmail-corp.com": false, "free-software.org": false, "gmail": false, "com": false, "co.uk": false, "me.uk": false,
		"acme.me.uk": false, "": false,
	} {
		if got := email.CommonProvider(domain); got != want {
			t.Errorf("CommonProvider(%q) = %v", domain, got)
		}
	}
	for name := range strings.FieldsSeq("gmail aol yahoo icloud hotmail msn comcast live outlook att earthlink me mac " +
		"sbcglobal verizon ig mail hey laposte wanadoo googlemail orange rediffmail uol bol free gmx yandex ymail libero") {
		if !email.CommonProvider(name + ".com") {
			t.Errorf("%s.com is not common", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"ada@example.com", "Ada@BÜCHER.example", "a@xn--bcher-kva.example",
		"@", "a@b@c.de", "a@xn--.de",
		"\xff@example.com", "a@例え。jp", exactly, tooLong, "a@ẞ.example", "a@faß.de", "a@\u212aelvin.com",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		a, err := email.Parse(in)
		if err != nil {
			if !errors.Is(err, errs.InvalidEmail) || a != "" {
				t.Fatalf("Parse(%q) = %q, %v", in, a, err)
			}
			return
		}
		if len(a) > 254 || strings.ToLower(a.String()) != a.String() || strings.ContainsAny(a.String(), " \r\n<>,\"") {
			t.Fatalf("Parse(%q) = %q", in, a)
		}
		if again, err := email.Parse(a.String()); err != nil || again != a {
			t.Fatalf("Parse(%q) = %q, %v; want itself", a, again, err)
		}
		if d, ok := email.ParseDomain(a.Domain()); !ok || d != a.Domain() {
			t.Fatalf("ParseDomain(%q) = %q, %v; want itself", a.Domain(), d, ok)
		}
		email.CommonProvider(a.Domain())
	})
}
