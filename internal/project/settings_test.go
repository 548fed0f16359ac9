package project

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/notify/text"
	"github.com/thimble-auth/thimble/internal/store"
)

// longDomain gives a host name of n characters.
func longDomain(n int) string {
	labels := strings.Repeat(strings.Repeat("a", 49)+".", n/50)
	return strings.Repeat("a", n-len(labels)-4) + "." + labels + "com"
}

func TestCheckSettings(t *testing.T) {
	t.Parallel()
	redirect := func(url string, purposes ...string) store.ProjectSettings {
		return store.ProjectSettings{RedirectURLs: []store.RedirectURL{{URL: url, Purposes: purposes}}}
	}
	tests := map[string]struct {
		settings store.ProjectSettings
		want     string // in the problem; "" for none
	}{
		"nothing":             {store.ProjectSettings{}, ""},
		"countries":           {store.ProjectSettings{Countries: []string{"US", "JM", "XK"}}, ""},
		"country, lower case": {store.ProjectSettings{Countries: []string{"us"}}, `"us" is no country`},
		"country, unknown":    {store.ProjectSettings{Countries: []string{"US", "ZZ"}}, `"ZZ" is no country`},
		"country, prefix":     {store.ProjectSettings{Countries: []string{"+1"}}, "no country"},
		"policy": {store.ProjectSettings{
			CountryPolicy: map[string]string{"GB": "monitor"}, NumberTypes: map[string]string{"voip": "block"},
		}, ""},
		"policy, country":       {store.ProjectSettings{CountryPolicy: map[string]string{"*": "block"}}, `"*" is no country`},
		"policy, word":          {store.ProjectSettings{CountryPolicy: map[string]string{"GB": "maybe"}}, `"maybe" for GB`},
		"number type":           {store.ProjectSettings{NumberTypes: map[string]string{"fax": "block"}}, `"fax" is no type`},
		"unsupported":           {store.ProjectSettings{UnsupportedCountries: []string{"AF", "none"}}, `"none" is no country`},
		"limit":                 {store.ProjectSettings{Limits: map[string]int64{"number_day": 0, "prefix_hour": -1}}, ""},
		"limit, unknown":        {store.ProjectSettings{Limits: map[string]int64{"per_day": 1}}, "there is no limit"},
		"lock, lowest":          {store.ProjectSettings{LockAfter: 1, LockMinutes: 5}, ""},
		"lock, highest":         {store.ProjectSettings{LockAfter: 100, LockMinutes: 10080}, ""},
		"lock after too many":   {store.ProjectSettings{LockAfter: 101}, "from 1 to 100"},
		"lock after less":       {store.ProjectSettings{LockAfter: -1}, "from 1 to 100"},
		"lock too short":        {store.ProjectSettings{LockMinutes: 4}, "from 5 to 10080"},
		"lock too long":         {store.ProjectSettings{LockMinutes: 10081}, "from 5 to 10080"},
		"session, lowest":       {store.ProjectSettings{SessionMaxMinutes: 5}, ""},
		"session, highest":      {store.ProjectSettings{SessionMaxMinutes: 527040}, ""},
		"session too short":     {store.ProjectSettings{SessionMaxMinutes: 4}, "from 5 to 527040"},
		"session too long":      {store.ProjectSettings{SessionMaxMinutes: 527041}, "from 5 to 527040"},
		"domain":                {store.ProjectSettings{WebOTPDomain: "app.example.com"}, ""},
		"domain, local":         {store.ProjectSettings{WebOTPDomain: "localhost"}, ""},
		"domain, with scheme":   {store.ProjectSettings{WebOTPDomain: "https://app.example.com"}, "WebOTP"},
		"domain, with a second": {store.ProjectSettings{WebOTPDomain: "a.example.com #000000\n@b.example.com"}, "WebOTP"},
		"domain, longest":       {store.ProjectSettings{WebOTPDomain: longDomain(text.MaxDomain)}, ""},
		"domain, too long":      {store.ProjectSettings{WebOTPDomain: longDomain(text.MaxDomain + 1)}, "WebOTP"},
		"domain, upper case":    {store.ProjectSettings{WebOTPDomain: "App.example.com"}, "WebOTP"},
		"channels": {store.ProjectSettings{Channels: []store.ChannelWait{
			{Channel: "whatsapp", Seconds: 10}, {Channel: "voice", Seconds: 90}, {Channel: "sms", Seconds: 90},
		}}, ""},
		"channels, unknown": {store.ProjectSettings{Channels: []store.ChannelWait{{Channel: "fax"}}}, `"fax" is no channel`},
		"channels, twice": {
			store.ProjectSettings{Channels: []store.ChannelWait{{Channel: "sms"}, {Channel: "sms"}}}, "sms is named twice",
		},
		"channels, hasty": {store.ProjectSettings{Channels: []store.ChannelWait{{Channel: "sms", Seconds: 9}}}, "10 to 90 seconds"},
		"channels, call in time": {store.ProjectSettings{Channels: []store.ChannelWait{
			{Channel: "whatsapp", Seconds: 30}, {Channel: "sms"}, {Channel: "voice"},
		}}, ""},
		"channels, late call": {store.ProjectSettings{Channels: []store.ChannelWait{
			{Channel: "whatsapp", Seconds: 31}, {Channel: "sms"}, {Channel: "voice", Seconds: 10},
		}}, "a call would begin after 61 seconds"},
		"channels, late": {store.ProjectSettings{Channels: []store.ChannelWait{
			{Channel: "whatsapp", Seconds: 71}, {Channel: "sms"}, {Channel: "voice"},
		}}, "would begin after 101 seconds"},
		"redirect":                {redirect("https://app.example.com/a?b=c", "login"), ""},
		"redirect, local":         {redirect("http://localhost:3000/a", "login", "signup"), ""},
		"redirect, local address": {redirect("http://127.0.0.1:3000/a", "login"), ""},
		"redirect, app":           {redirect("com.example.app:/login", "login"), ""},
		"redirect, clear":         {redirect("http://app.example.com/a", "login"), "must use https"},
		"redirect, script":        {redirect("javascript:alert(1)", "login"), "must begin with https"},
		"redirect, data":          {redirect("data:text/html,x", "login"), "must begin with https"},
		"redirect, no host":       {redirect("https:///a", "login"), "must begin with https"},
		"redirect, relative":      {redirect("/authenticate", "login"), "is no redirect URL"},
		"redirect, fragment":      {redirect("https://app.example.com/#a", "login"), "no fragment"},
		"redirect, user":          {redirect("https://me@app.example.com/", "login"), "no user name"},
		"redirect, no purpose":    {redirect("https://app.example.com/"), "needs a purpose"},
		"redirect, bad purpose":   {redirect("https://app.example.com/", "logout"), `"logout" is no purpose`},
		"redirect, bad default": {store.ProjectSettings{RedirectURLs: []store.RedirectURL{
			{URL: "https://a.example.com/", Purposes: []string{"login"}, Defaults: []string{"signup"}},
		}}, "not one of its purposes"},
		"redirect, two defaults": {store.ProjectSettings{RedirectURLs: []store.RedirectURL{
			{URL: "https://a.example.com/", Purposes: []string{"login"}, Defaults: []string{"login"}},
			{URL: "https://b.example.com/", Purposes: []string{"login"}, Defaults: []string{"login"}},
		}}, "both the default"},
		"redirect, twice": {store.ProjectSettings{RedirectURLs: []store.RedirectURL{
			{URL: "https://a.example.com/", Purposes: []string{"login"}}, {URL: "https://a.example.com/", Purposes: []string{"login"}},
		}}, "registered twice"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := CheckSettings(&test.settings)
			if test.want == "" && err != nil {
				t.Errorf("%+v: %v, want no problem", test.settings, err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%+v: %v, want %q", test.settings, err, test.want)
			}
		})
	}
}

func TestCheckName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		" Acme ": "Acme", "": "", "  ": "", "a\nb": "", strings.Repeat("a", 128): strings.Repeat("a", 128),
		strings.Repeat("a", 129): "",
	} {
		if got, err := CheckName(name); got != want || (err == nil) != (want != "") {
			t.Errorf("CheckName(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestRiskyCountries(t *testing.T) {
	t.Parallel()
	type policy = map[string]string
	for name, test := range map[string]struct {
		settings store.ProjectSettings
		want     []string
	}{
		"built in":      {store.ProjectSettings{Countries: []string{"US", "MM", "AF", "CA"}}, []string{"AF", "MM"}},
		"watched":       {store.ProjectSettings{CountryPolicy: policy{"AF": "monitor", "DE": "monitor"}}, []string{"AF"}},
		"blocked after": {store.ProjectSettings{Countries: []string{"AF"}, CountryPolicy: policy{"AF": "block"}}, []string{}},
		"a list of one's own": {
			store.ProjectSettings{Countries: []string{"AF", "DE"}, UnsupportedCountries: []string{"DE"}}, []string{"DE"},
		},
		"no list": {
			store.ProjectSettings{Countries: []string{"AF", "DE"}, UnsupportedCountries: []string{NoCountries}}, []string{},
		},
	} {
		given := slices.Clone(test.settings.Countries)
		if diff := cmp.Diff(test.want, RiskyCountries(&test.settings)); diff != "" {
			t.Errorf("%s: risky (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(given, test.settings.Countries); diff != "" {
			t.Errorf("%s: the list given was changed (-want +got):\n%s", name, diff)
		}
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	var s store.ProjectSettings
	a := store.RedirectURL{URL: "https://a.example.com/", Purposes: []string{"login", "signup"}, Defaults: []string{"login", "signup"}}
	b := store.RedirectURL{URL: "https://b.example.com/", Purposes: []string{"login"}, Defaults: []string{"login"}}
	AddRedirect(&s, a)
	AddRedirect(&s, b)
	want := []store.RedirectURL{
		{URL: a.URL, Purposes: a.Purposes, Defaults: []string{"signup"}}, // b took the other one
		b,
	}
	if diff := cmp.Diff(want, s.RedirectURLs); diff != "" {
		t.Errorf("after a and b (-want +got):\n%s", diff)
	}

	again := store.RedirectURL{URL: a.URL, Purposes: []string{"invite"}}
	AddRedirect(&s, again)
	if diff := cmp.Diff([]store.RedirectURL{b, again}, s.RedirectURLs); diff != "" {
		t.Errorf("after a came again (-want +got):\n%s", diff)
	}
	if err := RemoveRedirect(&s, "https://c.example.com/"); err != ErrNoRedirect { //nolint:errorlint // it is not wrapped
		t.Errorf("removing another: %v, want ErrNoRedirect", err)
	}
	if err := RemoveRedirect(&s, b.URL); err != nil || len(s.RedirectURLs) != 1 {
		t.Errorf("removing b: %v, %d left", err, len(s.RedirectURLs))
	}
	if err := CheckSettings(&s); err != nil {
		t.Error(err)
	}
}
