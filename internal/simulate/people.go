package simulate

import (
	"math"
	"math/rand/v2"
	"sort"
	"time"
)

const (
	peoplePrefixes = 600 // prefixes that no attack goes to and nobody near them
	peopleCluster  = 5
	maxAsks        = 3 // of one login
	// What people wait for a text before they ask again: at least so long, and as much again on average.
	patience = 30 * time.Second
)

// people makes the traffic of members: most come back with a number that they have verified, some are new and enrol.
func people(g *source, attacked []block) error {
	own, err := blocks(g.rand, g.countries, peoplePrefixes, peopleCluster)
	if err != nil {
		return err
	}
	c := &crowd{source: g, own: own, attacked: attacked}
	if len(attacked) > 0 {
		c.near = near(g.rand, attacked, 2*len(attacked))
	}
	for range g.members {
		c.members = append(c.members, c.join())
		c.enrolled(c.members[len(c.members)-1])
	}
	g.total = g.logins
	g.next = c.next
	g.again = func(a *ask, _ bool) (time.Duration, bool) {
		if a.try+1 >= maxAsks || g.rand.Float64() >= g.retries {
			return 0, false
		}
		return patience + time.Duration(g.rand.ExpFloat64()*float64(patience)).Truncate(time.Microsecond), true
	}
	return nil
}

// crowd is everybody who may log in.
type crowd struct {
	*source
	own, near, attacked []block
	members             []*person
	joined              int64
}

// join makes a new member, in some organization, with some number.
func (c *crowd) join() *person {
	from, where, chance := c.own, elsewhere, c.rand.Float64()
	switch {
	case chance < c.shared && len(c.attacked) > 0:
		from, where = c.attacked, attacked
	case chance < c.shared+c.Shape.near && len(c.near) > 0:
		from, where = c.near, beside
	}
	b := from[c.rand.IntN(len(from))]
	c.joined++
	return &person{
		member: c.memberOf(c.joined), org: c.rand.IntN(organizations), number: b.number(c.rand.Int64N(b.size())),
		kind: b.kind, home: where,
	}
}

// enrolled lets a member have verified the number in the time before the beginning: after a text that did not help, now
// and then.
func (c *crowd) enrolled(p *person) {
	at := start.Add(-time.Duration(c.rand.Int64N(int64(past-time.Hour))) - time.Hour).Truncate(time.Microsecond)
	if c.rand.Float64() >= c.conversion {
		c.source.past = append(c.source.past, event{at: at.Add(-patience), ask: &ask{who: p, past: true}})
	}
	c.source.past = append(c.source.past, event{at: at, ask: &ask{who: p, past: true, redeem: reading(c.rand)}})
}

// next has somebody log in.
func (c *crowd) next(n int64) (time.Time, *ask) {
	share := (float64(n) + c.rand.Float64()) / float64(c.total)
	a := &ask{login: n, redeem: c.typed()}
	if c.rand.Float64() < c.fresh || len(c.members) == 0 {
		a.who = c.join()
		c.members = append(c.members, a.who)
	} else {
		a.who = c.members[c.rand.IntN(len(c.members))]
	}
	return start.Add(daily(share, c.length)), a
}

// curve is how much happens up to each hour of a day: least at four at night, most at four in the afternoon.
var curve = func() [25]float64 {
	var sums [25]float64
	for hour := range 24 {
		sums[hour+1] = sums[hour] + 1 - 0.9*math.Cos(2*math.Pi*(float64(hour)+0.5-4)/24)
	}
	for i := range sums {
		sums[i] /= sums[24]
	}
	return sums
}()

// daily gives the moment up to which a share of everything has happened, in days that all follow the curve.
func daily(share float64, length time.Duration) time.Duration {
	days := float64(length) / float64(day)
	whole, rest := math.Modf(share * days)
	hour := sort.SearchFloat64s(curve[:], rest)
	hour = min(max(hour, 1), 24)
	within := (rest - curve[hour-1]) / (curve[hour] - curve[hour-1])
	at := whole*float64(day) + (float64(hour-1)+within)*float64(time.Hour)
	return time.Duration(at).Truncate(time.Microsecond)
}

// reading is how long somebody takes from asking for a code to having typed it: mostly some ten seconds, rarely a minute.
func reading(r *rand.Rand) time.Duration {
	seconds := math.Exp(math.Log(12) + 0.6*r.NormFloat64())
	seconds = min(max(seconds, 4), 110) // the code lives for two minutes
	return time.Duration(seconds * float64(time.Second)).Truncate(time.Microsecond)
}
