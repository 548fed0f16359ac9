package model

import (
	"github.com/thimble-auth/thimble/test/model/rulebook"
)

// exchange takes a login or a session to an organization.
func (s *stage) exchange() {
	o := one(s, "organization", s.orgs...)
	if one(s, "what", "login", "session", "session") == "login" {
		s.exchangeLogin(s.anyLogin(), o, s.minutes())
	} else {
		s.exchangeSession(s.anyPass(), o, s.minutes())
	}
}

// goOver logs Ada in with something of one organization and takes it to the other.
func (s *stage) goOver() {
	i := one(s, "member", 0, 0, 1)
	m, twin := s.book.Members[i], s.book.Members[1-i] // both are Ada
	to := twin.Org
	switch one(s, "by", "a password", "a text", "a text", "an app", "a link") {
	case "a password":
		s.enterPassword(m, s.book.Members[0].Password, "the right", rulebook.Pass{}, 0)
	case "a text":
		p := s.holding(m)
		s.sendText(m, s.numberOf(m), p)
		if c := m.Texts.Newest(); c != nil {
			s.redeem(byText, rulebook.Try{Member: m, Pass: p, Value: c.Value}, "the right code")
		}
		if twin.Number == "" && one(s, "there too", true, false) {
			s.sendText(twin, m.Number, rulebook.Pass{}) // the same number, which is not proven there
		}
	case "an app":
		s.setUpAppOf(m)
	case "a link":
		s.logInAs(m, rulebook.Pass{}, 0)
	}
	if sessions := s.book.Sessions; len(sessions) > 0 && one(s, "what", "session", "session", "login") == "session" {
		s.exchangeSession(s.inSomeForm(rulebook.Pass{Session: sessions[len(sessions)-1]}), to, s.minutes())
	} else if logins := s.book.Logins; len(logins) > 0 {
		s.exchangeLogin(logins[len(logins)-1], to, s.minutes())
	}
}

// session checks or revokes one.
func (s *stage) session() {
	if one(s, "what", "check", "check", "revoke") == "check" {
		s.checkSession(s.anyPass(), s.minutes())
		return
	}
	over := s.anySession()
	s.revoke(over)
	if one(s, "check", true, false) {
		s.checkSession(s.inSomeForm(rulebook.Pass{Session: over}), s.minutes())
	}
}

// policies changes what an organization asks for.
func (s *stage) policies() {
	o := one(s, "organization", s.orgs...)
	first := one(s, "first", nil, nil, nil, []string{rulebook.Magic}, []string{rulebook.MailCode, rulebook.Password},
		[]string{rulebook.Password})
	second := one(s, "second", nil, nil, []string{rulebook.SMS}, []string{rulebook.TOTP})
	s.policy(o, one(s, "required", true, true, false), first, second)
}
