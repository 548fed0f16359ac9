package guard

import (
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/store"
)

// RuleCountersFailed: the counters cannot be read, and nothing good is known of the number.
const RuleCountersFailed = "counters_failed"

// What may leave while the counters cannot be read, by this node.
const (
	blindFor       = 5 * time.Second // until they are asked again
	blindPerMember = 3               // in ten minutes
	blindPerMinute = 600             // of all members together
	knownFor       = time.Hour       // how long a prefix counts as known that was good the last time
	mostKnown      = 4096
)

// blind is what this node remembers for the time when the counters cannot be read.
type blind struct {
	mu    sync.Mutex
	until time.Time // no counter is asked before

	known   map[string]time.Time // prefixes of projects that were good then
	members map[string]int
	tens    time.Time // the ten minutes that members has counted in
	all     int
	minute  time.Time            // the minute that all has counted in
	done    map[string]*blindSum // by project
}

// blindSum is what was decided without counters.
type blindSum struct {
	since           time.Time
	passed, refused int
}

// knows remembers a number's prefix as one whose codes are used.
func (b *blind) knows(in *Send, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil || len(b.known) >= mostKnown {
		b.known = map[string]time.Time{}
	}
	b.known[in.Project.ID+in.Number.Prefix()] = now
}

// blinded reports whether this transaction must do without the counters: they failed it a moment ago, or another one.
func (s *Service) blinded(tx *store.Tx) bool {
	b := &s.blind
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := tx.CountersFailed(); err != nil {
		if tx.Now().After(b.until) {
			s.log().Error("the counters of sends fail: members go on within a cap, others are refused", "error", err)
		}
		b.until = tx.Now().Add(blindFor)
	}
	return tx.Now().Before(b.until)
}

// judgeBlindly decides without counters: members with verified numbers, and numbers whose prefix was good in the last
// hour, go on within a cap; everybody else waits.
func (s *Service) judgeBlindly(tx *store.Tx, d *Decision) {
	d.counters = "counters=failed"
	b := &s.blind
	b.mu.Lock()
	defer b.mu.Unlock()
	known := d.send.Verified || tx.Now().Sub(b.known[d.send.Project.ID+d.send.Number.Prefix()]) < knownFor
	passes := known && b.take(d.send.Member.ID, tx.Now())
	if b.done == nil {
		b.done = map[string]*blindSum{}
	}
	sum := b.done[d.send.Project.ID]
	if sum == nil {
		sum = &blindSum{since: tx.Now()}
		b.done[d.send.Project.ID] = sum
	}
	if passes {
		sum.passed++
		return
	}
	sum.refused++
	d.refuse(RuleCountersFailed, errs.TooManyRequests, blindFor, "when the counters of sends can be read again")
}

// take counts a send under the cap and reports whether there was room. A send whose transaction is undone and run again is
// counted twice, which makes the cap narrower; to count after the commit would let all that come at once pass under it.
func (b *blind) take(member string, now time.Time) bool {
	if tens := now.Truncate(10 * time.Minute); b.members == nil || !tens.Equal(b.tens) {
		b.members, b.tens = map[string]int{}, tens
	}
	if minute := now.Truncate(time.Minute); !minute.Equal(b.minute) {
		b.all, b.minute = 0, minute
	}
	if b.members[member] >= blindPerMember || b.all >= blindPerMinute {
		return false
	}
	b.members[member]++
	b.all++
	return true
}

// sees records, with the first decision of a project that had counters again, what was decided without them.
func (s *Service) sees(tx *store.Tx, d *Decision) {
	b := &s.blind
	b.mu.Lock()
	defer b.mu.Unlock()
	project := d.send.Project.ID
	sum := b.done[project]
	if sum == nil {
		return
	}
	passed, refused, lasted := sum.passed, sum.refused, tx.Now().Sub(sum.since).Round(time.Second)
	audit.Record(tx, audit.Event{
		ProjectID: project, Action: "guard.counters_failed", Outcome: audit.Done, Details: map[string]string{
			"passed": strconv.Itoa(passed), "refused": strconv.Itoa(refused), "lasted": lasted.String(),
		},
	})
	tx.AfterCommit(func() {
		s.log().Warn("the counters of sends work again", "project", project, "passed", passed, "refused", refused,
			"lasted", lasted)
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.done, project)
	})
}

func (s *Service) log() *slog.Logger {
	if s.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Logger
}
