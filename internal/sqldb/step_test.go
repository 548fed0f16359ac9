package sqldb

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
)

// Steps of one transaction have times of their own, and the one that fails leaves nothing.
func TestSteps(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	db := open(t, sqliteURL(t), Options{Clock: func() time.Time { return clock }, Throwaway: true})
	ctx, wrong := t.Context(), errors.New("wrong")

	var times []time.Duration
	var hooks []string
	err := db.Write(ctx, func(tx *Tx) error {
		step := func(id string, fail error) error {
			clock = clock.Add(time.Hour)
			return tx.Step(func() error {
				times = append(times, tx.Now().Sub(clock))
				tx.AfterCommit(func() { hooks = append(hooks, id) })
				if _, err := tx.Exec(ctx, sqlInsert, id, id, 1, true, []byte(id)); err != nil {
					return err
				}
				return fail
			})
		}
		if err := step("first", nil); err != nil {
			return err
		}
		if err := step("second", wrong); !errors.Is(err, wrong) {
			t.Errorf("a step that fails gives %v", err)
		}
		if err := step("first", nil); !errors.Is(err, ErrUnique) {
			t.Errorf("a statement that fails gives %v", err)
		}
		err := tx.Step(func() error {
			tx.Later(sqlSetN, 1, "nobody", 1)
			return nil
		})
		if !errors.Is(err, ErrConflict) {
			t.Errorf("a count that is not the wanted one gives %v", err)
		}
		return step("third", nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]time.Duration{0, 0, 0, 0}, times); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"first", "third"}, hooks); diff != "" {
		t.Errorf("hooks (-want +got):\n%s", diff)
	}
	var there []string
	err = db.Read(ctx, func(tx *Tx) error {
		return tx.Query(ctx, sqlIDs, nil, func(scan func(...any) error) error {
			there = append(there, "")
			return scan(&there[len(there)-1])
		})
	})
	if diff := cmp.Diff([]string{"first", "third"}, there); diff != "" || err != nil {
		t.Errorf("%v, rows (-want +got):\n%s", err, diff)
	}
}

func TestStepsAndThrowawayNeedSQLite(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	if _, err := Open(t.Context(), url, Options{Throwaway: true}); err == nil {
		t.Error("PostgreSQL opens a database to throw away")
	}
	db := open(t, url, Options{})
	err := db.Write(t.Context(), func(tx *Tx) error { return tx.Step(func() error { return nil }) })
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a step on PostgreSQL: %v", err)
	}
	if err := db.Read(t.Context(), func(tx *Tx) error { return tx.Step(nil) }); !errors.Is(err, ErrReadOnly) {
		t.Errorf("a step of a read: %v", err)
	}
}
