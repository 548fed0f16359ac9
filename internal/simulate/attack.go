package simulate

import (
	"time"
)

// cluster is how many neighbouring prefixes a fraudster rents at once.
const cluster = 10

// targets chooses the prefixes that an attack goes to. People have none of their own: theirs is what attacks go to.
func (g *source) targets(attacked []block) ([]block, error) {
	if !g.Attack {
		return attacked, nil
	}
	return blocks(g.rand, g.countries, int(g.prefixes), cluster)
}

// moment gives the moment of the n-th of total asks that are spread evenly, and by chance within their share.
func (g *source) moment(n int64) time.Time {
	share := (float64(n) + g.rand.Float64()) / float64(g.total)
	return start.Add(time.Duration(share * float64(g.length)).Truncate(time.Microsecond))
}

// typed decides whether the code of a text will be used, and after how long.
func (g *source) typed() time.Duration {
	if g.rand.Float64() >= g.conversion {
		return 0
	}
	if g.Attack { // a program reads the text
		return 5*time.Second + time.Duration(g.rand.Int64N(int64(15*time.Second)))
	}
	return reading(g.rand)
}

// accounts gives the account that owns the n-th number of a shape. Accounts are remembered only where one may become
// verified: all others begin anew each time.
func (g *source) accountsOf(targets []block) func(n int64) *person {
	known := map[int64]*person{}
	return func(n int64) *person {
		if p := known[n]; p != nil {
			return p
		}
		b := targets[n%int64(len(targets))]
		spread := mix(uint64(n / int64(len(targets)))) //nolint:gosec // never negative
		p := &person{
			member: g.memberOf(n), org: int(n % organizations),
			number: b.number(int64(spread % uint64(b.size()))), //nolint:gosec // below the size
			kind:   b.kind,
		}
		if g.conversion > 0 {
			known[n] = p
		}
		return p
	}
}

// flood asks for texts to numbers of all prefixes, evenly over the time. With accounts, as many of them ask again and
// again; else each number has one of its own.
func flood(g *source, targets []block) error {
	g.total = g.requests
	account := g.accountsOf(targets)
	accounts := g.accounts
	if accounts == 0 {
		for _, b := range targets {
			accounts += b.size()
		}
	}
	g.next = func(n int64) (time.Time, *ask) {
		return g.moment(n), &ask{who: account(g.rand.Int64N(accounts)), redeem: g.typed()}
	}
	return nil
}

// slow asks for the same few texts for each prefix in each hour, at any minute of it.
func slow(g *source, targets []block) error {
	hours := int64(g.length / time.Hour)
	each := int64(len(targets)) * g.perHour
	g.total = hours * each
	account := g.accountsOf(targets)
	g.next = func(n int64) (time.Time, *ask) {
		hour, within := n/each, n%each
		share := (float64(within) + g.rand.Float64()) / float64(each)
		at := start.Add(time.Duration(hour)*time.Hour + time.Duration(share*float64(time.Hour)).Truncate(time.Microsecond))
		// Another number each hour, of each prefix in its turn.
		return at, &ask{who: account(n), redeem: g.typed()}
	}
	return nil
}

// sequence asks for texts to one number after the other of each prefix, from a number by chance on.
func sequence(g *source, targets []block) error {
	g.total = g.requests
	first := make([]int64, len(targets))
	for i, b := range targets {
		first[i] = g.rand.Int64N(b.size())
	}
	g.next = func(n int64) (time.Time, *ask) {
		i, step := n%int64(len(targets)), n/int64(len(targets))
		b := targets[i]
		which := (first[i] + step) % b.size()
		p := &person{member: g.memberOf(n), org: int(n % organizations), number: b.number(which), kind: b.kind}
		return g.moment(n), &ask{who: p, redeem: g.typed()}
	}
	return nil
}
