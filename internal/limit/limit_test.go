package limit_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

func TestLockOf(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	custom := store.ProjectSettings{LockAfter: 3, LockMinutes: 5}
	for _, c := range []struct {
		name     string
		member   store.Member
		settings store.ProjectSettings
		locked   bool
		until    time.Time
	}{
		{"no failures", store.Member{}, store.ProjectSettings{}, false, time.Time{}},
		{"one short", store.Member{MFAFailures: 9, MFALockedAt: ago(time.Minute)}, store.ProjectSettings{}, false, time.Time{}},
		{"at the limit", store.Member{MFAFailures: 10, MFALockedAt: ago(time.Minute)}, store.ProjectSettings{}, true, now.Add(59 * time.Minute)},
		{"the last moment", store.Member{MFAFailures: 10, MFALockedAt: ago(time.Hour - 1)}, store.ProjectSettings{}, true, now.Add(1)},
		{"over", store.Member{MFAFailures: 10, MFALockedAt: ago(time.Hour)}, store.ProjectSettings{}, false, time.Time{}},
		{"own threshold", store.Member{MFAFailures: 3, MFALockedAt: ago(time.Minute)}, custom, true, now.Add(4 * time.Minute)},
		{"own length", store.Member{MFAFailures: 3, MFALockedAt: ago(5 * time.Minute)}, custom, false, time.Time{}},
		{"disabled has no end", store.Member{MFAFailuresTotal: 100, MFALockedAt: ago(48 * time.Hour)}, store.ProjectSettings{}, true, time.Time{}},
		{"99 in total", store.Member{MFAFailuresTotal: 99, MFALockedAt: ago(48 * time.Hour)}, store.ProjectSettings{}, false, time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := limit.LockOf(&c.member, &c.settings, now)
			if got.Locked != c.locked || !got.Until.Equal(c.until) {
				t.Errorf("LockOf = %+v, want locked %t until %v", got, c.locked, c.until)
			}
		})
	}
}

// midday is a clock that stands in the middle of every window, so that none ends during a test.
func midday() time.Time { return time.Date(2026, 11, 22, 12, 34, 56, 500_000, time.UTC) }

// try asks for one send and reports which limit refused it, "" for none.
func try(ctx context.Context, db *store.DB, s limit.Send) (string, error) {
	refused := ""
	err := db.Write(ctx, func(tx *store.Tx) error {
		d, err := limit.Check(ctx, tx, s)
		if err != nil {
			return err
		}
		if refused = d.Limit; d.Refused {
			return nil
		}
		return d.Count(ctx, tx, s.Project)
	})
	return refused, err
}

func strict(t *testing.T, db *store.DB, limits map[string]int64) *store.Project {
	t.Helper()
	p := storetest.Project(t, db, ids.Test)
	p.Settings.EnforceLimits, p.Settings.Limits = true, map[string]int64{}
	for name := range limit.Defaults() {
		p.Settings.Limits[name] = -1
	}
	for name, n := range limits {
		p.Settings.Limits[name] = n
	}
	return p
}

// Many at once get as many places as there are, never one more: on PostgreSQL the transactions really overlap.
func TestRacingSendsShareTheLimit(t *testing.T) {
	t.Parallel()
	storetest.EnginesAt(t, midday, func(t *testing.T, db *store.DB) {
		p := strict(t, db, map[string]int64{limit.MemberPerDay: 5})
		s := limit.Send{Project: p, Organization: "o", Member: "m", Number: phone.Stored("+12025550162")}
		var (
			wg      sync.WaitGroup
			mu      sync.Mutex
			allowed int
		)
		for range 128 {
			wg.Go(func() {
				refused, err := try(t.Context(), db, s)
				if err != nil && !errors.Is(err, store.ErrChanged) {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if err == nil && refused == "" {
					allowed++
				}
			})
		}
		wg.Wait()
		if allowed != 5 {
			t.Errorf("%d sends, want 5", allowed)
		}
	})
}
