package scenario

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/password"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
)

// What other systems are called.
const (
	userinfoURL = "https://old.example.com/userinfo"
	issuer      = "https://issuer.example.com"
	audience    = "thimble"
)

// breachedSHA1 is of "breached donkey battery", which everybody knows in stories with "server breaches".
const breachedSHA1 = "9683A09F8344A59853B471303C60EE97F8E9C616"

// elsewhere is the login that people had before, as the server sees it: an endpoint that knows whose tokens are whose.
type elsewhere struct {
	mu     sync.Mutex
	people map[string]string // what is answered, by bearer token
}

// RoundTrip answers the server.
func (e *elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	about, known := e.people[token]
	answer := &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(about)), Request: r,
	}
	switch {
	case r.Method != http.MethodGet || r.URL.String() != userinfoURL:
		answer.StatusCode = http.StatusNotFound
	case !isBearer || !known:
		answer.StatusCode = http.StatusUnauthorized
	}
	return answer, nil
}

// userinfo sets what the login before says of a token, JSON or not, and has the project ask it:
// userinfo old-ada {"email":"..."}.
func (w *world) userinfo(text string) error {
	token, about, _ := strings.Cut(text, " ")
	w.elsewhere.mu.Lock()
	if w.elsewhere.people == nil {
		w.elsewhere.people = map[string]string{}
	}
	w.elsewhere.people[token] = about
	w.elsewhere.mu.Unlock()
	return w.settings(fmt.Sprintf(`{"userinfo_url":%q}`, userinfoURL))
}

// signer is the key of the issuer of trusted tokens, the same in every story.
var signer = ed25519.NewKeyFromSeed([]byte(strings.Repeat("s", ed25519.SeedSize)))

// trust makes the project trust the issuer; $profile is the profile's id: trust {"can_jit_provision":true}.
func (w *world) trust(text string) error {
	der, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return err
	}
	profile := store.TrustedTokenProfile{
		ID: ids.New(ids.TrustedToken, ids.Test, w.app.DB.Now()), Name: "Issuer", Issuer: issuer, Audience: audience,
		PEMKeys: []string{string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))},
		Claims: map[string]string{
			"email": "mail", "token_id": "jti", "organization_id": "org", "external_member_id": "sub", "role_ids": "roles",
		},
	}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &profile); err != nil {
			return err
		}
	}
	w.vars["profile"] = profile.ID
	_, err = w.app.Projects.Update(w.t.Context(), w.as.id, func(p *project.Project) error {
		p.Settings.TrustedTokens = append(p.Settings.TrustedTokens, profile)
		return nil
	})
	return err
}

// issue has the issuer sign a token with a life of a minute; null leaves a claim out: issue token {"mail":"..."}.
func (w *world) issue(text string) error {
	name, more, err := w.named(text)
	if err != nil {
		return err
	}
	claims := jwt.MapClaims{
		"iss": issuer, "aud": audience, "exp": w.app.DB.Now().Add(time.Minute).Unix(), "jti": "token-" + name,
	}
	maps.Copy(claims, more)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	token, err := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims).SignedString(signer)
	w.vars[name] = token
	w.secrets = append(w.secrets, token)
	return err
}

// breaches is a list of passwords that everybody knows, with one entry.
func (w *world) breaches() *password.Breaches {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "breached")
	w.check(os.WriteFile(path, []byte(breachedSHA1+":12\n"), 0o600))
	list, err := password.OpenBreaches(path, w.logger())
	w.check(err)
	return list
}
