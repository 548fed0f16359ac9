package durable

import (
	"crypto/md5" //nolint:gosec // how the system before this one kept passwords
	"encoding/hex"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
	"github.com/thimble-auth/thimble/test/vendors"
	"github.com/thimble-auth/thimble/test/world"
)

const (
	authenticatePassword = "/v1/b2b/passwords/authenticate"
	migratePassword      = "/v1/b2b/passwords/migrate"

	stormers = 200
	// admitted is how many of them have a place on two processors: one works, 64 wait.
	admitted = 65
	// Without a pool requests stand in line behind two hundred hashes: checks and sends take 0.3 to 7 s on average.
	// With it they take 3 to 30 ms, so that there is room for a busy machine.
	prompt = 250 * time.Millisecond
)

// storm is a project in which many log in with passwords while somebody else works.
type storm struct {
	url, organization string
	client            *world.Client
	members           []string
	// Of the one who works.
	worker, session string
}

// TestPasswordStorm has two hundred people log in with their passwords at the same moment. Whoever checks sessions or
// asks for texts meanwhile is served promptly; logins beyond the bound are told when to come back, and are as if they
// had not been.
//
// It measures, so it runs before those that run at once, and one engine after the other.
func TestPasswordStorm(t *testing.T) {
	for name, database := range map[string]func(testing.TB) string{"sqlite": world.SQLite, "postgres": world.Postgres} {
		t.Run(name, func(t *testing.T) {
			s := newStorm(t, database(t))
			server := serve(t, s.url, listen(t, vendors.NewTwilio()), "GOMAXPROCS=2")
			c := server.client(t, s.client)

			over := make(chan struct{})
			var check, send time.Duration
			var probes sync.WaitGroup
			probes.Go(func() {
				check = probe(t, over, c, world.CheckSession, world.J{"session_token": s.session})
			})
			probes.Go(func() {
				send = probe(t, over, c, world.SendSMS, world.J{
					"organization_id": s.organization, "member_id": s.worker, "session_token": s.session,
				})
			})
			began := time.Now()
			answers := s.rage(t, c)
			close(over)
			t.Logf("a storm of %v", time.Since(began))
			probes.Wait()

			t.Logf("a check took %v, a send %v on average", check, send)
			if check > prompt || send > prompt {
				t.Errorf("a check took %v, a send %v on average, want at most %v", check, send, prompt)
			}
			s.judge(t, c, answers)
		})
	}
}

// newStorm fills a database and closes it again.
func newStorm(t *testing.T, url string) *storm {
	t.Helper()
	s := &storm{url: url, members: make([]string, stormers)}
	t.Run("prepare", func(t *testing.T) { // the server ends with its test
		w := world.Open(t, url, sqldb.Options{})
		s.client = w.NewProject(t, ids.Live)
		s.organization = s.client.NewOrganization(t, "Acme")
		s.worker = s.client.NewMember(t, s.organization, ada)
		s.session = w.Story(t, s.client, s.organization, s.worker, ada, number).At("session_token")
		var all sync.WaitGroup
		for i := range s.members {
			all.Go(func() {
				sum := md5.Sum([]byte(passwordOf(i))) //nolint:gosec // see the import
				s.members[i] = s.client.Must(t, "POST", migratePassword, world.J{
					"organization_id": s.organization, "email_address": addressOf(i), "hash_type": "md_5",
					"hash": hex.EncodeToString(sum[:]),
				}).At("member_id")
			})
		}
		all.Wait()
	})
	if t.Failed() {
		t.FailNow()
	}
	return s
}

func addressOf(i int) string  { return fmt.Sprintf("member%d@example.com", i) }
func passwordOf(i int) string { return fmt.Sprintf("%d llamas sing at dusk", i) }

func (s *storm) login(t *testing.T, c *world.Client, i int) *world.Answer {
	return c.Call(t, "POST", authenticatePassword, world.J{
		"organization_id": s.organization, "email_address": addressOf(i), "password": passwordOf(i),
	})
}

// rage logs everybody in at once.
func (s *storm) rage(t *testing.T, c *world.Client) []*world.Answer {
	answers := make([]*world.Answer, stormers)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			<-start
			answers[i] = s.login(t, c, i)
		})
	}
	close(start)
	all.Wait()
	return answers
}

// probe makes a call again and again until the storm is over, and tells how long one took on average.
func probe(t *testing.T, over <-chan struct{}, c *world.Client, path string, body world.J) time.Duration {
	began := time.Now()
	for n := 1; ; n++ {
		if a := c.Call(t, "POST", path, body); a.Status != http.StatusOK {
			t.Errorf("%s in the storm: %d %s", path, a.Status, a.Raw)
			return 0
		}
		select {
		case <-over:
			return time.Since(began) / time.Duration(n)
		default:
		}
	}
}

// judge looks at what came of each login. Those that were refused have left nothing: no event, no failure, and the
// password is still as it was brought along.
func (s *storm) judge(t *testing.T, c *world.Client, answers []*world.Answer) {
	t.Helper()
	db := storetest.Open(t, s.url)
	events := map[string]int{}
	for _, e := range storetest.Read(t, db).Events {
		if e.Action == "login" {
			events[e.MemberID]++
		}
	}
	var served, refused []int
	for i, a := range answers {
		switch {
		case a.Status == http.StatusOK:
			served = append(served, i)
			if events[s.members[i]] != 1 {
				t.Errorf("member %d logged in once, and %d events are recorded", i, events[s.members[i]])
			}
		case a.Status == http.StatusTooManyRequests && a.Type() == "too_many_requests" && a.Header.Get("Retry-After") == "2":
			refused = append(refused, i)
			if n := events[s.members[i]]; n > 0 || !s.untouched(t, db, i) {
				t.Errorf("the refused login of member %d left something: %d events", i, n)
			}
		default:
			t.Errorf("member %d: %d %s, Retry-After %q", i, a.Status, a.Raw, a.Header.Get("Retry-After"))
		}
	}
	if len(served) < admitted || len(refused) == 0 {
		t.Errorf("%d were served and %d told to come back", len(served), len(refused))
	}
	for _, i := range refused[:min(len(refused), 5)] {
		if a := s.login(t, c, i); a.Status != http.StatusOK {
			t.Errorf("member %d came back: %d %s", i, a.Status, a.Raw)
		}
	}
}

// untouched reports whether nothing has happened to a member's password.
func (s *storm) untouched(t *testing.T, db *store.DB, i int) (same bool) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		_, kept, err := tx.MemberWithPassword(t.Context(), s.organization, addressOf(i), false)
		if err != nil {
			return err
		}
		failures, _, err := tx.PrimaryLock(t.Context(), s.members[i], store.MethodPassword)
		same = kept != nil && failures == 0 && kept.UpdatedAt.Equal(kept.CreatedAt)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return same
}
