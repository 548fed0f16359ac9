package keys

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/store"
)

const (
	maxJWTLength    = 16 << 10
	signatureLength = rsaBits / 8

	headerBeforeKID = `{"alg":"RS256","kid":"`
	headerAfterKID  = `","typ":"JWT"}`
)

var (
	errSigning = errors.New("signing did not end")
	b64        = base64.RawURLEncoding.Strict()
)

// SignJWT signs claims, a JSON object, with the environment's current key (RFC 7515 §3.1, RS256). Equal claims within a
// second cost one signature. It fails for claims that VerifyJWT would refuse for their size.
func (r *Ring) SignJWT(env ids.Env, claims []byte) (string, error) {
	k := r.known.Load().current[signingPurpose(env)]
	// The signature goes into the same memory, behind the input.
	input := make([]byte, 0, len(k.header)+1+b64.EncodedLen(len(claims))+1+b64.EncodedLen(signatureLength))
	input = append(input, k.header...)
	input = append(input, '.')
	input = b64.AppendEncode(input, claims)
	if len(input)+1+b64.EncodedLen(signatureLength) > maxJWTLength {
		return "", fmt.Errorf("sign JWT: claims of %d bytes are too long", len(claims))
	}

	digest := sha256.Sum256(input)
	text, err := r.signature(digest, r.db.Now().Unix(), func() (string, error) {
		return sign(k.private, claims, digest)
	})
	if err != nil {
		return "", fmt.Errorf("sign JWT: %w", err)
	}
	return string(append(append(input, '.'), text...)), nil
}

func sign(private *rsa.PrivateKey, claims []byte, digest [sha256.Size]byte) (string, error) {
	if !bytes.HasPrefix(claims, []byte("{")) || !json.Valid(claims) {
		return "", errors.New("claims are not a JSON object")
	}
	raw, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, digest[:])
	return b64.EncodeToString(raw), err
}

// VerifyJWT gives the claims of a JWT that this ring signed, with a key of any state but revoked. Only the form and the
// signature are looked at: times, audience and issuer are the caller's. The header must be byte for byte one that
// SignJWT writes, so there is no algorithm to choose, no type to confuse and no extension to obey
// (RFC 8725 §3.1, §3.11).
//
// The error is errs.UnableToParseSessionJWT, except when the key is unknown and the ring could not be read.
func (r *Ring) VerifyJWT(ctx context.Context, token string) ([]byte, error) {
	header, payload, sig, err := splitJWT(token)
	if err != nil {
		return nil, errs.UnableToParseSessionJWT.Because(err)
	}
	k, err := r.jwtKey(ctx, header)
	if err != nil {
		return nil, err
	}
	if k.state == store.KeyRevoked {
		return nil, errs.UnableToParseSessionJWT.Because(ErrRevokedKey)
	}

	digest := sha256.Sum256([]byte(token[:len(header)+1+len(payload)]))
	if err := rsa.VerifyPKCS1v15(k.public, crypto.SHA256, digest[:], sig); err != nil {
		return nil, errs.UnableToParseSessionJWT.Because(err)
	}
	claims, err := b64.DecodeString(payload)
	if err != nil {
		return nil, errs.UnableToParseSessionJWT.Because(err)
	}
	return claims, nil
}

// splitJWT checks the outer form and decodes the signature.
func splitJWT(token string) (header, payload string, sig []byte, err error) {
	if len(token) > maxJWTLength {
		return "", "", nil, errors.New("JWT is too long")
	}
	// The decoder skips line breaks, which would let one signature appear in many spellings.
	if strings.ContainsAny(token, "\r\n") {
		return "", "", nil, errors.New("JWT has a line break")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", "", nil, errors.New("JWT has not three parts")
	}
	sig, err = b64.DecodeString(parts[2])
	if err != nil || len(sig) != signatureLength {
		return "", "", nil, errors.New("JWT has no RS256 signature")
	}
	return parts[0], parts[1], sig, nil
}

// jwtKey finds the key that a header names, and reads the ring again for one that it does not know.
func (r *Ring) jwtKey(ctx context.Context, header string) (*key, error) {
	find := func(s *snapshot) *key { return s.headers[header] }
	if k := find(r.known.Load()); k != nil {
		return k, nil
	}
	if !isHeader(header) {
		return nil, errs.UnableToParseSessionJWT.Because(errors.New("JWT header is not one of ours"))
	}
	k, err := r.ask(ctx, find)
	if err != nil && k == nil {
		return nil, err
	}
	if k == nil {
		return nil, errs.UnableToParseSessionJWT.Because(ErrUnknownKey)
	}
	return k, nil
}

func encodeHeader(kid string) string {
	return b64.EncodeToString([]byte(headerBeforeKID + kid + headerAfterKID))
}

// isHeader reports whether SignJWT could have written this header with some key.
func isHeader(header string) bool {
	raw, err := b64.DecodeString(header)
	if err != nil {
		return false
	}
	rest, ok := strings.CutPrefix(string(raw), headerBeforeKID)
	kid, ok2 := strings.CutSuffix(rest, headerAfterKID)
	if !ok || !ok2 {
		return false
	}
	kind, _, _, ok := ids.Parse(kid)
	return ok && kind == ids.SigningKey
}
