package project

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/store"
)

// publicKey is an Ed25519 key of nobody.
const publicKey = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
`

func profile(change func(t *store.TrustedTokenProfile)) store.ProjectSettings {
	t := store.TrustedTokenProfile{
		ID: "1", Name: "n", Issuer: "i", Audience: "a", JWKSURL: "https://issuer.example/jwks",
		Claims: map[string]string{"email": "email", "token_id": "jti"},
	}
	change(&t)
	return store.ProjectSettings{TrustedTokens: []store.TrustedTokenProfile{t}}
}

func mapping(name, claim string) func(t *store.TrustedTokenProfile) {
	return func(t *store.TrustedTokenProfile) {
		t.Claims = maps.Clone(t.Claims)
		t.Claims[name] = claim
	}
}

func TestCheckTrust(t *testing.T) {
	t.Parallel()
	inPEM := func(keys ...string) store.ProjectSettings {
		return profile(func(t *store.TrustedTokenProfile) { t.JWKSURL, t.PEMKeys = "", keys })
	}
	for name, test := range map[string]struct {
		settings store.ProjectSettings
		want     string // in the problem; "" for none
	}{
		"userinfo":          {store.ProjectSettings{UserinfoURL: "https://old.example/userinfo"}, ""},
		"userinfo, local":   {store.ProjectSettings{UserinfoURL: "http://localhost:3000/userinfo"}, ""},
		"userinfo, clear":   {store.ProjectSettings{UserinfoURL: "http://old.example/userinfo"}, "must begin with https"},
		"userinfo, no host": {store.ProjectSettings{UserinfoURL: "https:///userinfo"}, "must begin with https"},
		"userinfo, user":    {store.ProjectSettings{UserinfoURL: "https://a@old.example/"}, "must begin with https"},
		"profile":           {profile(func(*store.TrustedTokenProfile) {}), ""},
		"profile, all mapped": {
			profile(func(t *store.TrustedTokenProfile) {
				t.Claims = map[string]string{}
				for _, name := range TrustedClaims {
					t.Claims[name] = "x"
				}
			}), "",
		},
		"no name":     {profile(func(t *store.TrustedTokenProfile) { t.Name = "" }), "needs a name"},
		"no issuer":   {profile(func(t *store.TrustedTokenProfile) { t.Issuer = "" }), "needs a name"},
		"no audience": {profile(func(t *store.TrustedTokenProfile) { t.Audience = "" }), "needs a name"},
		"no keys":     {inPEM(), "either the URL"},
		"both":        {profile(func(t *store.TrustedTokenProfile) { t.PEMKeys = []string{publicKey} }), "either the URL"},
		"keys published where anybody could write": {
			profile(func(t *store.TrustedTokenProfile) { t.JWKSURL = "http://issuer.example/" }), "must begin with https",
		},
		"PEM":           {inPEM(publicKey, publicKey, publicKey, publicKey, publicKey), ""},
		"six keys":      {inPEM(publicKey, publicKey, publicKey, publicKey, publicKey, publicKey), "at most 5"},
		"no PEM":        {inPEM("key"), "PEM form"},
		"broken PEM":    {inPEM(strings.Replace(publicKey, "MCow", "MCox", 1)), "cannot be read"},
		"email missing": {profile(mapping("email", "")), "cannot be mapped"},
		"id missing": {
			profile(func(t *store.TrustedTokenProfile) { t.Claims = map[string]string{"email": "email"} }), "token_id",
		},
		"unknown name": {profile(mapping("name", "name")), "cannot be mapped"},
		"too many": {
			store.ProjectSettings{TrustedTokens: make([]store.TrustedTokenProfile, maxProfiles+1)}, "at most 100",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := CheckSettings(&test.settings)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestRemoveTrusted(t *testing.T) {
	t.Parallel()
	s := profile(func(*store.TrustedTokenProfile) {})
	if err := RemoveTrusted(&s, "2"); !errors.Is(err, ErrNoProfile) || len(s.TrustedTokens) != 1 {
		t.Errorf("another one: %v", err)
	}
	if err := RemoveTrusted(&s, "1"); err != nil || len(s.TrustedTokens) != 0 {
		t.Errorf("it: %v", err)
	}
}
