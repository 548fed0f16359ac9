package model

import (
	"fmt"
	"time"

	"github.com/thimble-auth/thimble/test/model/rulebook"
	"github.com/thimble-auth/thimble/test/world"
)

// Paths that are not in package world.
const (
	mailCode         = "/v1/b2b/otps/email/login_or_signup"
	enterMailCode    = "/v1/b2b/otps/email/authenticate"
	mailFreeLink     = "/v1/b2b/magic_links/email/discovery/send"
	followFreeLink   = "/v1/b2b/magic_links/discovery/authenticate"
	mailFreeCode     = "/v1/b2b/otps/email/discovery/send"
	enterFreeCode    = "/v1/b2b/otps/email/discovery/authenticate"
	enterPassword    = "/v1/b2b/passwords/authenticate"
	addApp           = "/v1/b2b/totp"
	enterApp         = "/v1/b2b/totp/authenticate"
	recoverByCode    = "/v1/b2b/recovery_codes/recover"
	exchangeLogin    = "/v1/b2b/discovery/intermediate_sessions/exchange"
	exchangeSession  = "/v1/b2b/sessions/exchange"
	wellFormedNobody = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" // a token that nobody was given
)

// post begins a request.
func post(path string, body world.J) request { return request{method: "POST", path: path, body: body} }

func about(m *rulebook.Member) world.J {
	return world.J{"organization_id": m.Org.ID, "member_id": m.ID}
}

func mailTo(m *rulebook.Member) world.J {
	return world.J{"organization_id": m.Org.ID, "email_address": m.Address}
}

// with adds a token and a duration.
func (r request) with(p rulebook.Pass, minutes int) request {
	if p.Login != nil {
		r.body["intermediate_session_token"] = p.Login.Token
	}
	switch {
	case p.Session == nil:
	case p.JWT:
		r.body["session_jwt"] = p.Session.JWT
	default:
		r.body["session_token"] = p.Session.Token
	}
	if minutes > 0 {
		r.body["session_duration_minutes"] = minutes
	}
	return r
}

// say is the request in the story.
func (r request) say(format string, words ...any) request {
	r.story = fmt.Sprintf(format, words...)
	return r
}

func (r request) tries(kind, whose, value, budget string) request {
	r.guess = guess{kind: kind, whose: whose, value: value, budget: budget}
	return r
}

func passed(p rulebook.Pass, minutes int) string {
	out := ""
	switch {
	case p.Login != nil:
		out = " with " + p.Login.Name
	case p.JWT:
		out = " with the JWT of " + p.Session.Name
	case p.Session != nil:
		out = " with " + p.Session.Name
	}
	if minutes > 0 {
		out += fmt.Sprintf(" for %d minutes", minutes)
	}
	return out
}

func (s *stage) mailLink(m *rulebook.Member, minutes int) {
	r := post(world.LoginOrSignup, mailTo(m)).say("%s asks for a link", m.Name)
	if minutes > 0 {
		r.body["login_expiration_minutes"] = minutes
		r = r.say("%s asks for a link that lives %d minutes", m.Name, minutes)
	}
	s.play(r, func() rulebook.Answer { return s.book.MailLink(m, minutes) })
}

func (s *stage) mailCode(m *rulebook.Member, minutes int) {
	r := post(mailCode, mailTo(m)).say("%s asks for a code by mail", m.Name)
	if minutes > 0 {
		r.body["login_expiration_minutes"] = minutes
		r = r.say("%s asks for a code by mail that lives %d minutes", m.Name, minutes)
	}
	s.play(r, func() rulebook.Answer { return s.book.MailCode(m, minutes) })
}

func (s *stage) mailFreeLink(address string) {
	r := post(mailFreeLink, world.J{"email_address": address}).say("%s asks for a link, for no organization", address)
	s.play(r, func() rulebook.Answer { return s.book.MailFreeLink(address) })
}

func (s *stage) mailFreeCode(address string) {
	r := post(mailFreeCode, world.J{"email_address": address}).
		say("%s asks for a code by mail, for no organization", address)
	s.play(r, func() rulebook.Answer { return s.book.MailFreeCode(address) })
}

// follow redeems a link, nil for a token that nobody was sent.
func (s *stage) follow(l *rulebook.Link, what string, p rulebook.Pass, minutes int) {
	token, whose := wellFormedNobody, ""
	if l != nil {
		token = l.Token
		if l.For != nil {
			whose = l.For.ID
		}
	}
	r := post(world.AuthenticateLink, world.J{"magic_links_token": token}).with(p, minutes).
		say("somebody follows %s%s", what, passed(p, minutes)).tries(byLink, whose, token, "")
	s.play(r, func() rulebook.Answer { return s.book.FollowLink(l, p, minutes) })
}

func (s *stage) followFree(l *rulebook.Link, what string) {
	token, whose := wellFormedNobody, ""
	if l != nil {
		token, whose = l.Token, l.Address
	}
	r := post(followFreeLink, world.J{"discovery_magic_links_token": token}).
		say("somebody follows %s, for no organization", what).tries(byFreeLink, whose, token, "")
	s.play(r, func() rulebook.Answer { return s.book.FollowFreeLink(l) })
}

func (s *stage) enterMailCode(m *rulebook.Member, value, what string, p rulebook.Pass, minutes int) *world.Answer {
	r := post(enterMailCode, mailTo(m)).with(p, minutes).
		say("%s enters %s from a mail%s", m.Name, what, passed(p, minutes)).tries(byMail, m.ID, value, byMail+" "+m.ID)
	r.body["code"] = value
	return s.play(r, func() rulebook.Answer { return s.book.EnterMailCode(m, value, p, minutes) })
}

func (s *stage) enterFreeCode(address, value, what string) *world.Answer {
	r := post(enterFreeCode, world.J{"email_address": address, "code": value}).
		say("%s enters %s from a mail, for no organization", address, what).
		tries(byFreeMail, address, value, byFreeMail+" "+address)
	if s.book.Slot(address).Newest() == nil {
		r.guess.budget = "" // there is nothing to guess
	}
	return s.play(r, func() rulebook.Answer { return s.book.EnterFreeCode(address, value) })
}

func (s *stage) enterPassword(m *rulebook.Member, value, what string, p rulebook.Pass, minutes int) *world.Answer {
	r := post(enterPassword, mailTo(m)).with(p, minutes).
		say("%s enters %s password%s", m.Name, what, passed(p, minutes)).
		tries(byPassword, m.ID, value, byPassword+" "+m.ID)
	r.body["password"] = value
	return s.play(r, func() rulebook.Answer { return s.book.EnterPassword(m, value, p, minutes) })
}

func (s *stage) sendText(m *rulebook.Member, number string, p rulebook.Pass) {
	r := post(world.SendSMS, about(m)).with(p, 0).say("%s asks for a text%s", m.Name, passed(p, 0))
	if number != "" {
		r.body["mfa_phone_number"] = number
		r = r.say("%s asks for a text to %s%s", m.Name, number, passed(p, 0))
	}
	s.play(r, func() rulebook.Answer { return s.book.SendText(m, number, p) })
}

// redeem tries a second factor at one of the calls that do.
func (s *stage) redeem(kind string, try rulebook.Try, what string) *world.Answer {
	m := try.Member
	paths := map[string]string{byText: world.AuthenticateSMS, byApp: enterApp, byRecovery: recoverByCode}
	field := map[string]string{byText: "code", byApp: "code", byRecovery: "recovery_code"}[kind]
	from := map[string]string{byText: "from a text", byApp: "from an app", byRecovery: "for recovery"}[kind]
	rules := map[string]func(rulebook.Try) rulebook.Answer{
		byText: s.book.EnterText, byApp: s.book.EnterApp, byRecovery: s.book.Recover,
	}[kind]

	r := post(paths[kind], about(m)).with(try.Pass, try.Minutes).
		say("%s enters %s %s%s", m.Name, what, from, passed(try.Pass, try.Minutes)).
		tries(kind, m.ID, try.Value, "second "+m.ID)
	r.body[field] = try.Value
	if try.Wish != "" {
		r.body["set_mfa_enrollment"] = try.Wish
		r.story += " to " + try.Wish
	}
	return s.play(r, func() rulebook.Answer { return rules(try) })
}

func (s *stage) addApp(m *rulebook.Member, p rulebook.Pass) {
	r := post(addApp, about(m)).with(p, 0).say("%s adds an app%s", m.Name, passed(p, 0))
	s.play(r, func() rulebook.Answer { return s.book.AddApp(m, p) })
}

func (s *stage) removeNumber(m *rulebook.Member) {
	r := request{method: "DELETE", path: world.Organizations + "/" + m.Org.ID + "/members/mfa_phone_numbers/" + m.ID}
	s.play(r.say("the number of %s is removed", m.Name), func() rulebook.Answer { return s.book.RemoveNumber(m) })
}

func (s *stage) removeApp(m *rulebook.Member) {
	r := request{method: "DELETE", path: world.Organizations + "/" + m.Org.ID + "/members/" + m.ID + "/totp"}
	s.play(r.say("the app of %s is removed", m.Name), func() rulebook.Answer { return s.book.RemoveApp(m) })
}

func (s *stage) enrol(m *rulebook.Member, enrolled bool) {
	r := request{
		method: "PUT", path: world.Organizations + "/" + m.Org.ID + "/members/" + m.ID,
		body: world.J{"mfa_enrolled": enrolled},
	}
	s.play(r.say("the backend sets that %s is enrolled: %t", m.Name, enrolled),
		func() rulebook.Answer { return s.book.SetEnrolled(m, enrolled) })
}

func (s *stage) checkSession(p rulebook.Pass, minutes int) {
	r := post(world.CheckSession, world.J{}).with(p, minutes).say("somebody comes back%s", passed(p, minutes))
	s.play(r, func() rulebook.Answer { return s.book.CheckSession(p.Session, minutes) })
}

func (s *stage) revoke(one *rulebook.Session) {
	r := post(world.RevokeSession, world.J{"session_token": one.Token}).say("somebody revokes %s", one.Name)
	s.play(r, func() rulebook.Answer { return s.book.Revoke(one) })
}

func (s *stage) exchangeLogin(l *rulebook.Login, o *rulebook.Organization, minutes int) {
	r := post(exchangeLogin, world.J{"organization_id": o.ID}).with(rulebook.Pass{Login: l}, minutes).
		say("somebody goes to %s%s", o.Name, passed(rulebook.Pass{Login: l}, minutes))
	s.play(r, func() rulebook.Answer { return s.book.ExchangeLogin(l, o, minutes) })
}

func (s *stage) exchangeSession(p rulebook.Pass, o *rulebook.Organization, minutes int) {
	r := post(exchangeSession, world.J{"organization_id": o.ID}).with(p, minutes).
		say("somebody goes to %s%s", o.Name, passed(p, minutes))
	s.play(r, func() rulebook.Answer { return s.book.ExchangeSession(p.Session, o, minutes) })
}

// policy changes what an organization asks for.
func (s *stage) policy(o *rulebook.Organization, required bool, first, second []string) {
	body := world.J{"mfa_policy": "OPTIONAL", "mfa_methods": "ALL_ALLOWED", "auth_methods": "ALL_ALLOWED"}
	story := o.Name + " asks for a second factor: " + fmt.Sprint(required)
	if required {
		body["mfa_policy"] = "REQUIRED_FOR_ALL"
	}
	if first != nil {
		body["auth_methods"], body["allowed_auth_methods"] = "RESTRICTED", first
		story += fmt.Sprint(", first ones allowed: ", first)
	}
	if second != nil {
		body["mfa_methods"], body["allowed_mfa_methods"] = "RESTRICTED", second
		story += fmt.Sprint(", second ones allowed: ", second)
	}
	r := request{method: "PUT", path: world.Organizations + "/" + o.ID, body: body}
	s.play(r.say("%s", story), func() rulebook.Answer {
		o.Required, o.First, o.Second = required, first, second
		return rulebook.Answer{Status: 200}
	})
}

// unlock does what thimble member unlock does.
func (s *stage) unlock(m *rulebook.Member) {
	s.advance(tick)
	p, err := s.w.App.Projects.Get(s.tb.Context(), s.c.ID)
	if err == nil {
		_, err = s.w.App.API.Members.Unlock(s.tb.Context(), p, m.ID)
	}
	s.tell("an operator unlocks %s", m.Name)
	if err != nil {
		s.fail(err.Error())
	}
	s.book.Unlock(m)
	s.witness.unlocked(m)
}

// A story is shorter than a day: from then on the server forgets codes and links that are over, when it comes to it.
const day = 23 * time.Hour

// wait lets time pass in the story.
func (s *stage) wait(d time.Duration, format string, words ...any) {
	if s.book.Now.Add(d).Sub(s.book.Began) > day {
		return
	}
	s.advance(d)
	s.tell(format, words...)
}
