package limit

import (
	"context"
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

// Names of the send limits, as settings and records spell them.
const (
	NumberPer10Seconds = "number_10s"
	NumberPer10Minutes = "number_10m"
	NumberPerDay       = "number_day"
	MemberPer10Seconds = "member_10s"
	MemberPer10Minutes = "member_10m"
	MemberPerDay       = "member_day"
	PrefixPerHour      = "prefix_hour"
	OrganizationHour   = "organization_hour"
	ProjectSecond      = "project_second"
	MailPerSecond      = "mail_1s"
	MailPer10Minutes   = "mail_10m"
)

// window is one fixed window, aligned to the clock, with its default limit.
type window struct {
	name   string
	length time.Duration
	limit  int64
	shared bool // many members count here: spread over slots and summed
}

var (
	numberWindows = [3]window{
		{NumberPer10Seconds, 10 * time.Second, 1, false},
		{NumberPer10Minutes, 10 * time.Minute, 5, false},
		{NumberPerDay, 24 * time.Hour, 20, false},
	}
	memberWindows = [3]window{
		{MemberPer10Seconds, 10 * time.Second, 1, false},
		{MemberPer10Minutes, 10 * time.Minute, 5, false},
		{MemberPerDay, 24 * time.Hour, 20, false},
	}
	mailWindows = [2]window{
		{MailPerSecond, time.Second, 1, false},
		{MailPer10Minutes, 10 * time.Minute, 10, false},
	}
	prefixWindow       = window{PrefixPerHour, time.Hour, 60, true}
	organizationWindow = window{OrganizationHour, time.Hour, 2000, true}
	projectWindow      = window{ProjectSecond, time.Second, 100, true}
)

// Defaults gives every send limit by name.
func Defaults() map[string]int64 {
	all := map[string]int64{}
	windows := slices.Concat(numberWindows[:], memberWindows[:], mailWindows[:])
	for _, w := range append(windows, prefixWindow, organizationWindow, projectWindow) {
		all[w.name] = w.limit
	}
	return all
}

// slots is over how many rows a shared counter is spread. One row for all would be one lock for all.
const slots = 16

// Send is a text about to be sent.
type Send struct {
	Project      *store.Project
	Organization string
	Member       string
	Number       phone.Number
	// Verified: this member proved this number before. Such a send counts only in the member's own bucket and in a half of
	// the wide ones that strangers cannot reach: otherwise limits would be a weapon against members.
	Verified bool
}

// Decision is what the counters say about a send.
type Decision struct {
	Refused bool
	Limit   string        // the name of the limit that is used up
	Wait    time.Duration // until its window ends
	counted []bucket
	record  string
}

// Record is what a message remembers of the counters at its decision: name=count pairs.
func (d *Decision) Record() string { return d.record }

type bucket struct {
	counter store.SendCounter
	label   string
	limit   int64 // negative for none
}

// Check reads the counters of a send and decides. Nothing is counted yet.
func Check(ctx context.Context, tx *store.Tx, s Send) (*Decision, error) {
	return decide(ctx, tx, s.Project, buckets(s, tx.Now()))
}

// CheckMail is Check for a mail to an address, in lower case.
func CheckMail(ctx context.Context, tx *store.Tx, p *store.Project, address string) (*Decision, error) {
	all := make([]bucket, 0, store.CountersMail)
	for _, w := range mailWindows {
		all = append(all, newBucket(Send{Project: p}, tx.Now(), w, "e", address, limitOf(p, w)))
	}
	return decide(ctx, tx, p, all)
}

func decide(ctx context.Context, tx *store.Tx, p *store.Project, all []bucket) (*Decision, error) {
	d := &Decision{counted: all}
	sums, err := tx.SumSends(ctx, counters(d.counted))
	if err != nil {
		return nil, err
	}

	var record strings.Builder
	for i, b := range d.counted {
		n := sums[i]
		writePair(&record, b.label, n)
		if enforced(p) && b.limit >= 0 && n >= b.limit && !d.Refused {
			d.Refused, d.Limit, d.Wait = true, b.label, b.counter.EndsAt.Sub(tx.Now())
		}
	}
	d.record = record.String()
	return d, nil
}

// Count counts a send that Check allowed, with the statements that go out last. The transaction fails with
// store.ErrChanged when a limit of its own was reached since Check saw it free; run again, it gives the refusal. Shared
// limits may be passed by as many sends as are under way at once.
func (d *Decision) Count(_ context.Context, tx *store.Tx, p *store.Project) error {
	all := counters(d.counted)
	for i, b := range d.counted {
		all[i].Ceiling = math.MaxInt64
		if b.counter.Slot == 0 && enforced(p) && b.limit >= 0 {
			all[i].Ceiling = b.limit
		}
	}
	return tx.CountSends(all)
}

// enforced reports whether limits refuse. Test projects only count, unless they ask for more: automated suites resend fast.
func enforced(p *store.Project) bool { return p.Live() || p.Settings.EnforceLimits }

// buckets lists the counters of a send, narrow before wide.
func buckets(s Send, now time.Time) []bucket {
	all := make([]bucket, 0, store.CountersUnverified)
	add := func(w window, kind, key string, limit int64) {
		all = append(all, newBucket(s, now, w, kind, key, limit))
	}

	if !s.Verified {
		for _, w := range numberWindows {
			add(w, "n", s.Number.String(), limitOf(s.Project, w))
		}
	}
	for _, w := range memberWindows {
		add(w, "m", s.Member, limitOf(s.Project, w))
	}
	if s.Verified {
		add(organizationWindow, "ov", s.Organization, half(limitOf(s.Project, organizationWindow)))
		add(projectWindow, "pv", "", half(limitOf(s.Project, projectWindow)))
		return all
	}
	add(prefixWindow, "x", s.Number.Prefix(), limitOf(s.Project, prefixWindow))
	add(organizationWindow, "ou", s.Organization, half(limitOf(s.Project, organizationWindow)))
	add(projectWindow, "pu", "", half(limitOf(s.Project, projectWindow)))
	return all
}

func newBucket(s Send, now time.Time, w window, kind, key string, limit int64) bucket {
	b := bucket{label: w.name, limit: limit}
	b.counter.Name = s.Project.ID + "|" + kind + strconv.FormatInt(int64(w.length/time.Second), 10) + "|" + key
	b.counter.EndsAt = now.Truncate(w.length).Add(w.length)
	if w.shared {
		h := fnv.New32a()
		_, _ = h.Write([]byte(s.Member))
		b.counter.Slot = int64(h.Sum32()%slots) + 1
	}
	return b
}

func limitOf(p *store.Project, w window) int64 {
	if n, set := p.Settings.Limits[w.name]; set {
		return n
	}
	return w.limit
}

// half is the part of a shared limit that one of the two kinds of sends may use; at least one send is possible.
func half(limit int64) int64 {
	if limit < 0 {
		return limit
	}
	return (limit + 1) / 2
}

func counters(all []bucket) []store.SendCounter {
	out := make([]store.SendCounter, len(all))
	for i, b := range all {
		out[i] = b.counter
	}
	return out
}

func writePair(w *strings.Builder, name string, n int64) {
	if w.Len() > 0 {
		w.WriteByte(' ')
	}
	w.WriteString(name)
	w.WriteByte('=')
	w.WriteString(strconv.FormatInt(n, 10))
}
