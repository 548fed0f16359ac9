package scenario

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
)

// jwt verifies a token as any client would, with the keys that the server publishes, and compares its claims:
// jwt $ada_jwt {"sub":"$ada"}.
func (w *world) jwt(text string) error {
	token, want, _ := strings.Cut(text, " ")
	token, err := w.expand(token)
	if err != nil {
		return err
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return fmt.Errorf("%q is no JWT", token)
	}
	var header struct{ Alg, Kid, Typ string }
	var claims map[string]any
	if err := decodePart(parts[0], &header); err != nil {
		return err
	}
	if err := decodePart(parts[1], &claims); err != nil {
		return err
	}
	if header.Alg != "RS256" || header.Typ != "JWT" {
		return fmt.Errorf("alg %q typ %q", header.Alg, header.Typ)
	}

	key, err := w.publishedKey(header.Kid)
	if err != nil {
		return err
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature); err != nil {
		return err
	}
	if want == "" {
		return nil
	}
	return w.subset(want, claims)
}

func decodePart(part string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// publishedKey reads a key as an SDK does: without credentials.
func (w *world) publishedKey(kid string) (*rsa.PublicKey, error) {
	as := w.as
	defer func() { w.as = as }()
	w.as = w.projects["nobody"]
	path := "/v1/b2b/sessions/jwks/" + as.id
	r := w.call(http.MethodGet, path, "")
	if _, err := holds(http.MethodGet, path, r); err != nil {
		return nil, err
	}
	var set struct {
		Keys []struct{ Kid, N, E string }
	}
	if err := json.Unmarshal(r.Body.Bytes(), &set); err != nil {
		return nil, err
	}
	for _, k := range set.Keys {
		if k.Kid != kid {
			continue
		}
		n, err := base64.RawURLEncoding.DecodeString(k.N)
		if err != nil {
			return nil, err
		}
		e, err := base64.RawURLEncoding.DecodeString(k.E)
		if err != nil {
			return nil, err
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
	}
	return nil, fmt.Errorf("no published key is %s", kid)
}
