package password

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/thimble-auth/thimble/internal/errs"
)

// Bounds of what other systems may have chosen. The dearest that passes takes about a second of one processor and
// 256 MiB, once: the first login replaces it.
const (
	maxBcryptCost   = 14
	minBcryptCost   = 4
	maxScryptN      = 262144
	maxScryptWork   = 1 << 21 // N·r·p: eight times what N = 2^15, r = 8 needs
	maxMemory       = 256 * 1024
	maxArgon2Work   = 1024 * 1024 // KiB × passes
	maxThreads      = 16
	maxPBKDF2Rounds = 4_000_000 // of the underlying hash, over all blocks of the key
	minKey, maxKey  = 4, 128
	maxSalt         = 1024
	maxHash         = 2048 // characters of any hash
)

const (
	algorithmSHA256 = "sha256"
	algorithmSHA512 = "sha512"
)

// Import is a hash as a caller of the migration gives it: a text, and for some kinds what it does not say itself.
type Import struct {
	Type   string
	Hash   string
	Argon2 *Argon2Config
	Scrypt *ScryptConfig
	Salts  *Salts // of md_5, sha_1 and sha_512
	PBKDF2 *PBKDF2Config
}

// Argon2Config says how a hexadecimal argon2 hash was made.
type Argon2Config struct {
	Salt                               string
	Passes, MemoryKiB, Threads, KeyLen int32
}

// ScryptConfig says how a base64 scrypt hash was made.
type ScryptConfig struct {
	Salt            string // base64
	N, R, P, KeyLen int32
}

// Salts stand around a password before it is hashed.
type Salts struct{ Prepend, Append string }

// PBKDF2Config says how a PBKDF2 hash was made.
type PBKDF2Config struct {
	Salt           string // base64
	Rounds, KeyLen int32
	Algorithm      string // sha256 when empty
}

// Read checks a hash and everything that comes with it. It fails with the error of the field that does not fit.
func (in *Import) Read() (*Foreign, error) {
	if len(in.Hash) > maxHash {
		return nil, errs.InvalidArgument.Saying("hash must have at most 2048 characters.")
	}
	switch in.Type {
	case TypeBcrypt:
		return readBcrypt(in.Hash)
	case TypeScrypt:
		return in.readScrypt()
	case TypeArgon2i, TypeArgon2id:
		return in.readArgon2()
	case TypeMD5:
		return in.readDigest(16, errs.InvalidMd5Hash)
	case TypeSHA1:
		return in.readDigest(20, errs.InvalidSha1Hash)
	case TypeSHA512:
		return in.readDigest(64, errs.InvalidSha512Hash)
	case TypePHPass:
		return readPHPass(in.Hash)
	case TypePBKDF2:
		return in.readPBKDF2()
	}
	return nil, errs.InvalidArgument.Saying("hash_type is not one of those that this call knows.")
}

var bcryptForm = regexp.MustCompile(`^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$`)

func readBcrypt(hash string) (*Foreign, error) {
	parts := bcryptForm.FindStringSubmatch(hash)
	if parts == nil {
		return nil, errs.InvalidBcryptHash
	}
	if cost, _ := strconv.Atoi(parts[1]); cost < minBcryptCost || cost > maxBcryptCost {
		return nil, errs.InvalidBcryptCost
	}
	return &Foreign{Type: TypeBcrypt, Text: hash}, nil
}

func readPHPass(hash string) (*Foreign, error) {
	if !strings.HasPrefix(hash, "$P$") && !strings.HasPrefix(hash, "$H$") {
		return nil, errs.InvalidPhpassHashPrefix
	}
	if len(hash) != 34 || strings.Trim(hash[3:], phpassDigits) != "" {
		return nil, errs.InvalidPhpassHashFormat
	}
	if log := strings.IndexByte(phpassDigits, hash[3]); log < 7 || log > 20 {
		return nil, errs.InvalidPhpassHashFormat
	}
	return &Foreign{Type: TypePHPass, Text: hash}, nil
}

func (in *Import) readDigest(size int, refusal *errs.Error) (*Foreign, error) {
	key, err := hex.DecodeString(in.Hash)
	if err != nil || len(key) != size {
		return nil, refusal
	}
	f := &Foreign{Type: in.Type, Key: key}
	if in.Salts == nil {
		return f, nil
	}
	if len(in.Salts.Prepend) > maxSalt {
		return nil, errs.InvalidPrependSalt
	}
	if len(in.Salts.Append) > maxSalt {
		return nil, errs.InvalidAppendSalt
	}
	f.Prepend, f.Append = in.Salts.Prepend, in.Salts.Append
	return f, nil
}

func (in *Import) readPBKDF2() (*Foreign, error) {
	c := in.PBKDF2
	if c == nil {
		return nil, errs.InvalidArgument.Saying("pbkdf_2_config is needed for hashes of this type.")
	}
	key, err := decode64(in.Hash)
	if err != nil || len(key) == 0 {
		return nil, errs.InvalidPbkdf2Hash
	}
	salt, err := decode64(c.Salt)
	if err != nil || len(salt) == 0 || len(salt) > maxSalt {
		return nil, errs.InvalidPbkdf2Salt
	}
	size := 32
	switch c.Algorithm {
	case "", algorithmSHA256:
	case algorithmSHA512:
		size = 64
	default:
		return nil, errs.InvalidPbkdf2Algorithm
	}
	if int(c.KeyLen) != len(key) || len(key) > maxKey {
		return nil, errs.Pbkdf2KeyLengthMismatch
	}
	if blocks := int64(len(key)+size-1) / int64(size); c.Rounds < 1 || int64(c.Rounds)*blocks > maxPBKDF2Rounds {
		return nil, errs.InvalidPbkdf2IterationAmount
	}
	return &Foreign{Type: TypePBKDF2, Key: key, Salt: salt, Passes: int(c.Rounds), Algorithm: c.Algorithm}, nil
}

func (in *Import) readScrypt() (*Foreign, error) {
	if strings.HasPrefix(in.Hash, "$") {
		return readScryptPHC(in.Hash)
	}
	c := in.Scrypt
	if c == nil {
		return nil, errs.InvalidScryptParameters
	}
	key, err := decode64(in.Hash)
	if err != nil || len(key) == 0 {
		return nil, errs.InvalidBase64ScryptHash
	}
	salt, err := decode64(c.Salt)
	if err != nil {
		return nil, errs.InvalidBase64ScryptSalt
	}
	if int(c.KeyLen) != len(key) {
		return nil, errs.ScryptKeyLengthMismatch
	}
	return checkScrypt(&Foreign{Type: TypeScrypt, Key: key, Salt: salt, N: int(c.N), R: int(c.R), P: int(c.P)})
}

func checkScrypt(f *Foreign) (*Foreign, error) {
	if f.N < 2 || f.N > maxScryptN || f.N&(f.N-1) != 0 {
		return nil, errs.InvalidScryptNParameter
	}
	if len(f.Salt) == 0 || len(f.Salt) > maxSalt {
		return nil, errs.InvalidScryptSaltLength
	}
	const most = 1 << 20 // products of three such numbers fit
	if f.R < 1 || f.P < 1 || f.R > most || f.P > most || len(f.Key) < minKey || len(f.Key) > maxKey {
		return nil, errs.InvalidScryptParameters
	}
	work := int64(f.N) * int64(f.R) * int64(f.P)
	if memory := int64(f.N) * int64(f.R) / 8; memory > maxMemory || work > maxScryptWork {
		return nil, errs.InvalidScryptParameters
	}
	return f, nil
}

var scryptForm = regexp.MustCompile(`^\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,7}),p=([0-9]{1,7})\$([^$]*)\$([^$]*)$`)

func readScryptPHC(hash string) (*Foreign, error) {
	parts := scryptForm.FindStringSubmatch(hash)
	if parts == nil {
		return nil, errs.InvalidScryptParameters
	}
	log, _ := strconv.Atoi(parts[1])
	if log > 18 {
		return nil, errs.InvalidScryptNParameter
	}
	r, _ := strconv.Atoi(parts[2])
	p, _ := strconv.Atoi(parts[3])
	salt, err := decode64(parts[4])
	if err != nil {
		return nil, errs.InvalidBase64ScryptSalt
	}
	key, err := decode64(parts[5])
	if err != nil {
		return nil, errs.InvalidBase64ScryptHash
	}
	return checkScrypt(&Foreign{Type: TypeScrypt, Key: key, Salt: salt, N: 1 << log, R: r, P: p})
}

func (in *Import) readArgon2() (*Foreign, error) {
	if strings.HasPrefix(in.Hash, "$") {
		f, err := parseArgon2(in.Hash)
		if err != nil || f.Type != in.Type {
			return nil, errs.InvalidArgon2Hash
		}
		return checkArgon2(f, int64(f.Passes), int64(f.Memory), int64(f.Threads))
	}
	c := in.Argon2
	if c == nil {
		return nil, errs.InvalidArgon2Hash
	}
	key, err := hex.DecodeString(in.Hash)
	if err != nil {
		return nil, errs.InvalidArgon2Hash
	}
	if c.KeyLen < minKey || c.KeyLen > maxKey {
		return nil, errs.InvalidArgon2KeyLength
	}
	if int(c.KeyLen) != len(key) {
		return nil, errs.Argon2KeyLengthMismatch
	}
	f := &Foreign{Type: in.Type, Key: key, Salt: []byte(c.Salt)}
	return checkArgon2(f, int64(c.Passes), int64(c.MemoryKiB), int64(c.Threads))
}

func checkArgon2(f *Foreign, passes, memory, threads int64) (*Foreign, error) {
	if len(f.Salt) == 0 || len(f.Salt) > maxSalt {
		return nil, errs.InvalidArgon2Salt
	}
	if len(f.Key) < minKey || len(f.Key) > maxKey {
		return nil, errs.InvalidArgon2KeyLength
	}
	if threads < 1 || threads > maxThreads {
		return nil, errs.InvalidArgon2Threads
	}
	if memory < 8*threads || memory > maxMemory {
		return nil, errs.InvalidArgon2Memory
	}
	if passes < 1 || passes*memory > maxArgon2Work || passes > maxArgon2Work {
		return nil, errs.InvalidArgon2IterationAmount
	}
	f.Passes, f.Memory, f.Threads = int(passes), uint32(memory), uint8(threads)
	return f, nil
}

var argon2Form = regexp.MustCompile(
	`^\$argon2(id?)\$v=([0-9]{1,3})\$m=([0-9]{1,9}),t=([0-9]{1,9}),p=([0-9]{1,3})\$([^$]*)\$([^$]*)$`)

var errForm = errors.New("no encoded argon2 hash")

// parseArgon2 takes an encoded hash apart. Its parameters may be anything yet.
func parseArgon2(hash string) (*Foreign, error) {
	parts := argon2Form.FindStringSubmatch(hash)
	if parts == nil || parts[2] != strconv.Itoa(argon2.Version) {
		return nil, errForm
	}
	f := &Foreign{Type: "argon_2" + parts[1]}
	memory, _ := strconv.ParseUint(parts[3], 10, 32)
	f.Passes, _ = strconv.Atoi(parts[4])
	threads, err := strconv.ParseUint(parts[5], 10, 8)
	if err != nil {
		return nil, errForm
	}
	f.Memory, f.Threads = uint32(memory), uint8(threads)
	if f.Salt, err = decode64(parts[6]); err != nil {
		return nil, fmt.Errorf("salt: %w", err)
	}
	if f.Key, err = decode64(parts[7]); err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	return f, nil
}

// decode64 reads base64 in the alphabet of RFC 4648 §4 or §5, padded or not.
func decode64(text string) ([]byte, error) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	return base64.RawStdEncoding.DecodeString(text)
}
