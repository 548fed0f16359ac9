package durable

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
	"github.com/thimble-auth/thimble/test/world"
)

// fullKills is what docs/performance.md shows: 200. The tests of every day are content with a few.
var fullKills = flag.Int("kills", 6, "how often TestKills kills the server of each engine")

const (
	// needed is how many calls must be in flight at a kill for it to count.
	needed = 100
	// besieging is how many callers ask for codes at once, and population how many people they ask for.
	besieging  = 160
	population = 1000
	// longestLife is how long a server lives at most after it is ready, by chance.
	longestLife = 3 * time.Second
	// settleLimit is how long the last server has for what those before it left. Leases of 15 s have to end first.
	settleLimit = 90 * time.Second
)

// TestKills kills the server again and again, at random moments and with at least a hundred calls in flight: requests
// that are not answered, and texts that a carrier has taken and not answered, which takes it 200 ms. Each time another
// process goes on. At the end every code that was promised has reached the carrier, unless the same person asked for
// another one first; and no process handed a text over twice, so that no kill accounts for more than one hand-over too
// many.
//
//	go test ./test/durable -run TestKills -kills 200 -v -timeout 30m
//
// It measures, so it runs before those that run at once, and one engine after the other.
func TestKills(t *testing.T) {
	rows := []string{
		"| engine | kills | with under 100 in flight | in flight, least | median | of these at the carrier, median | " +
			"acknowledged | replaced before they left | texts handed over | twice or oftener | most of one text | " +
			"most of one text by one process | lost | took |",
		"|---|" + strings.Repeat("---:|", 13),
	}
	for _, engine := range []struct {
		name     string
		database func(testing.TB) string
	}{{"sqlite", world.SQLite}, {"postgres", world.Postgres}} {
		t.Run(engine.name, func(t *testing.T) {
			began := time.Now()
			s := newSiege(t, engine.database(t))
			s.killOften(t, *fullKills)
			f := s.count(t)
			f.judge(t, *fullKills)
			rows = append(rows, f.row(engine.name, s, time.Since(began)))
		})
	}
	t.Log("\n" + strings.Join(rows, "\n"))
}

// killOften starts servers and kills each of them in its turn, and leaves a last one that has nothing new to do.
func (s *siege) killOften(t *testing.T, times int) {
	t.Helper()
	besiegers := s.besiege(t)
	for process := 0; len(s.inFlight) < times; process++ {
		p := serve(t, s.url, s.carrier.listen(t, process))
		s.goOn(p.base)
		<-time.After(rand.N(longestLife))
		s.waitFor(needed, 5*time.Second)
		atCarrier, all := s.carrier.underWay.Load(), s.carrier.underWay.Load()+s.unanswered.Load()
		p.kill()
		if all < needed {
			if s.quiet++; s.quiet > times {
				t.Fatalf("%d kills with less than %d calls in flight", s.quiet, needed)
			}
			continue
		}
		s.inFlight, s.atCarrier = append(s.inFlight, all), append(s.atCarrier, atCarrier)
	}
	s.end()
	besiegers.Wait()
	serve(t, s.url, s.carrier.listen(t, len(s.inFlight)+s.quiet))
}

// waitFor waits until so many calls are in flight, or some time is over.
func (s *siege) waitFor(calls int64, limit time.Duration) {
	again, over := time.NewTicker(time.Millisecond), time.After(limit)
	defer again.Stop()
	for s.carrier.underWay.Load()+s.unanswered.Load() < calls {
		select {
		case <-again.C:
		case <-over:
			return
		}
	}
}

// Not statements of the product, which never reads them all.
var (
	sqlQueued = sqldb.SQL("queued_texts", `SELECT COUNT(*) FROM messages WHERE status = 'queued' AND channel = 'sms'`)
	sqlTexts  = sqldb.SQL("every_text", `SELECT id, request_id, status, reason FROM messages WHERE channel = 'sms'`)
)

// texts waits until none waits any more and gives all by the request that asked for them.
func (s *siege) texts(t *testing.T) map[string]*store.Message {
	t.Helper()
	db := storetest.Open(t, s.url)
	again, limit := time.NewTicker(200*time.Millisecond), time.After(settleLimit)
	defer again.Stop()
	for waiting := int64(1); waiting > 0; {
		err := db.Read(t.Context(), func(tx *store.Tx) error { return tx.QueryRow(t.Context(), sqlQueued, nil, &waiting) })
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-again.C:
		case <-limit:
			t.Errorf("%d texts still wait", waiting)
			waiting = 0
		}
	}

	var all map[string]*store.Message
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		all = map[string]*store.Message{}
		return tx.Query(t.Context(), sqlTexts, nil, func(scan func(...any) error) error {
			var m store.Message
			err := scan(&m.ID, &m.RequestID, &m.Status, &m.Reason)
			all[m.RequestID] = &m
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// fate is what became of all texts together.
type fate struct {
	acknowledged, replaced, lost     int
	texts, twice, most, byOneProcess int
}

// count compares what was answered with what the carrier saw.
func (s *siege) count(t *testing.T) fate {
	t.Helper()
	texts := s.texts(t)
	var f fate
	for _, who := range s.people {
		for i, request := range who.acknowledged {
			f.acknowledged++
			m := texts[request.id]
			switch {
			case m == nil:
				t.Errorf("there is no text for %s, which was answered with 200", request.id)
				f.lost++
			case len(s.carrier.handovers[m.ID]) > 0:
			case m.Reason == store.ReasonReplaced && (i+1 < len(who.acknowledged) || who.asked > request.n):
				f.replaced++
			default:
				t.Errorf("%s was answered with 200 and never left: %s %s", m.ID, m.Status, m.Reason)
				f.lost++
			}
		}
	}
	for _, processes := range s.carrier.handovers {
		f.add(processes)
	}
	return f
}

// add counts the hand-overs of one text, given by the number of the process that each was made by.
func (f *fate) add(processes []int) {
	f.texts++
	if len(processes) > 1 {
		f.twice++
	}
	f.most = max(f.most, len(processes))
	times := map[int]int{}
	for _, process := range processes {
		times[process]++
		f.byOneProcess = max(f.byOneProcess, times[process])
	}
}

func (f *fate) judge(t *testing.T, times int) {
	t.Helper()
	if f.lost > 0 {
		t.Errorf("%d promised codes were lost", f.lost)
	}
	if f.byOneProcess > 1 {
		t.Errorf("a process handed a text over %d times", f.byOneProcess)
	}
	if f.acknowledged < times*10 || f.twice == 0 && times >= 100 {
		t.Errorf("%d codes were promised and %d texts handed over again: too few to tell anything", f.acknowledged, f.twice)
	}
}

func (f *fate) row(engine string, s *siege, took time.Duration) string {
	slices.Sort(s.inFlight)
	slices.Sort(s.atCarrier)
	middle := len(s.inFlight) / 2
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d s |",
		engine, len(s.inFlight), s.quiet, s.inFlight[0], s.inFlight[middle], s.atCarrier[middle], f.acknowledged,
		f.replaced, f.texts, f.twice, f.most, f.byOneProcess, f.lost, int(took.Seconds()))
}
