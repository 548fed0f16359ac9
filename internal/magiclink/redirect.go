package magiclink

import (
	"net/url"
	"slices"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/store"
)

// refusals are the errors of one purpose.
type refusals struct{ invalid, noneSet, noDefault *errs.Error }

var refusalsOf = map[string]refusals{
	PurposeLogin: {
		errs.InvalidLoginRedirectURL, errs.NoLoginRedirectURLsSet, errs.NoDefaultLoginRedirectURLSet,
	},
	PurposeSignup: {
		errs.InvalidSignupRedirectURL, errs.NoSignupRedirectURLsSet, errs.NoDefaultSignupRedirectURLSet,
	},
}

// chooseRedirect gives the address that a link leads to: the one asked for if it is registered for the purpose, else the
// project's default. A link that could lead anywhere would carry its token there.
func chooseRedirect(p *store.Project, purpose, asked string) (string, error) {
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

// tokenType tells the application what kind of token comes to it.
const tokenType = "multi_tenant_magic_links"

// landing adds the token to the address, beside the query parameters that it has.
func landing(redirect, token string) (string, error) {
	u, err := url.Parse(redirect)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("stytch_token_type", tokenType)
	q.Set("token", token)
	u.RawQuery = q.Encode()
	return u.String(), nil
}
