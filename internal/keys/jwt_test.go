package keys

import (
	"context"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
)

// kidOf reads a token's key id without proving anything.
func kidOf(t *testing.T, token string) string {
	t.Helper()
	header, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(header)
	var h struct{ KID string }
	if err == nil {
		err = json.Unmarshal(raw, &h)
	}
	if err != nil {
		t.Fatal(err)
	}
	return h.KID
}

// publicKey builds a key from nothing but the JWKS answer, as an SDK does.
func publicKey(t *testing.T, set []JWK, kid string) *rsa.PublicKey {
	t.Helper()
	for _, k := range set {
		if k.KeyID != kid {
			continue
		}
		n, err := base64.RawURLEncoding.DecodeString(k.N)
		e, err2 := base64.RawURLEncoding.DecodeString(k.E)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	}
	t.Fatalf("JWKS has no key %s", kid)
	return nil
}

// TestJWTForOthers holds our tokens and key sets against another implementation.
func TestJWTForOthers(t *testing.T) {
	t.Parallel()
	a := sqliteNode(t)
	for _, env := range []ids.Env{ids.Test, ids.Live} {
		token := mustSign(t, a, env, `{"sub":"member","aud":["project"]}`)
		parsed, err := jwt.Parse(token, func(j *jwt.Token) (any, error) {
			return publicKey(t, a.JWKS(env), j.Header["kid"].(string)), nil
		}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithAudience("project"))
		if err != nil {
			t.Fatal(err)
		}
		kid := kids(a, env)[0]
		want := map[string]any{"alg": "RS256", "kid": kid, "typ": "JWT"}
		if diff := cmp.Diff(want, parsed.Header); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
		if kind, got, _, ok := ids.Parse(kid); !ok || kind != "jwk" || got != env {
			t.Errorf("kid %s, want jwk-%s-<uuid>", kid, env)
		}
		header, _, _ := strings.Cut(token, ".")
		raw, _ := base64.RawURLEncoding.DecodeString(header)
		if want := `{"alg":"RS256","kid":"` + kid + `","typ":"JWT"}`; string(raw) != want {
			t.Errorf("header: got %s, want %s", raw, want)
		}
	}
}

func TestJWKSForm(t *testing.T) {
	t.Parallel()
	a := sqliteNode(t)
	encoded, err := json.Marshal(a.JWKS(ids.Test))
	if err != nil {
		t.Fatal(err)
	}
	var got []map[string]any
	if err := json.Unmarshal(encoded, &got); err != nil || len(got) != 1 {
		t.Fatalf("got %s, %v, want one key", encoded, err)
	}
	if n, _ := got[0]["n"].(string); len(n) != 342 {
		t.Errorf("modulus of %d characters, want 342", len(n))
	}
	delete(got[0], "n")
	want := map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "key_ops": []any{"verify"}, "kid": kids(a, ids.Test)[0],
		"e": "AQAB", "x5c": []any{}, "x5tS256": "",
	}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("JWK (-want +got):\n%s", diff)
	}
}

// forge signs a header of the caller's choosing with a node's real test key.
func forge(t testing.TB, n node, header, claims string) string {
	t.Helper()
	input := b64.EncodeToString([]byte(header)) + "." + b64.EncodeToString([]byte(claims))
	k := n.known.Load().current["sign-test"]
	sig, err := jwt.SigningMethodRS256.Sign(input, k.private)
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + b64.EncodeToString(sig)
}

// badTokens are tokens that must be refused, by what is wrong with them. All but the last few carry a signature that is
// right for the bytes they have.
func badTokens(t testing.TB, n node) map[string]string {
	t.Helper()
	k := n.known.Load().current["sign-test"]
	kid, claims := k.id, `{"sub":"m"}`
	good, err := n.SignJWT(ids.Test, []byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	input := parts[0] + "." + parts[1]
	confused := func(alg string) string {
		input := b64.EncodeToString([]byte(`{"alg":"`+alg+`","kid":"`+kid+`","typ":"JWT"}`)) + "." + parts[1]
		mac := hmac.New(sha256.New, k.public.N.Bytes())
		mac.Write([]byte(input))
		return input + "." + b64.EncodeToString(mac.Sum(nil))
	}
	unknown := ids.New(ids.SigningKey, ids.Test, n.db.Now())
	last := parts[2][len(parts[2])-1]

	return map[string]string{
		"alg none":           forge(t, n, `{"alg":"none","kid":"`+kid+`","typ":"JWT"}`, claims),
		"alg HS256":          forge(t, n, `{"alg":"HS256","kid":"`+kid+`","typ":"JWT"}`, claims),
		"alg PS256":          forge(t, n, `{"alg":"PS256","kid":"`+kid+`","typ":"JWT"}`, claims),
		"alg in lower case":  forge(t, n, `{"alg":"rs256","kid":"`+kid+`","typ":"JWT"}`, claims),
		"no alg":             forge(t, n, `{"kid":"`+kid+`","typ":"JWT"}`, claims),
		"no kid":             forge(t, n, `{"alg":"RS256","typ":"JWT"}`, claims),
		"empty kid":          forge(t, n, `{"alg":"RS256","kid":"","typ":"JWT"}`, claims),
		"kid of another row": forge(t, n, `{"alg":"RS256","kid":"`+unknown+`","typ":"JWT"}`, claims),
		"kid as number":      forge(t, n, `{"alg":"RS256","kid":1,"typ":"JWT"}`, claims),
		"kid of live":        forge(t, n, `{"alg":"RS256","kid":"`+kids(n, ids.Live)[0]+`","typ":"JWT"}`, claims),
		"other typ":          forge(t, n, `{"alg":"RS256","kid":"`+kid+`","typ":"at+jwt"}`, claims),
		"no typ":             forge(t, n, `{"alg":"RS256","kid":"`+kid+`"}`, claims),
		"key in the header":  forge(t, n, `{"alg":"RS256","kid":"`+kid+`","typ":"JWT","jwk":{}}`, claims),
		"crit":               forge(t, n, `{"alg":"RS256","crit":["x"],"x":1,"kid":"`+kid+`","typ":"JWT"}`, claims),
		"two kids":           forge(t, n, `{"alg":"RS256","kid":"x","kid":"`+kid+`","typ":"JWT"}`, claims),
		"spaced header":      forge(t, n, `{"alg": "RS256", "kid": "`+kid+`", "typ": "JWT"}`, claims),
		"other order":        forge(t, n, `{"typ":"JWT","alg":"RS256","kid":"`+kid+`"}`, claims),
		"too long":           forge(t, n, headerBeforeKID+kid+headerAfterKID, strings.Repeat("x", maxJWTLength)),
		"HS256 with our key": confused("HS256"),
		"none, unsigned":     b64.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + ".",
		"unsigned":           input + ".",
		"no signature part":  input,
		"four parts":         good + ".x",
		"other claims":       parts[0] + "." + b64.EncodeToString([]byte(`{"sub":"n"}`)) + "." + parts[2],
		"bit flipped":        input + "." + flip(parts[2]),
		"loose last bits":    input + "." + parts[2][:len(parts[2])-1] + string(nextInAlphabet(last)),
		"padded":             good + "==",
		"line break":         input + "." + parts[2][:10] + "\n" + parts[2][10:],
		"line break first":   parts[0][:4] + "\r\n" + parts[0][4:] + "." + parts[1] + "." + parts[2],
		"space":              " " + good,
		"short signature":    input + "." + parts[2][:len(parts[2])-4],
		"empty":              "",
		"dots":               "..",
		"no base64":          "?.?.?",
		"a session token":    strings.Repeat("A", 44),
	}
}

func flip(sig string) string {
	raw, _ := b64.DecodeString(sig)
	raw[0] ^= 1
	return b64.EncodeToString(raw)
}

// nextInAlphabet changes only the two bits of a last character that stand for nothing.
func nextInAlphabet(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, c)|1]
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	a := sqliteNode(t)
	// A forged token with nothing wrong is accepted, so the others are refused for what is wrong with them.
	mustVerify(t, a, forge(t, a, headerBeforeKID+kids(a, ids.Test)[0]+headerAfterKID, `{"sub":"m"}`), `{"sub":"m"}`)
	for name, token := range badTokens(t, a) {
		t.Run(name, func(t *testing.T) {
			advance(askAgainAfter, a) // the ring would be read for an unknown key
			ctx, trips := sqldb.WithTrips(t.Context())
			claims, err := a.VerifyJWT(ctx, token)
			if !errors.Is(err, errs.UnableToParseSessionJWT) || claims != nil {
				t.Errorf("got %s, %v, want %v\ntoken: %s", claims, err, errs.UnableToParseSessionJWT, token)
			}
			if n := trips.Statements.Load(); (n != 0) != (name == "kid of another row") {
				t.Errorf("%d statements: the ring is read for an unknown key and nothing else\ntoken: %s", n, token)
			}
		})
	}
}

func TestTokenOfAnotherRing(t *testing.T) {
	t.Parallel()
	c := &cluster{t: t, url: sqliteURL(t)}
	c.master, _ = NewMaster()
	a, stranger := sqliteNode(t), c.node()
	_, err := a.VerifyJWT(t.Context(), mustSign(t, stranger, ids.Test, `{}`))
	wantError(t, err, errs.UnableToParseSessionJWT)
	wantError(t, err, ErrUnknownKey)
}

// TestInventedKeyIDs: callers who invent key ids make the server read its ring once in five seconds, however many.
func TestInventedKeyIDs(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		a := newCluster(t, url).node()
		for want := int64(1); want <= 2; want++ {
			ctx, trips := sqldb.WithTrips(t.Context())
			var all sync.WaitGroup
			for range 64 {
				kid := ids.New(ids.SigningKey, ids.Test, a.db.Now())
				token := forge(t, a, `{"alg":"RS256","kid":"`+kid+`","typ":"JWT"}`, `{}`)
				all.Go(func() {
					if _, err := a.VerifyJWT(ctx, token); !errors.Is(err, errs.UnableToParseSessionJWT) {
						t.Errorf("got %v, want %v", err, errs.UnableToParseSessionJWT)
					}
				})
			}
			all.Wait()
			if got := trips.Statements.Load(); got != 1 {
				t.Errorf("%d statements, want 1", got)
			}
			advance(askAgainAfter, a)
		}
	})
}

// TestWaitingCallersShareTheAnswer: of callers with a new key's token one reads the ring, and none is refused for not
// being that one.
func TestWaitingCallersShareTheAnswer(t *testing.T) {
	template()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, sqliteURL(t))
		a, b := c.node(), c.node()
		if err := a.Revoke(t.Context(), kids(a, ids.Test)[0]); err != nil {
			t.Fatal(err)
		}
		token := mustSign(t, a, ids.Test, `{}`)
		done, err := b.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, trips := sqldb.WithTrips(t.Context())
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, err := b.VerifyJWT(ctx, token); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait() // all wait for their turn
		done()
		all.Wait()
		if got := trips.Statements.Load(); got != 1 {
			t.Errorf("%d statements, want 1", got)
		}
	})
}

// TestCallerWhoLeaves: the reading that a caller started serves the others even when that caller is gone.
func TestCallerWhoLeaves(t *testing.T) {
	t.Parallel()
	c := newCluster(t, sqliteURL(t))
	a, b := c.node(), c.node()
	if err := a.Revoke(t.Context(), kids(a, ids.Test)[0]); err != nil {
		t.Fatal(err)
	}
	token := mustSign(t, a, ids.Test, `{}`)
	gone, leave := context.WithCancel(t.Context())
	leave()
	for range 16 { // some leave while they wait, some when they are about to read
		if _, err := b.VerifyJWT(gone, token); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	mustVerify(t, b, token, `{}`)
}

// TestUnknownKeyWithoutDatabase: a token that may be good is not called bad because the ring could not be read.
func TestUnknownKeyWithoutDatabase(t *testing.T) {
	t.Parallel()
	c := newCluster(t, sqliteURL(t))
	a := c.node()
	kid := ids.New(ids.SigningKey, ids.Test, a.db.Now())
	token := forge(t, a, `{"alg":"RS256","kid":"`+kid+`","typ":"JWT"}`, `{}`)
	if err := a.db.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := a.VerifyJWT(t.Context(), token)
		if err == nil || errors.Is(err, errs.UnableToParseSessionJWT) {
			t.Errorf("got %v, want the database's error", err)
		}
	}
	mustVerify(t, a, mustSign(t, a, ids.Test, `{}`), `{}`)
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	a := sqliteNode(t)
	header := a.known.Load().current["sign-test"].header
	room := b64.DecodedLen(maxJWTLength - len(header) - 1 - 1 - 342)
	longest := `{"x":"` + strings.Repeat("x", room-8) + `"}`
	token := mustSign(t, a, ids.Test, longest)
	if len(token) < maxJWTLength-1 {
		t.Fatalf("the longest token has %d bytes, want about %d", len(token), maxJWTLength)
	}
	mustVerify(t, a, token, longest)
	for _, claims := range []string{"", "[]", `"x"`, "{", "{}{}", longest + " "} {
		if token, err := a.SignJWT(ids.Test, []byte(claims)); err == nil {
			t.Errorf("signed %.40q: %.80s", claims, token)
		}
	}
}

// FuzzVerifyJWT: whatever comes in, only what this ring signed comes out, and nothing panics.
func FuzzVerifyJWT(f *testing.F) {
	a := sqliteNode(f)
	const claims = `{"sub":"m"}`
	good := mustSign(f, a, ids.Test, claims)
	f.Add(good)
	f.Add(mustSign(f, a, ids.Live, claims))
	for _, token := range badTokens(f, a) {
		f.Add(token)
	}

	f.Fuzz(func(t *testing.T, token string) {
		got, err := a.VerifyJWT(t.Context(), token)
		if err != nil {
			if !errors.Is(err, errs.UnableToParseSessionJWT) || got != nil {
				t.Errorf("got %q, %v", got, err)
			}
			return
		}
		header, _, _ := strings.Cut(token, ".")
		if string(got) != claims || !isHeader(header) || len(token) != len(good) {
			t.Errorf("accepted %q with claims %q", token, got)
		}
	})
}

func BenchmarkSignRepeated(b *testing.B) {
	a := sqliteNode(b)
	for b.Loop() {
		mustSign(b, a, ids.Test, `{"sub":"member"}`)
	}
}

func BenchmarkSignDistinct(b *testing.B) {
	a := sqliteNode(b)
	for b.Loop() {
		mustSign(b, a, ids.Test, `{"sub":"`+ids.NewUUID(a.db.Now()).String()+`"}`)
	}
}

func BenchmarkVerify(b *testing.B) {
	a := sqliteNode(b)
	token := mustSign(b, a, ids.Test, `{"sub":"member"}`)
	for b.Loop() {
		if _, err := a.VerifyJWT(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}
