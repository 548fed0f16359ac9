package password_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/password"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

// TestRefusalsLookAlike measures wrong passwords, of members with and without a password and of addresses that nobody
// has: the same error, the same statements, the same time.
//
// It measures, so it runs before those that run at once. The bounds leave room for a busy machine: without a hash the
// answer would come twenty times sooner.
func TestRefusalsLookAlike(t *testing.T) {
	names := []string{"ada", "bob", "nobody", "md5"}
	engines(t, store.ProjectSettings{LockAfter: 100}, func(w *world) {
		const rounds = 12
		work, best := map[string][2]int64{}, map[string]time.Duration{}
		for range rounds {
			for _, name := range names {
				ctx, trips := sqldb.WithTrips(w.Context())
				start := time.Now()
				_, err := w.service.Authenticate(ctx, w.project, password.Authenticate{
					Organization: ids.OrgRef(w.org.ID), Email: name + "@example.com", Password: "wrong",
				})
				took := time.Since(start)
				refusal, ok := errors.AsType[*errs.Error](err)
				if !ok || !cmp.Equal(*refusal, *errs.UnauthorizedCredentials, cmp.AllowUnexported(errs.Error{})) {
					w.Fatalf("%s: %v, want nothing but unauthorized_credentials", name, err)
				}
				if best[name] == 0 || took < best[name] {
					best[name] = took // the least is what the work takes, the rest is the machine's
				}
				work[name] = [2]int64{trips.RoundTrips.Load(), trips.Statements.Load()}
			}
		}
		for _, name := range names {
			if work[name] != work["ada"] {
				w.Errorf("%s takes %v round trips and statements, ada %v", name, work[name], work["ada"])
			}
			if ratio := float64(best[name]) / float64(best["ada"]); ratio < 0.4 || ratio > 2.5 {
				w.Errorf("%s takes %v, ada %v", name, best[name], best["ada"])
			}
		}
		w.Logf("wrong passwords: %v, %v", best, work["ada"])
	})
}

// TestResetsLookAlike sends discovery resets to addresses that somebody has and that nobody has: the same answer, the
// same statements, and the mail leaves after the answer.
func TestResetsLookAlike(t *testing.T) {
	t.Parallel()
	engines(t, store.ProjectSettings{CrossOrgPasswords: true}, func(w *world) {
		var work [][2]int64
		for _, name := range []string{"ada", "bob", "nobody"} {
			ctx, trips := sqldb.WithTrips(w.Context())
			err := w.service.StartDiscoveryReset(ctx, w.project, password.Start{Email: name + "@example.com"})
			w.check(err)
			work = append(work, [2]int64{trips.RoundTrips.Load(), trips.Statements.Load()})
		}
		if len(slices.Compact(work)) != 1 {
			w.Errorf("round trips and statements differ: %v", work)
		}
	})
}

// TestLeaving: a caller who hangs up while waiting for a worker was counted and not compared, and gets the attempt back.
func TestLeaving(t *testing.T) {
	t.Parallel()
	engines(t, store.ProjectSettings{LockAfter: 1}, func(w *world) {
		var busy, workers sync.WaitGroup
		release := make(chan struct{})
		busy.Add(w.service.Pool.Workers)
		for range w.service.Pool.Workers {
			workers.Go(func() {
				_ = w.service.Pool.Do(context.Background(), func() {
					busy.Done()
					<-release
				})
			})
		}
		busy.Wait()
		ctx, leave := context.WithCancel(w.Context())
		left := make(chan error)
		go func() {
			_, err := w.service.Authenticate(ctx, w.project, password.Authenticate{
				Organization: ids.OrgRef(w.org.ID), Email: "ada@example.com", Password: good,
			})
			left <- err
		}()
		for w.failures("ada") == 0 {
			runtime.Gosched()
		}
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			w.Errorf("%v, want canceled", err)
		}
		close(release)
		workers.Wait()
		if n := w.failures("ada"); n != 0 {
			w.Errorf("%d failures are counted, want none", n)
		}
		w.check(w.login("ada", good))
	})
}

// failures gives how many attempts are counted against a member.
func (w *world) failures(name string) (n int64) {
	w.Helper()
	w.check(w.db.Read(w.Context(), func(tx *store.Tx) (err error) {
		n, _, err = tx.PrimaryLock(w.Context(), w.members[name].ID, store.MethodPassword)
		return err
	}))
	return n
}
