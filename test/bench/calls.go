package main

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// template is a request whose bytes are there but for the values of its body, which all have the same length in each.
type template struct {
	head  string
	parts []string // of the body, with a value between each two
}

// newTemplate makes a template of a call with the lengths of the values that its body will have.
func (w *world) newTemplate(path string, parts []string, lengths ...int) template {
	length := 0
	for _, part := range parts {
		length += len(part)
	}
	for _, n := range lengths {
		length += n
	}
	return template{
		head: fmt.Sprintf("POST %s HTTP/1.1\r\nHost: thimble\r\nAuthorization: Basic %s\r\n"+
			"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n",
			path, base64.StdEncoding.EncodeToString([]byte(w.project+":"+w.secret)), length),
		parts: parts,
	}
}

func (t *template) fill(buf []byte, values ...string) []byte {
	buf = append(buf, t.head...)
	for i, part := range t.parts {
		buf = append(buf, part...)
		if i < len(values) {
			buf = append(buf, values[i]...)
		}
	}
	return buf
}

// sends asks for codes: for the members in a random order that repeats, each with the intermediate session of a login
// that the code would complete.
type sends struct {
	*world
	template
	at atomic.Int64
}

func (w *world) sends() *sends {
	m := &w.members[0]
	return &sends{world: w, template: w.newTemplate("/v1/b2b/otps/sms/send",
		[]string{`{"organization_id":"`, `","member_id":"`, `","intermediate_session_token":"`, `"}`},
		len(m.organization), len(m.id), tokenLength)}
}

func (s *sends) next(buf []byte) ([]byte, int, bool) {
	id := int(s.at.Add(1)-1) % len(s.members)
	m := &s.members[id]
	m.begin()
	return s.fill(buf, m.organization, m.id, m.token()), id, true
}

func (s *sends) answered(id, status int, at time.Time) {
	s.deliveries.answered(&s.members[id], status, at)
}

// redeems redeems the codes that the first so many members have, each once.
type redeems struct {
	*world
	template
	among int
	at    atomic.Int64
}

func (w *world) redeems(among int) *redeems {
	m := &w.members[0]
	return &redeems{world: w, among: among, template: w.newTemplate("/v1/b2b/otps/sms/authenticate",
		[]string{`{"organization_id":"`, `","member_id":"`, `","code":"`, `","intermediate_session_token":"`, `"}`},
		len(m.organization), len(m.id), codeLength, tokenLength)}
}

func (r *redeems) next(buf []byte) ([]byte, int, bool) {
	for {
		id := int(r.at.Add(1) - 1)
		if id >= r.among {
			return nil, 0, false
		}
		m := &r.members[id]
		if code := m.takeCode(); code != "" {
			return r.fill(buf, m.organization, m.id, code, m.takeToken()), id, true
		}
	}
}

func (r *redeems) answered(int, int, time.Time) {}

// checks checks sessions, any of the first so many.
type checks struct {
	*world
	template
	among int
}

func (w *world) checks(among int) *checks {
	return &checks{
		world: w, among: min(among, len(w.sessions)),
		template: w.newTemplate("/v1/b2b/sessions/authenticate", []string{`{"session_token":"`, `"}`}, tokenLength),
	}
}

func (c *checks) next(buf []byte) ([]byte, int, bool) {
	id := rand.IntN(c.among)
	return c.fill(buf, c.sessions[id]), id, true
}

func (c *checks) answered(int, int, time.Time) {}
