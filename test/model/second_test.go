package model

import (
	"github.com/thimble-auth/thimble/test/model/rulebook"
	"github.com/thimble-auth/thimble/test/world"
)

// texts asks for a text.
func (s *stage) texts() {
	m := s.someone()
	s.sendText(m, one(s, "number", "", "", numbers[0], numbers[1], numbers[2]), s.pass(m))
}

// enterText tries codes that were texted.
func (s *stage) enterText(m *rulebook.Member) {
	try := s.try(m)
	what, value := s.code(&m.Texts, &s.other(m).Texts, func() { s.sendText(m, s.numberOf(m), try.Pass) })
	try.Value = value
	s.repeat(what, func() *world.Answer { return s.redeem(byText, try, what) })
}

// proveNumber asks for a text and enters the code.
func (s *stage) proveNumber() {
	m := s.someone()
	try := s.try(m)
	s.sendText(m, s.numberOf(m), try.Pass)
	if c := m.Texts.Newest(); c != nil {
		try.Value = c.Value
		s.redeem(byText, try, "the right code")
	}
}

// app adds an app, or tries what it shows.
func (s *stage) app(m *rulebook.Member) {
	if one(s, "what", "add", "enter", "enter", "enter") == "add" {
		s.addApp(m, s.pass(m))
		return
	}
	try := s.try(m)
	if m.App == nil && m.Waiting == nil {
		s.addApp(m, try.Pass)
	}
	what := one(s, "code", "the right code", "the right code", "the code before", "the code after", "an old code",
		"somebody else's code", "a wrong code", "a wrong code", "half a code")
	app := registered(m)
	if what == "somebody else's code" {
		app = registered(s.other(m))
	}
	steps, ofApp := map[string]int64{
		"the right code": 0, "somebody else's code": 0, "the code before": -1, "the code after": 1, "an old code": -2,
	}[what]
	switch {
	case what == "half a code":
		try.Value = "123"
	case ofApp && app != nil:
		try.Value = s.book.Shows(app, steps)
	default:
		what, try.Value = "a wrong code", s.never()
	}
	s.repeat(what, func() *world.Answer { return s.redeem(byApp, try, what) })
}

// registered is the member's app, or the one that waits.
func registered(m *rulebook.Member) *rulebook.App {
	if m.App != nil {
		return m.App
	}
	return m.Waiting
}

// setUpApp adds an app and enters its first code.
func (s *stage) setUpApp() { s.setUpAppOf(s.someone()) }

func (s *stage) setUpAppOf(m *rulebook.Member) {
	try := s.try(m)
	s.addApp(m, try.Pass)
	if m.Waiting != nil {
		try.Value = s.book.Shows(m.Waiting, 0)
		s.redeem(byApp, try, "the right code")
	}
}

// recover tries recovery codes.
func (s *stage) recover(m *rulebook.Member) {
	if m.App == nil && one(s, "set up", true, true, false) {
		s.setUpAppOf(m)
	}
	try := s.try(m)
	try.Wish = ""
	what := one(s, "code", "the right code", "the right code", "an old code", "somebody else's code", "a wrong code")
	try.Value = "aaaa-aaaa-aaaa"
	app, other := m.App, s.other(m).App
	switch {
	case what == "the right code" && app != nil && len(app.Recovery) > 0:
		try.Value = app.Recovery[0]
	case what == "an old code" && app != nil && len(app.Recovered) > 0:
		try.Value = app.Recovered[0]
	case what == "somebody else's code" && other != nil && len(other.Recovery) > 0:
		try.Value = other.Recovery[0]
	default:
		what = "a wrong code"
	}
	s.repeat(what, func() *world.Answer { return s.redeem(byRecovery, try, what) })
	if what == "the right code" && one(s, "again", true, false) {
		try.Pass = s.holding(m)
		s.redeem(byRecovery, try, what+" again")
	}
}

// finish completes a member's login with a second factor that the member has.
func (s *stage) finish() {
	m := s.someone()
	p := s.own(m, "login")
	if p.Login == nil {
		s.logInAs(m, rulebook.Pass{}, 0)
		p = s.own(m, "")
	}
	try := rulebook.Try{Member: m, Pass: p, Minutes: s.minutes()}
	switch {
	case m.App != nil:
		try.Value = s.book.Shows(m.App, 0)
		s.redeem(byApp, try, "the right code")
	case m.Texts.Newest() != nil:
		try.Value = m.Texts.Newest().Value
		s.redeem(byText, try, "the right code")
	default:
		s.sendText(m, one(s, "number", numbers...), p)
	}
}

// remove takes factors away, or changes enrolment, as the backend may.
func (s *stage) remove() {
	m := s.someone()
	what := one(s, "what", "a factor", "a factor", "enrol", "enrol", "unenrol")
	if what == "a factor" {
		what = "number"
		if m.App != nil && (m.Number == "" || one(s, "which", 0, 1) == 1) {
			what = "app"
		}
	}
	switch what {
	case "number":
		number, c := m.Number, m.Texts.Newest()
		s.removeNumber(m)
		if c != nil && one(s, "again", true, false) {
			p := s.holding(m)
			s.sendText(m, number, p)
			s.redeem(byText, rulebook.Try{Member: m, Pass: p, Value: c.Value}, "the code before")
		}
	case "app":
		s.removeApp(m)
	case "enrol":
		s.enrol(m, true)
	default:
		s.enrol(m, false)
	}
}
