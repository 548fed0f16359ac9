package session

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/store"
)

func TestMergeClaims(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, claims, changes, want string
		refused                     error
	}{
		{"nothing to nothing", ``, ``, ``, nil},
		{"absent changes leave claims", `{"a":1}`, ``, `{"a":1}`, nil},
		{"null changes leave claims", `{"a":1}`, `null`, `{"a":1}`, nil},
		{"new keys join", `{"a":1}`, `{"b":2}`, `{"a":1,"b":2}`, nil},
		{"values are replaced", `{"a":1}`, `{"a":"x"}`, `{"a":"x"}`, nil},
		{"lists are replaced whole", `{"a":[1,2]}`, `{"a":[3]}`, `{"a":[3]}`, nil},
		{"objects are merged", `{"a":{"x":1,"y":2}}`, `{"a":{"y":3}}`, `{"a":{"x":1,"y":3}}`, nil},
		{"null deletes a key", `{"a":1,"b":2}`, `{"a":null}`, `{"b":2}`, nil},
		{"null deletes a nested key", `{"a":{"x":1,"y":2}}`, `{"a":{"x":null}}`, `{"a":{"y":2}}`, nil},
		{"nulls in a new object are dropped", ``, `{"a":{"x":null,"y":1}}`, `{"a":{"y":1}}`, nil},
		{"an object replaces a scalar", `{"a":1}`, `{"a":{"x":1}}`, `{"a":{"x":1}}`, nil},
		{"a scalar replaces an object", `{"a":{"x":1}}`, `{"a":1}`, `{"a":1}`, nil},
		{"deleting the last key leaves no claims", `{"a":1}`, `{"a":null}`, ``, nil},
		{"registered names are ignored", ``, `{"iss":"x","sub":1,"aud":2,"exp":3,"nbf":4,"iat":5,"jti":6,"ok":1}`, `{"ok":1}`, nil},
		{"large numbers stay exact", ``, `{"n":12345678901234567890}`, `{"n":12345678901234567890}`, nil},
		{"the namespace is refused", ``, `{"https://stytch.com/session":{}}`, ``, errs.StytchClaimsInCustomClaims},
		{"a list is no object", ``, `[1]`, ``, errs.InvalidArgument},
		{"4096 bytes fit", ``, `{"a":"` + strings.Repeat("x", 4096-8) + `"}`, `{"a":"` + strings.Repeat("x", 4096-8) + `"}`, nil},
		{"4097 bytes do not", ``, `{"a":"` + strings.Repeat("x", 4096-7) + `"}`, ``, errs.CustomClaimsTooLarge},
		{"the sum counts", `{"b":"` + strings.Repeat("y", 3000) + `"}`, `{"a":"` + strings.Repeat("x", 2000) + `"}`, ``, errs.CustomClaimsTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := MergeClaims(json.RawMessage(c.claims), json.RawMessage(c.changes))
			if !errors.Is(err, c.refused) || (c.refused == nil) != (err == nil) {
				t.Fatalf("error %v, want %v", err, c.refused)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("MergeClaims(%s, %s) (-want +got):\n%s", c.claims, c.changes, diff)
			}
		})
	}
}

func TestTermsCheck(t *testing.T) {
	t.Parallel()
	most := &store.Project{Settings: store.ProjectSettings{SessionMaxMinutes: 120}}
	for _, c := range []struct {
		name    string
		minutes int32
		project *store.Project
		want    error
	}{
		{"none", 0, &store.Project{}, nil},
		{"four", 4, &store.Project{}, errs.InvalidSessionDurationMinutes},
		{"five", 5, &store.Project{}, nil},
		{"366 days", 527040, &store.Project{}, nil},
		{"a minute more", 527041, &store.Project{}, errs.InvalidSessionDurationMinutes},
		{"negative", -5, &store.Project{}, errs.InvalidSessionDurationMinutes},
		{"the project's most", 120, most, nil},
		{"above the project's most", 121, most, errs.InvalidSessionDuration},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if err := (Terms{Minutes: c.minutes}).Check(c.project); !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
				t.Errorf("Check(%d) = %v, want %v", c.minutes, err, c.want)
			}
		})
	}
}

func TestAddFactorKeepsOneOfEach(t *testing.T) {
	t.Parallel()
	at := func(s int) store.Second { return store.At(store.Second{}.AddDate(2026, 0, s)) }
	sms := func(id string, s int) store.Factor {
		return store.Factor{
			Type: store.FactorOTP, DeliveryMethod: store.DeliverSMS, CreatedAt: at(s), UpdatedAt: at(s), LastAuthenticatedAt: at(s),
			Phone: &store.PhoneFactor{PhoneID: id},
		}
	}
	first := []store.Factor{sms("a", 1)}

	again := AddFactor(first, sms("a", 2))
	want := sms("a", 2)
	want.CreatedAt = at(1)
	if diff := cmp.Diff([]store.Factor{want}, again); diff != "" {
		t.Errorf("the same factor again (-want +got):\n%s", diff)
	}
	if other := AddFactor(first, sms("b", 2)); len(other) != 2 {
		t.Errorf("another number gave %d factors, want 2", len(other))
	}
	if diff := cmp.Diff([]store.Factor{sms("a", 1)}, first); diff != "" {
		t.Errorf("the list given was changed:\n%s", diff)
	}
}
