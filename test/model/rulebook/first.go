package rulebook

import (
	"slices"
	"time"
)

var (
	noLink     = refuse(404, "magic_link_not_found")
	deadLink   = refuse(401, "unable_to_auth_magic_link")
	noCode     = refuse(404, "otp_code_not_found")
	deadCode   = refuse(401, "unable_to_auth_otp_code")
	badCode    = refuse(400, "invalid_code")
	tooMany    = refuse(429, "user_lock_limit_reached")
	noPassword = refuse(401, "unauthorized_credentials")
	notThisWay = refuse(400, "operation_restricted_by_organization_auth_methods")
)

// allows reports whether a list of methods has one; nil stands for all.
func allows(list []string, method string) bool { return list == nil || slices.Contains(list, method) }

func life(minutes int, otherwise time.Duration) time.Duration {
	if minutes == 0 {
		return otherwise
	}
	return time.Duration(minutes) * time.Minute
}

// MailLink mails the member a link.
func (w *World) MailLink(m *Member, minutes int) Answer {
	if !allows(m.Org.First, Magic) {
		return notThisWay
	}
	w.mailLink(m.Address, m, minutes)
	return w.ok(m)
}

// MailFreeLink mails a link for a login without an organization.
func (w *World) MailFreeLink(address string) Answer {
	w.mailLink(address, nil, 0)
	return Answer{Status: 200, Sent: []string{"email " + address}}
}

func (w *World) mailLink(address string, m *Member, minutes int) {
	l := &Link{Address: address, For: m, Ends: w.Now.Add(life(minutes, LinkLife))}
	w.Links = append(w.Links, l)
	w.post(&Letter{Channel: "email", To: address, Link: l})
}

// MailCode mails the member a code, which ends all others to the address.
func (w *World) MailCode(m *Member, minutes int) Answer {
	if !allows(m.Org.First, MailCode) {
		return notThisWay
	}
	w.mailCode(m.Address, m, minutes)
	return w.ok(m)
}

// MailFreeCode mails a code for a login without an organization.
func (w *World) MailFreeCode(address string) Answer {
	w.mailCode(address, nil, 0)
	return Answer{Status: 200, Sent: []string{"email " + address}}
}

func (w *World) mailCode(address string, m *Member, minutes int) {
	c := &Code{To: address, For: m, Ends: w.Now.Add(life(minutes, MailCodeLife))}
	s := w.Slot(address)
	s.Codes = append(s.Codes, c)
	w.post(&Letter{Channel: "email", To: address, Code: c})
}

// FollowLink redeems a link, nil for a token that nobody was sent.
func (w *World) FollowLink(l *Link, p Pass, minutes int) Answer {
	if l == nil || l.For == nil {
		return noLink
	}
	if l.Used || !w.alive(l.Ends) {
		return deadLink
	}
	if a := w.beside(l.For, p); a.refused() {
		return a
	}
	l.Used = true
	l.For.AddressProven = true
	return w.proven(l.For, Factor{Kind: Magic, Address: l.Address}, p, minutes)
}

// FollowFreeLink redeems a link of a login without an organization.
func (w *World) FollowFreeLink(l *Link) Answer {
	if l == nil || l.For != nil {
		return noLink
	}
	if l.Used || !w.alive(l.Ends) {
		return deadLink
	}
	l.Used = true
	return w.discovered(Factor{Kind: Magic, Address: l.Address})
}

// EnterMailCode redeems a code for the member.
func (w *World) EnterMailCode(m *Member, value string, p Pass, minutes int) Answer {
	t := m.First(MailCode)
	if a := w.guessMailCode(t, m.Address, m, value); a.refused() {
		return a
	}
	if a := w.beside(m, p); a.refused() {
		return a
	}
	*t = Tally{}
	w.Slot(m.Address).Newest().Used = true
	m.AddressProven = true
	return w.proven(m, Factor{Kind: MailCode, Address: m.Address}, p, minutes)
}

// EnterFreeCode redeems a code of a login without an organization.
func (w *World) EnterFreeCode(address, value string) Answer {
	t := w.FreeTally(address)
	if a := w.guessMailCode(t, address, nil, value); a.refused() {
		return a
	}
	*t = Tally{}
	w.Slot(address).Newest().Used = true
	return w.discovered(Factor{Kind: MailCode, Address: address})
}

func (w *World) guessMailCode(t *Tally, address string, whose *Member, value string) Answer {
	if w.locked(t) {
		return tooMany
	}
	if !WellFormed(value) {
		return badCode
	}
	switch w.judge(w.Slot(address), value, address, whose) {
	case wrong:
		w.wrong(t)
		return noCode
	case outdated:
		w.wrong(t)
		return deadCode
	case used:
		return deadCode
	}
	return Answer{}
}

// EnterPassword tries a password.
func (w *World) EnterPassword(m *Member, text string, p Pass, minutes int) Answer {
	t := m.First(Password)
	if !allows(m.Org.First, Password) {
		return notThisWay
	}
	if w.locked(t) {
		return tooMany
	}
	if m.Password == "" || text != m.Password {
		w.wrong(t)
		return noPassword
	}
	if a := w.beside(m, p); a.refused() {
		return a
	}
	*t = Tally{}
	return w.proven(m, Factor{Kind: Password, Address: m.Address, Whose: m}, p, minutes)
}

// beside refuses a token that comes with a first factor. Another member's session is no reason to: it is ignored.
func (w *World) beside(m *Member, p Pass) Answer {
	switch {
	case p.Session != nil && !w.Lives(p.Session):
		return noSession
	case p.Login != nil && !w.Alive(p.Login):
		return noLogin
	case p.Login != nil && p.Login.Address != m.Address:
		return otherLogin
	}
	return Answer{}
}

// proven goes on with a first factor: into the member's own session, into the login that it came with, or into a new
// one.
func (w *World) proven(m *Member, f Factor, p Pass, minutes int) Answer {
	if s := p.Session; s != nil && s.Member == m {
		w.stepUp(s, f, minutes)
		return w.complete(s)
	}
	factors := []Factor{f}
	if p.Login != nil {
		factors = with(p.Login.Factors, f)
	}
	return w.decide(m, p.Login, factors, minutes)
}
