package attest

import (
	"context"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

const (
	maxToken   = 16 << 10
	maxTokenID = 255
	// skew is how far another system's clock may be from ours.
	skew = time.Minute
)

// algorithms are those with a public key. A token must not choose one with a shared secret, which the public key would
// then be taken for (RFC 8725 §2.1).
var algorithms = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

// The names of what a profile finds in a token.
const (
	claimEmail        = "email"
	claimTokenID      = "token_id"
	claimOrganization = "organization_id"
	claimExternalID   = "external_member_id"
	claimRoles        = "role_ids"
)

// word is what a token says, verified.
type word struct {
	address      email.Address
	tokenID      string
	organization string
	externalID   string
	roles        []string
	expires      time.Time
}

// verify reads a token and holds it against its profile: signature, issuer, audience, times, claims. Keys are asked for
// here, before any transaction.
func (s *Service) verify(ctx context.Context, profile *store.TrustedTokenProfile, token secret.String) (*word, error) {
	if len(token) > maxToken {
		return nil, errs.InvalidTrustedAuthToken.Because(errors.New("a token that is too long"))
	}
	parser := jwt.NewParser(jwt.WithValidMethods(algorithms), jwt.WithTimeFunc(s.DB.Now), jwt.WithLeeway(skew),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithIssuer(profile.Issuer),
		jwt.WithAudience(profile.Audience), jwt.WithStrictDecoding())
	claims := jwt.MapClaims{}
	_, err := parser.ParseWithClaims(token.Reveal(), claims, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		return s.keysFor(ctx, profile, kid)
	})
	switch {
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return nil, errs.JWTInvalidAudience.Because(err)
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return nil, errs.JWTInvalidIssuer.Because(err)
	case err != nil:
		return nil, errs.InvalidTrustedAuthToken.Because(err)
	}
	expires, err := claims.GetExpirationTime()
	if err != nil {
		return nil, errs.InvalidTrustedAuthToken.Because(err)
	}
	return wordOf(profile, claims, expires.Add(skew))
}

// wordOf finds what the profile maps.
func wordOf(profile *store.TrustedTokenProfile, claims jwt.MapClaims, expires time.Time) (*word, error) {
	w := &word{expires: expires}
	wrong := func(name string) error { return errs.JWTInvalidClaims.Because(errors.New("claim of " + name)) }
	for _, one := range []struct {
		name   string
		into   *string
		needed bool
	}{
		{claimTokenID, &w.tokenID, true},
		{claimOrganization, &w.organization, false},
		{claimExternalID, &w.externalID, false},
	} {
		value, there := claim(profile, claims, one.name)
		text, isText := value.(string)
		if there && (!isText || text == "" || len(text) > maxTokenID) || !there && one.needed {
			return nil, wrong(one.name)
		}
		*one.into = text
	}

	value, _ := claim(profile, claims, claimEmail)
	text, _ := value.(string)
	var err error
	if w.address, err = email.Parse(text); err != nil {
		return nil, wrong(claimEmail)
	}
	if value, there := claim(profile, claims, claimRoles); there {
		list, isList := value.([]any)
		for _, one := range list {
			role, isText := one.(string)
			isList = isList && isText
			w.roles = append(w.roles, role)
		}
		if !isList {
			return nil, wrong(claimRoles)
		}
	}
	return w, nil
}

// claim gives what the profile finds under a name, if it looks for it at all.
func claim(profile *store.TrustedTokenProfile, claims jwt.MapClaims, name string) (value any, there bool) {
	mapped := profile.Claims[name]
	if mapped == "" {
		return nil, false
	}
	value, there = claims[mapped]
	return value, there && value != nil
}
