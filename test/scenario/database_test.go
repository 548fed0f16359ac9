package scenario

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// began is the time at which bubbles begin.
var began = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// prototype is what every story begins with, made once: RSA keys and schemas are dear.
type prototype struct {
	master keys.Master
	ring   []store.RingKey
	file   []byte // a SQLite database with schema and ring
}

var proto = sync.OnceValue(func() *prototype {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "prototype")
	must(err)
	defer func() { must(os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "thimble.db")
	// A ring must not be from the future of the bubbles.
	db, err := store.Open(ctx, "sqlite:"+path, sqldb.Options{Clock: func() time.Time { return began }})
	must(err)

	var p prototype
	p.master, _ = keys.NewMaster()
	_, err = keys.Open(ctx, db, p.master)
	must(err)
	must(db.Read(ctx, func(tx *store.Tx) (err error) {
		p.ring, err = tx.RingKeys(ctx)
		return err
	}))
	must(db.Close())
	p.file, err = os.ReadFile(path)
	must(err)
	return &p
})

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// databases are those of one test function: each bubble has one to itself while it runs. Making one on PostgreSQL takes
// longer than most stories, so one that a story left behind is emptied for the next.
type databases struct {
	t    testing.TB
	mu   sync.Mutex
	free []string
}

// both runs a test on each engine, in a bubble with its own time.
func (d *databases) both(t *testing.T, test func(t *testing.T, url string)) {
	onSQLite(t, "sqlite", test)
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := d.postgres()
		synctest.Test(t, func(t *testing.T) { test(t, url) })
		if !t.Failed() {
			d.giveBack(url)
		}
	})
}

// onSQLite runs a test on a database that nobody has used, in a bubble with its own time.
func onSQLite(t *testing.T, name string, test func(t *testing.T, url string)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "thimble.db")
		if err := os.WriteFile(path, proto().file, 0o600); err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) { test(t, "sqlite:"+path) })
	})
}

func (d *databases) postgres() string {
	d.mu.Lock()
	if n := len(d.free); n > 0 {
		url := d.free[n-1]
		d.free = d.free[:n-1]
		d.mu.Unlock()
		return url
	}
	d.mu.Unlock()

	url := pgtest.URL(d.t)
	db := d.open(url)
	ctx := d.t.Context()
	err := db.Write(ctx, func(tx *store.Tx) error {
		for i := range proto().ring {
			tx.OfferRingKey(&proto().ring[i])
		}
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.close(db)
	return url
}

func (d *databases) giveBack(url string) {
	db := d.open(url)
	storetest.Empty(d.t, db)
	d.close(db)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.free = append(d.free, url)
}

func (d *databases) open(url string) *store.DB {
	db, err := store.Open(d.t.Context(), url, sqldb.Options{MaxConns: 1})
	if err != nil {
		d.t.Fatal(err)
	}
	return db
}

func (d *databases) close(db *store.DB) {
	if err := db.Close(); err != nil {
		d.t.Error(err)
	}
}
