package model

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/test/model/rulebook"
	"github.com/thimble-auth/thimble/test/world"
)

// tick is what passes between two calls, so that what they leave can be put in order.
const tick = time.Millisecond

// house is the server that the stories of an engine are played on.
type house struct {
	tb    testing.TB
	w     *world.World
	first []string // how the first story ended that went wrong, before rapid made a shorter one of it
}

// tellFirst tells of the first story that went wrong: rapid knows only the last, and nothing if that one did not go
// wrong again.
func (h *house) tellFirst() {
	if h.tb.Failed() && h.first != nil {
		h.tb.Logf("It was first found in a story that ended so:\n%s", strings.Join(h.first, "\n"))
	}
}

// stage is where a story is played: a project of the server, the rulebook's idea of it, and the witness.
type stage struct {
	*house
	t       *rapid.T
	c       *world.Client
	book    *rulebook.World
	orgs    []*rulebook.Organization
	witness *witness
	names   map[string]string // of tokens and ids, as the rulebook calls what they stand for
	bound   map[string]bool   // the names that are taken
	letters map[string]bool   // ids of those that were read
	told    []string          // the story so far
	at      int               // whom it is about now
}

// newStage makes a project with two organizations: Ada is in both, and Bob in the first.
func newStage(t *rapid.T, h *house) *stage {
	s := &stage{house: h, t: t, names: map[string]string{}, bound: map[string]bool{}, letters: map[string]bool{}}
	now := s.w.App.DB.Now()
	began := now.Truncate(time.Minute).Add(time.Minute) // stories are alike whenever they begin
	s.w.App.DB.AdvanceClock(began.Sub(now))
	s.book = &rulebook.World{
		Began: began, Now: began, LockAfter: rulebook.LockAfter, LockFor: rulebook.LockFor,
		Slots: map[string]*rulebook.Slot{}, Free: map[string]*rulebook.Tally{},
	}
	s.c = s.w.NewProject(s.tb, ids.Test)
	if rapid.IntRange(0, 4).Draw(t, "other lock") == 0 {
		s.book.LockAfter, s.book.LockFor = 4, 5*time.Minute
		s.w.Configure(s.tb, s.c.ID, func(p *project.Project) { p.Settings.LockAfter, p.Settings.LockMinutes = 4, 5 })
		s.tell("the project locks after 4 wrong guesses, for 5 minutes")
	}
	s.witness = newWitness(s)
	for _, name := range []string{"acme", "globex"} {
		a := s.must("POST", world.Organizations, world.J{"organization_name": name})
		s.orgs = append(s.orgs, &rulebook.Organization{Name: name, ID: a.At("organization.organization_id")})
	}
	s.join("ada@acme", s.orgs[0], "Ada, a password")
	s.join("ada@globex", s.orgs[1], "")
	s.join("bob@acme", s.orgs[0], "")
	for _, o := range s.orgs {
		s.policy(o, one(s, "required", true, false), nil, nil)
	}
	return s
}

func (s *stage) join(name string, o *rulebook.Organization, password string) {
	m := &rulebook.Member{Name: name, Org: o, Password: password}
	m.Address, _, _ = strings.Cut(name, "@")
	m.Address += "@example.com"
	a := s.must("POST", world.Organizations+"/"+o.ID+"/members", world.J{"email_address": m.Address})
	m.ID = a.At("member_id")
	if password != "" {
		s.must("POST", "/v1/b2b/passwords/migrate", world.J{
			"organization_id": o.ID, "email_address": m.Address, "hash": md5Of(password), "hash_type": "md_5",
		})
		m.AddressProven = true // migration vouches for it
	}
	s.book.Members = append(s.book.Members, m)
}

func (s *stage) must(method, path string, body world.J) *world.Answer {
	a, err := s.c.Try(s.tb.Context(), method, path, body)
	if err != nil {
		s.fail(err.Error())
	}
	if a.Status != 200 {
		s.fail(fmt.Sprintf("%s %s answers %d %s", method, path, a.Status, a.Type()))
	}
	return a
}

func (s *stage) tell(format string, words ...any) {
	at := s.book.Now.Sub(s.book.Began).Truncate(time.Millisecond)
	s.told = append(s.told, fmt.Sprintf("%14s  ", at)+fmt.Sprintf(format, words...))
}

func (s *stage) fail(what string) {
	s.t.Helper()
	if s.first == nil {
		s.first = append(slices.Clone(s.told[max(0, len(s.told)-10):]), what)
	}
	s.t.Fatalf("%s\n\nThe story:\n%s\n", what, strings.Join(s.told, "\n"))
}

// advance lets time pass, for the server and in the rulebook.
func (s *stage) advance(d time.Duration) {
	s.w.App.DB.AdvanceClock(d)
	s.book.Advance(d)
	if now := s.w.App.DB.Now(); !now.Equal(s.book.Now) {
		s.fail(fmt.Sprintf("the server's clock shows %s, the rulebook's %s", s.book.At(now), s.book.At(s.book.Now)))
	}
}

// request is a call, with what it is in the story and what the witness has to know about it.
type request struct {
	story        string
	method, path string
	body         world.J
	guess        guess
}

// play has the rulebook say what a call comes to, makes the call, and compares.
func (s *stage) play(r request, judge func() rulebook.Answer) *world.Answer {
	s.t.Helper()
	s.advance(tick)
	s.book.Sent = nil
	want := judge()
	reply, err := s.c.Try(s.tb.Context(), r.method, r.path, r.body)
	if err != nil {
		s.fail(err.Error())
	}
	got := s.read(reply, &want)
	s.tell("%s: %s", r.story, told(&got))
	if diff := cmp.Diff(want, got); diff != "" {
		s.fail("The last answer of the story is not the rulebook's (-rulebook +server):\n" + diff)
	}
	s.fill(&want, reply)
	if wrong := s.witness.see(&r, reply); wrong != "" {
		s.fail(wrong)
	}
	return reply
}

// told is an answer in a few words.
func told(a *rulebook.Answer) string {
	words := []string{fmt.Sprint(a.Status)}
	add := func(prefix, text string) {
		if text != "" {
			words = append(words, prefix+text)
		}
	}
	add("", a.Error)
	add("", a.Session)
	add("", a.Login)
	add("first factor missing: ", strings.Join(a.First, "|"))
	add("second factor missing: ", a.Second)
	add("", a.App)
	for _, letter := range a.Sent {
		add("sends ", letter)
	}
	return strings.Join(words, ", ")
}

// fill writes into the rulebook what only the server can know.
func (s *stage) fill(want *rulebook.Answer, reply *world.Answer) {
	for _, session := range s.book.Sessions {
		if session.Name == want.Session {
			session.Token, session.JWT = reply.At("session_token"), reply.At("session_jwt")
		}
	}
	for _, l := range s.book.Logins {
		if l.Name == want.Login {
			l.Token = reply.At("intermediate_session_token")
		}
	}
	for _, m := range s.book.Members {
		if secret := reply.At("secret"); m.Waiting != nil && m.Waiting.Name == want.App && secret != "" {
			m.Waiting.Secret, m.Waiting.Recovery = secret, texts(reply.Body["recovery_codes"])
		}
	}
}

// name gives what the rulebook calls the thing behind a token or an id. What is new to us takes the name that the
// rulebook expects, if nothing else has it.
func (s *stage) name(token, want string) string {
	if token == "" {
		return ""
	}
	if name, known := s.names[token]; known {
		return name
	}
	if want == "" || s.bound[want] {
		return "something new"
	}
	s.names[token], s.bound[want] = want, true
	return want
}

// look compares what the server says about a member with the rulebook.
func (s *stage) look(m *rulebook.Member) {
	s.t.Helper()
	s.advance(tick)
	reply := s.must("GET", world.Organizations+"/"+m.Org.ID+"/member?member_id="+m.ID, nil)
	if diff := cmp.Diff(s.book.Describe(m), s.describe(reply.Body["member"])); diff != "" {
		s.fail(m.Name + " is not as in the rulebook (-rulebook +server):\n" + diff)
	}
	s.witness.meet(reply.Body["member"])
}

// collect reads the messages that left during the last call, and tells the rulebook what is in them.
func (s *stage) collect() []string {
	newest, err := s.w.App.Notify.Letters(s.tb.Context(), s.c.ID, "", len(s.book.Sent)+1)
	if err != nil {
		s.fail(err.Error())
	}
	var sent []string
	slices.Reverse(newest)
	for _, l := range newest {
		if s.letters[l.ID] {
			continue
		}
		s.letters[l.ID] = true
		if i := len(sent); i < len(s.book.Sent) {
			s.open(s.book.Sent[i], l.Channel, l.Body)
		}
		s.witness.mailed(l.Channel, l.Recipient, secretIn(l.Channel, l.Body))
		sent = append(sent, l.Channel+" "+l.Recipient)
	}
	return sent
}

// open tells the rulebook what is in a message.
func (s *stage) open(l *rulebook.Letter, channel, body string) {
	if l.Link != nil {
		l.Link.Token = secretIn(channel, body)
	} else {
		l.Code.Value = secretIn(channel, body)
	}
}

// secretIn gives the code or the link's token in a message.
func secretIn(channel, body string) string {
	if channel == "sms" {
		return world.CodeIn(body)
	}
	if found := tokenInMail.FindStringSubmatch(body); found != nil {
		return found[1]
	}
	return codeInMail.FindString(body)
}
