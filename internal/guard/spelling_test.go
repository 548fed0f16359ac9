package guard_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

// Ways to write a number: the zeros of scripts, plus signs, and what people put between digits.
var (
	zeros      = []rune("0٠۰߀०০੦୦௦౦೦൦๐໐༠០᠐０𝟎𝟘𝟶🯰")
	separators = []string{"", "", " ", "-", ".", "/", "(", ")", "\u00a0", "\u202f", "\u3000", "‑", "–", "−", "－", "（", "）", "\u200e", "\t"}
)

// Three thousand spellings of three hundred numbers, all of which begin with a plus sign, make three hundred counters.
func TestSpellings(t *testing.T) {
	t.Parallel()
	const numbers, each = 300, 10
	scenes(t, ids.Live, nil, func(s *scene) {
		random := rand.New(rand.NewPCG(1, 2))
		spellings := map[string]bool{}
		for i := range numbers {
			plain := fmt.Sprintf("+1%03d555%04d", 202+i%5, 100+i)
			var written []string
			for len(written) < each {
				if text := spelling(random, plain); !spellings[text] {
					spellings[text], written = true, append(written, text)
				}
			}
			s.sendAll(written)
		}
		counters, sum := int64(0), int64(0)
		query := sqldb.Dynamic("counters", `
			SELECT COUNT(*), CAST(SUM(n) AS BIGINT) FROM send_counters WHERE name LIKE $1`)
		err := s.db.Read(s.Context(), func(tx *store.Tx) error {
			return tx.QueryRow(s.Context(), query, []any{s.project.ID + "|n86400|%"}, &counters, &sum)
		})
		if err != nil || counters != numbers || sum != numbers*each {
			s.Errorf("%d spellings of %d numbers made %d counters that count %d: %v", len(spellings), numbers, counters, sum, err)
		}
		s.Logf("%d spellings of %d numbers: %d counters", len(spellings), numbers, counters)
	})
}

// sendAll sends to all spellings of a number in one transaction.
func (s *scene) sendAll(written []string) {
	s.Helper()
	err := s.db.Write(s.Context(), func(tx *store.Tx) error {
		for _, text := range written {
			parsed, err := phone.Input(text).Parse(true)
			if err != nil {
				return fmt.Errorf("%q: %w", text, err)
			}
			in := s.to(parsed.String())
			in.Number = parsed.Placed()
			d, err := s.guard.Check(s.Context(), tx, in)
			if err != nil || d.Refusal != nil {
				return fmt.Errorf("%q: %q, %w", text, d.Rule, err)
			}
			if err := d.Count(s.Context(), tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
}

// spelling writes a number in some way.
func spelling(random *rand.Rand, e164 string) string {
	var b strings.Builder
	b.WriteString([]string{"+", "+", "＋"}[random.IntN(3)])
	zero := zeros[random.IntN(len(zeros))]
	for _, digit := range e164[1:] {
		b.WriteString(separators[random.IntN(len(separators))])
		b.WriteRune(zero + digit - '0')
	}
	return b.String()
}
