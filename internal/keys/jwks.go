package keys

import (
	"crypto/rsa"
	"math/big"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/store"
)

// JWK is a verification key as JWKS shows it (RFC 7517 §4, RFC 7518 §6.3).
type JWK struct {
	KeyType   string   `json:"kty" api:"required"`
	Use       string   `json:"use" api:"required"`
	Algorithm string   `json:"alg" api:"required"`
	KeyOps    []string `json:"key_ops" api:"required"`
	KeyID     string   `json:"kid" api:"required"`
	// The modulus, base64url.
	N string `json:"n" api:"required"`
	// The public exponent, base64url.
	E string `json:"e" api:"required"`
	// Always empty: the keys are trusted for where they are fetched from, no certificate says anything about them.
	X5C []string `json:"x5c" api:"required"`
	// Always empty: the thumbprint of a certificate (RFC 7517 §4.9), and there is none.
	X5TS256 string `json:"x5tS256" api:"required"`
}

func newJWK(kid string, public *rsa.PublicKey) JWK {
	return JWK{
		KeyType:   "RSA",
		Use:       "sig",
		Algorithm: "RS256",
		KeyOps:    []string{"verify"},
		KeyID:     kid,
		N:         b64.EncodeToString(public.N.Bytes()),
		E:         b64.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
		X5C:       []string{},
	}
}

// JWKS gives an environment's verification keys, newest first: the next one, so that it is known before it is used, the
// current one, and retired ones for 30 days. The list is the caller's, the slices in it are shared.
func (r *Ring) JWKS(env ids.Env) []JWK {
	gone := r.db.Now().Add(-shownAfterRetirement)
	shown := []JWK{}
	for _, k := range r.known.Load().signing[signingPurpose(env)] {
		old := k.state == store.KeyRetired && !k.retiredAt.After(gone)
		if k.state != store.KeyRevoked && !old {
			shown = append(shown, k.jwk)
		}
	}
	return shown
}
