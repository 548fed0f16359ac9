package attest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thimble-auth/thimble/internal/store"
)

const (
	// fresh is how long published keys are used without asking again, retry how soon they are asked for an unknown one.
	fresh = 5 * time.Minute
	retry = 30 * time.Second
	// maxSets bounds the cache, maxKeys one set.
	maxSets = 256
	maxKeys = 100
	minBits = 2048 // of RSA keys (NIST SP 800-131A)
)

// published is a key that an issuer published.
type published struct {
	kid string
	key any
}

// keyCache keeps key sets by the address where they are published.
type keyCache struct {
	mu   sync.Mutex
	sets map[string]keySet
}

type keySet struct {
	keys []published
	at   time.Time
}

// keysFor gives the keys that may have signed a token with the key id, "" for none said.
func (s *Service) keysFor(ctx context.Context, profile *store.TrustedTokenProfile, kid string) (any, error) {
	if profile.JWKSURL == "" {
		var set jwt.VerificationKeySet
		for _, text := range profile.PEMKeys {
			key, err := ParsePEM(text)
			if err != nil {
				return nil, err
			}
			set.Keys = append(set.Keys, key)
		}
		return set, nil
	}

	known, err := s.keySet(ctx, profile.JWKSURL, kid)
	if err != nil {
		return nil, err
	}
	var set jwt.VerificationKeySet
	for _, k := range known {
		if kid == "" || k.kid == kid {
			set.Keys = append(set.Keys, k.key)
		}
	}
	if len(set.Keys) == 0 {
		return nil, errors.New("no published key has the token's key id")
	}
	return set, nil
}

// keySet gives the keys that are published at an address: those known, unless they are old or the one asked for is new.
func (s *Service) keySet(ctx context.Context, url, kid string) ([]published, error) {
	now := s.DB.Now()
	s.keys.mu.Lock()
	set, known := s.keys.sets[url]
	s.keys.mu.Unlock()

	age := now.Sub(set.at)
	has := kid == ""
	for _, k := range set.keys {
		has = has || k.kid == kid
	}
	if known && age < fresh && (has || age < retry) {
		return set.keys, nil
	}

	keys, err := s.fetchKeys(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("get the issuer's keys: %w", err)
	}
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	if s.keys.sets == nil || len(s.keys.sets) >= maxSets {
		s.keys.sets = map[string]keySet{}
	}
	s.keys.sets[url] = keySet{keys, now}
	return keys, nil
}

func (s *Service) fetchKeys(ctx context.Context, url string) ([]published, error) {
	var set struct {
		Keys []jwk `json:"keys"`
	}
	if err := s.getJSON(ctx, url, "", &set); err != nil {
		return nil, err
	}
	if len(set.Keys) > maxKeys {
		return nil, errors.New("too many keys")
	}
	var keys []published
	for _, k := range set.Keys {
		// Keys for other uses and of kinds that we do not know stand beside those we need.
		if key, err := k.public(); err == nil {
			keys = append(keys, published{k.KeyID, key})
		}
	}
	return keys, nil
}

// getJSON asks for a JSON document.
func (s *Service) getJSON(ctx context.Context, url, bearer string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return errors.New("the address is none") // the error would hold it
	}
	req.Header.Set("Accept", "application/json")
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := s.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		return errors.New("the answer is not the JSON that was expected")
	}
	return nil
}

// jwk is a public key as RFC 7517 writes it.
type jwk struct {
	Type  string `json:"kty"`
	Use   string `json:"use"`
	KeyID string `json:"kid"`
	Curve string `json:"crv"`
	N     b64    `json:"n"`
	E     b64    `json:"e"`
	X     b64    `json:"x"`
	Y     b64    `json:"y"`
}

// b64 is a number or key in base64url without padding.
type b64 []byte

// UnmarshalText reads it.
func (b *b64) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.AppendDecode(nil, text)
	return err
}

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

func (k *jwk) public() (any, error) {
	if k.Use != "" && k.Use != "sig" {
		return nil, errors.New("a key for another use")
	}
	switch k.Type {
	case "RSA":
		e := new(big.Int).SetBytes(k.E)
		if !e.IsInt64() || e.Int64() > 1<<31-1 {
			return nil, errors.New("an RSA key with a large exponent")
		}
		return checked(&rsa.PublicKey{N: new(big.Int).SetBytes(k.N), E: int(e.Int64())})
	case "EC":
		curve := curves[k.Curve]
		if curve == nil || len(k.X) != len(k.Y) {
			return nil, errors.New("an EC key of another curve")
		}
		return ecdsa.ParseUncompressedPublicKey(curve, append(append([]byte{4}, k.X...), k.Y...))
	case "OKP":
		if k.Curve == "Ed25519" && len(k.X) == ed25519.PublicKeySize {
			return ed25519.PublicKey(k.X), nil
		}
	}
	return nil, errors.New("a key of another kind")
}

// ParsePEM reads a public key, or the one of a certificate, in PEM. It refuses what is too weak to
// be trusted.
func ParsePEM(text string) (any, error) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("want one public key in PEM form")
	}
	var key any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var c *x509.Certificate
		if c, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = c.PublicKey
		}
	default:
		err = errors.New("want a PUBLIC KEY or a CERTIFICATE")
	}
	if err != nil {
		return nil, fmt.Errorf("read a public key: %w", err)
	}
	return checked(key)
}

// checked refuses kinds of keys without an algorithm, and short RSA keys.
func checked(key any) (any, error) {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minBits || key.E < 3 {
			return nil, fmt.Errorf("an RSA key needs at least %d bits", minBits)
		}
		return key, nil
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return key, nil
	}
	return nil, errors.New("a key must be one of RSA, ECDSA or Ed25519")
}
