package model

import (
	"fmt"
	"time"

	"github.com/thimble-auth/thimble/test/model/rulebook"
	"github.com/thimble-auth/thimble/test/world"
)

// witness holds what must never happen against the requests and answers alone, whatever the rulebook says:
//
//   - a code or link opens at most one session or login, in its life, for the one it was sent to;
//   - no session begins without the factors that the policy asks for at that moment;
//   - no more guesses are compared than the budget has;
//   - a session that was revoked does not come back, and a session keeps its token.
type witness struct {
	s        *stage
	policies map[string]world.J         // by organization: what was last asked for
	members  map[string]map[string]any  // as last seen
	issued   map[string][]*issue        // by kind and whom it is for
	seeds    map[string]*rulebook.App   // by member
	steps    map[string]map[string]bool // codes of apps that were accepted, by member, with their step
	runs     map[string]*run            // by whose budget it is
	tokens   map[string]string          // of sessions, by id
	revoked  map[string]bool            // by token
	arrived  []*issue                   // with the last answer
	latest   map[string]*issue          // codes, by kind and whom they are for: see slotOf
}

const forEver = 1 << 62

// issue is a code or a link that somebody was sent.
type issue struct {
	channel, to string
	value       string
	at          time.Time
	life        time.Duration
	uses        int
}

// run is a row of guesses without a success among them.
type run struct {
	row, all int
	last     time.Time
}

// guess is what a request tries, if anything.
type guess struct {
	kind   string // one of the constants below
	whose  string // id of the member, or the address for a login without an organization
	value  string
	budget string
}

// Kinds of guesses.
const (
	byText     = "text"
	byApp      = "app"
	byRecovery = "recovery"
	byMail     = rulebook.MailCode
	byFreeMail = "free mail code"
	byLink     = "link"
	byFreeLink = "free link"
	byPassword = rulebook.Password
)

func newWitness(s *stage) *witness {
	return &witness{
		s: s, policies: map[string]world.J{}, members: map[string]map[string]any{}, issued: map[string][]*issue{},
		seeds: map[string]*rulebook.App{}, steps: map[string]map[string]bool{}, runs: map[string]*run{},
		tokens: map[string]string{}, revoked: map[string]bool{}, latest: map[string]*issue{},
	}
}

// see takes in a request with its answer, and says what is wrong with it.
func (w *witness) see(r *request, a *world.Answer) string {
	w.file(r, a)
	checks := []func(*request, *world.Answer) string{w.countGuess, w.checkUse, w.checkSession}
	for _, check := range checks {
		if wrong := check(r, a); wrong != "" {
			return "Never: " + wrong
		}
	}
	w.meet(a.Body["member"])
	return ""
}

// meet keeps what is known about a member now.
func (w *witness) meet(member any) {
	if m, ok := member.(map[string]any); ok {
		w.members[text(m, "member_id")] = m
	}
}

// mailed notes a message that has just arrived.
func (w *witness) mailed(channel, to, value string) {
	w.arrived = append(w.arrived, &issue{channel: channel, to: to, value: value, at: w.s.book.Now})
}

// file notes what the answer and its messages make known.
func (w *witness) file(r *request, a *world.Answer) {
	minutes := 0
	for _, field := range []string{"login_expiration_minutes", "discovery_expiration_minutes"} {
		if n, ok := r.body[field].(int); ok {
			minutes = n
		}
	}
	for _, i := range w.arrived {
		kind, life := kindOf(i, a)
		i.life = life
		if minutes > 0 {
			i.life = time.Duration(minutes) * time.Minute
		}
		w.issued[kind] = append(w.issued[kind], i)
		if len(i.value) == 6 {
			w.latest[i.slot(a.At("member_id"))] = i
		}
	}
	w.arrived = nil
	if a.Status != 200 {
		return
	}

	if secret := a.At("secret"); secret != "" {
		id := a.At("member_id")
		w.seeds[id], w.steps[id] = &rulebook.App{Secret: secret}, map[string]bool{}
		w.issued[byRecovery+" "+id] = nil
		for _, code := range texts(a.Body["recovery_codes"]) {
			i := &issue{value: code, at: w.s.book.Now, life: forEver}
			w.issued[byRecovery+" "+id] = append(w.issued[byRecovery+" "+id], i)
		}
	}
	switch {
	case r.method == "PUT" && r.body["mfa_policy"] != nil:
		w.policies[a.At("organization.organization_id")] = r.body
	case r.method == "DELETE":
		if one := w.runs["second "+a.At("member_id")]; one != nil {
			one.all = 0 // another factor is bound
		}
	case r.path == world.RevokeSession:
		w.revoked[fmt.Sprint(r.body["session_token"])] = true
	}
}

// kindOf says which guesses a message is good for, and for how long.
func kindOf(i *issue, a *world.Answer) (string, time.Duration) {
	id := a.At("member_id")
	link := len(i.value) > 6
	switch {
	case i.channel == "sms":
		return byText + " " + id, 2 * time.Minute
	case link && id != "":
		return byLink + " " + id, time.Hour
	case link:
		return byFreeLink + " " + i.to, time.Hour
	case id != "":
		return byMail + " " + id, 10 * time.Minute
	}
	return byFreeMail + " " + i.to, 10 * time.Minute
}

// unlocked notes that an operator forgave a member's guesses.
func (w *witness) unlocked(m *rulebook.Member) {
	for _, budget := range []string{"second", byMail, byPassword} {
		delete(w.runs, budget+" "+m.ID)
	}
	delete(w.runs, byFreeMail+" "+m.Address)
}
