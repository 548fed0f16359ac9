package rulebook

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var (
	noSession  = refuse(404, "session_not_found")
	noLogin    = refuse(404, "intermediate_session_not_found")
	otherLogin = refuse(400, "invalid_intermediate_session_token_for_organization")
)

// with adds a factor, which is in a list once.
func with(list []Factor, f Factor) []Factor {
	if slices.Contains(list, f) {
		return list
	}
	return append(slices.Clone(list), f)
}

func (f *Factor) second() bool { return f.Address == "" }

// method is what policies call the factor.
func (f *Factor) method() string {
	switch f.Kind {
	case "otp":
		return SMS
	case "recovery_codes":
		return TOTP
	}
	return f.Kind
}

func (f *Factor) describe() string {
	switch f.Kind {
	case "otp":
		return "otp " + f.Number
	case "totp":
		return "totp " + f.App.Name
	case "recovery_codes":
		return f.Kind
	}
	return f.Kind + " " + f.Address
}

// of reports whether the factor is one of the member's. A password is whose it was verified for, a mailbox whoever has
// the address, a number whoever has it.
func (f *Factor) of(m *Member) bool {
	switch {
	case f.Kind == Password:
		return f.Whose == m
	case f.Address != "":
		return f.Address == m.Address
	case f.Number != "":
		return f.Number == m.Number
	}
	return f.App != nil && f.App == m.App
}

// FirstMet reports whether the factors have a first one that the organization allows.
func FirstMet(m *Member, factors []Factor) bool {
	return slices.ContainsFunc(factors, func(f Factor) bool {
		return !f.second() && f.of(m) && allows(m.Org.First, f.method())
	})
}

// SecondMet reports whether the factors have a second one that the organization allows. A number counts once the member
// has proven it.
func SecondMet(m *Member, factors []Factor) bool {
	return slices.ContainsFunc(factors, func(f Factor) bool {
		return f.second() && f.of(m) && allows(m.Org.Second, f.method()) && (f.Number == "" || m.NumberProven)
	})
}

// SecondAsked reports whether the member's logins need a second factor.
func SecondAsked(m *Member) bool { return m.Org.Required || m.Enrolled }

// decide makes a login complete or says what is missing. held is the login that the factors came in, if any.
func (w *World) decide(m *Member, held *Login, factors []Factor, minutes int) Answer {
	first := FirstMet(m, factors)
	if first && (!SecondAsked(m) || SecondMet(m, factors)) {
		if held != nil {
			held.Over = true
		}
		return w.complete(w.open(m, factors, minutes))
	}

	if held == nil {
		held = w.suspend(m.Address)
	}
	held.Factors = factors
	a := Answer{Complete: "no", Login: held.Name, LoginEnds: w.At(held.Ends)}
	if first {
		texted := w.mayTextFirst(m)
		if texted {
			w.text(m)
		}
		a.Second = w.options(m, texted)
	} else {
		a.First = firsts(m.Org)
	}
	b := w.ok(m)
	a.Status, a.Member, a.Sent = b.Status, b.Member, b.Sent
	return a
}

// firsts are the primary methods that would do, nil standing for all as in the policy.
func firsts(o *Organization) []string {
	if o.First == nil {
		return []string{"any"}
	}
	return slices.Sorted(slices.Values(o.First))
}

// options are the second factors that can be shown now.
func (w *World) options(m *Member, texted bool) string {
	var words []string
	if m.Number != "" && allows(m.Org.Second, SMS) && (m.NumberProven || texted) {
		words = append(words, strings.Repeat("X", len(m.Number)-5)+m.Number[len(m.Number)-4:])
	}
	if m.App != nil && allows(m.Org.Second, TOTP) {
		words = append(words, m.App.Name)
	}
	if len(words) == 0 {
		words = append(words, "enrolment")
	}
	if texted {
		words = append(words, "texted")
	}
	return strings.Join(words, ", ")
}

func (w *World) suspend(address string) *Login {
	l := &Login{Name: fmt.Sprintf("login %d", len(w.Logins)+1), Address: address, Ends: w.Now.Add(LoginLife)}
	w.Logins = append(w.Logins, l)
	return l
}

// open makes a session, with the factors that are the member's own.
func (w *World) open(m *Member, factors []Factor, minutes int) *Session {
	s := &Session{
		Name: fmt.Sprintf("session %d", len(w.Sessions)+1), Member: m, Ends: w.Now.Add(life(minutes, SessionLife)),
	}
	for _, f := range factors {
		if f.Number != "" {
			f.Linked = m.Linked // wherever it was proven, here it is the member's own
		}
		if f.of(m) {
			s.Factors = with(s.Factors, f)
		}
	}
	w.Sessions = append(w.Sessions, s)
	return s
}

// stepUp adds a factor to a session, whose end moves only when the call says so.
func (w *World) stepUp(s *Session, f Factor, minutes int) {
	s.Factors = with(s.Factors, f)
	w.prolong(s, minutes)
}

func (w *World) prolong(s *Session, minutes int) {
	if minutes > 0 {
		s.Ends = w.Now.Add(time.Duration(minutes) * time.Minute)
	}
}

func (w *World) complete(s *Session) Answer {
	a := w.shown(s)
	a.Complete = "yes"
	return a
}

// shown is an answer with a session in it.
func (w *World) shown(s *Session) Answer {
	a := w.ok(s.Member)
	a.Session, a.Ends = s.Name, w.At(s.Ends)
	for _, f := range s.Factors {
		a.Factors = append(a.Factors, f.describe())
	}
	return a
}

// discovered begins a login without an organization, and lists those that are open to it.
func (w *World) discovered(f Factor) Answer {
	l := w.suspend(f.Address)
	l.Factors = []Factor{f}
	a := Answer{Status: 200, Login: l.Name, LoginEnds: w.At(l.Ends)}
	for _, m := range w.Members {
		if m.Address != f.Address {
			continue
		}
		found := m.Org.Name + ": "
		switch {
		case !FirstMet(m, l.Factors):
			found += "first " + strings.Join(firsts(m.Org), ", ")
		case SecondAsked(m):
			found += "second " + w.options(m, false)
		default:
			found += "complete"
		}
		a.Found = append(a.Found, found)
	}
	slices.Sort(a.Found)
	return a
}

// CheckSession shows a session.
func (w *World) CheckSession(s *Session, minutes int) Answer {
	if !w.Lives(s) {
		return noSession
	}
	w.prolong(s, minutes)
	return w.shown(s)
}

// Revoke ends a session, and is no error for one that is over.
func (w *World) Revoke(s *Session) Answer {
	s.Revoked = true
	return Answer{Status: 200}
}

// in gives the person with the address in an organization.
func (w *World) in(o *Organization, address string) *Member {
	for _, m := range w.Members {
		if m.Org == o && m.Address == address {
			return m
		}
	}
	return nil
}

// ExchangeLogin takes a login into an organization.
func (w *World) ExchangeLogin(l *Login, o *Organization, minutes int) Answer {
	if !w.Alive(l) {
		return noLogin
	}
	m := w.in(o, l.Address)
	if m == nil {
		return refuse(400, "email_jit_provisioning_not_allowed")
	}
	w.vouch(m, l.Factors)
	return w.decide(m, l, l.Factors, minutes)
}

// ExchangeSession takes what a session proves about its person into an organization: mailboxes and a text, not
// passwords and apps, which are of one organization.
func (w *World) ExchangeSession(s *Session, o *Organization, minutes int) Answer {
	if !w.Lives(s) {
		return noSession
	}
	m := w.in(o, s.Member.Address)
	if m == nil {
		return refuse(404, "member_not_found")
	}
	var moving []Factor
	mailbox := false
	for _, f := range s.Factors {
		switch {
		case f.Kind == Magic || f.Kind == MailCode:
			mailbox = true
			moving = append(moving, f)
		case f.Number != "" && f.of(s.Member) && s.Member.NumberProven:
			moving = append(moving, f)
		}
	}
	if len(moving) == 0 || !mailbox && !s.Member.AddressProven {
		return refuse(400, "insufficient_factors_for_session_exchange")
	}
	w.vouch(m, moving)
	return w.decide(m, nil, moving, minutes)
}

// vouch notes that a login which is good enough to go on proves the mailbox, if a mail is how it began.
func (w *World) vouch(m *Member, factors []Factor) {
	mailed := slices.ContainsFunc(factors, func(f Factor) bool { return f.Kind == Magic || f.Kind == MailCode })
	if mailed && FirstMet(m, factors) {
		m.AddressProven = true
	}
}
