package password

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // verifies what other systems made, once: the first login replaces it
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // likewise
	"crypto/sha256"
	"crypto/sha512"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"

	"github.com/thimble-auth/thimble/internal/secret"
)

// The kinds of hashes that can be brought along, as the wire spells them.
const (
	TypeBcrypt   = "bcrypt"
	TypeScrypt   = "scrypt"
	TypeArgon2i  = "argon_2i"
	TypeArgon2id = "argon_2id"
	TypeMD5      = "md_5"
	TypeSHA1     = "sha_1"
	TypeSHA512   = "sha_512"
	TypePHPass   = "phpass"
	TypePBKDF2   = "pbkdf_2"
)

// Foreign is a hash that another system made, with everything that it takes to verify a password against it. Its bounds
// have been checked: nobody can make this server work for minutes, or need gigabytes, by choosing parameters.
type Foreign struct {
	Type    string `json:"type"`
	Text    string `json:"text,omitempty"` // of kinds that say everything themselves
	Key     []byte `json:"key,omitempty"`
	Salt    []byte `json:"salt,omitempty"`
	Prepend string `json:"prepend,omitempty"`
	Append  string `json:"append,omitempty"`
	// Memory in KiB, Passes and Threads are of argon2; N, R and P of scrypt; Passes and Algorithm of PBKDF2.
	Memory    uint32 `json:"memory,omitempty"`
	Passes    int    `json:"passes,omitempty"`
	Threads   uint8  `json:"threads,omitempty"`
	N         int    `json:"n,omitempty"`
	R         int    `json:"r,omitempty"`
	P         int    `json:"p,omitempty"`
	Algorithm string `json:"algorithm,omitempty"`
}

// matches verifies a password. It takes what the old system's parameters take.
func (f *Foreign) matches(text []byte) bool {
	switch f.Type {
	case TypeBcrypt:
		return bcrypt.CompareHashAndPassword([]byte(f.Text), text) == nil
	case TypePHPass:
		return secret.Equal([]byte(phpass(text, f.Text)), []byte(f.Text[3:]))
	}
	got := f.derive(text)
	return got != nil && hmac.Equal(got, f.Key)
}

// derive hashes a password as the old system did, nil where that is not possible.
func (f *Foreign) derive(text []byte) []byte {
	size := len(f.Key)
	switch f.Type {
	case TypeScrypt:
		key, err := scrypt.Key(text, f.Salt, f.N, f.R, f.P, size)
		if err != nil {
			return nil
		}
		return key
	case TypeArgon2i:
		return argon2.Key(text, f.Salt, uint32(f.Passes), f.Memory, f.Threads, uint32(size))
	case TypeArgon2id:
		return argon2.IDKey(text, f.Salt, uint32(f.Passes), f.Memory, f.Threads, uint32(size))
	case TypePBKDF2:
		return f.pbkdf2(text)
	case TypeMD5:
		sum := md5.Sum(f.salted(text)) //nolint:gosec // see the import
		return sum[:]
	case TypeSHA1:
		sum := sha1.Sum(f.salted(text)) //nolint:gosec // see the import
		return sum[:]
	case TypeSHA512:
		sum := sha512.Sum512(f.salted(text))
		return sum[:]
	}
	return nil
}

func (f *Foreign) salted(text []byte) []byte {
	return append(append([]byte(f.Prepend), text...), f.Append...)
}

func (f *Foreign) pbkdf2(text []byte) []byte {
	var key []byte
	var err error
	if f.Algorithm == algorithmSHA512 {
		key, err = pbkdf2.Key(sha512.New, string(text), f.Salt, f.Passes, len(f.Key))
	} else {
		key, err = pbkdf2.Key(sha256.New, string(text), f.Salt, f.Passes, len(f.Key))
	}
	if err != nil {
		return nil
	}
	return key
}

// phpassDigits are the digits of phpass's own base 64, least significant first.
const phpassDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// phpass gives the portable hash of a password behind its three letters of prefix, with the rounds and salt of another
// one (https://www.openwall.com/phpass): MD5 over and over.
func phpass(text []byte, setting string) string {
	rounds := 1 << strings.IndexByte(phpassDigits, setting[3])
	sum := md5.Sum(append([]byte(setting[4:12]), text...)) //nolint:gosec // see the import
	for range rounds {
		sum = md5.Sum(append(sum[:], text...)) //nolint:gosec // see the import
	}

	out := []byte(setting[3:12])
	for i := 0; i < len(sum); i += 3 {
		group, digits := uint32(sum[i]), 2
		for j := 1; j < 3 && i+j < len(sum); j++ {
			group |= uint32(sum[i+j]) << (8 * j)
			digits++
		}
		for range digits {
			out = append(out, phpassDigits[group&63])
			group >>= 6
		}
	}
	return string(out)
}
