package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing/fstest"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
)

// bareEnv makes this program the bare handler: its value is the file with the answer's body, and the address to listen
// on is in bareEnv_ADDRESS.
const bareEnv = "THIMBLE_BENCH_BARE"

// serveBare answers every request with the same bytes, after reading it: what net/http and the machine cost without us.
func serveBare(address, file string) error {
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	length := []string{strconv.Itoa(len(body))}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header()["Content-Type"] = []string{"application/json"}
		w.Header()["Content-Length"] = length
		_, _ = w.Write(body)
	})
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return (&http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}).Serve(listener)
}

// startBare starts this program as the bare handler, in a process of its own as the server is.
func startBare(ctx context.Context, file string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), bareEnv+"="+file, bareEnv+"_ADDRESS="+address)
	log, err := openLog()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	s := &server{address: address, process: cmd.Process, ended: make(chan error, 1), log: log}
	go func() { s.ended <- cmd.Wait() }()
	return s, s.waitReady()
}

// signatures gives how many RSA-2048 signatures as in a session JWT so many goroutines make per second.
func signatures(goroutines int, length time.Duration) (float64, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return 0, err
	}
	return perSecond(goroutines, length, func(worker, n int) error {
		digest := sha256.Sum256([]byte{byte(worker), byte(n), byte(n >> 8), byte(n >> 16)})
		_, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		return err
	})
}

var (
	floorSchema = fstest.MapFS{"0001_floor.sql": {Data: []byte(
		"CREATE TABLE floor (id TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)\n--sqlite WITHOUT ROWID\n;\n")}}
	sqlInsertFloor = sqldb.SQL("insert_floor", `INSERT INTO floor (id, value) VALUES ($1, $2)`)
)

// inserts gives how many rows so many goroutines make durable per second, each in a transaction of its own that the
// engine may group with others.
func inserts(ctx context.Context, database string, goroutines int, length time.Duration) (rate float64, err error) {
	db, err := sqldb.Open(ctx, database, sqldb.Options{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := sqldb.Migrate(ctx, db, floorSchema); err != nil {
		return 0, err
	}
	return perSecond(goroutines, length, func(int, int) error {
		return db.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, sqlInsertFloor, ids.NewUUID(tx.Now()).String(), "a row of a hundred bytes or so")
			return err
		})
	})
}

// perSecond runs f over and over in so many goroutines and gives how often it ended well per second.
func perSecond(goroutines int, length time.Duration, f func(worker, n int) error) (float64, error) {
	var (
		group   sync.WaitGroup
		done    atomic.Int64
		failure atomic.Pointer[error]
	)
	began := time.Now()
	for worker := range goroutines {
		group.Go(func() {
			for n := 0; time.Since(began) < length; n++ {
				if err := f(worker, n); err != nil {
					failure.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	group.Wait()
	if err := failure.Load(); err != nil {
		return 0, fmt.Errorf("measure a floor: %w", *err)
	}
	return float64(done.Load()) / time.Since(began).Seconds(), nil
}

// processors is how many this machine lets us use. The driver runs on one thread more: see tuned.Tune.
func processors() int { return runtime.NumCPU() }
