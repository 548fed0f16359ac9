package project

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/thimble-auth/thimble/internal/store"
)

// Bounds of profiles of trusted tokens.
const (
	maxProfiles = 100
	maxPEMKeys  = 5
	maxTrusted  = 1024 // bytes of a name, issuer, audience or claim
)

// TrustedClaims are what a profile of trusted tokens can find in a token; the first two it must.
var TrustedClaims = []string{"email", "token_id", "organization_id", "external_member_id", "role_ids"}

// ErrNoProfile says that a project has no such profile.
var ErrNoProfile = errors.New("the project has no such profile: thimble project trust list shows them")

// RemoveTrusted forgets a profile of trusted tokens, or fails with ErrNoProfile.
func RemoveTrusted(s *store.ProjectSettings, id string) error {
	kept := slices.DeleteFunc(slices.Clone(s.TrustedTokens), func(t store.TrustedTokenProfile) bool { return t.ID == id })
	if len(kept) == len(s.TrustedTokens) {
		return ErrNoProfile
	}
	s.TrustedTokens = kept
	return nil
}

func checkTrust(s *store.ProjectSettings) error {
	var problems []error
	if s.UserinfoURL != "" {
		problems = append(problems, checkAsked("the userinfo URL", s.UserinfoURL))
	}
	if len(s.TrustedTokens) > maxProfiles {
		problems = append(problems, fmt.Errorf("a project has at most %d profiles of trusted tokens", maxProfiles))
	}
	for i := range s.TrustedTokens {
		problems = append(problems, checkProfile(&s.TrustedTokens[i]))
	}
	return errors.Join(problems...)
}

func checkProfile(t *store.TrustedTokenProfile) error {
	for _, text := range []string{t.Name, t.Issuer, t.Audience} {
		if text == "" || len(text) > maxTrusted {
			return errors.New("a profile of trusted tokens needs a name, an issuer and an audience")
		}
	}
	switch {
	case (t.JWKSURL == "") == (len(t.PEMKeys) == 0):
		return errors.New("a profile of trusted tokens needs either the URL of a key set or keys in PEM")
	case len(t.PEMKeys) > maxPEMKeys:
		return fmt.Errorf("a profile of trusted tokens has at most %d keys", maxPEMKeys)
	}
	for name, claim := range t.Claims {
		if !slices.Contains(TrustedClaims, name) || claim == "" || len(claim) > maxTrusted {
			return fmt.Errorf("%q cannot be mapped to a claim: a profile maps %s", name, strings.Join(TrustedClaims, ", "))
		}
	}
	for _, name := range TrustedClaims[:2] {
		if t.Claims[name] == "" {
			return fmt.Errorf("a profile of trusted tokens must say in which claim the %s is", name)
		}
	}
	for _, text := range t.PEMKeys {
		if err := checkPEM(text); err != nil {
			return err
		}
	}
	if t.JWKSURL != "" {
		return checkAsked("the URL of a key set", t.JWKSURL)
	}
	return nil
}

func checkPEM(text string) error {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return errors.New("a key of a trusted issuer must be in PEM form")
	}
	_, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil && block.Type == "CERTIFICATE" {
		_, err = x509.ParseCertificate(block.Bytes)
	}
	if err != nil && block.Type == "RSA PUBLIC KEY" {
		_, err = x509.ParsePKCS1PublicKey(block.Bytes)
	}
	if err != nil {
		return fmt.Errorf("a key of a trusted issuer cannot be read: %w", err)
	}
	return nil
}

// checkAsked checks an address that this server will ask: what it answers is believed, so nobody must be able to change
// it on the way.
func checkAsked(what, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" ||
		u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return fmt.Errorf("%s must begin with https://; http is for localhost alone", what)
	}
	return nil
}
