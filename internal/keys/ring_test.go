package keys

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
)

// template is a first ring, made once: RSA keys are dear.
var template = sync.OnceValues(func() (Master, []store.RingKey) {
	m, _ := NewMaster()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var rows []store.RingKey
	for _, purpose := range purposes {
		row, err := makeKey(m, purpose, 1, now)
		if err != nil {
			panic(err)
		}
		row.State, row.PublishedAt, row.CurrentAt = store.KeyCurrent, now, now
		rows = append(rows, row)
	}
	return m, rows
})

// node is one server's view of a database.
type node struct {
	*Ring
	db *store.DB
}

// cluster makes nodes over one database that has a ring already.
type cluster struct {
	t      testing.TB
	master Master
	url    string
	first  *store.DB // the database of a SQLite cluster's only process
}

func newCluster(t testing.TB, url string) *cluster {
	t.Helper()
	c := &cluster{t: t, url: url}
	db := c.connect()
	var rows []store.RingKey
	c.master, rows = template()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for i := range rows {
			tx.InsertRingKey(&rows[i])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// connect opens the database once more; a SQLite file has one server, whose nodes share it.
func (c *cluster) connect() *store.DB {
	c.t.Helper()
	if c.first != nil {
		return c.first
	}
	db, err := store.Open(context.Background(), c.url, sqldb.Options{})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			c.t.Error(err)
		}
	})
	if db.Engine() == sqldb.SQLite {
		c.first = db
	}
	return db
}

func (c *cluster) node() node {
	c.t.Helper()
	db := c.connect()
	r, err := Open(context.Background(), db, c.master)
	if err != nil {
		c.t.Fatal(err)
	}
	return node{r, db}
}

// advance moves the clocks of nodes that may share one.
func advance(d time.Duration, nodes ...node) {
	moved := map[*store.DB]bool{}
	for _, n := range nodes {
		if !moved[n.db] {
			n.db.AdvanceClock(d)
			moved[n.db] = true
		}
	}
}

// onBoth runs a test on both engines.
func onBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, sqliteURL(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, pgtest.URL(t))
	})
}

func sqliteURL(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "thimble.db")
}

// sqliteNode is for tests of what does not depend on the engine.
func sqliteNode(t testing.TB) node {
	t.Helper()
	return newCluster(t, sqliteURL(t)).node()
}

func mustReload(t *testing.T, nodes ...node) {
	t.Helper()
	for _, n := range nodes {
		if err := n.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func mustSign(t testing.TB, n node, env ids.Env, claims string) string {
	t.Helper()
	token, err := n.SignJWT(env, []byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func mustVerify(t *testing.T, n node, token, claims string) {
	t.Helper()
	got, err := n.VerifyJWT(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != claims {
		t.Fatalf("claims: got %s, want %s", got, claims)
	}
}

func kids(n node, env ids.Env) []string {
	var all []string
	for _, k := range n.JWKS(env) {
		all = append(all, k.KeyID)
	}
	return all
}

func ringRows(t *testing.T, db *store.DB) []store.RingKey {
	t.Helper()
	var rows []store.RingKey
	err := db.Read(t.Context(), func(tx *store.Tx) (err error) {
		rows, err = tx.RingKeys(t.Context())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func wantError(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("error: got %v, want %v", got, want)
	}
}

func TestNodesThatStartTogetherHaveOneRing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		c := &cluster{t: t, url: url}
		c.master, _ = NewMaster()
		nodes := make([]node, 4)
		for i := range nodes {
			nodes[i].db = c.connect()
		}

		var all sync.WaitGroup
		for i := range nodes {
			all.Go(func() {
				var err error
				if nodes[i].Ring, err = Open(t.Context(), nodes[i].db, c.master); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if t.Failed() {
			return
		}

		if rows := ringRows(t, nodes[0].db); len(rows) != len(purposes) {
			t.Errorf("the ring has %d keys, want %d", len(rows), len(purposes))
		}
		for _, n := range nodes {
			for _, env := range []ids.Env{ids.Test, ids.Live} {
				if diff := cmp.Diff(kids(nodes[0], env), kids(n, env)); diff != "" {
					t.Errorf("%s keys differ (-first +other):\n%s", env, diff)
				}
				mustVerify(t, n, mustSign(t, nodes[0], env, `{"a":1}`), `{"a":1}`)
			}
		}
	})
}

func TestOpenWithAnotherMasterKey(t *testing.T) {
	t.Parallel()
	c := newCluster(t, sqliteURL(t))
	db := c.connect()
	// With a purpose missing, an open that does not look first would add its own key.
	execSQL(t, db, "drop_mac", `DELETE FROM ring_keys WHERE purpose = 'mac'`)
	before := ringRows(t, db)

	other, _ := NewMaster()
	_, err := Open(t.Context(), db, other)
	wantError(t, err, ErrWrongMaster)
	if diff := cmp.Diff(before, ringRows(t, db)); diff != "" {
		t.Errorf("the ring was changed (-before +after):\n%s", diff)
	}

	n := c.node()
	if !n.CheckMAC("p", "t", n.MAC("p", "t")) {
		t.Error("a purpose that had no key did not get one")
	}
}

func execSQL(t *testing.T, db *store.DB, name, text string, args ...any) {
	t.Helper()
	s := sqldb.Dynamic(name, text)
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		n, err := tx.Exec(t.Context(), s, args...)
		if err == nil && n == 0 {
			err = errors.New("no row was touched")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestStoredVerificationKey: whoever can write to the database alone cannot make the server trust a key of their own.
func TestStoredVerificationKey(t *testing.T) {
	t.Parallel()
	c := newCluster(t, sqliteURL(t))
	db := c.connect()
	for _, row := range ringRows(t, db) {
		if row.Purpose == store.PurposeSignLive {
			execSQL(t, db, "swap", `UPDATE ring_keys SET public = $1 WHERE purpose = 'sign-test'`, row.Public)
		}
	}
	_, err := Open(t.Context(), db, c.master)
	wantError(t, err, ErrDamaged)
}

func TestMovedSecret(t *testing.T) {
	t.Parallel()
	for _, column := range []string{"purpose", "version", "id"} {
		t.Run(column, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, sqliteURL(t))
			db := c.connect()
			switch column {
			case "version":
				execSQL(t, db, "move", `UPDATE ring_keys SET version = 2 WHERE purpose = 'token'`)
			case "id":
				execSQL(t, db, "move", `UPDATE ring_keys SET id = 'token-x' WHERE purpose = 'token'`)
			case "purpose":
				execSQL(t, db, "drop", `DELETE FROM ring_keys WHERE purpose = 'mac'`)
				execSQL(t, db, "move", `UPDATE ring_keys SET purpose = 'mac' WHERE purpose = 'token'`)
			}
			_, err := Open(t.Context(), db, c.master)
			wantError(t, err, ErrDamaged)
		})
	}
}
