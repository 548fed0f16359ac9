package notify

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/ids"
)

func id(n byte) (u ids.UUID) {
	u[15] = n
	return u
}

// What was seen stays seen whatever comes after it, and what comes late is not taken for seen unless it is far behind.
func TestCursor(t *testing.T) {
	t.Parallel()
	c := Start
	for n := byte(10); n < 40; n += 2 { // fifteen, with gaps
		c = c.with(id(n))
	}
	c = c.with(id(11)) // late, and seen
	if len(c.seen) != cursorMost || c.floor != (ids.UUID{}) {
		t.Fatalf("%d are kept above %s", len(c.seen), c.floor)
	}
	c = c.with(id(40), id(42))
	if c.floor != id(11) || len(c.seen) != cursorMost || c.seen[0] != id(12) {
		t.Errorf("the floor is %s, and above it begins %s", c.floor, c.seen[0])
	}
	again, ok := ParseCursor(c.String())
	if !ok || again.floor != c.floor || !cmp.Equal(again.seen, c.seen) {
		t.Errorf("read back: %v %v, want %v", ok, again, c)
	}
	if begin, ok := ParseCursor(Start.String()); !ok || begin.floor != Start.floor || len(begin.seen) != 0 {
		t.Errorf("the start read back: %v %v", ok, begin)
	}
}

// Cursors come from outside: whatever is read as one is written as it was, and is no longer than ours.
func FuzzParseCursor(f *testing.F) {
	f.Add(Start.String())
	f.Add(Start.with(id(1), id(2)).String())
	f.Add("start")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := ParseCursor(text)
		if !ok {
			return
		}
		if len(c.seen) > cursorMost {
			t.Errorf("%d are kept", len(c.seen))
		}
		again, ok := ParseCursor(c.String())
		if !ok || !bytes.Equal(again.floor[:], c.floor[:]) || !cmp.Equal(again.seen, c.seen) {
			t.Errorf("%q is read as %v and then as %v", text, c, again)
		}
	})
}
