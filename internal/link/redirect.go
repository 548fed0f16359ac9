// Package link knows the links in mails: where they may lead, which token they carry on, and who may redeem them.
package link

import (
	"net/url"
	"slices"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// Path is where the links in mails lead, before they lead on.
const Path = "/v1/magic_links/redirect"

// Address gives a link for a mail. publicURL is where people reach this server, without a slash at its end.
func Address(publicURL string, token secret.String) string {
	return publicURL + Path + "?token=" + url.QueryEscape(token.Reveal())
}

// The purposes of links, which redirect addresses are registered for.
const (
	Login         = "login"
	Signup        = "signup"
	Invite        = "invite"
	Discovery     = "discovery"
	ResetPassword = "reset_password"

	// DiscoveryReset is ResetPassword outside of any organization. Addresses are registered for the latter.
	DiscoveryReset = "discovery_reset"
)

// refusals are the errors of one purpose.
type refusals struct{ invalid, noneSet, noDefault *errs.Error }

var refusalsOf = map[string]refusals{
	Login: {
		errs.InvalidLoginRedirectURL, errs.NoLoginRedirectURLsSet, errs.NoDefaultLoginRedirectURLSet,
	},
	Signup: {
		errs.InvalidSignupRedirectURL, errs.NoSignupRedirectURLsSet, errs.NoDefaultSignupRedirectURLSet,
	},
	Invite: {
		errs.InvalidInviteRedirectURL, errs.NoInviteRedirectURLsSet, errs.NoDefaultInviteRedirectURLSet,
	},
	Discovery: {
		errs.InvalidDiscoveryRedirectURL, errs.NoDiscoveryRedirectURLsSet, errs.NoDefaultDiscoveryRedirectURLSet,
	},
	ResetPassword: {
		errs.InvalidPasswordResetRedirectURL, errs.NoPasswordResetRedirectURL, errs.NoPasswordResetRedirectURL,
	},
}

// Choose gives the address that a link leads to: the one asked for if it is registered for the purpose, else the
// project's default. A link that could lead anywhere would carry its token there.
func Choose(p *store.Project, purpose, asked string) (string, error) {
	refuse := refusalsOf[purpose]
	registered, preset := 0, ""
	for _, r := range p.Settings.RedirectURLs {
		if !slices.Contains(r.Purposes, purpose) {
			continue
		}
		registered++
		if slices.Contains(r.Defaults, purpose) {
			preset = r.URL
		}
		if asked != "" && covers(r.URL, asked) {
			return asked, nil
		}
	}

	switch {
	case asked != "" && !isAddress(asked):
		return "", refuse.invalid
	case registered == 0:
		return "", refuse.noneSet
	case asked != "":
		return "", errs.NoMatchForProvidedMagicLinkURL
	case preset == "":
		return "", refuse.noDefault
	}
	return preset, nil
}

// covers reports whether a registered address allows the one asked for: the same scheme, host and path; more query
// parameters than registered are the application's own.
func covers(registered, asked string) bool {
	r, errR := url.Parse(registered)
	a, errA := url.Parse(asked)
	if errR != nil || errA != nil || a.Fragment != "" || a.User != nil || a.Opaque != "" {
		return false
	}
	if r.Scheme != a.Scheme || r.Host != a.Host || r.EscapedPath() != a.EscapedPath() {
		return false
	}
	has := a.Query()
	for name, values := range r.Query() {
		if !slices.Equal(has[name], values) {
			return false
		}
	}
	return true
}

func isAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "" || u.Path != "")
}

// Landing adds the token to the address that a link of the purpose leads to, beside the query parameters that it has.
func Landing(purpose, redirect string, token secret.String) (string, error) {
	u, err := url.Parse(redirect)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("stytch_token_type", "multi_tenant_magic_links")
	switch purpose {
	case Discovery:
		q.Set("stytch_token_type", "discovery")
	case DiscoveryReset:
		q.Set("stytch_token_type", "discovery")
		q.Set("stytch_redirect_type", ResetPassword)
	case ResetPassword:
		q.Set("stytch_token_type", "multi_tenant_passwords")
		q.Set("stytch_redirect_type", ResetPassword)
	}
	q.Set("token", token.Reveal())
	u.RawQuery = q.Encode()
	return u.String(), nil
}
