package attest_test

import (
	"bytes"
	"context"
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
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/server"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
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
	*server.App
	t       *testing.T
	project *store.Project
	org     *store.Organization
	member  *store.Member
	issuer  *issuer
}

const (
	profileID = "trusted-token-profile-test-1"
	pemID     = "trusted-token-profile-test-2"
	jitID     = "trusted-token-profile-test-3"
)

func engines(t *testing.T, test func(w *world)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "thimble.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(newWorld(t, pgtest.URL(t)))
	})
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	w := &world{t: t, issuer: &issuer{status: http.StatusOK, keys: map[string]crypto.Signer{
		"rsa": signers()["rsa"], "ec": signers()["ec"], "ed": signers()["ed"],
	}}}
	master, _ := keys.NewMaster()
	var err error
	w.App, err = server.Open(t.Context(), server.Options{
		DatabaseURL: url, Master: master, PublicURL: "http://127.0.0.1", Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		HTTP: httpx.New(httpx.Options{Transport: w.issuer}),
	})
	w.check(err)
	t.Cleanup(func() {
		if err := w.App.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	made, _, err := w.App.Projects.Create(t.Context(), ids.Test, "Test")
	w.check(err)
	w.project, err = w.App.Projects.Update(t.Context(), made.ID, func(p *store.Project) error {
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
	w.check(err)
	w.org, err = w.API.Organizations.Create(t.Context(), w.project, rbac.Caller{}, org.Changes{Name: "Acme", MFAPolicy: store.MFARequired})
	w.check(err)
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

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) newMember(n member.New) *store.Member {
	w.t.Helper()
	found, err := w.API.Members.Create(w.t.Context(), w.project, rbac.Caller{}, ids.OrgRef(w.org.ID), n)
	w.check(err)
	return found.Member
}

// token signs a token: the claims of a good one, with changes; nil takes a claim away.
func (w *world) token(key string, method jwt.SigningMethod, changes map[string]any) secret.String {
	w.t.Helper()
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
	w.check(err)
	return secret.String(text)
}

// good signs one with the issuer's RSA key.
func (w *world) good(changes map[string]any) secret.String {
	return w.token("rsa", jwt.SigningMethodRS256, changes)
}
