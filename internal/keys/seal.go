package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/thimble-auth/thimble/internal/store"
)

// ErrDamaged says that a sealed value was changed, cut or moved to another row since it was sealed.
var ErrDamaged = errors.New("sealed value does not open here")

// Seal closes a value that must be had again, for one column of one row: a four-byte version of the sealing key, then
// AES-256-GCM under a key derived for this cell alone, with table, column and row as associated data. The result is 32
// bytes longer than the value.
func (r *Ring) Seal(table, column, row string, plain []byte) ([]byte, error) {
	k := r.known.Load().current[store.PurposeSeal]
	cell, err := cellKey(k, table, column, row)
	if err != nil {
		return nil, err
	}
	sealed := binary.BigEndian.AppendUint32(nil, uint32(k.version))
	return append(sealed, sealGCM(cell, plain, cellIdentity(table, column, row))...), nil
}

// OpenSealed is the reverse of Seal. It fails with ErrUnknownKey, ErrRevokedKey or ErrDamaged.
func (r *Ring) OpenSealed(table, column, row string, sealed []byte) ([]byte, error) {
	if len(sealed) < 4 {
		return nil, fmt.Errorf("open %s.%s: %w", table, column, ErrDamaged)
	}
	k, err := r.versioned(store.PurposeSeal, int64(binary.BigEndian.Uint32(sealed)))
	if err != nil {
		return nil, fmt.Errorf("open %s.%s: %w", table, column, err)
	}
	cell, err := cellKey(k, table, column, row)
	if err != nil {
		return nil, err
	}
	plain, err := openGCM(cell, sealed[4:], cellIdentity(table, column, row))
	if err != nil {
		return nil, fmt.Errorf("open %s.%s: %w", table, column, err)
	}
	return plain, nil
}

// cellKey gives every cell its own key, so that no key ever meets the bound on random nonces (NIST SP 800-38D §8.3).
func cellKey(k *key, table, column, row string) ([]byte, error) {
	cell, err := hkdf.Expand(sha256.New, k.extracted, string(fields("cell key", table, column, row)), 32)
	if err != nil {
		return nil, fmt.Errorf("derive a sealing key: %w", err)
	}
	return cell, nil
}

func cellIdentity(table, column, row string) []byte { return fields("cell", table, column, row) }

// sealGCM gives a random nonce, the ciphertext and the tag. The key has 32 bytes.
func sealGCM(key, plain, identity []byte) []byte {
	return gcm(key).Seal(nil, nil, plain, identity)
}

// openGCM is the reverse of sealGCM.
func openGCM(key, sealed, identity []byte) ([]byte, error) {
	plain, err := gcm(key).Open(nil, nil, sealed, identity)
	if err != nil {
		return nil, ErrDamaged
	}
	return plain, nil
}

func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("keys: " + err.Error())
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("keys: " + err.Error())
	}
	return aead
}

// fields joins texts so that no two lists of texts give the same bytes: each goes behind its length.
func fields(texts ...string) []byte {
	size := 0
	for _, text := range texts {
		size += 4 + len(text)
	}
	b := make([]byte, 0, size)
	for _, text := range texts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
		b = append(b, text...)
	}
	return b
}
