package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// inTime is how long after the answer a text may reach the carrier to count as delivered.
const inTime = time.Second

// deliveries holds what the server accepted against what the carrier saw.
type deliveries struct {
	accepted, seen, late atomic.Int64
	last                 atomic.Int64 // when the last text arrived, in nanoseconds
}

// member is somebody who gets codes.
type member struct {
	organization, id string
	email, emailID   string
	phone            string // digits without a plus
	phoneID          string

	mu       sync.Mutex
	code     string   // of the last text, "" once redeemed
	tokens   []string // of intermediate sessions, each good for one login
	asking   bool     // a send is under way
	answered time.Time
}

func (m *member) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asking = true
}

// answered is told about the answer to a send.
func (d *deliveries) answered(m *member, status int, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asking, m.answered = false, at
	if status == 200 {
		d.accepted.Add(1)
	}
}

// arrived is told about a text at the carrier. A text that comes before its answer is in time.
func (d *deliveries) arrived(m *member, code string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.code = code
	d.seen.Add(1)
	d.last.Store(at.UnixNano())
	if !m.asking && at.Sub(m.answered) > inTime {
		d.late.Add(1)
	}
}

// token gives the token of the member's login without using it up.
func (m *member) token() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tokens[0]
}

// takeToken gives the token of the member's login, which the call is going to use up. The last one stays.
func (m *member) takeToken() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	token := m.tokens[0]
	if len(m.tokens) > 1 {
		m.tokens = m.tokens[1:]
	}
	return token
}

// takeCode gives the code that the member got, if there is one and more than one login left: sends need the last.
func (m *member) takeCode() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.tokens) < 2 {
		return ""
	}
	code := m.code
	m.code = ""
	return code
}

// tally is a moment of the deliveries.
type tally struct{ accepted, seen, late int64 }

func (d *deliveries) tally() tally { return tally{d.accepted.Load(), d.seen.Load(), d.late.Load()} }

func (t tally) since(before tally) tally {
	return tally{t.accepted - before.accepted, t.seen - before.seen, t.late - before.late}
}
