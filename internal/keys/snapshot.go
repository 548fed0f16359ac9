package keys

import (
	"cmp"
	"crypto/hkdf"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/store"
)

// purposes are all purposes of keys, in the order in which rows are written, which keeps nodes from waiting for each
// other in a circle.
var purposes = []string{
	store.PurposeMAC, store.PurposePepper, store.PurposeSeal, store.PurposeSignLive, store.PurposeSignTest,
	store.PurposeToken,
}

// key is an opened key. It is never changed; a new state makes a copy.
type key struct {
	id, purpose string
	version     int64
	state       string
	retiredAt   time.Time
	secret      []byte          // nil once revoked
	extracted   []byte          // of sealing keys, what HKDF begins with for each cell; nil once revoked
	private     *rsa.PrivateKey // of signing keys that are next or current
	public      *rsa.PublicKey  // of signing keys
	header      string          // of JWTs made with it, encoded
	jwk         JWK
}

// snapshot is the ring at one moment. It is never changed.
type snapshot struct {
	byID     map[string]*key
	versions map[string]map[int64]*key // by purpose
	current  map[string]*key           // by purpose; complete
	headers  map[string]*key           // signing keys by encoded JWT header
	signing  map[string][]*key         // by purpose, newest first
}

// newSnapshot opens the rows that prev does not know yet. A row that cannot be opened is left out and reported, so that
// the rest, revocations above all, takes effect. The snapshot is nil when a purpose would have no key at all.
func newSnapshot(prev *snapshot, m Master, rows []store.RingKey) (*snapshot, error) {
	s := &snapshot{
		byID: map[string]*key{}, versions: map[string]map[int64]*key{}, current: map[string]*key{},
		headers: map[string]*key{}, signing: map[string][]*key{},
	}
	var fault error // the first; the others say the same
	for i := range rows {
		k, err := openKey(prev, m, &rows[i])
		if err != nil {
			fault = cmp.Or(fault, err)
			continue
		}
		s.add(k)
	}

	for _, purpose := range purposes {
		s.current[purpose] = s.choose(purpose, prev)
		if s.current[purpose] == nil {
			return nil, cmp.Or(fault, fmt.Errorf("no usable %s key", purpose))
		}
	}
	return s, fault
}

func (s *snapshot) add(k *key) {
	s.byID[k.id] = k
	if s.versions[k.purpose] == nil {
		s.versions[k.purpose] = map[int64]*key{}
	}
	s.versions[k.purpose][k.version] = k
	if k.header != "" {
		s.headers[k.header] = k
		s.signing[k.purpose] = append([]*key{k}, s.signing[k.purpose]...) // rows come oldest first
	}
}

// choose picks what new things are made with: the newest current key. While that one cannot be opened, because it is
// sealed under a master key that this node does not have yet, what the node used before serves on: other nodes accept
// it as retired, or refuse it if it is revoked.
func (s *snapshot) choose(purpose string, prev *snapshot) *key {
	var best *key
	for _, k := range s.versions[purpose] {
		if k.state == store.KeyCurrent && (best == nil || k.version > best.version) {
			best = k
		}
	}
	if best == nil && prev != nil {
		return prev.current[purpose]
	}
	return best
}

// openKey opens a row, or takes what prev has opened already: the secret of a row never changes, so a node that runs
// with the old master key during a rewrap keeps the keys it has.
func openKey(prev *snapshot, m Master, row *store.RingKey) (*key, error) {
	k := key{id: row.ID, purpose: row.Purpose, version: row.Version}
	if prev != nil && prev.byID[row.ID] != nil {
		k = *prev.byID[row.ID]
	} else if err := k.unseal(m, row); err != nil {
		return nil, err
	}

	k.state, k.retiredAt = row.State, row.RetiredAt
	if k.state == store.KeyRetired || k.state == store.KeyRevoked {
		k.private = nil
	}
	if k.state == store.KeyRevoked {
		k.secret, k.extracted = nil, nil
	}
	return &k, nil
}

func (k *key) unseal(m Master, row *store.RingKey) error {
	plain, err := m.open(row)
	if err != nil {
		return err
	}
	k.secret = plain
	if k.purpose == store.PurposeSeal {
		k.extracted, err = hkdf.Extract(sha256.New, plain, nil)
		return err
	}
	if signingEnv(k.purpose) == "" {
		return nil
	}

	private, err := x509.ParsePKCS8PrivateKey(plain)
	if err != nil {
		return fmt.Errorf("key %s: %w", k.id, ErrDamaged)
	}
	rsaKey, ok := private.(*rsa.PrivateKey)
	if !ok {
		return fmt.Errorf("key %s: %w", k.id, ErrDamaged)
	}
	// From here on only private holds the secret, and it goes when the key retires.
	k.secret = nil
	k.private, k.public = rsaKey, &rsaKey.PublicKey
	k.header = encodeHeader(k.id)
	k.jwk = newJWK(k.id, k.public)
	return nil
}

// signingEnv gives the environment whose JWTs a purpose's keys sign, "" for other purposes.
func signingEnv(purpose string) ids.Env {
	switch purpose {
	case store.PurposeSignTest:
		return ids.Test
	case store.PurposeSignLive:
		return ids.Live
	}
	return ""
}

func signingPurpose(env ids.Env) string {
	if env == ids.Live {
		return store.PurposeSignLive
	}
	return store.PurposeSignTest
}
