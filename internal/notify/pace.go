package notify

import (
	"math"
	"sync"
	"time"
)

// How texts that nobody took at first come back.
const (
	paceOver  = 30 * time.Second // over which the rate of new texts is averaged
	paceLeast = 5.0              // texts a second that may come back whatever that rate is
)

// pace spreads what comes back after nobody took it: as many a second as there are new texts, so that a provider that
// was down sees at most twice its normal rate when it is well again.
type pace struct {
	mu   sync.Mutex
	seen float64 // new texts, the older the less they count
	at   time.Time
	free time.Time // when the next one may come back
}

// fresh notes a new text.
func (p *pace) fresh(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.age(now)
	p.seen++
}

// age lets what was seen count for less. The caller holds the lock.
func (p *pace) age(now time.Time) {
	if d := now.Sub(p.at); d > 0 {
		p.seen *= math.Exp(-d.Seconds() / paceOver.Seconds())
		p.at = now
	}
}

// turn gives a text its turn, and how long it is until then. There is none when it is further away than most: then it is
// how long to wait before asking again.
func (p *pace) turn(now time.Time, most time.Duration) (wait time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.age(now)
	if p.free.Before(now) {
		p.free = now
	}
	wait = p.free.Sub(now)
	if wait > most {
		return wait, false
	}
	rate := max(paceLeast, p.seen/paceOver.Seconds())
	p.free = p.free.Add(time.Duration(float64(time.Second) / rate))
	return wait, true
}
