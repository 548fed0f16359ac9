package sqldb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hold blocks the writer, so that the writes started before release form one group.
func hold(t *testing.T, db *DB) (release func()) {
	t.Helper()
	held, free := make(chan struct{}), make(chan struct{})
	var once sync.Once // it may run again, when the group comes apart
	var wg sync.WaitGroup
	wg.Go(func() {
		must(t, db.Write(t.Context(), func(*Tx) error {
			once.Do(func() { close(held) })
			<-free
			return nil
		}))
	})
	<-held
	return func() { close(free); wg.Wait() }
}

// queued waits until n calls wait for the writer.
func queued(db *DB, n int) {
	for len(db.on.(*sqlite).writer.calls) < n {
		runtime.Gosched()
	}
}

// fill leaves room for some more pages in the file.
func fill(t *testing.T, db *DB, room int) {
	t.Helper()
	ctx := t.Context()
	var pages, limit int64
	must(t, db.Read(ctx, func(tx *Tx) error { return tx.QueryRow(ctx, SQLText("PRAGMA page_count"), nil, &pages) }))
	must(t, db.Write(ctx, func(tx *Tx) error {
		return tx.QueryRow(ctx, SQLText(fmt.Sprintf("PRAGMA max_page_count = %d", pages+int64(room))), nil, &limit)
	}))
}

var big = []byte(strings.Repeat("x", 1<<20))

// One call of a group fills the disk, and SQLite undoes the whole group. All others are kept all the same.
func TestGroupDiskFull(t *testing.T) {
	t.Parallel()
	db := open(t, sqliteURL(t), Options{})
	fill(t, db, 20)
	ctx := t.Context()

	release := hold(t, db)
	var runs [9]atomic.Int64
	var hooks atomic.Int64
	var wg sync.WaitGroup
	for i := range 9 {
		id := fmt.Sprintf("call%d", i)
		wg.Go(func() {
			err := db.Write(ctx, func(tx *Tx) error {
				runs[i].Add(1)
				tx.AfterCommit(func() { hooks.Add(1) })
				data := []byte("small")
				if i == 4 {
					data = big
				}
				_, err := tx.Exec(ctx, sqlInsert, id, id, i, true, data)
				if i == 4 {
					// A function that goes on after the disk was full must not have this committed by itself.
					_, _ = tx.Exec(ctx, sqlAdd, "stray")
					return nil
				}
				return err
			})
			if (err != nil) != (i == 4) {
				t.Errorf("call %d: %v", i, err)
			}
		})
		queued(db, i+1)
	}
	release()
	wg.Wait()

	want := []string{"call0", "call1", "call2", "call3", "call5", "call6", "call7", "call8"}
	if diff := cmp.Diff(want, allIDs(t, db)); diff != "" {
		t.Errorf("rows (-want +got): %s", diff)
	}
	// Those before it ran in the group and alone, those after it once.
	got := make([]int64, len(runs))
	for i := range runs {
		got[i] = runs[i].Load()
	}
	if diff := cmp.Diff([]int64{2, 2, 2, 2, 2, 1, 1, 1, 1}, got); diff != "" {
		t.Errorf("runs (-want +got): %s", diff)
	}
	if hooks.Load() != 8 {
		t.Errorf("%d hooks ran, want 8", hooks.Load())
	}
}

// A call that fails leaves nothing, the others of its group stay. Only when it had written something do they run again,
// and then not for every call that does so after it.
func TestGroupOneFails(t *testing.T) {
	t.Parallel()
	db := open(t, sqliteURL(t), Options{})
	ctx := t.Context()
	own := errors.New("own")

	group := func(name string, wrote bool) (runs [5]int) {
		release := hold(t, db)
		var wg sync.WaitGroup
		for i := range runs {
			id := fmt.Sprintf("%s%d", name, i)
			wg.Go(func() {
				err := db.Write(ctx, func(tx *Tx) error {
					runs[i]++
					if i == 2 && !wrote {
						_, _ = tx.Exec(ctx, sqlSetN, "none", 1) // which touches nothing
						return own
					}
					tx.Later(sqlAdd, 1, id)
					if i == 2 {
						return own
					}
					return nil
				})
				if errors.Is(err, own) != (i == 2) || err != nil && i != 2 {
					t.Errorf("%s: %v", id, err)
				}
			})
			queued(db, i+1)
		}
		release()
		wg.Wait()
		return runs
	}
	got := [][5]int{group("a", false), group("b", true), group("c", true)}
	want := [][5]int{{1, 1, 1, 1, 1}, {2, 2, 2, 1, 1}, {1, 1, 1, 1, 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("runs (-want +got): %s", diff)
	}
	kept := strings.Fields("a0 a1 a3 a4 b0 b1 b3 b4 c0 c1 c3 c4")
	if diff := cmp.Diff(kept, allIDs(t, db)); diff != "" {
		t.Errorf("rows (-want +got): %s", diff)
	}
}

// Whatever happens around it: a Write that returned nil is there, one that returned an error is not.
func TestGroupRace(t *testing.T) {
	t.Parallel()
	url := sqliteURL(t)
	db := open(t, url, Options{Logger: discard})
	fill(t, db, 200)
	own := errors.New("own")

	var mu sync.Mutex
	var kept []string
	outcomes := map[string]int{}
	var wg sync.WaitGroup
	for caller := range 32 {
		wg.Go(func() {
			for i := range 60 {
				id := fmt.Sprintf("%d-%d", caller, i)
				how := []string{"plain", "plain", "fails", "panics", "full", "leaves", "twice", "conflicts"}[rand.IntN(8)]
				err := misbehave(t, db, how, id, own)
				mu.Lock()
				if err == nil {
					kept = append(kept, id)
					outcomes[how+" kept"]++
				} else {
					outcomes[how+" refused"]++
				}
				mu.Unlock()
				switch how {
				case "plain":
					must(t, err)
				case "fails":
					wantErr(t, err, own)
				case "twice":
					wantErr(t, err, ErrUnique)
				case "conflicts":
					wantErr(t, err, ErrConflict)
				case "panics", "full":
					if err == nil {
						t.Errorf("%s: no error", how)
					}
				case "leaves":
					if err != nil {
						wantErr(t, err, context.Canceled)
					}
				}
			}
		})
	}
	wg.Wait()
	t.Log(outcomes)

	slices.Sort(kept)
	if diff := cmp.Diff(kept, allIDs(t, db)); diff != "" {
		t.Errorf("rows (-answered with nil +in the file): %s", diff)
	}
	must(t, db.Close())
	if diff := cmp.Diff(kept, allIDs(t, open(t, url, Options{}))); diff != "" {
		t.Errorf("rows after opening again: %s", diff)
	}
}

func misbehave(t *testing.T, db *DB, how, id string, own error) error {
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	if how == "leaves" {
		go leave() // before, while or after it runs
	}
	committed := false
	err := db.Write(ctx, func(tx *Tx) error {
		tx.AfterCommit(func() { committed = true })
		if _, err := tx.Exec(ctx, sqlAdd, id); err != nil {
			return err
		}
		switch how {
		case "fails":
			return own
		case "panics":
			panic("boom")
		case "full":
			_, err := tx.Exec(ctx, sqlInsert, id+"big", id+"big", 0, true, big)
			return err
		case "twice":
			tx.Later(sqlAdd, 1, id)
		case "conflicts":
			tx.Later(sqlSetN, 1, "none", 1)
		}
		return nil
	})
	if committed != (err == nil) {
		t.Errorf("%s: the hook ran: %v, but the error is %v", how, committed, err)
	}
	return err
}

// Calls that wait together share one commit, and are answered after it.
func TestGroupSharesCommit(t *testing.T) {
	t.Parallel()
	url := sqliteURL(t)
	db := open(t, url, Options{})
	release := hold(t, db)

	order := make(chan string, 100)
	var wg sync.WaitGroup
	for i := range 10 {
		id := fmt.Sprintf("%d", i)
		wg.Go(func() {
			must(t, db.Write(t.Context(), func(tx *Tx) error {
				order <- "run"
				tx.Later(sqlAdd, 1, id)
				tx.AfterCommit(func() {
					if len(allIDs(t, db)) != 10 {
						t.Error("a hook ran before the group's commit")
					}
					order <- "hook"
				})
				return nil
			}))
		})
		queued(db, i+1)
	}
	release()
	wg.Wait()
	close(order)

	var got []string
	for s := range order {
		got = append(got, s)
	}
	want := append(slices.Repeat([]string{"run"}, 10), slices.Repeat([]string{"hook"}, 10)...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got): %s", diff)
	}
}

// t.Fatal inside a function ends the goroutine it runs on. It must not take the writer and all other callers with it.
func TestGroupGoexit(t *testing.T) {
	t.Parallel()
	db := open(t, sqliteURL(t), Options{})
	for _, others := range []int{0, 3} {
		release := hold(t, db)
		var wg sync.WaitGroup
		for i := range others + 1 {
			id := fmt.Sprintf("%d-%d", others, i)
			wg.Go(func() {
				err := db.Write(t.Context(), func(tx *Tx) error {
					tx.Later(sqlAdd, 1, id)
					if i == others/2 {
						runtime.Goexit()
					}
					return nil
				})
				if (err != nil) != (i == others/2) {
					t.Errorf("call %s: %v", id, err)
				}
			})
			queued(db, i+1)
		}
		release()
		wg.Wait()
	}
	if diff := cmp.Diff([]string{"3-0", "3-2", "3-3"}, allIDs(t, db)); diff != "" {
		t.Error(diff)
	}
}

// A second connection, such as the command line's, may write while the server has the file open.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	url := sqliteURL(t)
	one, two := open(t, url, Options{}), open(t, url, Options{})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() { add(t, one, fmt.Sprintf("one%d", i)) })
		wg.Go(func() { add(t, two, fmt.Sprintf("two%d", i)) })
	}
	wg.Wait()
	if got := len(allIDs(t, one)); got != 40 {
		t.Errorf("%d rows, want 40", got)
	}
}

func TestDurability(t *testing.T) {
	t.Parallel()
	db := open(t, sqliteURL(t), Options{})
	ctx := t.Context()
	var journal string
	var synchronous, foreignKeys, queryOnly int64
	settings := func(tx *Tx) error {
		return errors.Join(
			tx.QueryRow(ctx, SQLText("PRAGMA journal_mode"), nil, &journal),
			tx.QueryRow(ctx, SQLText("PRAGMA synchronous"), nil, &synchronous),
			tx.QueryRow(ctx, SQLText("PRAGMA foreign_keys"), nil, &foreignKeys),
			tx.QueryRow(ctx, SQLText("PRAGMA query_only"), nil, &queryOnly))
	}
	must(t, db.Write(ctx, settings))
	if journal != "wal" || synchronous != 1 || foreignKeys != 1 || queryOnly != 0 {
		t.Errorf("writer: %s, synchronous %d, foreign keys %d, query only %d", journal, synchronous, foreignKeys, queryOnly)
	}
	must(t, db.Read(ctx, settings))
	if journal != "wal" || queryOnly != 1 {
		t.Errorf("reader: %s, query only %d", journal, queryOnly)
	}
}
