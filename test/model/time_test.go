package model

import (
	"time"

	"github.com/thimble-auth/thimble/test/model/rulebook"
)

// pause lets time pass.
func (s *stage) pause() {
	d := one(s, "long", time.Second, 29*time.Second, 30*time.Second, time.Minute, 2*time.Minute, 5*time.Minute,
		10*time.Minute, time.Hour)
	s.wait(d, "%s pass", d)
}

// until moves the clock so that the next call comes when something ends, or just before, and reports whether that is in
// the future.
func (s *stage) until(end time.Time, what string) bool {
	end = end.Add(-tick)
	if one(s, "at", "the end", "just before") == "just before" {
		end, what = end.Add(-tick), "just before "+what
	}
	s.wait(max(0, end.Sub(s.book.Now)), "it is %s", what)
	return s.book.Now.Equal(end)
}

// deadline uses something when it ends, or just before.
func (s *stage) deadline() {
	m := s.someone()
	what := one(s, "of", "a link", "a login", "a session", "a text", "a mail code", "an app", "a claim", "a lock",
		"a mail lock")
	switch what {
	case "a link":
		s.mailLink(m, one(s, "life", 0, 5))
		if l := s.lastLink(); l != nil && s.until(l.Ends, "the end of the link") {
			s.follow(l, "that link", rulebook.Pass{}, 0)
		}
	case "a login":
		if l := s.anyLogin(); s.until(l.Ends, "the end of "+l.Name) {
			s.exchangeLogin(l, one(s, "organization", s.orgs...), 0)
		}
	case "a session":
		if p := s.anyPass(); s.until(p.Session.Ends, "the end of "+p.Session.Name) {
			s.checkSession(p, s.minutes())
		}
	case "a text":
		try := rulebook.Try{Member: m, Pass: s.holding(m)}
		s.sendText(m, s.numberOf(m), try.Pass)
		if c := m.Texts.Newest(); c != nil && s.until(c.Ends, "the end of the code") {
			try.Value = c.Value
			s.redeem(byText, try, "the right code")
		}
	case "a mail code":
		s.mailCode(m, one(s, "life", 0, 5))
		if c := s.book.Slot(m.Address).Newest(); c != nil && s.until(c.Ends, "the end of the code") {
			s.enterMailCode(m, c.Value, "the right code", rulebook.Pass{}, 0)
		}
	case "an app":
		s.addApp(m, s.pass(m))
		if m.Waiting != nil && s.until(m.Waiting.Ends, "the end of the registration") {
			s.redeem(byApp, rulebook.Try{Member: m, Pass: s.holding(m), Value: s.book.Shows(m.Waiting, 0)}, "the right code")
		}
	case "a claim":
		s.claim(m, s.other(m))
	case "a lock":
		if s.until(m.Second.Until, "the end of the lock of "+m.Name) {
			s.wrongly(byText, m, s.own(m, "session"))
		}
	case "a mail lock":
		if s.until(m.First(byMail).Until, "the end of the lock of "+m.Name) {
			s.wrongly(byMail, m, rulebook.Pass{})
		}
	}
}

// claim has one member ask for a number that nobody proved, and another one when the first may no longer hold it.
func (s *stage) claim(first, second *rulebook.Member) {
	for _, m := range []*rulebook.Member{first, second} {
		if m.NumberProven || m == second && m.Number != "" {
			s.removeNumber(m)
		}
	}
	s.sendText(first, s.numberOf(first), s.holding(first))
	if first.Number != "" && s.until(first.Asked.Add(rulebook.ClaimLife), "the end of the claim of "+first.Name) {
		s.sendText(second, first.Number, rulebook.Pass{})
	}
}
