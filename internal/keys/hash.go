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
	return r.known.Load().current[store.PurposeMAC].vouch(purpose, text)
}

func (k *key) vouch(purpose, text string) string {
	raw := binary.BigEndian.AppendUint32(nil, uint32(k.version))
	return b64.EncodeToString(append(raw, k.mac(fields(purpose, text))...))
}

// MACLike is MAC with the key that made another one for any purpose, so that equal texts are found to be equal after keys
// were rotated, too. It fails with ErrUnknownKey or ErrRevokedKey.
func (r *Ring) MACLike(other, purpose, text string) (string, error) {
	raw, ok := rawMAC(other)
	if !ok {
		return "", ErrUnknownKey
	}
	k, err := r.versioned(store.PurposeMAC, int64(binary.BigEndian.Uint32(raw)))
	if err != nil {
		return "", err
	}
	return k.vouch(purpose, text), nil
}

// CheckMAC reports whether MAC made this for the purpose and text, with a key that is not revoked.
func (r *Ring) CheckMAC(purpose, text, mac string) bool {
	raw, ok := rawMAC(mac)
	if !ok {
		return false
	}
	k, err := r.versioned(store.PurposeMAC, int64(binary.BigEndian.Uint32(raw)))
	if err != nil {
		return false
	}
	return secret.Equal(raw[4:], k.mac(fields(purpose, text)))
}

// rawMAC gives the bytes of a MAC: the key's version, then the HMAC.
func rawMAC(mac string) ([]byte, bool) {
	if len(mac) != b64.EncodedLen(4+sha256.Size) {
		return nil, false
	}
	raw, err := b64.DecodeString(mac)
	return raw, err == nil && len(raw) == 4+sha256.Size
}

func (k *key) mac(text []byte) []byte {
	h := hmac.New(sha256.New, k.secret)
	h.Write(text)
	return h.Sum(nil)
}
