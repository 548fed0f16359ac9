package attack

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/test/world"
)

var b64 = base64.RawURLEncoding

// variants gives a token with each byte changed: by its lowest bit, and to the next letter of its alphabet, which may
// change only bits that no decoder looks at.
func variants(token string) []string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	var all []string
	for i := range len(token) {
		next := alphabet[(strings.IndexByte(alphabet, token[i])+1)%len(alphabet)]
		for _, c := range []byte{token[i] ^ 1, next} {
			all = append(all, token[:i]+string([]byte{c})+token[i+1:])
		}
	}
	return append(all, "", token[:len(token)-1], token[1:], token+"A", token+"=", " "+token, token+"\n", token+token,
		strings.ToUpper(token), strings.ToLower(token), strings.Repeat("A", len(token)), token+".", "."+token)
}

// No token works with any of its bytes changed.
func TestTamperedTokens(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		s := newScene(t, url)
		c := s.ada.client
		s.unchanged(func() {
			for _, kind := range []struct{ path, name, token string }{
				{world.CheckSession, "session_token", s.ada.session},
				{world.CheckSession, "session_jwt", s.ada.jwt},
				{world.SendSMS, "intermediate_session_token", s.ada.intermediate},
				{world.AuthenticateLink, "magic_links_token", s.ada.link},
			} {
				for _, token := range variants(kind.token) {
					body := world.J{kind.name: token, "organization_id": s.ada.organization, "member_id": s.ada.member}
					if kind.path == world.SendSMS && token == "" {
						body["mfa_phone_number"] = s.ada.number // a verified number needs no token, another does
						body["member_id"] = "nobody"
					}
					a := c.Call(t, "POST", kind.path, body)
					if a.Status != 400 && a.Status != 404 {
						t.Fatalf("%s %q: %d %s", kind.name, token, a.Status, a.Raw)
					}
				}
			}
		})
		// The last word: unchanged they do.
		c.Must(t, "POST", world.CheckSession, world.J{"session_token": s.ada.session})
		c.Must(t, "POST", world.CheckSession, world.J{"session_jwt": s.ada.jwt})
		c.Must(t, "POST", world.AuthenticateLink, world.J{"magic_links_token": s.ada.link})
	})
}

// A token of one kind is none of another.
func TestTokensOfOtherKinds(t *testing.T) {
	t.Parallel()
	s := newScene(t, world.SQLite(t))
	tokens := []string{s.ada.session, s.ada.jwt, s.ada.intermediate, s.ada.link, s.ada.sessionID, s.ada.client.Secret}
	names := map[string]string{
		"session_token": s.ada.session, "session_jwt": s.ada.jwt, "intermediate_session_token": s.ada.intermediate,
		"magic_links_token": s.ada.link,
	}
	s.unchanged(func() {
		for name, own := range names {
			path := world.SendSMS
			if name == "magic_links_token" {
				path = world.AuthenticateLink
			}
			for _, token := range tokens {
				if token == own {
					continue
				}
				a := s.ada.client.Call(t, "POST", path, world.J{
					name: token, "organization_id": s.ada.organization, "member_id": s.ada.member,
				})
				if a.Status != 400 && a.Status != 404 {
					t.Errorf("%s: %d %s", name, a.Status, a.Raw)
				}
			}
		}
	})
}

// The known ways to forge a JWT (RFC 8725 §2).
func TestForgedJWTs(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		s := newScene(t, url)
		c := s.ada.client
		parts := strings.Split(s.ada.jwt, ".")
		var header map[string]any
		var claims map[string]any
		decode(t, parts[0], &header)
		decode(t, parts[1], &claims)
		kid, _ := header["kid"].(string)
		public := publicKey(t, c, kid)
		foreign, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		with := func(name string, value any) map[string]any { return changed(header, name, value) }
		hs256 := changed(header, "alg", "HS256")
		asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix(t, public)})
		jwk := map[string]any{"kty": "RSA", "n": b64.EncodeToString(foreign.N.Bytes()), "e": "AQAB"}
		standard := strings.NewReplacer("-", "+", "_", "/").Replace(parts[2]) + "=="
		forged := map[string]string{
			"alg none":                 text(t, with("alg", "none"), claims) + ".",
			"alg None":                 text(t, with("alg", "None"), claims) + "." + parts[2],
			"no alg":                   text(t, with("alg", nil), claims) + "." + parts[2],
			"alg none, signed":         signed(t, with("alg", "none"), claims, foreign),
			"HS256 by DER":             hmacked(t, hs256, claims, x509.MarshalPKCS1PublicKey(public)),
			"HS256 by PKIX":            hmacked(t, hs256, claims, pkix(t, public)),
			"HS256 by PEM":             hmacked(t, hs256, claims, asPEM),
			"HS256 by modulus":         hmacked(t, hs256, claims, public.N.Bytes()),
			"HS256 by nothing":         hmacked(t, hs256, claims, nil),
			"RS384":                    text(t, with("alg", "RS384"), claims) + "." + parts[2],
			"PS256":                    text(t, with("alg", "PS256"), claims) + "." + parts[2],
			"ES256":                    text(t, with("alg", "ES256"), claims) + "." + parts[2],
			"foreign key, our kid":     signed(t, header, claims, foreign),
			"foreign key and kid":      signed(t, with("kid", "jwk-test-11111111-1111-4111-8111-111111111111"), claims, foreign),
			"kid is a path":            signed(t, with("kid", "../../../../dev/null"), claims, foreign),
			"kid is SQL":               signed(t, with("kid", "' OR 1=1 --"), claims, foreign),
			"no kid":                   signed(t, with("kid", nil), claims, foreign),
			"with jwk":                 signed(t, with("jwk", jwk), claims, foreign),
			"with jku":                 signed(t, with("jku", "http://127.0.0.1/jwks"), claims, foreign),
			"with x5u":                 signed(t, with("x5u", "http://127.0.0.1/cert"), claims, foreign),
			"with crit":                signed(t, with("crit", []string{"b64"}), claims, foreign),
			"other claims":             parts[0] + "." + part(t, changed(claims, "sub", s.bob.member)) + "." + parts[2],
			"another's payload":        parts[0] + "." + strings.Split(s.bob.jwt, ".")[1] + "." + parts[2],
			"another's signature":      parts[0] + "." + parts[1] + "." + strings.Split(s.bob.jwt, ".")[2],
			"no signature":             parts[0] + "." + parts[1] + ".",
			"two parts":                parts[0] + "." + parts[1],
			"four parts":               s.ada.jwt + "." + parts[2],
			"standard base64":          parts[0] + "." + parts[1] + "." + standard,
			"zeros":                    parts[0] + "." + parts[1] + "." + b64.EncodeToString(make([]byte, 256)),
			"ones":                     parts[0] + "." + parts[1] + "." + b64.EncodeToString(append(make([]byte, 255), 1)),
			"another project's":        s.mallet.jwt,
			"the other environment's":  s.live.jwt,
			"a JSON serialization":     `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
			"an encrypted one's shape": "a.b.c.d.e",
			"dots":                     strings.Repeat(".", 1000),
			"long":                     strings.Repeat("A", 100_000),
		}
		s.unchanged(func() {
			for name, jwt := range forged {
				for _, path := range []string{world.CheckSession, world.SendSMS, world.AuthenticateSMS, world.RevokeSession} {
					a := c.Call(t, "POST", path, world.J{
						"session_jwt": jwt, "organization_id": s.ada.organization, "member_id": s.ada.member, "code": s.ada.newCode,
					})
					if a.Type() == "too_many_session_revoke_arguments" {
						a = c.Call(t, "POST", path, world.J{"session_jwt": jwt})
					}
					if a.Type() != "unable_to_parse_session_jwt" {
						t.Errorf("%s at %s: %d %s", name, path, a.Status, a.Raw)
					}
				}
			}
		})
	})
}

func decode(t *testing.T, part string, into any) {
	t.Helper()
	raw, err := b64.DecodeString(part)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// publicKey reads a key as clients do.
func publicKey(t *testing.T, c *world.Client, kid string) *rsa.PublicKey {
	t.Helper()
	nobody := *c
	nobody.ID = ""
	var set struct{ Keys []struct{ Kid, N string } }
	if err := json.Unmarshal(nobody.Must(t, "GET", "/v1/b2b/sessions/jwks/"+c.ID, nil).Raw, &set); err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys {
		if k.Kid == kid {
			n, err := b64.DecodeString(k.N)
			if err != nil {
				t.Fatal(err)
			}
			return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
		}
	}
	t.Fatalf("no key %s is published", kid)
	return nil
}

func changed(object map[string]any, name string, value any) map[string]any {
	other := map[string]any{name: value}
	for key, old := range object {
		if key != name {
			other[key] = old
		}
	}
	if value == nil {
		delete(other, name)
	}
	return other
}

func part(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b64.EncodeToString(raw)
}

// text is what a JWT signs. The header is written in the server's own order.
func text(t *testing.T, header, claims map[string]any) string {
	t.Helper()
	return part(t, header) + "." + part(t, claims)
}

func signed(t *testing.T, header, claims map[string]any, key *rsa.PrivateKey) string {
	t.Helper()
	input := text(t, header, claims)
	sum := sha256.Sum256([]byte(input))
	raw, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + b64.EncodeToString(raw)
}

func hmacked(t *testing.T, header, claims map[string]any, key []byte) string {
	t.Helper()
	input := text(t, header, claims)
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprint(mac, input)
	return input + "." + b64.EncodeToString(mac.Sum(nil))
}

func pkix(t *testing.T, key *rsa.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
