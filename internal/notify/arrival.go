package notify

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/store"
)

// Cursor is a place in the messages that arrived: what was seen of them. Messages are committed in another order than the
// ids they get before that, so that a last id alone would miss some: the newest ones seen are kept one by one, and all
// before them count as seen.
type Cursor struct {
	floor ids.UUID
	seen  []ids.UUID // in their order, all after floor
}

// cursorMost is how many are kept one by one.
const cursorMost = 16

// Start is the Cursor before every message.
var Start = Cursor{}

// String gives a form that ParseCursor reads and that needs no escaping.
func (c Cursor) String() string {
	b := slices.Clone(c.floor[:])
	for _, u := range c.seen {
		b = append(b, u[:]...)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParseCursor reads what String wrote.
func ParseCursor(text string) (Cursor, bool) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	size := len(ids.UUID{})
	if err != nil || len(b) < size || len(b)%size != 0 || len(b) > size*(cursorMost+1) {
		return Cursor{}, false
	}
	var c Cursor
	copy(c.floor[:], b)
	for rest := b[size:]; len(rest) > 0; rest = rest[size:] {
		c.seen = append(c.seen, ids.UUID(rest[:size]))
	}
	return c, true
}

// with is the cursor after some more were seen.
func (c Cursor) with(more ...ids.UUID) Cursor {
	seen := slices.Concat(c.seen, more)
	slices.SortFunc(seen, compareIDs)
	if n := len(seen) - cursorMost; n > 0 {
		c.floor, seen = seen[n-1], seen[n:]
	}
	return Cursor{c.floor, seen}
}

func compareIDs(a, b ids.UUID) int { return bytes.Compare(a[:], b[:]) }

// Newest is the Cursor after every message to the recipient that has arrived. An empty project or recipient means any.
func (s *Service) Newest(ctx context.Context, projectID, recipient string) (Cursor, error) {
	var found []store.Arrival
	err := s.o.DB.Read(ctx, func(tx *store.Tx) (err error) {
		found, err = tx.NewestArrivals(ctx, projectID, recipient, cursorMost+1)
		return err
	})
	if err != nil {
		return Cursor{}, fmt.Errorf("find the end of the inbox: %w", err)
	}
	seen := make([]ids.UUID, len(found))
	for i, a := range found {
		seen[i] = a.ID
	}
	return Cursor{}.with(seen...), nil
}

// Arrivals gives up to limit messages of test projects that arrived after the cursor, in the order in which they did, and
// the cursor after them. A message that arrives twice is there twice, one that never does is not. An empty project or
// recipient means any. The same recipient and project belong to a cursor for all its life.
func (s *Service) Arrivals(
	ctx context.Context, projectID, recipient string, after Cursor, limit int,
) ([]Letter, Cursor, error) {
	var rows []*store.Message
	var next Cursor
	err := s.o.DB.Read(ctx, func(tx *store.Tx) error {
		rows, next = nil, after
		found, err := tx.Arrivals(ctx, projectID, recipient, after.floor, limit+len(after.seen))
		if err != nil {
			return err
		}
		for _, a := range found {
			if len(rows) == limit || slices.Contains(after.seen, a.ID) {
				continue
			}
			m, err := tx.Message(ctx, a.MessageID)
			if err != nil && !errors.Is(err, store.ErrNotFound) { // reaped meanwhile
				return err
			}
			if err == nil {
				rows = append(rows, m)
			}
			next = next.with(a.ID)
		}
		return nil
	})
	if err != nil {
		return nil, after, fmt.Errorf("read what arrived: %w", err)
	}
	letters, err := s.letters(ctx, rows)
	return letters, next, err
}
