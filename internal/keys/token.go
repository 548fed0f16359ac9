package keys

import (
	"strconv"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

const (
	tokenRandom = 16
	tokenMAC    = 16
	tokenLength = 1 + 16 + tokenMAC
)

// NewSessionToken makes the token of a session. The row keeps the 16 random bytes and the version; from them and the
// token key SessionToken makes the same token again, while neither the database nor the key alone makes any.
func (r *Ring) NewSessionToken(project string, session ids.UUID) (token string, random []byte, version int64) {
	k := r.known.Load().current[store.PurposeToken]
	random = secret.Bytes(tokenRandom)
	return k.sessionToken(project, session, random), random, k.version
}

// SessionToken makes a session's token again from what its row keeps. A caller's token is proven by comparing it with
// this one in constant time. It fails with ErrUnknownKey or ErrRevokedKey.
func (r *Ring) SessionToken(version int64, project string, session ids.UUID, random []byte) (string, error) {
	k, err := r.versioned(store.PurposeToken, version)
	if err != nil {
		return "", err
	}
	return k.sessionToken(project, session, random), nil
}

// sessionToken gives 33 bytes in base64url: the key version's low byte, the session's id, and half of an HMAC-SHA-256.
// The byte is for people who look at tokens; the version that counts is the row's, and the HMAC covers all of it.
func (k *key) sessionToken(project string, session ids.UUID, random []byte) string {
	version := strconv.FormatInt(k.version, 10)
	mac := k.mac(fields("session", version, project, string(session[:]), string(random)))

	raw := make([]byte, 0, tokenLength)
	raw = append(raw, byte(k.version))
	raw = append(raw, session[:]...)
	raw = append(raw, mac[:tokenMAC]...)
	return b64.EncodeToString(raw)
}

// ParseSessionToken reads the session from a token without proving it. It reports false for a text that has not the
// form of a token: 33 bytes in unpadded base64url.
func ParseSessionToken(token string) (session ids.UUID, ok bool) {
	if len(token) != b64.EncodedLen(tokenLength) {
		return ids.UUID{}, false
	}
	raw, err := b64.DecodeString(token)
	if err != nil || len(raw) != tokenLength {
		return ids.UUID{}, false
	}
	return ids.UUID(raw[1:17]), true
}
