package world

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
)

// prototype is what every database begins with, made once: RSA keys and schemas are dear.
type prototype struct {
	master keys.Master
	text   string
	ring   []store.RingKey
	file   []byte // a SQLite database with schema and ring
}

var proto = sync.OnceValues(func() (*prototype, error) {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "prototype")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "thimble.db")
	db, err := store.Open(ctx, "sqlite:"+path, sqldb.Options{})
	if err != nil {
		return nil, err
	}

	var p prototype
	p.master, p.text = keys.NewMaster()
	if _, err = keys.Open(ctx, db, p.master); err != nil {
		return nil, err
	}
	err = db.Read(ctx, func(tx *store.Tx) (err error) {
		p.ring, err = tx.RingKeys(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	p.file, err = os.ReadFile(path)
	return &p, err
})

// MasterKey is the text form of the key that all databases of this package are sealed under.
func MasterKey(t testing.TB) string {
	t.Helper()
	return prototypeOf(t).text
}

func prototypeOf(t testing.TB) *prototype {
	t.Helper()
	p, err := proto()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Engines runs a test on each engine at the same time, each with the URL of a database of its own that holds a schema and
// a key ring, and nothing else.
func Engines(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, Postgres(t))
	})
}

// SQLite gives the URL of a new database file.
func SQLite(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "thimble.db")
	if err := os.WriteFile(path, prototypeOf(t).file, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// Postgres gives the URL of a new database on a server.
func Postgres(t testing.TB) string {
	t.Helper()
	url := pgtest.URL(t)
	db, err := store.Open(t.Context(), url, sqldb.Options{MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		for i := range prototypeOf(t).ring {
			tx.OfferRingKey(&prototypeOf(t).ring[i])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return url
}
