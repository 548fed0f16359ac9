package limit

import (
	"context"
	"maps"
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
	Block10Hour        = "block10_hour"
	Block100Hour       = "block100_hour"
	PrefixPerHour      = "prefix_hour"
	Prefix5Hour        = "prefix5_hour"
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
	shared bool // many members count here at once
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
	block10Window      = window{Block10Hour, time.Hour, 8, false}
	block100Window     = window{Block100Hour, time.Hour, 20, false}
	prefixWindow       = window{PrefixPerHour, time.Hour, 60, true}
	prefix5Window      = window{Prefix5Hour, time.Hour, 600, true}
	organizationWindow = window{OrganizationHour, time.Hour, 2000, true}
	projectWindow      = window{ProjectSecond, time.Second, 100, true}
)

// Defaults gives every limit by name: of sends, and of what the guard makes of codes that nobody uses.
func Defaults() map[string]int64 {
	all := maps.Clone(conversion)
	windows := slices.Concat(numberWindows[:], memberWindows[:], mailWindows[:])
	windows = append(windows, block10Window, block100Window, prefixWindow, prefix5Window, organizationWindow, projectWindow)
	for _, w := range windows {
		all[w.name] = w.limit
	}
	return all
}

// Send is a text about to be sent.
type Send struct {
	Project      *store.Project
	Organization string
	Member       string
	Number       phone.Number
}

// Decision is what the counters say about a send.
type Decision struct {
	Refused bool
	Limit   string        // the name of the limit that is used up
	Wait    time.Duration // until its window ends
	// Watched is the limit that would have refused a send of a test project.
	Watched string
	counted []Bucket
	record  string
}

// Record is what a message remembers of the counters at its decision: name=count pairs.
func (d *Decision) Record() string { return d.record }

// Bucket is a counter with what it may count to.
type Bucket struct {
	Counter store.SendCounter
	Label   string
	Limit   int64 // negative for none
}

// Check reads the counters of a send to a number that its member has verified, and decides. Such a send counts only in the
// member's own bucket and in a half of the wide ones that strangers cannot reach: otherwise limits would be a weapon against
// members. Nothing is counted yet.
func Check(ctx context.Context, tx *store.Tx, s Send) (*Decision, error) {
	return decide(ctx, tx, s.Project, verifiedBuckets(s, tx.Now()))
}

// CheckMail is Check for a mail to an address, in lower case.
func CheckMail(ctx context.Context, tx *store.Tx, p *store.Project, address string) (*Decision, error) {
	all := make([]Bucket, 0, store.CountersMail)
	for _, w := range mailWindows {
		all = append(all, newBucket(Send{Project: p}, tx.Now(), w, "e", address, limitOf(p, w)))
	}
	return decide(ctx, tx, p, all)
}

func decide(ctx context.Context, tx *store.Tx, p *store.Project, all []Bucket) (*Decision, error) {
	sums, err := tx.SumSends(ctx, counters(all))
	if err != nil {
		return nil, err
	}
	return Decide(p, all, sums, tx.Now()), nil
}

// Decide says what sums of the buckets mean for a send.
func Decide(p *store.Project, all []Bucket, sums []int64, now time.Time) *Decision {
	d := &Decision{counted: all}
	var record strings.Builder
	for i, b := range all {
		n := sums[i]
		WritePair(&record, b.Label, n)
		switch full := b.Limit >= 0 && n >= b.Limit; {
		case full && Enforced(p) && !d.Refused:
			d.Refused, d.Limit, d.Wait = true, b.Label, b.Counter.EndsAt.Sub(now)
		case full && d.Watched == "":
			d.Watched = b.Label
		}
	}
	d.record = record.String()
	return d
}

// Count counts a send that Check allowed, with the statements that go out last. The transaction fails with
// store.ErrChanged when a limit of its own was reached since Check saw it free; run again, it gives the refusal. Shared
// limits may be passed by as many sends as are under way at once.
func (d *Decision) Count(_ context.Context, tx *store.Tx, p *store.Project) error {
	return tx.CountSends(Ceilings(p, d.counted))
}

// Ceilings gives the counters of the buckets, each with how far it may be counted.
func Ceilings(p *store.Project, all []Bucket) []store.SendCounter {
	list := counters(all)
	for i, b := range all {
		list[i].Ceiling = math.MaxInt64
		if !b.Counter.Shared && Enforced(p) && b.Limit >= 0 {
			list[i].Ceiling = b.Limit
		}
	}
	return list
}

// Enforced reports whether limits refuse. Test projects only count, unless they ask for more: automated suites resend fast.
func Enforced(p *store.Project) bool { return p.Live() || p.Settings.EnforceLimits }

// verifiedBuckets lists the counters of a send to a number that its member has verified, narrow before wide.
func verifiedBuckets(s Send, now time.Time) []Bucket {
	all := make([]Bucket, 0, store.CountersVerified)
	for _, w := range memberWindows {
		all = append(all, newBucket(s, now, w, "m", s.Member, limitOf(s.Project, w)))
	}
	return append(all,
		newBucket(s, now, organizationWindow, "ov", s.Organization, half(limitOf(s.Project, organizationWindow))),
		newBucket(s, now, projectWindow, "pv", "", half(limitOf(s.Project, projectWindow))))
}

// Strangers are the buckets of a send to a number that its member has not verified: those that the send alone decides
// about. The blocks have no limit of their own, since what became of the codes counts there, too.
type Strangers struct {
	Number  [3]Bucket
	Member  [3]Bucket
	Block10 Bucket
	// Hourly are those of the prefixes, from the narrowest to the widest: see Prefixes.
	Hourly       [store.Widths]Bucket
	Organization Bucket
	Project      Bucket
}

// StrangerBuckets gives the counters of a send to an unverified number.
func StrangerBuckets(s Send, now time.Time) *Strangers {
	b := &Strangers{
		Project: newBucket(s, now, projectWindow, "pu", "", half(limitOf(s.Project, projectWindow))),
		Organization: newBucket(
			s, now, organizationWindow, "ou", s.Organization, half(limitOf(s.Project, organizationWindow))),
	}
	for i, w := range numberWindows {
		b.Number[i] = newBucket(s, now, w, "n", s.Number.String(), limitOf(s.Project, w))
	}
	for i, w := range memberWindows {
		b.Member[i] = newBucket(s, now, w, "m", s.Member, limitOf(s.Project, w))
	}
	prefixes := Prefixes(s.Number)
	b.Block10 = newBucket(s, now, block10Window, "t", s.Number.Block(1), -1)
	b.Hourly = [store.Widths]Bucket{
		newBucket(s, now, block100Window, "b", prefixes[0], -1),
		newBucket(s, now, prefixWindow, "x", prefixes[1], limitOf(s.Project, prefixWindow)),
		newBucket(s, now, prefix5Window, "w", prefixes[2], limitOf(s.Project, prefix5Window)),
	}
	return b
}

// Prefixes gives the prefixes of a number by which strangers are counted, from the narrowest to the widest: the hundred
// numbers around it, its first seven digits, and its first five.
func Prefixes(n phone.Number) [store.Widths]string {
	return [store.Widths]string{n.Block(2), n.Prefix(), n.Wide()}
}

func newBucket(s Send, now time.Time, w window, kind, key string, limit int64) Bucket {
	b := Bucket{Label: w.name, Limit: limit}
	b.Counter = NewCounter(s, kind, key, w.length, now.Truncate(w.length).Add(w.length), w.shared)
	return b
}

// NewCounter names a counter of a project, which many members may share.
func NewCounter(s Send, kind, key string, length time.Duration, endsAt time.Time, shared bool) store.SendCounter {
	return store.SendCounter{Name: Name(s.Project.ID, kind, key, length), EndsAt: endsAt, Shared: shared}
}

// Name is what a counter is called: by its project, what it counts (letters), in windows of which length, and whose.
func Name(project, kind, key string, length time.Duration) string {
	return project + "|" + kind + strconv.FormatInt(int64(length/time.Second), 10) + "|" + key
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

func counters(all []Bucket) []store.SendCounter {
	out := make([]store.SendCounter, len(all))
	for i, b := range all {
		out[i] = b.Counter
	}
	return out
}

// WritePair adds a name=count pair to a record.
func WritePair(w *strings.Builder, name string, n int64) {
	if w.Len() > 0 {
		w.WriteByte(' ')
	}
	w.WriteString(name)
	w.WriteByte('=')
	w.WriteString(strconv.FormatInt(n, 10))
}
