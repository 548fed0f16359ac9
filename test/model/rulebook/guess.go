package rulebook

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the hash of every authenticator app
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Tally counts wrong guesses.
type Tally struct {
	InARow, Altogether int
	Until              time.Time // of the lock, the last one if it is over
}

func (w *World) wrong(t *Tally) {
	if t.InARow >= w.LockAfter {
		t.InARow = 0 // it was locked, and that is over
	}
	t.InARow++
	t.Altogether++
	if t.InARow >= w.LockAfter {
		t.Until = w.Now.Add(w.LockFor)
	}
}

func (w *World) locked(t *Tally) bool { return t.InARow >= w.LockAfter && w.alive(t.Until) }

func disabled(m *Member) bool { return m.Second.Altogether >= DisableAfter }

// Barred reports whether the member's second factors are refused unseen.
func (w *World) Barred(m *Member) bool { return disabled(m) || w.locked(&m.Second) }

// lock is what answers say about locks: of the second factor, else the one of a first factor that began last.
func (w *World) lock(m *Member) string {
	if disabled(m) {
		return "locked"
	}
	if w.locked(&m.Second) {
		return "locked until " + w.At(m.Second.Until)
	}
	var until time.Time
	for _, t := range m.Firsts {
		if w.locked(t) && t.Until.After(until) {
			until = t.Until
		}
	}
	if until.IsZero() {
		return ""
	}
	return "locked until " + w.At(until)
}

// First gives the tally of the member's guesses at a first factor.
func (m *Member) First(method string) *Tally {
	if m.Firsts == nil {
		m.Firsts = map[string]*Tally{}
	}
	if m.Firsts[method] == nil {
		m.Firsts[method] = &Tally{}
	}
	return m.Firsts[method]
}

// FreeTally gives the tally of guesses at the codes of an address. Where none was ever sent there is nothing to guess:
// such attempts count apart, and nobody forgives them.
func (w *World) FreeTally(address string) *Tally {
	if w.Slot(address).Newest() == nil {
		address = "nobody " + address
	}
	if w.Free[address] == nil {
		w.Free[address] = &Tally{}
	}
	return w.Free[address]
}

// Slot gives the codes mailed to an address.
func (w *World) Slot(address string) *Slot {
	if w.Slots[address] == nil {
		w.Slots[address] = &Slot{}
	}
	return w.Slots[address]
}

// Newest is the code that works if any does, nil when none was sent.
func (s *Slot) Newest() *Code {
	if len(s.Codes) == 0 {
		return nil
	}
	return s.Codes[len(s.Codes)-1]
}

// What a guess turns out to be.
const (
	right = iota
	wrong
	outdated // it was a code once: that is a guess, too
	used     // whoever knows it did not guess
)

// judge compares. A code is good for what it was sent for, where it was sent to, once, and until it ends.
func (w *World) judge(s *Slot, value, to string, whose *Member) int {
	c := s.Newest()
	if c == nil {
		return wrong
	}
	if c.Value != value {
		before := s.Codes[max(0, len(s.Codes)-1-Remembered) : len(s.Codes)-1]
		if slices.ContainsFunc(before, func(c *Code) bool { return c.Value == value }) {
			return outdated
		}
		return wrong
	}
	switch mine := c.For == whose; {
	case c.To != to || c.Used && !mine:
		return wrong
	case c.Used:
		return used
	case !w.alive(c.Ends):
		return outdated
	case !mine:
		return wrong
	}
	return right
}

// WellFormed reports whether the text looks like a code.
func WellFormed(text string) bool {
	return len(text) == 6 && strings.Trim(text, "0123456789") == ""
}

// Step is how long an app shows a code.
const Step = 30 * time.Second

// Shows is what an app shows some steps from now (RFC 6238).
func (w *World) Shows(a *App, steps int64) string {
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(a.Secret)
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha1.New, seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(w.step()+steps)))
	sum := mac.Sum(nil)
	at := sum[19] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff%1_000_000)
}

func (w *World) step() int64 { return w.Now.Unix() / int64(Step/time.Second) }

// judgeApp compares with what the app shows now, a step ago and a step ahead. No step counts twice, nor after a later
// one.
func (w *World) judgeApp(a *App, value string) (verdict int, step int64) {
	verdict = wrong
	for steps := int64(-1); steps <= 1; steps++ {
		if w.Shows(a, steps) != value {
			continue
		}
		if step = w.step() + steps; step > a.Last {
			return right, step
		}
		verdict = used
	}
	return verdict, step
}
