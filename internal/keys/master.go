package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// ErrWrongMaster says that the ring is sealed under another master key than the one given.
var ErrWrongMaster = errors.New("the key ring is sealed under another master key: give the master key that this " +
	"database was set up with or last rewrapped to")

// Master is the key that the ring is sealed under. It never reaches the database. It prints as ***.
type Master struct{ key []byte }

const (
	masterPrefix      = "thimble-master-1-"
	masterLength      = 32
	fingerprintLength = 8
)

// NewMaster makes a master key, and the text that ParseMaster reads.
func NewMaster() (Master, string) {
	key := secret.Bytes(masterLength)
	return Master{key}, masterPrefix + base64.RawURLEncoding.EncodeToString(key)
}

// ParseMaster reads the text form of a master key, as it stands in a file or an environment variable: the prefix
// thimble-master-1- and 32 bytes in unpadded base64url. White space around it is allowed.
func ParseMaster(text string) (Master, error) {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(text), masterPrefix)
	key, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || len(key) != masterLength {
		// The cause would quote the key.
		return Master{}, errors.New("not a master key: want " + masterPrefix + " and 43 more characters, " +
			"as `thimble keys master` makes it")
	}
	return Master{key}, nil
}

// Format hides the key from every verb of package fmt.
func (m Master) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// LogValue hides the key from log/slog.
func (m Master) LogValue() slog.Value { return slog.StringValue("***") }

// fingerprint tells master keys apart without saying anything about them.
func (m Master) fingerprint() []byte {
	mac := hmac.New(sha256.New, m.key)
	mac.Write([]byte("thimble master key fingerprint"))
	return mac.Sum(nil)[:fingerprintLength]
}

// seal closes a key's secret: the fingerprint of the master key, then AES-256-GCM bound to the row. The public half is
// bound too, so that nobody who can write to the database alone can put a verification key of their own in its place.
func (m Master) seal(row *store.RingKey, plain []byte) []byte {
	return append(m.fingerprint(), sealGCM(m.key, plain, rowIdentity(row))...)
}

// open is the reverse of seal.
func (m Master) open(row *store.RingKey) ([]byte, error) {
	if len(m.key) != masterLength {
		return nil, errors.New("no master key given")
	}
	if len(row.Sealed) < fingerprintLength {
		return nil, fmt.Errorf("key %s: %w", row.ID, ErrDamaged)
	}
	if !secret.Equal(row.Sealed[:fingerprintLength], m.fingerprint()) {
		return nil, ErrWrongMaster
	}
	plain, err := openGCM(m.key, row.Sealed[fingerprintLength:], rowIdentity(row))
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", row.ID, err)
	}
	return plain, nil
}

func rowIdentity(row *store.RingKey) []byte {
	return fields("ring key", row.Purpose, strconv.FormatInt(row.Version, 10), row.ID, string(row.Public))
}

// Fits reports ErrWrongMaster when the rows of a ring are sealed under another master key. It changes nothing, and no
// rows fit every key.
func (m Master) Fits(rows []store.RingKey) error {
	_, err := openAll(m, rows)
	return err
}

// openAll opens every row, revoked ones too: a rewrap must carry all of them over.
func openAll(m Master, rows []store.RingKey) ([][]byte, error) {
	secrets := make([][]byte, len(rows))
	for i := range rows {
		plain, err := m.open(&rows[i])
		if err != nil {
			return nil, err
		}
		secrets[i] = plain
	}
	return secrets, nil
}
