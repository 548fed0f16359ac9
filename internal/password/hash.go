package password

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/thimble-auth/thimble/internal/secret"
)

// Our own hashes are argon2id (RFC 9106) with the parameters that the OWASP Password Storage Cheat Sheet gives as its
// minimum: 19 MiB of memory, two passes, one lane.
const (
	ownMemory  = 19 * 1024 // KiB
	ownPasses  = 2
	ownThreads = 1
	ownSalt    = 16 // bytes
	ownKey     = 32
)

// MaxLength is the longest password, in bytes. argon2id reads all of them; bcrypt would read 72.
const MaxLength = 1024

var unpadded = base64.RawStdEncoding

// Hash makes what is kept of a password: an argon2id hash in the usual encoded form. It takes 20 to 40 ms and 19 MiB.
func Hash(text secret.String) string {
	salt := secret.Bytes(ownSalt)
	key := argon2.IDKey([]byte(text.Reveal()), salt, ownPasses, ownMemory, ownThreads, ownKey)
	return encode(salt, key)
}

func encode(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, ownMemory, ownPasses, ownThreads,
		unpadded.EncodeToString(salt), unpadded.EncodeToString(key))
}

// dummy is the hash of a password that nobody has, for members who do not exist: they cost the same.
var dummy = encode(secret.Bytes(ownSalt), secret.Bytes(ownKey))

// verdict is what a comparison gave.
type verdict struct {
	right bool
	// renewed is an own hash of the same password where the stored one is not one; "" where it is.
	renewed string
}

// compare verifies a password against what is kept of it. A foreign hash costs one of our own on top, right or wrong: so
// cheap ones cannot be told from ours by the clock. A password is never right against something that cannot be read.
func compare(stored string, text secret.String) verdict {
	if len(text.Reveal()) > MaxLength {
		text = "" // as slow as any other wrong one
		stored = dummy
	}
	if foreign, ok := strings.CutPrefix(stored, foreignPrefix); ok {
		var f Foreign
		right := json.Unmarshal([]byte(foreign), &f) == nil && f.matches([]byte(text.Reveal()))
		return verdict{right, Hash(text)}
	}
	h, err := parseArgon2(stored)
	if err != nil {
		h, _ = parseArgon2(dummy)
		_ = h.matches([]byte(text.Reveal()))
		return verdict{}
	}
	v := verdict{right: h.matches([]byte(text.Reveal()))}
	if v.right && !h.isOwn() {
		v.renewed = Hash(text)
	}
	return v
}

func (f *Foreign) isOwn() bool {
	return f.Type == TypeArgon2id && f.Memory == ownMemory && f.Passes == ownPasses && f.Threads == ownThreads &&
		len(f.Key) == ownKey
}

// foreignPrefix marks hashes that another system made.
const foreignPrefix = "foreign:"

// keep gives what is stored of a foreign hash.
func (f *Foreign) keep() string {
	text, err := json.Marshal(f)
	if err != nil {
		panic("password: a struct of texts and numbers has a JSON form: " + err.Error())
	}
	return foreignPrefix + string(text)
}
