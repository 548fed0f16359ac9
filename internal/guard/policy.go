package guard

import (
	"fmt"
	"maps"
	"slices"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

// The rules that look at the number alone.
const (
	RuleCountry    = "country"
	RuleNumberType = "number_type"
)

// DefaultCountries are those that texts go to when a project has set none.
var DefaultCountries = []string{"US", "CA"}

// AllOthers is the key of a country policy that stands for every country it does not name.
const AllOthers = "*"

// Policies are the words of a policy, from the widest to the narrowest.
var Policies = []string{store.PolicyAllow, store.PolicyMonitor, store.PolicyBlock}

// defaultKinds are the policies of the types of numbers that are not simply allowed. What cannot take a text, or costs
// whoever reaches it, is blocked. Landlines and numbers of telephony over the internet can take texts, and plans are
// coarse about them: they are watched.
var defaultKinds = map[phone.Kind]string{
	phone.Landline: store.PolicyMonitor, phone.VoIP: store.PolicyMonitor, phone.Personal: store.PolicyMonitor,
	phone.TollFree: store.PolicyBlock, phone.SharedCost: store.PolicyBlock, phone.Premium: store.PolicyBlock,
	phone.Pager: store.PolicyBlock, phone.UAN: store.PolicyBlock, phone.Voicemail: store.PolicyBlock,
}

// KindPolicy gives what a project does about a type of numbers.
func KindPolicy(s *store.ProjectSettings, k phone.Kind) string {
	if policy, set := s.NumberTypes[string(k)]; set {
		return policy
	}
	if policy, set := defaultKinds[k]; set {
		return policy
	}
	return store.PolicyAllow
}

// ProjectCountry gives what a project does about texts to a country.
func ProjectCountry(s *store.ProjectSettings, country string) string {
	if policy, set := s.CountryPolicy[country]; set {
		return policy
	}
	countries := s.Countries
	if len(countries) == 0 {
		countries = DefaultCountries
	}
	if slices.Contains(countries, country) {
		return store.PolicyAllow
	}
	return store.PolicyBlock
}

// OpenCountries lists the countries that a project's texts may go to: those of its list, then those of its policy.
func OpenCountries(s *store.ProjectSettings) []string {
	named := slices.Clone(s.Countries)
	if len(named) == 0 {
		named = slices.Clone(DefaultCountries)
	}
	for _, cc := range slices.Sorted(maps.Keys(s.CountryPolicy)) {
		if !slices.Contains(named, cc) {
			named = append(named, cc)
		}
	}
	return slices.DeleteFunc(named, func(cc string) bool { return ProjectCountry(s, cc) == store.PolicyBlock })
}

// OrganizationCountry gives what an organization makes of its project's policy: it can only narrow it.
func OrganizationCountry(p *store.ProjectSettings, o *store.OrgSettings, country string) string {
	policy := ProjectCountry(p, country)
	own, set := o.CountryPolicy[country]
	if !set {
		own, set = o.CountryPolicy[AllOthers]
	}
	if set && slices.Index(Policies, own) > slices.Index(Policies, policy) {
		return own
	}
	return policy
}

// screenCountry applies the country policy. It holds for everybody and in every project: it is what the operator wants,
// and nothing that others could use up.
func (d *Decision) screenCountry() {
	in := d.send
	country := in.Number.Region()
	if in.Number.IsSandbox() && !in.Project.Live() {
		return
	}
	switch OrganizationCountry(&in.Project.Settings, &in.Organization.Settings, country) {
	case store.PolicyAllow:
	case store.PolicyMonitor:
		d.watch(RuleCountry)
	default:
		d.refuse(RuleCountry, errs.InvalidPhoneNumberCountryCode, 0, passesCountry(&in, country))
	}
}

func passesCountry(in *Send, country string) string {
	if ProjectCountry(&in.Project.Settings, country) != store.PolicyBlock {
		return fmt.Sprintf("when the organization's country policy does not block %s", country)
	}
	return fmt.Sprintf("when the project allows %s: thimble project set PROJECT --countries or --country-policy %s=allow",
		country, country)
}

// screenKind applies the policy of the number's type.
func (d *Decision) screenKind() {
	kind := d.send.Kind
	if kind == "" {
		kind = d.send.Number.Kind()
	}
	policy := KindPolicy(&d.send.Project.Settings, kind)
	switch {
	case policy == store.PolicyAllow:
	case policy == store.PolicyMonitor || !d.enforced:
		d.watch(RuleNumberType + ":" + string(kind))
	default:
		d.refuse(RuleNumberType, errs.InvalidPhoneNumber.Saying(
			"Codes cannot be sent to this kind of number. Please give the number of a mobile phone."), 0,
			fmt.Sprintf("when the project allows %s numbers: thimble project set PROJECT --number-type %s=allow; "+
				"or with a safe-list entry", kind, kind))
	}
}
