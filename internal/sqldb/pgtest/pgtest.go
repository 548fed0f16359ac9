//go:build unix

// Package pgtest gives tests databases on a real PostgreSQL: one started in a throw-away folder for the life of the
// test binary, or the one that THIMBLE_TEST_POSTGRES_URL names.
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

// Env names the environment variable with the URL of a server to use instead of starting one. Its user must be
// allowed to create databases.
const Env = "THIMBLE_TEST_POSTGRES_URL"

const install = `PostgreSQL tests need a server: install one (Debian: apt-get install postgresql), or set ` + Env +
	` to the URL of one whose user may create databases`

var shared struct {
	once sync.Once
	url  string // of a database that is only used to make others
	err  error
	ours bool // the server was started here and nobody cleans up after it

	mu   sync.Mutex
	free []string // databases of ours that have been emptied
}

// URL returns the URL of an empty database, the test's own until it ends. It never skips: without a server the test
// fails and says what to install. Inside a synctest bubble it must not be called; call it before.
func URL(t testing.TB) string {
	t.Helper()
	if err := serve(); err != nil {
		t.Fatalf("%v\n%s", err, install)
	}
	name, err := take()
	if err != nil {
		t.Fatalf("make a database for the test: %v\n%s", err, install)
	}
	t.Cleanup(func() {
		if err := giveBack(name); err != nil {
			t.Errorf("clear the test's database away: %v", err)
		}
	})
	return withDatabase(shared.url, name)
}

// Database is URL for a program that is no test, such as a benchmark: the database stays, and a server that was started
// for it ends with the program.
func Database() (string, error) {
	if err := serve(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, install)
	}
	name, err := take()
	if err != nil {
		return "", fmt.Errorf("make a database: %w\n%s", err, install)
	}
	return withDatabase(shared.url, name), nil
}

// serve makes sure that there is a server.
func serve() error {
	shared.once.Do(func() {
		shared.url = os.Getenv(Env)
		if shared.url == "" {
			shared.ours = true
			shared.url, shared.err = start()
		}
	})
	return shared.err
}

// take returns the name of an empty database. Emptying a used one takes a tenth of the time of making one.
func take() (string, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if n := len(shared.free); n > 0 {
		name := shared.free[n-1]
		shared.free = shared.free[:n-1]
		return name, nil
	}
	name := "thimble_" + strings.ToLower(rand.Text()[:16])
	return name, run(shared.url, "CREATE DATABASE "+name)
}

func giveBack(name string) error {
	if !shared.ours {
		return run(shared.url, "DROP DATABASE "+name+" WITH (FORCE)")
	}
	err := run(withDatabase(shared.url, name), `
		SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid();
		DROP SCHEMA public CASCADE;
		CREATE SCHEMA public`)
	if err != nil {
		return err
	}
	shared.mu.Lock()
	defer shared.mu.Unlock()
	shared.free = append(shared.free, name)
	return nil
}

// run has the server execute statements in the database of the URL.
func run(url, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	return conn.Exec(ctx, sql).Close()
}

func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		// pgconn has parsed it already.
		panic(fmt.Sprintf("pgtest: %s: %v", Env, err))
	}
	u.Path = "/" + name
	return u.String()
}
