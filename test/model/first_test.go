package model

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/thimble-auth/thimble/test/model/rulebook"
	"github.com/thimble-auth/thimble/test/world"
)

// mail asks for a link or a code.
func (s *stage) mail() {
	m, minutes := s.someone(), one(s, "life", 0, 0, 5)
	switch one(s, "what", "link", "code", "code", "free link", "free code") {
	case "link":
		s.mailLink(m, minutes)
	case "code":
		s.mailCode(m, minutes)
	case "free link":
		s.mailFreeLink(m.Address)
	case "free code":
		s.mailFreeCode(m.Address)
	}
}

// followLink redeems any link that was ever mailed, or none.
func (s *stage) followLink() {
	i := rapid.IntRange(0, len(s.book.Links)).Draw(s.t, "link")
	if i == len(s.book.Links) {
		s.follow(nil, "a link that nobody was sent", rulebook.Pass{}, 0)
		return
	}
	l := s.book.Links[i]
	what := fmt.Sprintf("link %d to %s", i+1, l.Address)
	if (l.For == nil) != (one(s, "at the other call", 0, 0, 0, 1) == 1) {
		s.followFree(l, what)
		return
	}
	m := s.book.Members[0]
	if l.For != nil {
		m = l.For
	}
	s.follow(l, what, s.beside(m), s.minutes())
}

// enterMail tries codes that were mailed.
func (s *stage) enterMail(m *rulebook.Member) {
	slot, others := s.book.Slot(m.Address), s.book.Slot(s.other(m).Address)
	if one(s, "free", 0, 0, 1) == 1 {
		what, value := s.code(slot, others, func() { s.mailFreeCode(m.Address) })
		s.repeat(what, func() *world.Answer { return s.enterFreeCode(m.Address, value, what) })
		return
	}
	p, minutes := s.beside(m), s.minutes()
	what, value := s.code(slot, others, func() { s.mailCode(m, 0) })
	s.repeat(what, func() *world.Answer { return s.enterMailCode(m, value, what, p, minutes) })
}

// discover logs in without an organization, and goes into one.
func (s *stage) discover() {
	m := s.someone()
	if one(s, "by", "link", "code") == "link" {
		s.mailFreeLink(m.Address)
		s.followFree(s.lastLink(), "that link")
	} else {
		s.mailFreeCode(m.Address)
		s.enterFreeCode(m.Address, s.book.Slot(m.Address).Newest().Value, "the right code")
	}
	if p := s.own(m, "login"); p.Login != nil {
		s.exchangeLogin(p.Login, one(s, "organization", s.orgs...), s.minutes())
	}
}

// fewGuesses reports whether it takes but a few guesses to lock a member. Passwords cost much.
func (s *stage) fewGuesses() bool { return s.book.LockAfter < rulebook.LockAfter }

// password tries passwords.
func (s *stage) password(m *rulebook.Member) {
	what := one(s, "password", "the right", "the right", "a wrong")
	value, times := "wrong", 1
	if what == "the right" {
		value = s.book.Members[0].Password
	} else if s.fewGuesses() {
		times = one(s, "times", 1, s.book.LockAfter)
	}
	p, minutes := s.beside(m), s.minutes()
	for range times {
		if a := s.enterPassword(m, value, what, p, minutes); a.Status != 401 {
			return
		}
	}
}

// logIn asks for a link and follows it, as most logins go.
func (s *stage) logIn() {
	m := s.someone()
	s.logInAs(m, s.beside(m), s.minutes())
}

func (s *stage) logInAs(m *rulebook.Member, p rulebook.Pass, minutes int) {
	if m.Org.First == nil || slices.Contains(m.Org.First, rulebook.Magic) {
		s.mailLink(m, 0)
		s.follow(s.lastLink(), "that link", p, minutes)
	} else if slices.Contains(m.Org.First, rulebook.MailCode) {
		s.mailCode(m, 0)
		s.enterMailCode(m, s.book.Slot(m.Address).Newest().Value, "the right code", p, minutes)
	} else if m.Password != "" {
		s.enterPassword(m, m.Password, "the right", p, minutes)
	}
}
