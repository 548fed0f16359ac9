package simulate

import (
	"container/heap"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

// person is somebody who asks for texts, or an account of a fraudster.
type person struct {
	member   string
	org      int
	number   phone.Number
	kind     phone.Kind
	verified bool
	home     home
}

// home tells where somebody lives, seen from the attacks.
type home int

const (
	elsewhere home = iota
	beside         // the first five digits are those of an attacked prefix
	attacked       // all seven are
)

// send is the person's next text.
func (p *person) send(project *store.Project) guard.Send {
	o := organization(project, p.org)
	m := &store.Member{
		ID: p.member, ProjectID: project.ID, OrganizationID: o.ID, Status: store.StatusActive,
		Phone: p.number.String(), PhoneVerified: p.verified, CreatedAt: start,
	}
	return guard.Send{Project: project, Organization: o, Member: m, Number: p.number, Verified: p.verified, Kind: p.kind}
}

// ask is a request for a text, with what will become of the text if it leaves.
type ask struct {
	source *source
	who    *person
	// redeem is after how long its code will be used, 0 for never.
	redeem time.Duration
	// login counts the logins of people: an ask and those that repeat it have one number.
	login int64
	try   int
	// again marks an ask that repeats one.
	again bool
	hurt  bool // an ask of the same login was refused before
	past  bool // it was before the beginning, when members enrolled
}

// event is something that happens at a moment.
type event struct {
	at     time.Time
	order  int64 // among those of one moment
	ask    *ask
	redeem bool // a code is used
}

// source makes the traffic of one shape.
type source struct {
	Shape
	index  int
	rand   *rand.Rand
	length time.Duration
	total  int64 // asks, those that repeat others not counted
	made   int64
	// next makes the n-th ask; n counts from 0. The moments do not go back.
	next func(n int64) (time.Time, *ask)
	// again decides whether somebody asks again whose text did not leave, or whose code will not be used.
	again func(a *ask, sent bool) (time.Duration, bool)
	head  event
	past  []event // what was before the beginning
}

// advance makes the next ask the head; there is none when all are made.
func (g *source) advance() {
	if g.made == g.total {
		g.head = event{}
		return
	}
	at, a := g.next(g.made)
	a.source = g
	g.head = event{at: at, ask: a}
	g.made++
}

// traffic is all that happens, in the order of time.
type traffic struct {
	sources []*source
	total   int64
	later   events  // what follows from what has happened
	back    []event // what was taken too early
	order   int64
}

func newTraffic(o *Options) (*traffic, error) {
	t := &traffic{}
	countries := countriesOf(&o.Settings)
	var attacked []block
	// Attacks first: people share some of their prefixes.
	for _, attack := range []bool{true, false} {
		for i, s := range o.Shapes {
			if s.Attack != attack {
				continue
			}
			h := fnv.New64a()
			_, _ = h.Write([]byte(s.Name))
			g := &source{
				Shape: s, index: i, length: time.Duration(o.days()) * day,
				rand: rand.New(rand.NewPCG(o.Seed, h.Sum64())), //nolint:gosec // chance that can be repeated
			}
			if len(g.countries) == 0 {
				g.countries = countries
			}
			targets, err := g.targets(attacked)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.Name, err)
			}
			if err := s.build(g, targets); err != nil {
				return nil, fmt.Errorf("%s: %w", s.Name, err)
			}
			if attack {
				attacked = append(attacked, targets...)
			}
			t.sources = append(t.sources, g)
			t.total += g.total
			for _, e := range g.past {
				e.ask.source = g
				t.add(e)
			}
			g.advance()
		}
	}
	return t, nil
}

// day is the day that policies count by.
const day = 24 * time.Hour

// next gives what happens next, and whether anything does.
func (t *traffic) next() (event, bool) {
	e, take := t.peek()
	if take == nil {
		return event{}, false
	}
	take()
	return e, true
}

// peek gives what happens next, and how it is taken; nothing takes it when there is nothing left.
func (t *traffic) peek() (e event, take func()) {
	for _, g := range t.sources {
		if g.head.ask != nil && (take == nil || g.head.at.Before(e.at)) {
			e, take = g.head, g.advance
		}
	}
	if len(t.back) > 0 && (take == nil || !e.at.Before(t.back[0].at)) {
		e, take = t.back[0], func() { t.back = t.back[1:] }
	}
	if len(t.later) > 0 && (take == nil || !e.at.Before(t.later[0].at)) {
		e, take = t.later[0], func() { heap.Pop(&t.later) }
	}
	return e, take
}

// floods reports whether what happens next is a request of an attack, of which nothing follows if it is refused.
func (t *traffic) floods() bool {
	e, take := t.peek()
	return take != nil && !e.redeem && !e.ask.past && e.ask.source.Attack
}

// ahead takes up to n requests of attacks, as far as nothing else happens between them.
func (t *traffic) ahead(n int) []event {
	var all []event
	for len(all) < n && t.floods() {
		e, _ := t.next()
		all = append(all, e)
	}
	return all
}

// putBack gives back the last of those that ahead took.
func (t *traffic) putBack(all []event) { t.back = append(all, t.back...) }

// answered lets what follows from an answer happen: a code is used, or somebody asks again.
func (t *traffic) answered(e event, sent bool) {
	a := e.ask
	if sent && a.redeem > 0 {
		t.add(event{at: e.at.Add(a.redeem), ask: a, redeem: true})
		return
	}
	if a.past || a.source.again == nil {
		return
	}
	wait, again := a.source.again(a, sent)
	if !again {
		return
	}
	next := *a
	next.try, next.again, next.hurt = a.try+1, true, a.hurt || !sent
	next.redeem = a.source.typed()
	t.add(event{at: e.at.Add(wait), ask: &next})
}

func (t *traffic) add(e event) {
	t.order++
	e.order = t.order
	heap.Push(&t.later, e)
}

// events is a heap.
type events []event

// Len is part of heap.Interface.
func (e events) Len() int { return len(e) }

// Less is part of heap.Interface.
func (e events) Less(i, j int) bool {
	if !e[i].at.Equal(e[j].at) {
		return e[i].at.Before(e[j].at)
	}
	return e[i].order < e[j].order
}

// Swap is part of heap.Interface.
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

// Push is part of heap.Interface.
func (e *events) Push(x any) { *e = append(*e, x.(event)) } //nolint:forcetypeassert // nothing else is pushed

// Pop is part of heap.Interface.
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	(*e)[len(*e)-1] = event{}
	*e = (*e)[:len(*e)-1]
	return last
}

// memberOf gives the identifier of the n-th member of a shape.
func (g *source) memberOf(n int64) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(g.Name))
	return fixedID(ids.Member, h.Sum64()^uint64(n)) //nolint:gosec // any bits will do
}
