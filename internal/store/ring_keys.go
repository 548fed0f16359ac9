package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// RingKey is one version of one key of the server, its secret sealed under the master key. Package keys opens it.
type RingKey struct {
	ID          string
	Purpose     string
	Version     int64 // 1, 2, 3 … within a purpose
	State       string
	Sealed      []byte
	Public      []byte // DER of the public half; empty for keys that have none
	CreatedAt   time.Time
	PublishedAt time.Time // when every node could first read it
	CurrentAt   time.Time // when it was first used to sign, seal or hash
	RetiredAt   time.Time
	RevokedAt   time.Time
}

// The purposes of keys. Each has one current key.
const (
	PurposeSignTest = "sign-test" // session JWTs of test projects
	PurposeSignLive = "sign-live" // session JWTs of live projects
	PurposePepper   = "pepper"    // one-time codes
	PurposeToken    = "token"     // session tokens
	PurposeSeal     = "seal"      // recoverable secrets in rows
	PurposeMAC      = "mac"       // callback URLs
)

// The states of a key, in the order in which it passes through them. Revoked may follow any of the others.
const (
	KeyNext    = "next"    // published, not used yet
	KeyCurrent = "current" // in use
	KeyRetired = "retired" // still checks and opens what it made
	KeyRevoked = "revoked" // refuses
)

const ringKeyColumns = `id, purpose, version, state, sealed, public,
	created_at, published_at, current_at, retired_at, revoked_at`

var (
	// The purposes are named so that this is a search in the unique index, and so that an older server passes over
	// purposes that it does not know.
	sqlRingKeys = sqldb.SQL("ring_keys", `
		SELECT `+ringKeyColumns+` FROM ring_keys
		WHERE purpose IN ('sign-test', 'sign-live', 'pepper', 'token', 'seal', 'mac')
		ORDER BY purpose, version`)

	sqlInsertRingKey = sqldb.SQL("insert_ring_key", `
		INSERT INTO ring_keys (`+ringKeyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (purpose, version) DO NOTHING`)

	sqlPromoteRingKey = sqldb.SQL("promote_ring_key", `
		UPDATE ring_keys SET state = 'current', current_at = $2
		WHERE id = $1 AND state = 'next' AND published_at <= $3`)

	sqlRetireRingKeys = sqldb.SQL("retire_ring_keys", `
		UPDATE ring_keys SET state = 'retired', retired_at = $3
		WHERE purpose = $1 AND version < $2 AND state = 'current'`)

	sqlRevokeRingKey = sqldb.SQL("revoke_ring_key", `
		UPDATE ring_keys SET state = 'revoked', revoked_at = $2
		WHERE id = $1 AND state = $3`)

	sqlRewrapRingKey = sqldb.SQL("rewrap_ring_key", `
		UPDATE ring_keys SET sealed = $3 WHERE id = $1 AND sealed = $2`)

	sqlRingKeyCount = sqldb.SQL("ring_key_count", `
		SELECT COUNT(*) FROM ring_keys
		WHERE purpose IN ('sign-test', 'sign-live', 'pepper', 'token', 'seal', 'mac')`)
)

// RingKeys gives every key of the ring, by purpose and version.
func (tx *Tx) RingKeys(ctx context.Context) ([]RingKey, error) {
	var all []RingKey
	err := tx.Query(ctx, sqlRingKeys, nil, func(scan func(dest ...any) error) error {
		var k RingKey
		var created, published, current, retired, revoked int64
		err := scan(&k.ID, &k.Purpose, &k.Version, &k.State, &k.Sealed, &k.Public,
			&created, &published, &current, &retired, &revoked)
		k.CreatedAt, k.PublishedAt, k.CurrentAt = fromMicros(created), fromMicros(published), fromMicros(current)
		k.RetiredAt, k.RevokedAt = fromMicros(retired), fromMicros(revoked)
		all = append(all, k)
		return err
	})
	return all, err
}

// OfferRingKey adds a key unless its purpose already has that version: of several nodes that make the first ring, one
// wins and the others read it back.
func (tx *Tx) OfferRingKey(k *RingKey) { tx.Later(sqlInsertRingKey, -1, k.insertArgs()...) }

// InsertRingKey adds a key. The write fails with sqldb.ErrConflict when its purpose already has that version.
func (tx *Tx) InsertRingKey(k *RingKey) { tx.Later(sqlInsertRingKey, 1, k.insertArgs()...) }

func (k *RingKey) insertArgs() []any {
	public := k.Public
	if public == nil {
		public = []byte{}
	}
	return []any{
		k.ID, k.Purpose, k.Version, k.State, k.Sealed, public, micros(k.CreatedAt), micros(k.PublishedAt),
		micros(k.CurrentAt), micros(k.RetiredAt), micros(k.RevokedAt),
	}
}

// PromoteRingKey makes a next key current and retires the older ones of its purpose, provided that it was published
// no later than the time given. It reports whether this call did so.
func (tx *Tx) PromoteRingKey(ctx context.Context, k *RingKey, publishedBy time.Time) (bool, error) {
	now := micros(tx.Now())
	n, err := tx.Exec(ctx, sqlPromoteRingKey, k.ID, now, micros(publishedBy))
	if err != nil || n == 0 {
		return false, err
	}
	tx.Later(sqlRetireRingKeys, -1, k.Purpose, k.Version, now)
	return true, nil
}

// RevokeRingKey makes a key refuse from now on. The write fails with sqldb.ErrConflict unless the key is still in the
// state that the caller read: whether it needs a successor depends on that.
func (tx *Tx) RevokeRingKey(id, state string) {
	tx.Later(sqlRevokeRingKey, 1, id, micros(tx.Now()), state)
}

// RewrapRingKey replaces a key's sealed secret. The write fails with sqldb.ErrConflict unless the secret is still
// sealed as the caller read it. With the same bytes twice it changes nothing and only holds the row until the commit.
func (tx *Tx) RewrapRingKey(id string, was, sealed []byte) {
	tx.Later(sqlRewrapRingKey, 1, id, was, sealed)
}

// RingKeyCount gives the number of keys in the ring.
func (tx *Tx) RingKeyCount(ctx context.Context) (int64, error) {
	var n int64
	err := tx.QueryRow(ctx, sqlRingKeyCount, nil, &n)
	return n, err
}
