package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// HashCode hashes a one-time code for its member and purpose with the current pepper: HMAC-SHA-256 in hex. The row
// keeps the version too, so that HashCodeAs can hash what a caller sends in the same way. Compare with secret.Equal.
func (r *Ring) HashCode(project, member, purpose, code string) (version int64, hash string) {
	k := r.known.Load().current[store.PurposePepper]
	return k.version, k.hashCode(project, member, purpose, code)
}

// HashCodeAs hashes a code as a row of that pepper version did. It fails with ErrUnknownKey or ErrRevokedKey.
func (r *Ring) HashCodeAs(version int64, project, member, purpose, code string) (string, error) {
	k, err := r.versioned(store.PurposePepper, version)
	if err != nil {
		return "", err
	}
	return k.hashCode(project, member, purpose, code), nil
}

func (k *key) hashCode(project, member, purpose, code string) string {
	return hex.EncodeToString(k.mac(fields("code", project, member, purpose, code)))
}

// MAC vouches for a text that leaves the server and comes back, such as the message id in a callback URL, for one
// purpose: base64url of the key's version and 32 bytes of HMAC-SHA-256.
func (r *Ring) MAC(purpose, text string) string {
	k := r.known.Load().current[store.PurposeMAC]
	raw := binary.BigEndian.AppendUint32(nil, uint32(k.version))
	return b64.EncodeToString(append(raw, k.mac(fields(purpose, text))...))
}

// CheckMAC reports whether MAC made this for the purpose and text, with a key that is not revoked.
func (r *Ring) CheckMAC(purpose, text, mac string) bool {
	if len(mac) != b64.EncodedLen(4+sha256.Size) {
		return false
	}
	raw, err := b64.DecodeString(mac)
	if err != nil || len(raw) != 4+sha256.Size {
		return false
	}
	k, err := r.versioned(store.PurposeMAC, int64(binary.BigEndian.Uint32(raw)))
	if err != nil {
		return false
	}
	return secret.Equal(raw[4:], k.mac(fields(purpose, text)))
}

func (k *key) mac(text []byte) []byte {
	h := hmac.New(sha256.New, k.secret)
	h.Write(text)
	return h.Sum(nil)
}
