package project

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/notify/text"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

// Bounds of the settings. 0 stands for the default of each.
const (
	MinSessionMinutes = 5
	MaxSessionMinutes = 527040 // 366 days
	MaxName           = 128    // bytes
)

// Purposes are what a redirect URL can be registered for.
var Purposes = []string{"login", "signup", "invite", "discovery", "reset_password"}

// CheckName gives the name without space around it, or says what is wrong with it.
func CheckName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > MaxName || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return "", fmt.Errorf("a project needs a name of 1 to %d characters on one line", MaxName)
	}
	return name, nil
}

// CheckSettings says everything that is wrong with the settings of a project, nil for nothing. Countries that fraud
// often uses are none of its business: see RiskyCountries.
func CheckSettings(s *store.ProjectSettings) error {
	return errors.Join(checkCountries(s), checkPolicies(s), checkLimits(s), checkBudgets(s), checkBounds(s),
		checkPasswords(s), checkDomain(s), checkRedirects(s), checkTrust(s), checkChannels(s))
}

// NoCountries is the one word of a project's list of unsupported countries that makes it empty.
const NoCountries = "none"

// RiskyCountries gives those of the countries that a project lets texts go to, to which carriers deliver badly or fraud is
// frequent, so that nobody allows them by accident. Which those are is a setting; without it the list of package phone.
func RiskyCountries(s *store.ProjectSettings) []string {
	open := slices.Clone(s.Countries)
	for cc, policy := range s.CountryPolicy {
		if policy != store.PolicyBlock && !slices.Contains(open, cc) {
			open = append(open, cc)
		}
	}
	slices.Sort(open)
	return slices.DeleteFunc(open, func(cc string) bool {
		if s.CountryPolicy[cc] == store.PolicyBlock {
			return true
		}
		if len(s.UnsupportedCountries) > 0 {
			return !slices.Contains(s.UnsupportedCountries, cc)
		}
		return phone.IsSupportedRegion(cc)
	})
}

// CheckCountryPolicy says what is wrong with a country policy, nil for nothing. An organization's may have a word for all
// countries that it does not name.
func CheckCountryPolicy(policy map[string]string, organization bool) error {
	var problems []error
	for _, cc := range slices.Sorted(maps.Keys(policy)) {
		if !phone.ValidRegion(cc) && (!organization || cc != "*") {
			problems = append(problems, fmt.Errorf("%q is no country code: want two capital letters such as US", cc))
		}
		problems = append(problems, checkPolicy(cc, policy[cc]))
	}
	return errors.Join(problems...)
}

func checkPolicy(what, word string) error {
	if slices.Contains(policies, word) {
		return nil
	}
	return fmt.Errorf("%q for %s is no policy: want %s", word, what, strings.Join(policies, ", "))
}

var policies = []string{store.PolicyAllow, store.PolicyMonitor, store.PolicyBlock}

func checkPolicies(s *store.ProjectSettings) error {
	problems := []error{CheckCountryPolicy(s.CountryPolicy, false)}
	for _, kind := range slices.Sorted(maps.Keys(s.NumberTypes)) {
		if !slices.Contains(phone.Kinds, phone.Kind(kind)) {
			problems = append(problems, fmt.Errorf("%q is no type of numbers: they are %s", kind, strings.Join(kinds(), ", ")))
		}
		problems = append(problems, checkPolicy(kind, s.NumberTypes[kind]))
	}
	if !slices.Equal(s.UnsupportedCountries, []string{NoCountries}) {
		for _, cc := range s.UnsupportedCountries {
			if !phone.ValidRegion(cc) {
				problems = append(problems, fmt.Errorf("%q is no country code: want two capital letters such as US", cc))
			}
		}
	}
	return errors.Join(problems...)
}

func kinds() []string {
	all := make([]string, len(phone.Kinds))
	for i, k := range phone.Kinds {
		all[i] = string(k)
	}
	return all
}

func checkCountries(s *store.ProjectSettings) error {
	var problems []error
	for _, cc := range s.Countries {
		if !phone.ValidRegion(cc) {
			problems = append(problems, fmt.Errorf("%q is no country code: want two capital letters such as US", cc))
		}
	}
	return errors.Join(problems...)
}

func checkLimits(s *store.ProjectSettings) error {
	known := limit.Defaults()
	var problems []error
	for name := range s.Limits {
		if _, ok := known[name]; !ok {
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			problems = append(problems, fmt.Errorf("there is no limit %q: the limits are %s", name, strings.Join(names, ", ")))
		}
	}
	return errors.Join(problems...)
}

func checkBounds(s *store.ProjectSettings) error {
	var problems []error
	check := func(what string, n, low, high int64) {
		if n != 0 && (n < low || n > high) {
			problems = append(problems, fmt.Errorf("%s must be from %d to %d", what, low, high))
		}
	}
	check("the wrong codes in a row that lock a member", s.LockAfter, 1, limit.MaxLockAfter)
	check("the minutes of a lock", s.LockMinutes, limit.MinLockMinutes, limit.MaxLockMinutes)
	check("the SMS that a text may take", s.TextSegments, 1, text.MaxSegments)
	check("the longest session in minutes", s.SessionMaxMinutes, MinSessionMinutes, MaxSessionMinutes)
	return errors.Join(problems...)
}

func checkDomain(s *store.ProjectSettings) error {
	if s.WebOTPDomain == "" || s.WebOTPDomain == "localhost" {
		return nil
	}
	if domain, ok := email.ParseDomain(s.WebOTPDomain); !ok || domain != s.WebOTPDomain {
		return errors.New("the WebOTP domain must be a host name in lower case such as app.example.com, " +
			"without https:// and without a port")
	}
	if len(s.WebOTPDomain) > text.MaxDomain {
		return fmt.Errorf("a WebOTP domain has at most %d characters: longer ones leave no room for the code in one SMS",
			text.MaxDomain)
	}
	return nil
}

func checkRedirects(s *store.ProjectSettings) error {
	var problems []error
	seen, defaults := map[string]bool{}, map[string]string{}
	for _, r := range s.RedirectURLs {
		if err := checkRedirect(r); err != nil {
			problems = append(problems, err)
		}
		if seen[r.URL] {
			problems = append(problems, fmt.Errorf("%s is registered twice", r.URL))
		}
		seen[r.URL] = true
		for _, purpose := range r.Defaults {
			if other, ok := defaults[purpose]; ok {
				problems = append(problems, fmt.Errorf("%s and %s are both the default for %s", other, r.URL, purpose))
			}
			defaults[purpose] = r.URL
		}
	}
	return errors.Join(problems...)
}

func checkRedirect(r store.RedirectURL) error {
	if len(r.Purposes) == 0 {
		return fmt.Errorf("%s needs a purpose: %s", r.URL, strings.Join(Purposes, ", "))
	}
	for _, purpose := range r.Purposes {
		if !slices.Contains(Purposes, purpose) {
			return fmt.Errorf("%q is no purpose of a redirect URL: they are %s", purpose, strings.Join(Purposes, ", "))
		}
	}
	for _, purpose := range r.Defaults {
		if !slices.Contains(r.Purposes, purpose) {
			return fmt.Errorf("%s cannot be the default for %s, which is not one of its purposes", r.URL, purpose)
		}
	}
	return checkRedirectURL(r.URL)
}

// checkRedirectURL keeps tokens from being carried to where nobody meant them to go. Schemes of apps (RFC 8252 §7.1)
// are allowed when they hold a dot, as names that belong to somebody do; javascript: and its like hold none.
func checkRedirectURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme == "":
		return fmt.Errorf("%q is no redirect URL: want one such as https://app.example.com/authenticate", text)
	case u.User != nil || u.Fragment != "":
		return fmt.Errorf("%q must have no user name and no fragment", text)
	case u.Scheme == "https" && u.Hostname() != "":
		return nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return fmt.Errorf("%q must use https: links carry tokens; http is for localhost alone", text)
	case strings.Contains(u.Scheme, "."):
		return nil
	}
	return fmt.Errorf("%q must begin with https://, or with the scheme of an app such as com.example.app:/", text)
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
}
