//go:build unix

// Package pgtest gives tests databases on a real PostgreSQL: one started in a throw-away folder for the life of the test
// binary, or the one that THIMBLE_TEST_POSTGRES_URL names.
package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Env names the environment variable with the URL of a server to use instead of starting one. Its user must be allowed to
// create databases.
const Env = "THIMBLE_TEST_POSTGRES_URL"

const install = `PostgreSQL tests need a server: install one (Debian: apt-get install postgresql), or set ` + Env +
	` to the URL of one whose user may create databases`

var shared struct {
	once sync.Once
	url  string // of a database that is only used to make others
	err  error
}

// URL returns the URL of a fresh, empty database, dropped when the test ends. It never skips: without a server the test
// fails and says what to install. Inside a synctest bubble it must not be called; call it before.
func URL(t testing.TB) string {
	t.Helper()
	shared.once.Do(func() {
		shared.url = os.Getenv(Env)
		if shared.url == "" {
			shared.url, shared.err = start()
		}
	})
	if shared.err != nil {
		t.Fatalf("%v\n%s", shared.err, install)
	}

	name := "thimble_" + strings.ToLower(rand.Text()[:16])
	if err := run("CREATE DATABASE " + name); err != nil {
		t.Fatalf("make a database for the test: %v\n%s", err, install)
	}
	t.Cleanup(func() {
		if err := run("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return withDatabase(shared.url, name)
}

// run has the server execute one statement outside any test's database.
func run(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgconn.Connect(ctx, shared.url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	return conn.Exec(ctx, sql).Close()
}

func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		// run has parsed it already.
		panic(fmt.Sprintf("pgtest: %s: %v", Env, err))
	}
	u.Path = "/" + name
	return u.String()
}
