package guard

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/store"
)

// mostHot is how many prefixes of each width a status shows, and how many of a window it looks at for that.
const (
	mostHot   = 20
	mostAsked = 1000
)

// past ends a stretch of names that go on with digits: letters come after them in the order of every database.
const past = "a"

// Hot is a prefix with what became of the codes to strangers there, in the present window of 30 days and the one before it.
type Hot struct {
	Prefix string
	Sent   int64
	Used   int64
	// Rule is what refuses strangers there now, "" for none.
	Rule string
}

// Status is what the guard thinks of a project.
type Status struct {
	// DaySent and DayUsed are codes to strangers in the present and the last UTC day.
	DaySent, DayUsed int64
	// Hot are the prefixes with the most codes that were not used, those that are refused first.
	Hot []Hot
}

// Status reads what is hot in a project. It reads many counters and is not for a request that somebody waits for.
func (s *Service) Status(ctx context.Context, p *store.Project) (*Status, error) {
	var found *Status
	err := s.DB.Read(ctx, func(tx *store.Tx) error {
		found = &Status{}
		now := tx.Now()
		sums := map[string]int64{}
		kinds := append(slices.Concat(sentKinds[:], usedKinds[:]), hourKinds[:]...)
		for _, kind := range kinds {
			if err := read(ctx, tx, p, kind, lengthOf(kind), now, sums); err != nil {
				return err
			}
		}
		for kind, to := range map[string]*int64{daySent: &found.DaySent, dayUsed: &found.DayUsed} {
			day2 := map[string]int64{}
			if err := read(ctx, tx, p, kind, day, now, day2); err != nil {
				return err
			}
			*to = day2[kind+"|"]
		}
		found.Hot = hot(p, sums)
		return nil
	})
	return found, err
}

var hourKinds = [store.Widths]string{"b", "x", "w"}

func lengthOf(kind string) time.Duration {
	if len(kind) == 1 {
		return hour
	}
	return month
}

// read adds up the counters of a kind, by kind and key. Those of the present hour are kept no longer than it lasts.
func read(
	ctx context.Context, tx *store.Tx, p *store.Project, kind string, length time.Duration, now time.Time,
	sums map[string]int64,
) error {
	from := limit.Name(p.ID, kind, "", length)
	add := func(name string, n int64) { sums[kind+"|"+strings.TrimPrefix(name, from)] += n }
	ends := []time.Time{kept(now, length, 0), kept(now, length, 1)}
	if length == hour {
		ends = []time.Time{kept(now, length, 1)}
	}
	for _, end := range ends {
		if err := tx.HotCounters(ctx, end, from, from+past, mostAsked, add); err != nil {
			return err
		}
	}
	return nil
}

func hot(p *store.Project, sums map[string]int64) []Hot {
	var all []Hot
	for key, sent := range sums {
		kind, prefix, _ := strings.Cut(key, "|")
		width := slices.Index(sentKinds[:], kind)
		if width < 0 {
			continue
		}
		known := &stranger{send: limit.Send{Project: p}, prefixes: [store.Widths]string{}, sums: &store.StrangerSums{}}
		known.prefixes[1], known.prefixes[width] = prefix, prefix
		known.sums.Sent[width], known.sums.Used[width] = sent, sums[usedKinds[width]+"|"+prefix]
		known.sums.Sends[7+width] = sums[hourKinds[width]+"|"+prefix]
		h := Hot{Prefix: prefix, Sent: sent, Used: known.sums.Used[width]}
		// Only this width has sums; a width of nothing is neither cold nor short of its share.
		for _, rule := range []func() (verdict, bool){known.coldPrefix, known.prefixShare} {
			if v, no := rule(); no && h.Rule == "" {
				h.Rule = v.rule
			}
		}
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b Hot) int {
		return cmp.Or(cmp.Compare(b.Rule, a.Rule), cmp.Compare(b.Sent-b.Used, a.Sent-a.Used),
			cmp.Compare(a.Prefix, b.Prefix))
	})
	return all[:min(len(all), mostHot)]
}

// Clear forgets the codes that were sent to strangers' numbers that begin with the digits, and those to the wider prefix
// that they lie in; no digits mean all of the project. Used codes stay. It reports whether there was anything to forget.
func (s *Service) Clear(ctx context.Context, p *store.Project, digits string) (bool, error) {
	var rows int64
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		rows = 0
		for back := range 2 {
			for width, kind := range sentKinds {
				key := digits
				if width == 2 {
					key = digits[:min(len(digits), 5)]
				} else if width == 1 {
					key = digits[:min(len(digits), 7)]
				}
				from := limit.Name(p.ID, kind, key, month)
				n, err := tx.ClearCounters(ctx, kept(tx.Now(), month, back), from, from+past)
				if err != nil {
					return err
				}
				rows += n
			}
		}
		if rows > 0 {
			audit.Record(tx, audit.Event{
				ProjectID: p.ID, Action: "guard.clear", Outcome: audit.Done,
				Details: map[string]string{"prefix": digits[:min(len(digits), 7)]},
			})
		}
		return nil
	})
	return rows > 0, err
}
