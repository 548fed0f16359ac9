package keys

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

const (
	rsaBits         = 2048
	symmetricLength = 32
)

// What can keep the ring from being changed. Test with errors.Is.
var (
	// ErrRotating says that the last rotation's keys are published but not current yet.
	ErrRotating = errors.New("a rotation is under way: its keys become current ten minutes after it")
	// ErrChanged says that another process changed the ring at the same moment, and this call changed nothing.
	ErrChanged = errors.New("the ring was changed by another process at the same moment; nothing was done, try again")
	// ErrSameMaster says that the ring is sealed under that master key already.
	ErrSameMaster = errors.New("the new master key is the old one")
	// ErrNeeded says that revoking the key would lose data.
	ErrNeeded = errors.New("stored values are sealed under this key and would be lost")
)

// Rotate publishes a next key for every purpose that has none. Ten minutes later, when every node knows them, the new
// keys become current and the old ones retire. It fails with ErrRotating when every purpose has a next key already.
func (r *Ring) Rotate(ctx context.Context) error {
	return r.change(ctx, "rotate keys", func(rows []store.RingKey) error {
		var missing []string
		for _, purpose := range purposes {
			if newestIn(rows, purpose, store.KeyNext) == nil {
				missing = append(missing, purpose)
			}
		}
		if len(missing) == 0 {
			return ErrRotating
		}
		fresh, err := r.makeKeys(rows, missing)
		if err != nil {
			return err
		}

		return r.db.Write(ctx, func(tx *store.Tx) error {
			// Holds a row that every rewrap touches, as it was read: no new key may stay behind under an old master.
			tx.RewrapRingKey(rows[0].ID, rows[0].Sealed, rows[0].Sealed)
			for _, k := range fresh {
				k.State, k.PublishedAt = store.KeyNext, tx.Now()
				tx.InsertRingKey(&k)
			}
			return nil
		})
	})
}

// Rewrap seals every key of the ring under a new master key, in one transaction. It fails with ErrWrongMaster unless
// the ring is still sealed under the master key that it was opened with. Nodes that run keep the keys they hold, and
// need the new master key when they start again or when keys are rotated.
func (r *Ring) Rewrap(ctx context.Context, newMaster Master) error {
	return r.change(ctx, "rewrap keys", func(rows []store.RingKey) error {
		if secret.Equal(newMaster.key, r.master.key) {
			return ErrSameMaster
		}
		if len(newMaster.key) != masterLength {
			return errors.New("no new master key given")
		}
		secrets, err := openAll(r.master, rows)
		if err != nil {
			return err
		}
		sealed := make([][]byte, len(rows))
		for i := range rows {
			sealed[i] = newMaster.seal(&rows[i], secrets[i])
		}

		err = r.db.Write(ctx, func(tx *store.Tx) error {
			for i := range rows {
				tx.RewrapRingKey(rows[i].ID, rows[i].Sealed, sealed[i])
			}
			// Keys that another process added since they were read would stay behind.
			n, err := tx.RingKeyCount(ctx)
			if err == nil && n != int64(len(rows)) {
				err = sqldb.ErrConflict
			}
			return err
		})
		if err == nil {
			r.master = newMaster
		}
		return err
	})
}

// Revoke makes a key refuse at once, here and on the other nodes within 30 seconds: tokens, codes and callbacks made
// with it are worth nothing from then on. A current key is replaced in the same transaction, by the next key when there
// is one. Revoking a revoked key changes nothing. It fails with ErrUnknownKey, and with ErrNeeded for sealing keys.
func (r *Ring) Revoke(ctx context.Context, id string) error {
	return r.change(ctx, "revoke key", func(rows []store.RingKey) error {
		row := rowByID(rows, id)
		if row == nil {
			return ErrUnknownKey
		}
		if row.Purpose == store.PurposeSeal {
			return ErrNeeded
		}
		if row.State == store.KeyRevoked {
			return nil
		}

		heir := newestIn(rows, row.Purpose, store.KeyNext)
		var fresh []store.RingKey
		if row.State == store.KeyCurrent && heir == nil {
			var err error
			if fresh, err = r.makeKeys(rows, []string{row.Purpose}); err != nil {
				return err
			}
		}
		return r.db.Write(ctx, func(tx *store.Tx) error {
			tx.RewrapRingKey(row.ID, row.Sealed, row.Sealed)
			tx.RevokeRingKey(row.ID, row.State)
			if row.State == store.KeyCurrent && heir != nil {
				_, err := tx.PromoteRingKey(ctx, heir, tx.Now())
				return err
			}
			for _, k := range fresh {
				k.State, k.PublishedAt, k.CurrentAt = store.KeyCurrent, tx.Now(), tx.Now()
				tx.InsertRingKey(&k)
			}
			return nil
		})
	})
}

// change reads the ring as it is now, lets f change it, and takes up the result.
func (r *Ring) change(ctx context.Context, what string, f func(rows []store.RingKey) error) error {
	done, err := r.enter(ctx)
	if err != nil {
		return err
	}
	defer done()

	rows, err := r.rows(ctx)
	if err == nil {
		_, err = openAll(r.master, rows)
	}
	if err == nil {
		err = f(rows)
	}
	if errors.Is(err, sqldb.ErrConflict) {
		err = ErrChanged
	}
	if err == nil {
		err = r.load(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// makeMissing adds the first key of every purpose that has none. Whoever inserts first wins, the others read it back.
func (r *Ring) makeMissing(ctx context.Context, rows []store.RingKey) error {
	var missing []string
	for _, purpose := range purposes {
		if newestIn(rows, purpose, "") == nil {
			missing = append(missing, purpose)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	fresh, err := r.makeKeys(rows, missing)
	if err != nil {
		return err
	}

	err = r.db.Write(ctx, func(tx *store.Tx) error {
		for _, k := range fresh {
			k.State, k.PublishedAt, k.CurrentAt = store.KeyCurrent, tx.Now(), tx.Now()
			tx.OfferRingKey(&k)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("make the first key ring: %w", err)
	}
	return nil
}

// makeKeys makes the following version for each purpose, sealed under the master key, without a state yet. RSA keys
// take a tenth of a second and more each, so they are made side by side.
func (r *Ring) makeKeys(rows []store.RingKey, wanted []string) ([]store.RingKey, error) {
	now := r.db.Now()
	made := make([]store.RingKey, len(wanted))
	faults := make([]error, len(wanted))

	var all sync.WaitGroup
	for i, purpose := range wanted {
		version := int64(1)
		if newest := newestIn(rows, purpose, ""); newest != nil {
			version = newest.Version + 1
		}
		all.Go(func() { made[i], faults[i] = makeKey(r.master, purpose, version, now) })
	}
	all.Wait()
	return made, errors.Join(faults...)
}

func makeKey(m Master, purpose string, version int64, now time.Time) (store.RingKey, error) {
	row := store.RingKey{Purpose: purpose, Version: version, CreatedAt: now}
	env := signingEnv(purpose)
	if env == "" {
		row.ID = purpose + "-" + ids.NewUUID(now).String()
		row.Sealed = m.seal(&row, secret.Bytes(symmetricLength))
		return row, nil
	}

	private, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return row, fmt.Errorf("make a signing key: %w", err)
	}
	plain, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return row, fmt.Errorf("encode a signing key: %w", err)
	}
	if row.Public, err = x509.MarshalPKIXPublicKey(&private.PublicKey); err != nil {
		return row, fmt.Errorf("encode a verification key: %w", err)
	}
	row.ID = ids.New(ids.SigningKey, env, now)
	row.Sealed = m.seal(&row, plain)
	return row, nil
}

// dueRows gives the next keys whose ten minutes are over.
func dueRows(rows []store.RingKey, now time.Time) []store.RingKey {
	var due []store.RingKey
	for _, row := range rows {
		if row.State == store.KeyNext && !row.PublishedAt.Add(becomesCurrentAfter).After(now) {
			due = append(due, row)
		}
	}
	return due
}

// promote makes keys current. Every node tries, one succeeds, the others find it done.
func (r *Ring) promote(ctx context.Context, due []store.RingKey) error {
	err := r.db.Write(ctx, func(tx *store.Tx) error {
		for i := range due {
			if _, err := tx.PromoteRingKey(ctx, &due[i], tx.Now().Add(-becomesCurrentAfter)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("make keys current: %w", err)
	}
	return nil
}

// newestIn gives the newest key of a purpose in a state, or in any state for "", or nil.
func newestIn(rows []store.RingKey, purpose, state string) *store.RingKey {
	var newest *store.RingKey
	for i := range rows {
		row := &rows[i]
		if row.Purpose != purpose || (state != "" && row.State != state) {
			continue
		}
		if newest == nil || row.Version > newest.Version {
			newest = row
		}
	}
	return newest
}

func rowByID(rows []store.RingKey, id string) *store.RingKey {
	for i := range rows {
		if rows[i].ID == id {
			return &rows[i]
		}
	}
	return nil
}
