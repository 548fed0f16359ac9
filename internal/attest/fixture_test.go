package attest_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/server"
	"github.com/thimble-auth/thimble/internal/server/servertest"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// issuer is another system: it publishes keys, signs tokens and knows whose they are.
type issuer struct {
	mu       sync.Mutex
	keys     map[string]crypto.Signer // by key id, published
	status   int                      // of its answers
	userinfo string
	asked    int
	bearer   string
}

// RoundTrip answers the server.
func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked++
	body := []byte(i.userinfo)
	if r.URL.Path == "/jwks" {
		body = i.jwks()
	}
	i.bearer = r.Header.Get("Authorization")
	return &http.Response{
		StatusCode: i.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: r,
	}, nil
}

func (i *issuer) jwks() []byte {
	text := base64.RawURLEncoding.EncodeToString
	set := []map[string]string{{"kty": "oct", "kid": "shared", "k": "x"}, {"kty": "RSA", "use": "enc", "kid": "enc", "n": "AQ", "e": "AQAB"}}
	for kid, key := range i.keys {
		one := map[string]string{"kid": kid, "use": "sig"}
		switch key := key.Public().(type) {
		case *rsa.PublicKey:
			one["kty"], one["n"], one["e"] = "RSA", text(key.N.Bytes()), "AQAB"
		case *ecdsa.PublicKey:
			raw, err := key.Bytes()
			if err != nil {
				panic(err)
			}
			half := len(raw) / 2
			one["kty"], one["crv"], one["x"], one["y"] = "EC", key.Curve.Params().Name, text(raw[1:half+1]), text(raw[half+1:])
		case ed25519.PublicKey:
			one["kty"], one["crv"], one["x"] = "OKP", "Ed25519", text(key)
		}
		set = append(set, one)
	}
	b, err := json.Marshal(map[string]any{"keys": set})
	if err != nil {
		panic(err)
	}
	return b
}

// The keys of all tests: making RSA keys takes long.
var signers = sync.OnceValue(func() map[string]crypto.Signer {
	big, err1 := rsa.GenerateKey(rand.Reader, 2048)
	stranger, err2 := rsa.GenerateKey(rand.Reader, 2048)
	curve, err3 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, edwards, err4 := ed25519.GenerateKey(rand.Reader)
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			panic(err)
		}
	}
	return map[string]crypto.Signer{"rsa": big, "stranger": stranger, "ec": curve, "ed": edwards}
})

// world is a server with a test project that trusts an issuer, an organization and a member.
type world struct {
	*servertest.World
	org    *store.Organization
	member *store.Member
	issuer *issuer
}

const (
	profileID = "trusted-token-profile-test-1"
	pemID     = "trusted-token-profile-test-2"
	jitID     = "trusted-token-profile-test-3"
)

func engines(t *testing.T, test func(w *world)) {
	storetest.URLs(t, func(t *testing.T, url string) { test(newWorld(t, url)) })
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	w := &world{issuer: &issuer{status: http.StatusOK, keys: map[string]crypto.Signer{
		"rsa": signers()["rsa"], "ec": signers()["ec"], "ed": signers()["ed"],
	}}}
	w.World = servertest.Open(t, server.Options{
		DatabaseURL: url, HTTP: httpx.New(httpx.Options{Transport: w.issuer}),
	})
	var err error
	w.Project, err = w.Projects.Update(t.Context(), w.Project.ID, func(p *store.Project) error {
		profile := store.TrustedTokenProfile{
			ID: profileID, Name: "Issuer", Issuer: "https://issuer.example", Audience: "thimble",
			JWKSURL: "https://issuer.example/jwks", Claims: map[string]string{
				"email": "mail", "token_id": "jti", "organization_id": "https://issuer.example/org", "external_member_id": "sub",
				"role_ids": "roles",
			},
		}
		inPEM := profile
		inPEM.ID, inPEM.JWKSURL, inPEM.PEMKeys = pemID, "", []string{inForm(t, "stranger"), inForm(t, "ec")}
		jit := profile
		jit.ID, jit.JIT = jitID, true
		p.Settings.TrustedTokens = []store.TrustedTokenProfile{profile, inPEM, jit}
		p.Settings.UserinfoURL = "https://issuer.example/userinfo"
		return nil
	})
	w.Check(err)
	w.org = w.NewOrganization(org.Changes{Name: "Acme", MFAPolicy: store.MFARequired})
	w.member = w.newMember(member.New{Email: "ada@example.com"})
	return w
}

func inForm(t *testing.T, name string) string {
	der, err := x509.MarshalPKIXPublicKey(signers()[name].Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func (w *world) newMember(n member.New) *store.Member { return w.NewMember(w.org, n) }

// token signs a token: the claims of a good one, with changes; nil takes a claim away.
func (w *world) token(key string, method jwt.SigningMethod, changes map[string]any) secret.String {
	w.T.Helper()
	now := w.DB.Now()
	claims := jwt.MapClaims{
		"iss": "https://issuer.example", "aud": "thimble", "jti": ids.NewUUID(now).String(), "mail": "ADA@example.com",
		"iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	}
	for name, value := range changes {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	t := jwt.NewWithClaims(method, claims)
	t.Header["kid"] = key
	text, err := t.SignedString(signers()[key])
	w.Check(err)
	return secret.String(text)
}

// good signs one with the issuer's RSA key.
func (w *world) good(changes map[string]any) secret.String {
	return w.token("rsa", jwt.SigningMethodRS256, changes)
}
