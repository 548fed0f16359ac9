package guard

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

// The windows in which it is remembered what became of codes. Two of each are read, that of now and the one before it, so
// that what is remembered is remembered for at least one whole window.
const (
	month = 30 * 24 * time.Hour
	day   = 24 * time.Hour
	hour  = time.Hour
)

// What counters count, as their names begin. A sent code is counted as charged or, when it says nothing about the prefix,
// as free: then nobody reads it again.
var (
	sentKinds = [store.Widths]string{"bs", "xs", "ws"}
	freeKinds = [store.Widths]string{"bf", "xf", "wf"}
	usedKinds = [store.Widths]string{"br", "xr", "wr"}
)

const (
	again                      = "ta" // another text of the day to a number is no further neighbour
	daySent, dayFree, dayUsed  = "ps", "pf", "pr"
	hourWarm, hourCold, hourly = "pw", "pc", "pr"
)

// mostToWide is how many codes of one seven-digit prefix are held against the five-digit one around it: the wider one is for
// attacks that spread, and people beside a single bad prefix must not pay for it.
const mostToWide = 3

// widthLabels are how records name the prefixes.
var widthLabels = [store.Widths]string{"block100", "prefix", "prefix5"}

// stranger is a send to a number that its member has not verified, with all that is known around it.
type stranger struct {
	send     limit.Send
	now      time.Time
	buckets  *limit.Strangers
	prefixes [store.Widths]string
	sums     *store.StrangerSums
	free     bool // counts neither for nor against its prefixes
}

func newStranger(in *Send, now time.Time) *stranger {
	s := &stranger{now: now, send: limit.Send{
		Project: in.Project, Organization: in.Organization.ID, Member: in.Member.ID, Number: in.Number,
	}}
	s.buckets, s.prefixes = limit.StrangerBuckets(s.send, now), limit.Prefixes(in.Number)
	return s
}

// read asks for everything in one statement.
func (s *stranger) read(ctx context.Context, tx *store.Tx) (err error) {
	q := &store.Stranger{
		Month: kept(s.now, month, 0), LastMonth: kept(s.now, month, 1),
		Day: kept(s.now, day, 0), LastDay: kept(s.now, day, 1),
		Hour: kept(s.now, hour, 0), LastHour: kept(s.now, hour, 1),
		DaySent: s.name(daySent, "", day), DayUsed: s.name(dayUsed, "", day),
		Warm: s.name(hourWarm, "", hour), Cold: s.name(hourCold, "", hour), HourUsed: s.name(hourly, "", hour),
		ProjectID: s.send.Project.ID, OrganizationID: s.send.Organization,
		Safe: safeValues(s.send.Number, s.send.Organization, s.send.Member),
	}
	q.From, q.To = around(s.prefixes[1])
	for i, b := range s.plain() {
		q.Sends[i] = b.Counter
	}
	for i, prefix := range s.prefixes {
		q.Sent[i], q.Used[i] = s.name(sentKinds[i], prefix, month), s.name(usedKinds[i], prefix, month)
	}
	s.sums, err = tx.SumStranger(ctx, q)
	return err
}

// plain lists the counters of the send itself, narrow before wide.
func (s *stranger) plain() []limit.Bucket {
	b := s.buckets
	return slices.Concat(b.Number[:], b.Member[:], []limit.Bucket{b.Block10}, b.Hourly[:],
		[]limit.Bucket{b.Organization, b.Project})
}

// limited decides by the limits that need no more than counting. What is on the safe list is not held to those of prefixes.
func (s *stranger) limited() *limit.Decision {
	all := s.plain()
	for i := range all {
		if s.sums.Safe && (all[i].Label == limit.PrefixPerHour || all[i].Label == limit.Prefix5Hour) {
			all[i].Limit = -1
		}
	}
	return limit.Decide(s.send.Project, all, s.sums.Sends[:], s.now)
}

// count counts the send, narrow before wide and always in the same order, since rows are locked in it.
func (s *stranger) count(tx *store.Tx) error {
	b := s.buckets
	all := make([]limit.Bucket, 0, store.CountersUnverified)
	all = append(all, b.Number[:]...)
	all = append(all, b.Member[:]...)
	if s.sums.Sends[2] > 0 {
		b.Block10.Counter = limit.NewCounter(s.send, again, s.send.Number.Block(1), hour, b.Block10.Counter.EndsAt, false)
	}
	all = append(all, b.Block10)
	kinds, project := sentKinds, daySent
	if s.free {
		kinds, project = freeKinds, dayFree
	}
	if s.sums.Sent[1] >= mostToWide {
		kinds[2] = freeKinds[2]
	}
	for i, prefix := range s.prefixes {
		all = append(all, b.Hourly[i], s.kept(kinds[i], prefix, month, i > 0))
	}
	known := hourCold
	if s.warm() {
		known = hourWarm
	}
	all = append(all, b.Organization, b.Project, s.kept(known, "", hour, true), s.kept(project, "", day, true))
	return tx.CountSends(limit.Ceilings(s.send.Project, all))
}

// countUsed counts that a code was used: for all prefixes of the number, and for the project.
func (s *stranger) countUsed(tx *store.Tx) error {
	counters := make([]store.SendCounter, 0, store.CountersUsed)
	for i, prefix := range s.prefixes {
		counters = append(counters, s.kept(usedKinds[i], prefix, month, i > 0).Counter)
	}
	counters = append(counters, s.kept(hourly, "", hour, true).Counter, s.kept(dayUsed, "", day, true).Counter)
	for i := range counters {
		counters[i].Ceiling = math.MaxInt64
	}
	return tx.CountSends(counters)
}

// warm reports whether codes to the number's prefix have been used before, by strangers or by colleagues.
func (s *stranger) warm() bool { return s.sums.Used[1] > 0 || s.sums.Neighbours }

func (s *stranger) kept(kind, key string, length time.Duration, shared bool) limit.Bucket {
	return limit.Bucket{Limit: -1, Counter: limit.NewCounter(s.send, kind, key, length, kept(s.now, length, 0), shared)}
}

func (s *stranger) name(kind, key string, length time.Duration) string {
	return limit.Name(s.send.Project.ID, kind, key, length)
}

// record writes what became of the codes before it.
func (s *stranger) record(plain string) string {
	var b strings.Builder
	b.WriteString(plain)
	for i, label := range widthLabels {
		limit.WritePair(&b, label+"_sent", s.sums.Sent[i])
		limit.WritePair(&b, label+"_used", s.sums.Used[i])
	}
	limit.WritePair(&b, "project_day_sent", s.sums.DaySent)
	limit.WritePair(&b, "project_day_used", s.sums.DayUsed)
	limit.WritePair(&b, "known_hour", s.sums.Warm)
	limit.WritePair(&b, "unknown_hour", s.sums.Cold)
	if s.sums.Safe {
		b.WriteString(" safe_list=yes")
	}
	return b.String()
}

// kept gives until when the counters of a window are kept: one window longer than it lasts, so that they can still be read
// in the next. back tells which window, 0 for that of now.
func kept(now time.Time, length time.Duration, back int) time.Time {
	return now.Truncate(length).Add(time.Duration(2-back) * length)
}

// around bounds the numbers that begin with a prefix, in the order of texts.
func around(prefix string) (from, to string) {
	n, err := strconv.ParseUint(prefix, 10, 64)
	if err != nil {
		return "+", "+" // nobody's
	}
	return "+" + prefix, "+" + strconv.FormatUint(n+1, 10)
}

// minSafeDigits is how short a prefix on the safe list may be: shorter ones would be whole countries.
const minSafeDigits = 4

// safeValues lists by what a send can be on the safe list: the number, its prefixes, the organization, the member.
func safeValues(n phone.Number, organization, member string) (values [store.SafeValues]string) {
	number := n.String()
	values[0], values[1] = organization, member
	for i, digits := 2, minSafeDigits; i < len(values) && digits < len(number); i, digits = i+1, digits+1 {
		values[i] = number[:1+digits]
	}
	return values
}
