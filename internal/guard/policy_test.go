package guard_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

func TestCountryPolicy(t *testing.T) {
	t.Parallel()
	type policy = map[string]string
	for name, test := range map[string]struct {
		project      store.ProjectSettings
		organization policy
		country      string
		want         string
	}{
		"default":                {store.ProjectSettings{}, nil, "US", "allow"},
		"default elsewhere":      {store.ProjectSettings{}, nil, "DE", "block"},
		"list":                   {store.ProjectSettings{Countries: []string{"DE"}}, nil, "DE", "allow"},
		"not on the list":        {store.ProjectSettings{Countries: []string{"DE"}}, nil, "US", "block"},
		"watched":                {store.ProjectSettings{CountryPolicy: policy{"DE": "monitor"}}, nil, "DE", "monitor"},
		"blocked before list":    {store.ProjectSettings{CountryPolicy: policy{"US": "block"}}, nil, "US", "block"},
		"allowed beside list":    {store.ProjectSettings{CountryPolicy: policy{"DE": "allow"}}, nil, "DE", "allow"},
		"organization blocks":    {store.ProjectSettings{}, policy{"US": "block"}, "US", "block"},
		"organization watches":   {store.ProjectSettings{}, policy{"US": "monitor"}, "US", "monitor"},
		"organization all but":   {store.ProjectSettings{}, policy{"*": "block", "CA": "allow"}, "US", "block"},
		"organization one":       {store.ProjectSettings{}, policy{"*": "block", "CA": "allow"}, "CA", "allow"},
		"organization cannot":    {store.ProjectSettings{}, policy{"DE": "allow", "*": "allow"}, "DE", "block"},
		"organization no wider":  {store.ProjectSettings{CountryPolicy: policy{"DE": "monitor"}}, policy{"DE": "allow"}, "DE", "monitor"},
		"organization of others": {store.ProjectSettings{}, policy{"CA": "block"}, "US", "allow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := guard.OrganizationCountry(&test.project, &store.OrgSettings{CountryPolicy: test.organization}, test.country)
			if got != test.want {
				t.Errorf("%s is %q, want %q", test.country, got, test.want)
			}
		})
	}
	open := guard.OpenCountries(&store.ProjectSettings{
		Countries: []string{"DE", "US"}, CountryPolicy: policy{"US": "block", "GB": "monitor"},
	})
	if diff := cmp.Diff([]string{"DE", "GB"}, open); diff != "" {
		t.Errorf("open countries (-want +got):\n%s", diff)
	}
}

// What a number is decides before any counter does, for numbers that nobody verified.
func TestScreen(t *testing.T) {
	t.Parallel()
	const refused = "number_type"
	all := []string{"US", "GB", "DE", "FR"}
	for name, test := range map[string]struct {
		number   string
		env      ids.Env
		settings store.ProjectSettings
		verified bool
		kind     phone.Kind
		rule     string
		watched  []string
	}{
		"united states, of either kind": {number: "+12025550162", env: ids.Live},
		"mobile":                        {number: "+447400123456", env: ids.Live},
		"landline":                      {number: "+442079460000", env: ids.Live, watched: []string{"number_type:landline"}},
		"voip":                          {number: "+445612345678", env: ids.Live, watched: []string{"number_type:voip"}},
		"toll-free":                     {number: "+18002345678", env: ids.Live, rule: refused},
		"premium":                       {number: "+449012345678", env: ids.Live, rule: refused},
		"premium in France":             {number: "+33891123456", env: ids.Live, rule: refused},
		"shared cost":                   {number: "+448431234567", env: ids.Live, rule: refused},
		"pager":                         {number: "+447640123456", env: ids.Live, rule: refused},
		"company number":                {number: "+445512345678", env: ids.Live, rule: refused},
		"voicemail":                     {number: "+4917699123456", env: ids.Live, watched: nil},
		"verified":                      {number: "+449012345678", env: ids.Live, verified: true},
		"test project":                  {number: "+449012345678", env: ids.Test, watched: []string{"number_type:premium"}},
		"test project that enforces": {
			number: "+449012345678", env: ids.Test, settings: store.ProjectSettings{EnforceLimits: true}, rule: refused,
		},
		"landline blocked": {
			number: "+442079460000", env: ids.Live, settings: store.ProjectSettings{NumberTypes: map[string]string{"landline": "block"}},
			rule: refused,
		},
		"premium allowed": {
			number: "+449012345678", env: ids.Live, settings: store.ProjectSettings{NumberTypes: map[string]string{"premium": "allow"}},
		},
		"looked up": {number: "+12025550162", env: ids.Live, kind: phone.Premium, rule: refused},
		"country first": {
			number: "+449012345678", env: ids.Live, settings: store.ProjectSettings{CountryPolicy: map[string]string{"GB": "block"}},
			rule: "country",
		},
		"country watched": {
			number: "+447400123456", env: ids.Live, settings: store.ProjectSettings{CountryPolicy: map[string]string{"GB": "monitor"}},
			watched: []string{"country"},
		},
		"sandbox number": {number: "+10000000000", env: ids.Test},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.settings.Countries == nil {
				test.settings.Countries = all
			}
			p := &store.Project{ID: "p", Env: test.env, Settings: test.settings}
			d := (&guard.Service{}).Screen(guard.Send{
				Project: p, Organization: &store.Organization{}, Member: &store.Member{}, Number: phone.Stored(test.number).Placed(),
				Verified: test.verified, Kind: test.kind,
			})
			if d.Rule != test.rule || !slices.Equal(d.Watched, test.watched) {
				t.Errorf("%s: refused by %q and watched by %q, want %q and %q", test.number, d.Rule, d.Watched, test.rule, test.watched)
			}
			if test.rule == refused && !errors.Is(d.Refusal, errs.InvalidPhoneNumber) || (d.Pass == "") != (test.rule == "") {
				t.Errorf("refused with %v, passes %q", d.Refusal, d.Pass)
			}
			if strings.Contains(d.Pass, test.number[2:]) {
				t.Errorf("the number is in %q", d.Pass)
			}
		})
	}
}
