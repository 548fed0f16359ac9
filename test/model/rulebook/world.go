// Package rulebook is a second opinion on how people log in: the rules of first and second factors, sessions, guesses
// and locks in plain data and short functions, written from the documentation and not from the server, of which it
// imports nothing. Whoever calls it tells it what somebody does; it answers what the server has to answer, and
// remembers.
//
// What is secret and drawn by the server (codes, tokens, seeds) is filled in by the caller once it is known.
package rulebook

import (
	"fmt"
	"strings"
	"time"
)

// The numbers of the documentation, written down a second time.
const (
	TextLife     = 2 * time.Minute
	MailCodeLife = 10 * time.Minute
	LinkLife     = time.Hour
	LoginLife    = 10 * time.Minute // of an intermediate session
	SessionLife  = time.Hour        // unless the call says otherwise
	AppLife      = time.Hour        // of a registration that waits for its first code
	ClaimLife    = 10 * time.Minute // of a number that nobody proved, after its last text
	LockAfter    = 10               // wrong guesses in a row
	LockFor      = time.Hour
	DisableAfter = 100 // wrong second factors in a row, across locks
	Remembered   = 8   // codes before the newest that are known to have been codes
)

// Methods of first and second factors, as policies name them.
const (
	Magic    = "magic_link"
	MailCode = "email_otp"
	Password = "password"
	SMS      = "sms_otp"
	TOTP     = "totp"
)

// World is a project with everything that the rules look at.
type World struct {
	Began time.Time // answers tell times as what has passed since then
	Now   time.Time
	// LockAfter and LockFor are settings of the project.
	LockAfter int
	LockFor   time.Duration
	Members   []*Member
	Slots     map[string]*Slot  // codes by mail, by address: one at a time, whatever it is for
	Free      map[string]*Tally // guesses at codes of logins without an organization, by address
	Links     []*Link
	Logins    []*Login
	Sessions  []*Session
	// Sent is what left during the last call; its secrets are still to be filled in.
	Sent []*Letter
	apps int
}

// Organization is a tenant and its policy.
type Organization struct {
	Name, ID string
	Required bool     // everybody needs a second factor
	First    []string // the primary methods allowed; nil for all
	Second   []string // the second ones allowed; nil for all
}

// Member is somebody in one organization.
type Member struct {
	Name, ID, Address string
	Org               *Organization
	AddressProven     bool
	Password          string // "" for none
	Number            string
	NumberProven      bool
	Linked            int       // how often a number was: the same one, linked again, is another factor
	Asked             time.Time // when an unproven number was last texted
	App, Waiting      *App      // the registration that counts, and one without a first code
	Default           string    // method
	Enrolled          bool
	Texts             Slot
	Second            Tally             // wrong second factors
	Firsts            map[string]*Tally // wrong first ones, by method
}

// App is the registration of an authenticator app.
type App struct {
	Name, Secret string
	Ends         time.Time // while it waits
	Last         int64     // the newest step that was accepted
	Recovery     []string  // codes that are left
	Recovered    []string  // codes that were used
}

// Code is one that was sent.
type Code struct {
	Value, To string
	For       *Member // whose login it is for; nil for one without an organization
	Ends      time.Time
	Used      bool
}

// Slot holds codes of which only the newest works.
type Slot struct{ Codes []*Code }

// Link is one that was mailed.
type Link struct {
	Token, Address string
	For            *Member // nil for a login without an organization
	Ends           time.Time
	Used           bool
}

// Letter is a text or a mail, with the code or the link in it.
type Letter struct {
	Channel, To string
	Code        *Code
	Link        *Link
}

// Factor is something that was proven.
type Factor struct {
	Kind    string
	Address string  // of a mailbox or a password
	Whose   *Member // of a password
	Number  string
	Linked  int // which link of the number
	App     *App
	Code    string // for recovery
}

// Login is an intermediate session.
type Login struct {
	Name, Token, Address string
	Factors              []Factor
	Ends                 time.Time
	Over                 bool
}

// Session is what a complete login leads to.
type Session struct {
	Name, Token, JWT string
	Member           *Member
	Factors          []Factor
	Ends             time.Time
	Revoked          bool
}

// Pass is the token that comes with a call, if any. A session's JWT is as good as its token, also when it is over
// itself.
type Pass struct {
	Login   *Login
	Session *Session
	JWT     bool
}

// Answer is what a call has to come to. Sessions, logins and apps go by the names that they have here.
type Answer struct {
	Status    int
	Error     string
	Complete  string // yes or no, where the answer says so
	Session   string
	Ends      string
	Factors   []string
	Login     string
	LoginEnds string
	First     []string // primary methods that would do
	Second    string   // what is asked for as the second factor
	Member    string   // what is said about the member
	App       string   // the registration made
	Left      int      // recovery codes
	Found     []string // organizations
	Sent      []string // messages that left
}

func refuse(status int, kind string) Answer { return Answer{Status: status, Error: kind} }

func (a Answer) refused() bool { return a.Status != 0 }

// ok answers about a member.
func (w *World) ok(m *Member) Answer {
	a := Answer{Status: 200, Member: w.Describe(m)}
	for _, l := range w.Sent {
		a.Sent = append(a.Sent, l.Channel+" "+l.To)
	}
	return a
}

// Describe tells what every answer about the member says.
func (w *World) Describe(m *Member) string {
	var words []string
	if m.AddressProven {
		words = append(words, "mailbox proven")
	}
	if m.Number != "" {
		words = append(words, "number "+m.Number)
		if m.NumberProven {
			words = append(words, "proven")
		}
	}
	if m.App != nil {
		words = append(words, m.App.Name)
	}
	if m.Default != "" {
		words = append(words, "default "+m.Default)
	}
	if m.Enrolled {
		words = append(words, "enrolled")
	}
	if lock := w.lock(m); lock != "" {
		words = append(words, lock)
	}
	return strings.Join(words, ", ")
}

// At tells a time as answers do, which know whole seconds.
func (w *World) At(t time.Time) string {
	return "+" + t.Sub(w.Began).Truncate(time.Second).String()
}

// Advance lets time pass.
func (w *World) Advance(d time.Duration) { w.Now = w.Now.Add(d) }

func (w *World) post(l *Letter) { w.Sent = append(w.Sent, l) }

func (w *World) alive(ends time.Time) bool { return w.Now.Before(ends) }

// Alive reports whether the login can still be used.
func (w *World) Alive(l *Login) bool { return !l.Over && w.alive(l.Ends) }

// Lives reports whether the session is one.
func (w *World) Lives(s *Session) bool { return !s.Revoked && w.alive(s.Ends) }

func (w *World) newApp(ends time.Time) *App {
	w.apps++
	return &App{Name: fmt.Sprintf("app %d", w.apps), Ends: ends, Last: -1}
}
