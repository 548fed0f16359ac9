package simulate

import "time"

// Asked is a request of made-up traffic, as tests look at it.
type Asked struct {
	At       time.Time
	Member   string
	Number   string
	Prefix   string
	Verified bool
	Redeemed bool // its code will be used
	Again    bool
}

// Asks gives all requests of a run in which every text leaves.
func Asks(o Options) ([]Asked, error) {
	t, err := newTraffic(&o)
	if err != nil {
		return nil, err
	}
	var all []Asked
	for {
		e, more := t.next()
		if !more {
			return all, nil
		}
		if e.redeem {
			e.ask.who.verified = true
			continue
		}
		if e.ask.past {
			t.answered(e, true)
			continue
		}
		all = append(all, Asked{
			e.at, e.ask.who.member, e.ask.who.number.String(), e.ask.who.number.Prefix(), e.ask.who.verified, e.ask.redeem > 0,
			e.ask.again,
		})
		t.answered(e, true)
	}
}

// InTurn makes a run decide everything one after the other.
func InTurn(o Options) Options {
	o.noScouts = true
	return o
}

// Start is when made-up traffic begins.
var Start = start
