package hook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
	"github.com/thimble-auth/thimble/test/vendors"
)

// rig is a project whose webhooks are programs of the test.
type rig struct {
	*Service
	t       *testing.T
	db      *store.DB
	project *store.Project
	program *vendors.Subscriber
}

func newRig(t *testing.T, db *store.DB, allow ...func(*Options)) *rig {
	t.Helper()
	master, _ := keys.NewMaster()
	ring, err := keys.Open(t.Context(), db, master)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, db: db, project: storetest.Project(t, db, ids.Test), program: vendors.NewSubscriber()}
	r.program.Now = db.Now
	o := Options{
		DB: db, Keys: ring, Logger: slog.New(slog.DiscardHandler),
		HTTP: httpx.New(httpx.Options{Transport: r.program.RoundTripper(), Timeout: callTimeout}),
	}
	for _, f := range allow {
		f(&o)
	}
	r.Service = New(o)
	return r
}

// listen adds a webhook, has the program share its secret, and reads the project again.
func (r *rig) listen(url string, kinds ...string) *store.Webhook {
	r.t.Helper()
	w, text, err := r.Create(r.t.Context(), r.project, "", Change{URL: &url, Kinds: &kinds})
	if err != nil {
		r.t.Fatal(err)
	}
	r.program.Share(append(r.program.Secrets(), text.Reveal())...)
	r.refresh()
	return w
}

func (r *rig) refresh() {
	r.t.Helper()
	err := r.db.Read(r.t.Context(), func(tx *store.Tx) (err error) {
		r.project, err = tx.Project(r.t.Context(), r.project.ID)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// happen tells n members' creation.
func (r *rig) happen(n int) {
	r.t.Helper()
	err := r.db.Write(r.t.Context(), func(tx *store.Tx) error {
		for i := range n {
			event.Tell(tx, r.project, event.Event{Kind: "member.created", MemberID: fmt.Sprint("member-", i)})
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) deliveries(w *store.Webhook, state string) []*store.Delivery {
	r.t.Helper()
	all, err := r.Deliveries(r.t.Context(), r.project, w.ID, "", state, 5000)
	if err != nil {
		r.t.Fatal(err)
	}
	return all
}

// to counts the calls to a host since a time.
func (r *rig) to(host string, since time.Time) int {
	n := 0
	for _, one := range r.program.Calls() {
		if one.Host == host && !one.At.Before(since) {
			n++
		}
	}
	return n
}

// bubble runs the test on both engines in fake time, with the service running.
func bubble(t *testing.T, test func(t *testing.T, r *rig)) {
	storetest.URLs(t, func(t *testing.T, url string) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, storetest.Open(t, url))
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() { r.Run(ctx) })
			test(t, r)
			drain, done := context.WithTimeout(context.Background(), time.Minute)
			defer done()
			if err := r.Drain(drain); err != nil {
				t.Error(err)
			}
			cancel()
			running.Wait()
			if faults := r.program.Faults(); len(faults) > 0 {
				t.Errorf("calls that nobody can trust: %q", faults)
			}
		})
	})
}

// A program that does not answer, with more to tell it than this node has workers, keeps nobody else waiting, and is asked
// less and less often.
func TestDeadDelaysNobody(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, r *rig) {
		dead := r.listen("https://dead.example.com/", "member.*")
		r.program.BehaveTo("dead.example.com", vendors.Hang())
		const many = 1200
		r.happen(many)
		synctest.Wait()
		if n := r.to("dead.example.com", time.Time{}); n != perWebhook {
			t.Errorf("%d calls at once, want %d", n, perWebhook)
		}

		r.listen("https://well.example.com/", "*")
		began := time.Now()
		r.happen(many)
		time.Sleep(3 * time.Second) // less than the first call to the dead one takes
		synctest.Wait()
		if n := r.to("well.example.com", time.Time{}); n != many {
			t.Errorf("%d of %d events were told within %v", n, many, time.Since(began))
		}

		time.Sleep(time.Minute)
		began = time.Now()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := r.to("dead.example.com", began); n < 5 || n > 12 {
			t.Errorf("the dead one was called %d times in ten minutes", n)
		}
		if left := r.deliveries(dead, store.DeliveryPending); len(left) != 2*many {
			t.Errorf("%d of %d events still wait", len(left), 2*many)
		}

		r.program.BehaveTo("dead.example.com", vendors.Behaviour{})
		time.Sleep(time.Hour)
		synctest.Wait()
		if left := r.deliveries(dead, store.DeliveryPending); len(left) != 0 {
			t.Errorf("%d events still wait an hour after it came back", len(left))
		}
	})
}

// What nobody could be told in three days is given up all at once, not one call after the other.
func TestGivesUp(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, r *rig) {
		dead := r.listen("https://dead.example.com/", "member.*")
		r.program.Behave(vendors.Behaviour{Status: 500})
		r.happen(700)
		time.Sleep(10 * time.Second)
		r.db.AdvanceClock(event.Life)
		time.Sleep(time.Minute)
		synctest.Wait()
		if failed := r.deliveries(dead, store.DeliveryFailed); len(failed) != 700 {
			t.Errorf("%d of 700 were given up", len(failed))
		}
	})
}

// Only a commit tells anything, and a transaction that is run again tells once.
func TestRolledBack(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, r *rig) {
		w := r.listen("https://app.example.com/", "*", "member.*", "member.created")
		e := event.Event{Kind: "member.created", MemberID: "member"}
		changed := errors.New("no")
		err := r.db.Write(t.Context(), func(tx *store.Tx) error {
			event.Tell(tx, r.project, e)
			return changed
		})
		if !errors.Is(err, changed) {
			t.Fatal(err)
		}
		runs := 0
		err = r.db.Write(t.Context(), func(tx *store.Tx) error {
			event.Tell(tx, r.project, e)
			if runs++; runs == 1 {
				return store.ErrChanged
			}
			return nil
		})
		if err != nil || runs != 2 {
			t.Fatal(runs, err)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if all := r.deliveries(w, ""); len(all) != 1 || all[0].State != store.DeliveryDelivered {
			t.Errorf("%d deliveries, want one that was delivered", len(all))
		}
		if n := len(r.program.Calls()); n != 1 {
			t.Errorf("%d calls, want one", n)
		}
	})
}

// Of many who add webhooks at once, as many succeed as a project may have, and the project knows what all of them want.
func TestChangesAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		r := newRig(t, db)
		kinds := event.Kinds()
		var all sync.WaitGroup
		var mu sync.Mutex
		var wanted []string
		for i := range MaxWebhooks + 4 {
			all.Go(func() {
				url, kind := "https://app.example.com/", kinds[i%len(kinds)].Name
				for {
					_, _, err := r.Create(t.Context(), r.project, "", Change{URL: &url, Kinds: &[]string{kind}})
					if errors.Is(err, store.ErrChanged) {
						continue // the others were faster, five times
					}
					if err == nil {
						mu.Lock()
						defer mu.Unlock()
						wanted = append(wanted, kind)
					} else if !errors.Is(err, errs.TooManyWebhooks) {
						t.Error(err)
					}
					return
				}
			})
		}
		all.Wait()
		r.refresh()
		slices.Sort(wanted)
		if len(wanted) != MaxWebhooks || !slices.Equal(slices.Compact(wanted), r.project.Listens) {
			t.Errorf("%d webhooks want %v, the project knows of %v", len(wanted), wanted, r.project.Listens)
		}
	})
}

// Nor do rotations at once leave a webhook with more secrets than it may have.
func TestRotationsAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		r := newRig(t, db)
		url := "https://app.example.com/"
		w, _, err := r.Create(t.Context(), r.project, "", Change{URL: &url, Kinds: &[]string{event.All}})
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 4 * MaxSecrets {
			all.Go(func() {
				_, err := r.Rotate(t.Context(), r.project, "", w.ID, time.Hour)
				for errors.Is(err, store.ErrChanged) {
					_, err = r.Rotate(t.Context(), r.project, "", w.ID, time.Hour)
				}
				if err != nil && !errors.Is(err, errs.TooManyWebhookSecrets) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		var held []store.WebhookSecret
		err = db.Read(t.Context(), func(tx *store.Tx) (err error) {
			held, err = tx.WebhookSecrets(t.Context(), w.ID)
			return err
		})
		if n := len(living(held, db.Now())); err != nil || n != MaxSecrets {
			t.Errorf("%d secrets, want %d: %v", n, MaxSecrets, err)
		}
	})
}

// No call goes to an address of our own network, whatever the name says.
func TestPrivateAddress(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		r := newRig(t, db, func(o *Options) { o.HTTP = nil })
		w := r.listen("https://localhost:1/", "*")
		j := &job{Delivery: &store.Delivery{WebhookID: w.ID, EventID: "event-test-1", Payload: "{}"}, webhook: w}
		if out := r.call(t.Context(), j); out.answer != 0 || out.reason != "the address is not a public one" {
			t.Errorf("%+v", out)
		}
		url := "http://app.example.com/"
		_, _, err := r.Create(t.Context(), r.project, "", Change{URL: &url, Kinds: &[]string{"*"}})
		if !errors.Is(err, errs.InvalidWebhookURL) {
			t.Error(err)
		}
	})
}

// The tries of a delivery grow apart, spread over its three days, and end with them.
func TestSchedule(t *testing.T) {
	t.Parallel()
	for range 200 {
		start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
		d := &store.Delivery{Until: start.Add(event.Life)}
		var at []time.Time
		for now := start; !now.IsZero(); now = next(now, d, 0) {
			at = append(at, now)
			d.Attempts = int64(len(at)) - 1
			if len(at) > 50 {
				t.Fatal("it never ends")
			}
		}
		last := at[len(at)-1]
		if len(at) < 12 || len(at) > 18 || last.After(d.Until) || last.Before(d.Until.Add(-13*time.Hour)) {
			t.Fatalf("%d tries, the last one %v before the end", len(at), d.Until.Sub(last))
		}
		if first := at[1].Sub(start); first > firstPause || first < firstPause*3/4 {
			t.Fatalf("the first pause is %v", first)
		}
	}
	now := time.Now()
	if due := next(now, &store.Delivery{Until: now.Add(event.Life)}, time.Hour); due.Sub(now) != time.Hour {
		t.Errorf("the pause that an answer asks for is %v", due.Sub(now))
	}
}
