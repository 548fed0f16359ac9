package sqldb

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// slowDisk makes each sync of the log wait until the test lets it go, with an error or none.
func slowDisk(db *DB) (syncing chan struct{}, let chan error) {
	syncing, let = make(chan struct{}), make(chan error)
	log := db.on.(*sqlite).writer.disk.log
	log.sync = func(file *os.File) error {
		syncing <- struct{}{}
		if err := <-let; err != nil {
			return err
		}
		return syncData(file)
	}
	return syncing, let
}

func answers(t *testing.T, db *DB, id string) chan error {
	t.Helper()
	answer := make(chan error, 1)
	go func() {
		answer <- db.Write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), sqlAdd, id)
			return err
		})
	}()
	return answer
}

// committed waits until the row can be read.
func committed(t *testing.T, db *DB, id string) {
	t.Helper()
	for !strings.Contains(strings.Join(allIDs(t, db), " "), id) {
		runtime.Gosched()
	}
}

// A write is answered after a sync that began after its commit, and the writer does not wait for it.
func TestAnsweredWhenOnDisk(t *testing.T) {
	t.Parallel()
	db := open(t, sqliteURL(t), Options{})
	syncing, let := slowDisk(db)

	first := answers(t, db, "first")
	<-syncing
	second, third := answers(t, db, "second"), answers(t, db, "third")
	committed(t, db, "second")
	committed(t, db, "third")
	for i, answer := range []chan error{first, second, third} {
		select {
		case err := <-answer:
			t.Errorf("write %d was answered before the log was synced: %v", i+1, err)
		default:
		}
	}

	let <- nil
	must(t, <-first)
	<-syncing // one for both, which came after the first had begun
	select {
	case err := <-second:
		t.Errorf("the second write was answered by a sync that began before its commit: %v", err)
	default:
	}
	let <- nil
	must(t, <-second)
	must(t, <-third)
}

// Closing waits for what is committed to reach the disk.
func TestCloseSyncs(t *testing.T) {
	t.Parallel()
	db := open(t, sqliteURL(t), Options{})
	var synced atomic.Bool
	engine := db.on.(*sqlite)
	begun := make(chan struct{})
	engine.writer.disk.log.sync = func(file *os.File) error {
		close(begun)
		<-engine.closing
		for range 100 {
			runtime.Gosched()
		}
		synced.Store(true)
		return syncData(file)
	}
	answer := answers(t, db, "last")
	<-begun
	must(t, db.Close())
	if !synced.Load() {
		t.Error("closed before the last write was on disk")
	}
	must(t, <-answer)
}

// After a sync that failed nobody knows what is on disk, however well later ones go: no write is answered with nil any
// more, and readiness fails, until the database is opened again.
func TestSyncFails(t *testing.T) {
	t.Parallel()
	url := sqliteURL(t)
	db := open(t, url, Options{Logger: discard})
	add(t, db, "before")
	broken := errors.New("the disk is gone")
	fails := true
	db.on.(*sqlite).writer.disk.log.sync = func(file *os.File) error {
		if fails {
			fails = false
			return broken
		}
		return syncData(file)
	}

	err := <-answers(t, db, "lost")
	wantErr(t, err, ErrCommitUnknown)
	wantErr(t, err, broken)
	for range 2 {
		wantErr(t, <-answers(t, db, "later"), ErrReadOnly)
	}
	wantErr(t, db.Ping(t.Context()), broken)
	must(t, db.Close())

	db = open(t, url, Options{})
	add(t, db, "again")
	must(t, db.Ping(t.Context()))
	if got := fmt.Sprint(allIDs(t, db)); strings.Contains(got, "later") {
		t.Errorf("a write that was refused was kept: %s", got)
	}
}

// The log is emptied beside the writer, and begins anew.
func TestCheckpoints(t *testing.T) {
	t.Parallel()
	url := sqliteURL(t)
	db := open(t, url, Options{})
	writeMuch(t, db)
	path := strings.TrimPrefix(url, "sqlite:")
	if size, most := sizeOf(t, path+"-wal"), int64(5*checkpointPages/2*4096); size > most {
		t.Errorf("the log has %d MiB after 160 MiB were written, want %d at most", size>>20, most>>20)
	}
	if size := sizeOf(t, path); size < 10<<20 {
		t.Errorf("the file has %d bytes, so that nothing was copied to it", size)
	}
}

// While somebody always reads, the log may grow, but not for ever.
func TestCheckpointsBesideReaders(t *testing.T) {
	t.Parallel()
	url := sqliteURL(t)
	db := open(t, url, Options{})
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					allIDs(t, db)
				}
			}
		})
	}
	writeMuch(t, db)
	close(done)
	readers.Wait()
	if size, most := sizeOf(t, strings.TrimPrefix(url, "sqlite:")+"-wal"), int64(7*checkpointPages*4096); size > most {
		t.Errorf("the log has %d MiB after 160 MiB were written, want %d at most", size>>20, most>>20)
	}
}

// writeMuch writes 160 MiB into ten rows.
func writeMuch(t *testing.T, db *DB) {
	t.Helper()
	for i := range 160 {
		must(t, db.Write(t.Context(), func(tx *Tx) error {
			id := fmt.Sprintf("big%d", i%10)
			if i < 10 {
				tx.Later(sqlAdd, 1, id)
			}
			_, err := tx.Exec(t.Context(), SQLText("UPDATE items SET data = $2 WHERE id = $1"), id, bytes.Repeat([]byte{byte(i)}, 1<<20))
			return err
		}))
	}
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	file, err := os.Stat(path)
	must(t, err)
	return file.Size()
}
