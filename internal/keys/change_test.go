package keys

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/store"
)

func TestRotation(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		c := newCluster(t, url)
		a, b := c.node(), c.node()
		old := kids(a, ids.Test)[0]
		oldJWT := mustSign(t, a, ids.Test, `{"n":1}`)

		if err := a.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantError(t, a.Rotate(t.Context()), ErrRotating)
		mustReload(t, b)
		shown := kids(b, ids.Test)
		if len(shown) != 2 || shown[1] != old {
			t.Fatalf("JWKS after publication: got %v, want the next key and %s", shown, old)
		}

		advance(9*time.Minute, a, b)
		mustReload(t, a, b)
		if got := kidOf(t, mustSign(t, a, ids.Test, `{"n":2}`)); got != old {
			t.Fatalf("signs with %s before its time, want %s", got, old)
		}
		advance(time.Minute, a, b)
		mustReload(t, a)
		newJWT := mustSign(t, a, ids.Test, `{"n":3}`)
		if got := kidOf(t, newJWT); got != shown[0] {
			t.Fatalf("signs with %s, want the new key %s", got, shown[0])
		}
		mustVerify(t, b, newJWT, `{"n":3}`) // b has not reloaded since
		mustVerify(t, a, oldJWT, `{"n":1}`)
		mustReload(t, b)
		if diff := cmp.Diff(shown, kids(b, ids.Test)); diff != "" {
			t.Errorf("JWKS after the change (-want +got):\n%s", diff)
		}
		for _, row := range ringRows(t, b.db) {
			want := map[int64]string{1: store.KeyRetired, 2: store.KeyCurrent}[row.Version]
			if row.State != want || row.CurrentAt.IsZero() || row.RetiredAt.IsZero() != (row.Version == 2) {
				t.Errorf("%s %d: got %s since %v until %v, want %s",
					row.Purpose, row.Version, row.State, row.CurrentAt, row.RetiredAt, want)
			}
		}

		advance(30*24*time.Hour-time.Minute, a, b)
		if diff := cmp.Diff(shown, kids(b, ids.Test)); diff != "" {
			t.Errorf("JWKS before a month is over (-want +got):\n%s", diff)
		}
		advance(2*time.Minute, a, b)
		if diff := cmp.Diff(shown[:1], kids(b, ids.Test)); diff != "" {
			t.Errorf("JWKS after a month (-want +got):\n%s", diff)
		}
		mustVerify(t, b, oldJWT, `{"n":1}`)
	})
}

// TestRetiredVersions: what was made before a rotation is still checked and opened after it, on every node.
func TestRetiredVersions(t *testing.T) {
	t.Parallel()
	c := newCluster(t, sqliteURL(t))
	a := c.node()
	session := ids.NewUUID(a.db.Now())
	v, hash := a.HashCode("p", "m", "sms", "123456")
	token, random, tokenVersion := a.NewSessionToken("p", session)
	sealed, err := a.Seal("messages", "body", "row", []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	mac := a.MAC("callback", "message")

	if err := a.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	advance(becomesCurrentAfter, a)
	mustReload(t, a)
	for _, n := range []node{a, c.node()} {
		if v2, hash2 := n.HashCode("p", "m", "sms", "123456"); v2 != v+1 || hash2 == hash {
			t.Errorf("codes are hashed with version %d, want %d", v2, v+1)
		}
		if got, err := n.HashCodeAs(v, "p", "m", "sms", "123456"); err != nil || got != hash {
			t.Errorf("old hash: got %s, %v, want %s", got, err, hash)
		}
		if got, err := n.SessionToken(tokenVersion, "p", session, random); err != nil || got != token {
			t.Errorf("old token: got %s, %v, want %s", got, err, token)
		}
		if token2, _, v2 := n.NewSessionToken("p", session); v2 != tokenVersion+1 || token2[:2] == token[:2] {
			t.Errorf("a new token names version %d, want %d", v2, tokenVersion+1)
		}
		if got, err := n.OpenSealed("messages", "body", "row", sealed); err != nil || string(got) != "text" {
			t.Errorf("old sealed text: got %q, %v", got, err)
		}
		if !n.CheckMAC("callback", "message", mac) || n.MAC("callback", "message") == mac {
			t.Error("old MAC refused, or a new one made with the old key")
		}
	}
	_, err = a.HashCodeAs(9, "p", "m", "sms", "123456")
	wantError(t, err, ErrUnknownKey)
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		c := newCluster(t, url)
		a, b := c.node(), c.node()
		old := kids(a, ids.Test)[0]
		stolen := mustSign(t, a, ids.Test, `{"n":1}`)

		if err := a.Revoke(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		_, err := a.VerifyJWT(t.Context(), stolen)
		wantError(t, err, errs.UnableToParseSessionJWT)
		wantError(t, err, ErrRevokedKey)
		if shown := kids(a, ids.Test); len(shown) != 1 || shown[0] == old {
			t.Fatalf("JWKS: got %v, want only a new key", shown)
		}

		// The other node learns both things from the first token that names the replacement.
		mustVerify(t, b, mustSign(t, a, ids.Test, `{"n":2}`), `{"n":2}`)
		_, err = b.VerifyJWT(t.Context(), stolen)
		wantError(t, err, ErrRevokedKey)

		if err := b.Revoke(t.Context(), old); err != nil {
			t.Errorf("revoked twice: %v", err)
		}
		wantError(t, b.Revoke(t.Context(), "jwk-test-none"), ErrUnknownKey)
	})
}

func TestRevokeWithNextKey(t *testing.T) {
	t.Parallel()
	a := sqliteNode(t)
	old := kids(a, ids.Live)[0]
	if err := a.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	next := kids(a, ids.Live)[0]
	if err := a.Revoke(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{next}, kids(a, ids.Live)); diff != "" {
		t.Errorf("JWKS (-want +got):\n%s", diff)
	}
	if got := kidOf(t, mustSign(t, a, ids.Live, `{}`)); got != next {
		t.Errorf("signs with %s, want %s", got, next)
	}
}

func TestRevokedSecrets(t *testing.T) {
	t.Parallel()
	a := sqliteNode(t)
	session := ids.NewUUID(a.db.Now())
	pepper, _ := a.HashCode("p", "m", "sms", "123456")
	_, random, token := a.NewSessionToken("p", session)
	mac := a.MAC("callback", "message")

	for _, row := range ringRows(t, a.db) {
		err := a.Revoke(t.Context(), row.ID)
		if row.Purpose == store.PurposeSeal {
			wantError(t, err, ErrNeeded)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	_, err := a.HashCodeAs(pepper, "p", "m", "sms", "123456")
	wantError(t, err, ErrRevokedKey)
	_, err = a.SessionToken(token, "p", session, random)
	wantError(t, err, ErrRevokedKey)
	if a.CheckMAC("callback", "message", mac) {
		t.Error("a MAC of a revoked key is accepted")
	}
	if v, _ := a.HashCode("p", "m", "sms", "123456"); v != pepper+1 {
		t.Errorf("the pepper was not replaced: version %d", v)
	}
}

// TestRevokeOfAChangedKey: a key that becomes current while somebody revokes it as the next one is not revoked without
// a successor.
func TestRevokeOfAChangedKey(t *testing.T) {
	t.Parallel()
	a := sqliteNode(t)
	err := a.change(t.Context(), "test", func([]store.RingKey) error {
		return a.db.Write(t.Context(), func(tx *store.Tx) error {
			tx.RevokeRingKey(kids(a, ids.Test)[0], store.KeyNext)
			return nil
		})
	})
	wantError(t, err, ErrChanged)
	mustSign(t, a, ids.Test, `{}`)
	if len(kids(a, ids.Test)) != 1 {
		t.Error("the key was revoked")
	}
}

func TestRewrap(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		c := newCluster(t, url)
		a, b := c.node(), c.node()
		before := mustSign(t, a, ids.Test, `{"n":1}`)
		wantError(t, a.Rewrap(t.Context(), c.master), ErrSameMaster)
		if err := a.Rewrap(t.Context(), Master{}); err == nil {
			t.Fatal("sealed under no key")
		}
		fresh, _ := NewMaster()
		if err := a.Rewrap(t.Context(), fresh); err != nil {
			t.Fatal(err)
		}
		if err := a.Rotate(t.Context()); err != nil {
			t.Fatalf("rotate after a rewrap: %v", err)
		}

		// A node that still runs with the old key keeps what it has, and says why it cannot have more.
		mustVerify(t, b, before, `{"n":1}`)
		wantError(t, b.Reload(t.Context()), ErrWrongMaster)
		wantError(t, b.Err(), ErrWrongMaster)
		mustVerify(t, b, mustSign(t, b, ids.Test, `{"n":2}`), `{"n":2}`)
		another, _ := NewMaster()
		wantError(t, b.Rewrap(t.Context(), another), ErrWrongMaster)
		wantError(t, b.Rotate(t.Context()), ErrWrongMaster)

		_, err := Open(t.Context(), b.db, c.master)
		wantError(t, err, ErrWrongMaster)
		c.master = fresh
		mustVerify(t, c.node(), before, `{"n":1}`)
	})
}

// TestOldMasterAfterPromotion: a node that cannot open the new current keys serves on with their predecessors.
func TestOldMasterAfterPromotion(t *testing.T) {
	t.Parallel()
	c := newCluster(t, sqliteURL(t))
	a, b := c.node(), c.node()
	fresh, _ := NewMaster()
	if err := errors.Join(a.Rewrap(t.Context(), fresh), a.Rotate(t.Context())); err != nil {
		t.Fatal(err)
	}
	advance(becomesCurrentAfter, a)
	mustReload(t, a)
	wantError(t, b.Reload(t.Context()), ErrWrongMaster)

	mustVerify(t, a, mustSign(t, b, ids.Test, `{"n":1}`), `{"n":1}`)
	v, hash := b.HashCode("p", "m", "sms", "1")
	if got, err := a.HashCodeAs(v, "p", "m", "sms", "1"); err != nil || got != hash {
		t.Errorf("got %s, %v, want %s", got, err, hash)
	}
}

// TestRewrapAgainstRotate: whoever wins, every key of the ring is sealed under one master key.
func TestRewrapAgainstRotate(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		c := newCluster(t, url)
		rotator := c.node()
		for round := range 3 {
			wrapper := c.node()
			fresh, _ := NewMaster()
			var rewrapped, rotated error
			var both sync.WaitGroup
			both.Go(func() { rotated = rotator.Rotate(t.Context()) })
			both.Go(func() { rewrapped = wrapper.Rewrap(t.Context(), fresh) })
			both.Wait()

			for _, err := range []error{rewrapped, rotated} {
				if err != nil && !errors.Is(err, ErrChanged) && !errors.Is(err, ErrWrongMaster) {
					t.Fatalf("round %d: %v", round, err)
				}
			}
			if rewrapped == nil {
				c.master = fresh
			}
			rotator = c.node()
			advance(becomesCurrentAfter, rotator)
			mustReload(t, rotator)
		}
	})
}

// TestChangedMeanwhile: the ring changes after a call read it and before it writes. SQLite's one writer is kept busy
// until the call waits for its turn.
func TestChangedMeanwhile(t *testing.T) {
	template()
	fresh, _ := NewMaster()
	for name, test := range map[string]struct {
		call      func(context.Context, node) error
		meanwhile func(*store.Tx, []store.RingKey, Master)
	}{
		"rewrap misses a new key": {
			func(ctx context.Context, n node) error { return n.Rewrap(ctx, fresh) },
			func(tx *store.Tx, _ []store.RingKey, old Master) {
				k, _ := makeKey(old, store.PurposeMAC, 2, tx.Now())
				k.State = store.KeyNext
				tx.InsertRingKey(&k)
			},
		},
		"rewrap after a rewrap": {
			func(ctx context.Context, n node) error { return n.Rewrap(ctx, fresh) },
			func(tx *store.Tx, rows []store.RingKey, _ Master) {
				tx.RewrapRingKey(rows[3].ID, rows[3].Sealed, []byte("other"))
			},
		},
		"rotate under an old master key": {
			func(ctx context.Context, n node) error { return n.Rotate(ctx) },
			func(tx *store.Tx, rows []store.RingKey, _ Master) {
				for _, row := range rows {
					tx.RewrapRingKey(row.ID, row.Sealed, []byte("other"))
				}
			},
		},
		"revoke without a successor": {
			func(ctx context.Context, n node) error { return n.Revoke(ctx, kids(n, ids.Test)[0]) },
			func(tx *store.Tx, rows []store.RingKey, _ Master) {
				row := newestIn(rows, store.PurposeSignTest, "")
				tx.RevokeRingKey(row.ID, row.State)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t, sqliteURL(t))
				a := c.node()
				rows := ringRows(t, a.db)
				var got error
				var calling sync.WaitGroup
				var once sync.Once // this function runs again when the call shares its transaction and fails
				err := a.db.Write(t.Context(), func(tx *store.Tx) error {
					once.Do(func() { calling.Go(func() { got = test.call(t.Context(), a) }) })
					synctest.Wait()
					test.meanwhile(tx, rows, c.master)
					return nil
				})
				calling.Wait()
				if err != nil {
					t.Fatal(err)
				}
				wantError(t, got, ErrChanged)
				for _, row := range ringRows(t, a.db) {
					if row.Version != 1 && row.Purpose != store.PurposeMAC {
						t.Errorf("a call that failed left %s key %d", row.Purpose, row.Version)
					}
				}
			})
		})
	}
}

func TestRotationsRace(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		c := newCluster(t, url)
		nodes := []node{c.node(), c.node(), c.node()}
		var all sync.WaitGroup
		for _, n := range nodes {
			all.Go(func() {
				err := n.Rotate(t.Context())
				if err != nil && !errors.Is(err, ErrChanged) && !errors.Is(err, ErrRotating) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if rows := ringRows(t, nodes[0].db); len(rows) != 2*len(purposes) {
			t.Fatalf("the ring has %d keys, want one next key for each purpose", len(rows))
		}

		advance(becomesCurrentAfter, nodes...)
		for _, n := range nodes {
			all.Go(func() {
				if err := n.Reload(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		current := 0
		for _, row := range ringRows(t, nodes[0].db) {
			if row.State == store.KeyCurrent {
				current++
			}
		}
		if current != len(purposes) {
			t.Errorf("%d current keys, want %d", current, len(purposes))
		}
	})
}

// TestRun: a node takes part in what others do to the ring with nobody calling it.
func TestRun(t *testing.T) {
	template() // made outside: the bubble's clock stands still while keys are made
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, sqliteURL(t))
		a, b := c.node(), c.node()
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { b.Run(ctx) })
		defer running.Wait()
		defer cancel()

		if err := a.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		old, next := kids(a, ids.Test)[1], kids(a, ids.Test)[0]
		time.Sleep(reloadEvery + time.Second)
		if !slices.Contains(kids(b, ids.Test), next) {
			t.Fatal("the next key is not known after a reload's time")
		}
		time.Sleep(becomesCurrentAfter)
		if got := kidOf(t, mustSign(t, b, ids.Test, `{}`)); got != next {
			t.Errorf("signs with %s, want %s", got, next)
		}

		if err := a.Revoke(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		time.Sleep(reloadEvery + time.Second)
		if slices.Contains(kids(b, ids.Test), old) {
			t.Error("a revoked key is shown after a reload's time")
		}

		// A row that names a version this node does not know wakes it before its time.
		pepper := newestIn(ringRows(t, a.db), store.PurposePepper, store.KeyCurrent)
		if err := a.Revoke(t.Context(), pepper.ID); err != nil {
			t.Fatal(err)
		}
		v, hash := a.HashCode("p", "m", "sms", "1")
		_, err := b.HashCodeAs(v, "p", "m", "sms", "1")
		wantError(t, err, ErrUnknownKey)
		synctest.Wait()
		if got, err := b.HashCodeAs(v, "p", "m", "sms", "1"); err != nil || got != hash {
			t.Errorf("after waking: got %s, %v, want %s", got, err, hash)
		}
	})
}
