package model

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/thimble-auth/thimble/test/model/rulebook"
	"github.com/thimble-auth/thimble/test/world"
)

// The numbers that people have. Ada may have the same one in both organizations, and Bob wants hers.
var numbers = []string{"+12025550162", "+12025550163", "+12025550164"}

// one draws one of several; what is named more than once comes more often.
func one[T any](s *stage, what string, of ...T) T {
	return rapid.SampledFrom(of).Draw(s.t, what)
}

// someone draws whom the next act is about.
func (s *stage) someone() *rulebook.Member {
	s.at = rapid.IntRange(0, len(s.book.Members)-1).Draw(s.t, "member")
	return s.book.Members[s.at]
}

func (s *stage) minutes() int { return one(s, "minutes", 0, 0, 0, 0, 5, 30, 120) }

// numberOf gives the member's number, or one that the member might want.
func (s *stage) numberOf(m *rulebook.Member) string {
	if m.Number != "" {
		return m.Number
	}
	return one(s, "number", numbers...)
}

// own gives the newest living token of the member's, of a kind if it is said.
func (s *stage) own(m *rulebook.Member, kind string) rulebook.Pass {
	if kind != "session" {
		for _, l := range slices.Backward(s.book.Logins) {
			if s.book.Alive(l) && l.Address == m.Address && rulebook.FirstMet(m, l.Factors) {
				return rulebook.Pass{Login: l}
			}
		}
	}
	if kind != "login" {
		for _, one := range slices.Backward(s.book.Sessions) {
			if s.book.Lives(one) && one.Member == m {
				return rulebook.Pass{Session: one}
			}
		}
	}
	return rulebook.Pass{}
}

// anyLogin draws one: mostly one of those that live, else any that ever was or none.
func (s *stage) anyLogin() *rulebook.Login {
	all := s.book.Logins
	if one(s, "alive", true, true, true, false) {
		if living := keep(all, s.book.Alive); len(living) > 0 {
			all = living
		}
	}
	i := rapid.IntRange(0, len(all)).Draw(s.t, "login")
	if i == len(all) {
		return &rulebook.Login{Name: "a login that never was", Token: wellFormedNobody, Over: true}
	}
	return all[len(all)-1-i]
}

// anySession draws one as anyLogin does.
func (s *stage) anySession() *rulebook.Session {
	all := s.book.Sessions
	if one(s, "alive", true, true, true, false) {
		if living := keep(all, s.book.Lives); len(living) > 0 {
			all = living
		}
	}
	i := rapid.IntRange(0, len(all)).Draw(s.t, "session")
	if i == len(all) {
		return &rulebook.Session{Name: "a session that never was", Token: wellFormedNobody, Revoked: true}
	}
	return all[len(all)-1-i]
}

// anyPass draws a session, and whether its token or its JWT is shown.
func (s *stage) anyPass() rulebook.Pass { return s.inSomeForm(rulebook.Pass{Session: s.anySession()}) }

func (s *stage) inSomeForm(p rulebook.Pass) rulebook.Pass {
	if p.Session != nil && p.Session.JWT != "" {
		p.JWT = one(s, "form", false, false, true)
	}
	return p
}

// keep gives those of a list that are wanted.
func keep[T any](list []T, wanted func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), func(one T) bool { return !wanted(one) })
}

// pass draws a token: mostly one that is good for the member, who logs in for it if need be.
func (s *stage) pass(m *rulebook.Member) rulebook.Pass {
	kind := one(s, "token", "own", "own", "own", "own login", "own session", "any login", "any session", "none")
	switch kind {
	case "own", "own login", "own session":
		p := s.own(m, strings.TrimPrefix(strings.TrimPrefix(kind, "own"), " "))
		if p == (rulebook.Pass{}) {
			s.logInAs(m, p, 0)
			p = s.own(m, "")
		}
		return s.inSomeForm(p)
	case "any login":
		return rulebook.Pass{Login: s.anyLogin()}
	case "any session":
		return s.anyPass()
	}
	return rulebook.Pass{}
}

// beside draws a token for a first factor: mostly none.
func (s *stage) beside(m *rulebook.Member) rulebook.Pass {
	switch one(s, "beside", "nothing", "nothing", "nothing", "own login", "own session", "any login", "any session") {
	case "own login":
		return s.own(m, "login")
	case "own session":
		return s.inSomeForm(s.own(m, "session"))
	case "any login":
		return rulebook.Pass{Login: s.anyLogin()}
	case "any session":
		return s.anyPass()
	}
	return rulebook.Pass{}
}

// holding gives a token that is good for the member.
func (s *stage) holding(m *rulebook.Member) rulebook.Pass {
	if p := s.own(m, ""); p != (rulebook.Pass{}) {
		return p
	}
	s.logInAs(m, rulebook.Pass{}, 120)
	return s.own(m, "")
}

// never gives a code that is not in any of the slots and that no app shows around now.
func (s *stage) never() string {
	taken := map[string]bool{}
	for _, m := range s.book.Members {
		for _, slot := range []*rulebook.Slot{&m.Texts, s.book.Slot(m.Address)} {
			for _, c := range slot.Codes {
				taken[c.Value] = true
			}
		}
		for _, app := range []*rulebook.App{m.App, m.Waiting} {
			for steps := int64(-1); app != nil && steps <= 1; steps++ {
				taken[s.book.Shows(app, steps)] = true
			}
		}
	}
	for i := 0; ; i++ {
		if code := fmt.Sprintf("%06d", i); !taken[code] {
			return code
		}
	}
}

// code draws a code that was sent, or was not. ask is how the first one comes to be.
func (s *stage) code(own, others *rulebook.Slot, ask func()) (what, value string) {
	what = one(s, "code", "the right code", "the right code", "the right code", "the newest code", "an old code",
		"somebody else's code", "a wrong code", "a wrong code", "half a code")
	var c *rulebook.Code
	switch {
	case what == "half a code":
		return what, "123"
	case what == "the right code":
		if c = own.Newest(); c == nil || c.Used {
			ask()
			c = own.Newest()
		}
	case what == "the newest code": // used or not
		c = own.Newest()
	case what == "somebody else's code":
		c = others.Newest()
	case what == "an old code" && len(own.Codes) > 1:
		c = own.Codes[rapid.IntRange(max(0, len(own.Codes)-4), len(own.Codes)-2).Draw(s.t, "which")]
	}
	if c == nil {
		return "a wrong code", s.never()
	}
	return what, c.Value
}

// other gives another member than the one, from the same organization if it has one.
func (s *stage) other(m *rulebook.Member) *rulebook.Member {
	for _, o := range slices.Backward(s.book.Members) {
		if o != m && o.Org == m.Org {
			return o
		}
	}
	return s.book.Members[0]
}

func (s *stage) try(m *rulebook.Member) rulebook.Try {
	return rulebook.Try{
		Member: m, Pass: s.pass(m), Minutes: s.minutes(), Wish: one(s, "wish", "", "", "enroll", "unenroll"),
	}
}

// repeat tries a code, a wrong one perhaps up to a lock and beyond, until that is pointless.
func (s *stage) repeat(what string, try func() *world.Answer) {
	times := one(s, "times", 1, 1, 1, 1, 2)
	if what == "a wrong code" {
		times = one(s, "times", 1, 1, 2, s.book.LockAfter-1, s.book.LockAfter+1)
	}
	for range times {
		if !slices.Contains(compared, try().Type()) {
			return
		}
	}
}

func (s *stage) lastLink() *rulebook.Link {
	if len(s.book.Links) == 0 {
		return nil
	}
	return s.book.Links[len(s.book.Links)-1]
}
