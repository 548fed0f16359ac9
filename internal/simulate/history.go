package simulate

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/thimble-auth/thimble/internal/challenge"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

const (
	// page is how many rows are read at once.
	page = 500
	// remembered bounds the numbers, and the organizations, that are kept in memory.
	remembered = 100_000
)

// record is a decision as it was made.
type record struct {
	at         time.Time
	request    string
	org        *store.Organization
	member     string
	number     phone.Number
	verified   bool
	rule       string // that refused it, "" for a text that left
	redeemedAt time.Time
	provider   string // that the text went to first, as far as is known
	cost       int64  // of a text that left, in millionths of a US dollar
	unreadable bool   // it is from before decisions were recorded well enough
}

// history reads what a project decided, in the order of time: texts from their messages, refusals from the audit log.
// However much it is, two pages and the numbers of two days at most are in memory.
type history struct {
	*Recorded
	texts    store.Page
	refusals store.Page
	messages []*store.Message
	events   []store.AuditEvent
	orgs     map[string]*store.Organization
	// numbers are those that texts went to, by their keyed hash; older ones were used before the day that passes.
	numbers, older map[string]phone.Number
	today          time.Time
	// found is told of each organization, with its members from before who have verified a number, a page at a time.
	found func(context.Context, *store.Organization, []*store.Member) error
}

func newHistory(o *Recorded, from, to time.Time) *history {
	p := store.Page{ProjectID: o.Project.ID, Env: o.Project.Env, From: from, To: to, Limit: page}
	return &history{
		Recorded: o, texts: p, refusals: p, orgs: map[string]*store.Organization{},
		numbers: map[string]phone.Number{}, older: map[string]phone.Number{},
	}
}

// some gives up to n records more, none at the end.
func (h *history) some(ctx context.Context, n int) ([]*record, error) {
	var all []*record
	for len(all) < n {
		if err := h.fill(ctx); err != nil {
			return nil, err
		}
		one, err := h.next(ctx)
		if err != nil {
			return nil, err
		}
		if one == nil {
			break
		}
		all = append(all, one)
	}
	return all, nil
}

// safeList gives what the guard of the project lets pass, the oldest entry first. What has expired is not there any more.
func (h *history) safeList(ctx context.Context) ([]store.SafeEntry, error) {
	var all []store.SafeEntry
	for after := ""; ; {
		var some []store.SafeEntry
		err := h.DB.Read(ctx, func(tx *store.Tx) (err error) {
			some, err = tx.SafeList(ctx, h.Project.ID, after)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read the safe list: %w", err)
		}
		if len(some) == 0 {
			break
		}
		all, after = append(all, some...), some[len(some)-1].Value
	}
	slices.SortStableFunc(all, func(a, b store.SafeEntry) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return all, nil
}

// fill reads the next page of what has run out, unless there is none.
func (h *history) fill(ctx context.Context) error {
	if len(h.messages) == 0 && h.texts.Limit > 0 {
		err := h.DB.Read(ctx, func(tx *store.Tx) (err error) {
			h.messages, err = tx.CodesTexted(ctx, h.texts)
			return err
		})
		if err != nil {
			return fmt.Errorf("read the texts of the project: %w", err)
		}
		if h.texts.Limit = 0; len(h.messages) == page {
			h.texts.Limit, h.texts.After = page, h.messages[page-1].ID
		}
	}
	if len(h.events) == 0 && h.refusals.Limit > 0 {
		err := h.DB.Read(ctx, func(tx *store.Tx) (err error) {
			h.events, err = tx.Refusals(ctx, h.refusals, challenge.Action)
			return err
		})
		if err != nil {
			return fmt.Errorf("read the refusals of the project: %w", err)
		}
		if h.refusals.Limit = 0; len(h.events) == page {
			h.refusals.Limit, h.refusals.After = page, h.events[page-1].ID
		}
	}
	return nil
}

// next gives the older of the two that come next, nil at the end.
func (h *history) next(ctx context.Context) (*record, error) {
	var one *record
	var org string
	switch {
	case len(h.messages) > 0 && (len(h.events) == 0 || sooner(h.messages[0], &h.events[0])):
		m := h.messages[0]
		h.messages = h.messages[1:]
		one, org = h.text(m), m.OrganizationID
	case len(h.events) > 0:
		e := &h.events[0]
		h.events = h.events[1:]
		one, org = h.refusal(e), e.OrganizationID
	default:
		return nil, nil //nolint:nilnil // the end
	}
	var err error
	one.org, err = h.org(ctx, org)
	return one, err
}

// sooner orders by time, and within one moment as identifiers are, which are made in turn.
func sooner(m *store.Message, e *store.AuditEvent) bool {
	if !m.CreatedAt.Equal(e.At) {
		return m.CreatedAt.Before(e.At)
	}
	_, _, u, _ := ids.Parse(m.ID)
	return u.String() < e.ID
}

func (h *history) text(m *store.Message) *record {
	verified, known := challenge.ReadVerified(m.Decision)
	one := &record{
		at: m.CreatedAt, request: m.RequestID, member: m.MemberID, number: phone.StoredIn(m.Recipient, m.Country),
		verified: verified, redeemedAt: m.RedeemedAt, cost: m.Earlier + max(m.Reserved, 0), provider: m.Provider,
		unreadable: !known,
	}
	h.remember(one)
	return one
}

func (h *history) refusal(e *store.AuditEvent) *record {
	r, known := challenge.ReadRefusal(e.Details)
	number, seen := h.numbers[r.Number]
	if !seen {
		if number, seen = h.older[r.Number]; !seen && known {
			number = standIn(r)
		}
	}
	return &record{
		at: e.At, request: e.RequestID, member: e.MemberID, number: number, verified: r.Verified, rule: r.Rule,
		unreadable: !known,
	}
}

// remember keeps the number of a text for the refusals after it, which know a hash of theirs alone. The key is the one
// of the next refusal: before a rotation another one than after it.
func (h *history) remember(one *record) {
	if today := one.at.Truncate(day); !today.Equal(h.today) || len(h.numbers) >= remembered {
		h.today, h.older, h.numbers = today, h.numbers, map[string]phone.Number{}
	}
	if len(h.events) == 0 {
		return
	}
	next, known := challenge.ReadRefusal(h.events[0].Details)
	if !known {
		return
	}
	mac, err := h.Keys.MACLike(next.Number, challenge.MACNumber, challenge.MACText(h.Project.ID, one.number.String()))
	if err == nil {
		h.numbers[mac] = one.number
	}
}

// standIn is a number in place of one that no text went to: of the same prefix, and the same for the same hash.
func standIn(r challenge.Refusal) phone.Number {
	h := fnv.New64a()
	_, _ = h.Write([]byte(r.Number))
	b := block{prefix: r.Prefix, region: r.Country, rest: restOf(r.Country)}
	return b.number(int64(h.Sum64() % uint64(b.size()))) //nolint:gosec // below the size
}

// org gives an organization of the project as it is now, or what is known of one that is gone.
func (h *history) org(ctx context.Context, id string) (*store.Organization, error) {
	if o := h.orgs[id]; o != nil {
		return o, nil
	}
	var o *store.Organization
	err := h.DB.Read(ctx, func(tx *store.Tx) (err error) {
		o, err = tx.Organization(ctx, h.Project.ID, id)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		o, err = &store.Organization{ID: id, ProjectID: h.Project.ID, Slug: id, Name: id}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read an organization of the project: %w", err)
	}
	if len(h.orgs) >= remembered/10 {
		clear(h.orgs)
	}
	h.orgs[id] = o
	return o, h.members(ctx, o)
}

// members tells of those who were there before the records that are read.
func (h *history) members(ctx context.Context, o *store.Organization) error {
	after := ""
	for {
		var some []*store.Member
		err := h.DB.Read(ctx, func(tx *store.Tx) (err error) {
			some, err = tx.VerifiedPhones(ctx, o.ID, after, h.texts.From, page)
			return err
		})
		if err != nil {
			return fmt.Errorf("read the members of an organization: %w", err)
		}
		if err := h.found(ctx, o, some); err != nil || len(some) < page {
			return err
		}
		after = some[page-1].Phone
	}
}
