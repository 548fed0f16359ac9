package store

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Both ways of reading factors give the same, and the fast one takes what rows hold.
func TestStoredFactors(t *testing.T) {
	t.Parallel()
	at := At(time.Date(2026, 11, 22, 21, 46, 24, 123456000, time.FixedZone("", 3600)))
	factor := func(change func(f *Factor)) Factor {
		f := Factor{
			Type: FactorMagicLink, DeliveryMethod: DeliverEmail, SequenceOrder: Primary,
			LastAuthenticatedAt: at, CreatedAt: Second{at.Add(-time.Hour)}, UpdatedAt: Second{at.Add(time.Second)},
		}
		change(&f)
		return f
	}
	mail := factor(func(f *Factor) { f.Email = &EmailFactor{EmailID: "email-live-1", Email: "ada@example.com"} })
	text := factor(func(f *Factor) { f.Phone = &PhoneFactor{PhoneID: "phone-number-live-1", Phone: "+12025550162"} })
	cases := []struct {
		name    string
		factors []Factor
		plain   bool
	}{
		{"a mail", []Factor{mail}, true},
		{"a mail and a text", []Factor{mail, text}, true},
		{"nobody's", []Factor{factor(func(*Factor) {})}, true},
		{"a quote", []Factor{factor(func(f *Factor) { f.Email = &EmailFactor{Email: `"a,\b"@example.com`} })}, false},
		{"escaped", []Factor{factor(func(f *Factor) { f.Email = &EmailFactor{Email: "<a&b>@example.com"} })}, false},
		{"not UTF-8", []Factor{factor(func(f *Factor) { f.Type = "\xff" })}, false},
		{"another kind", []Factor{mail, factor(func(f *Factor) { f.TOTP = &TOTPFactor{TOTPID: "1"} })}, false},
		{"an account", []Factor{mail, factor(func(f *Factor) {
			f.GitHub = &OAuthFactor{ID: "1", Subject: "2", EmailFactor: *mail.Email, HostedDomain: "example.com"}
		})}, false},
		{"two at once", []Factor{factor(func(f *Factor) { f.Email, f.Phone = mail.Email, text.Phone })}, false},
		{"none", []Factor{}, false},
		{"nil", nil, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			stored := asJSON(c.factors)
			var want, got []Factor
			if err := json.Unmarshal([]byte(stored), &want); err != nil {
				t.Fatal(err)
			}
			if err := fromJSON(stored, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", stored, diff)
			}
			if written := string(AppendFactors(nil, c.factors)); written != stored {
				t.Errorf("written as %s, want %s", written, stored)
			}
			if _, plain := plainFactors(stored); plain != c.plain {
				t.Errorf("plain is %t, want %t: %s", plain, c.plain, stored)
			}
		})
	}
}

// The fast way takes no text that is cut off, longer or otherwise: the slow one then says what is wrong.
func TestPlainFactorsAreExact(t *testing.T) {
	t.Parallel()
	whole := asJSON([]Factor{{Email: &EmailFactor{EmailID: "e", Email: "a@example.com"}}, {Phone: &PhoneFactor{}}})
	if _, ok := plainFactors(whole); !ok {
		t.Fatalf("not plain: %s", whole)
	}
	for i := range len(whole) {
		if _, ok := plainFactors(whole[:i]); ok {
			t.Errorf("taken: %s", whole[:i])
		}
		if _, ok := plainFactors(whole[:i] + "?" + whole[i+1:]); ok && !strings.ContainsRune("ea@xmple.co", rune(whole[i])) {
			t.Errorf("taken with another character at %d: %s", i, whole[:i]+"?"+whole[i+1:])
		}
	}
	if _, ok := plainFactors(whole + " "); ok {
		t.Error("taken with more behind it")
	}
}

func TestSecondIsWritten(t *testing.T) {
	t.Parallel()
	s := At(time.Date(2026, 11, 22, 21, 46, 24, 999_999_999, time.FixedZone("", -3*3600)))
	if got := asJSON(s); got != `"2026-11-23T00:46:24Z"` {
		t.Errorf("got %s", got)
	}
	if got, _ := s.MarshalText(); string(got) != "2026-11-23T00:46:24Z" {
		t.Errorf("got %s", got)
	}
}
