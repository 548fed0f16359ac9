package model

import (
	"slices"

	"github.com/thimble-auth/thimble/test/model/rulebook"
	"github.com/thimble-auth/thimble/test/world"
)

// wrongly guesses once, with a token that is good where one is needed, and reports whether there is any point in going
// on.
func (s *stage) wrongly(kind string, m *rulebook.Member, p rulebook.Pass) bool {
	var a *world.Answer
	switch kind {
	case byMail:
		a = s.enterMailCode(m, s.never(), "a wrong code", rulebook.Pass{}, 0)
	case byFreeMail:
		a = s.enterFreeCode(m.Address, s.never(), "a wrong code")
	case byPassword:
		a = s.enterPassword(m, "wrong", "a wrong", rulebook.Pass{}, 0)
	default:
		a = s.redeem(kind, rulebook.Try{Member: m, Pass: p, Value: s.never()}, "a wrong code")
	}
	return slices.Contains(compared, a.Type())
}

// siege guesses until a lock, waits it out, and so on, sometimes until the factor is disabled.
func (s *stage) siege() {
	m := s.someone()
	rounds := one(s, "rounds", 1, 1, 1, 1, 1, 2, 2, rulebook.DisableAfter/s.book.LockAfter)
	kind := one(s, "kind", byText, byText, byApp)
	for range rounds {
		p := s.holding(m)
		for range s.book.LockAfter + 1 {
			if !s.wrongly(kind, m, p) {
				break
			}
		}
		if left := m.Second.Until.Sub(s.book.Now); left > 0 {
			s.wait(left, "the lock of %s ends", m.Name)
		}
	}
}

// brink leaves a single guess and spends it on something that is not quite a guess.
func (s *stage) brink() {
	m := s.someone()
	kinds := []string{byText, byText, byApp, byMail, byMail, byFreeMail}
	if s.fewGuesses() {
		kinds = append(kinds, byPassword)
	}
	kind := one(s, "kind", kinds...)
	tally, p := &m.Second, rulebook.Pass{}
	var codes *rulebook.Slot
	switch kind {
	case byText:
		p, codes = s.holding(m), &m.Texts
		s.sendText(m, s.numberOf(m), p)
		s.sendText(m, "", p)
	case byApp:
		p = s.holding(m)
	case byMail:
		tally, codes = m.First(kind), s.book.Slot(m.Address)
		s.mailCode(m, 0)
		s.mailCode(m, 0)
	case byFreeMail:
		s.mailFreeCode(m.Address)
		tally, codes = s.book.FreeTally(m.Address), s.book.Slot(m.Address)
	case byPassword:
		tally = m.First(kind)
	}
	for range s.book.LockAfter {
		if tally.InARow >= s.book.LockAfter-1 || !s.wrongly(kind, m, p) {
			break
		}
	}
	s.atBrink(kind, m, p, codes)
}

func (s *stage) atBrink(kind string, m *rulebook.Member, p rulebook.Pass, codes *rulebook.Slot) {
	if codes == nil && kind == byPassword {
		s.password(m)
		return
	}
	if codes == nil {
		s.app(m)
		return
	}
	what, value := s.code(codes, &rulebook.Slot{}, func() {})
	if n := len(codes.Codes); n > 1 && one(s, "the one before", true, false) {
		what, value = "the code before", codes.Codes[n-2].Value
	}
	for range one(s, "times", 1, 2) {
		switch kind {
		case byText:
			s.redeem(kind, rulebook.Try{Member: m, Pass: p, Value: value}, what)
		case byMail:
			s.enterMailCode(m, value, what, s.beside(m), 0)
		case byFreeMail:
			s.enterFreeCode(m.Address, value, what)
		}
	}
}
