package rulebook

import "slices"

var (
	noToken       = refuse(400, "no_session_arguments")
	othersSession = refuse(400, "member_session_member_id_mismatch")
	firstMissing  = refuse(400, "action_available_only_once_primary_authentication_is_met")
	notThisMethod = refuse(400, "operation_restricted_by_organization_mfa_methods")
	insufficient  = refuse(401, "insufficient_factors")
)

// hold refuses a token that is not the member's or does not go far enough.
func (w *World) hold(m *Member, p Pass) Answer {
	switch s, l := p.Session, p.Login; {
	case s != nil && !w.Lives(s):
		return noSession
	case s != nil && s.Member != m:
		return othersSession
	case l != nil && !w.Alive(l):
		return noLogin
	case l != nil && l.Address != m.Address:
		return otherLogin
	case l != nil && !FirstMet(m, l.Factors):
		return firstMissing
	}
	return Answer{}
}

func (p Pass) none() bool { return p.Login == nil && p.Session == nil }

func (p Pass) factors() []Factor {
	switch {
	case p.Login != nil:
		return p.Login.Factors
	case p.Session != nil:
		return p.Session.Factors
	}
	return nil
}

// hasApp and hasNumber report an active factor: proven, and allowed.
func hasApp(m *Member) bool { return m.App != nil && allows(m.Org.Second, TOTP) }

func hasNumber(m *Member) bool {
	return m.Number != "" && m.NumberProven && allows(m.Org.Second, SMS)
}

// taken reports whether a colleague has proven the number or was texted at it a short while ago.
func (w *World) taken(m *Member, number string) bool {
	return slices.ContainsFunc(w.Members, func(o *Member) bool {
		return o != m && o.Org == m.Org && o.Number == number && (o.NumberProven || w.alive(o.Asked.Add(ClaimLife)))
	})
}

// mayTextFirst reports whether a login texts the member without being asked.
func (w *World) mayTextFirst(m *Member) bool {
	return m.Number != "" && allows(m.Org.Second, SMS) && !w.Barred(m) && !w.taken(m, m.Number) &&
		(!hasApp(m) || m.NumberProven && m.Default != TOTP)
}

func (w *World) text(m *Member) {
	if !m.NumberProven {
		m.Asked = w.Now
	}
	c := &Code{To: m.Number, For: m, Ends: w.Now.Add(TextLife)}
	m.Texts.Codes = append(m.Texts.Codes, c)
	w.post(&Letter{Channel: "sms", To: m.Number, Code: c})
}

// SendText texts the member a code; number is "" for the one that is stored.
func (w *World) SendText(m *Member, number string, p Pass) Answer {
	if !allows(m.Org.Second, SMS) {
		return notThisMethod
	}
	if a := w.hold(m, p); a.refused() {
		return a
	}
	if m.Number != "" && number != "" && number != m.Number {
		return refuse(400, "duplicate_member_phone_number_for_member")
	}
	// Whoever holds the first factor alone must not get around the second one by naming a number.
	if m.NumberProven && p.none() || !m.NumberProven && hasApp(m) && !SecondMet(m, p.factors()) {
		return insufficient
	}
	if number == "" {
		number = m.Number
	}
	if number == "" {
		return refuse(404, "phone_number_not_found")
	}
	if w.taken(m, number) {
		return refuse(400, "duplicate_member_phone_number")
	}
	if w.Barred(m) {
		return tooMany
	}
	if m.Number == "" {
		m.Number = number
		m.Linked++
	}
	w.text(m)
	return w.ok(m)
}

// Try is what all calls that redeem a second factor say.
type Try struct {
	Member  *Member
	Value   string
	Pass    Pass
	Minutes int
	Wish    string // enroll, unenroll or ""
}

// ready refuses what has to be refused before the code is looked at.
func (w *World) ready(t *Try, method string) Answer {
	if t.Pass.none() {
		return noToken
	}
	if a := w.hold(t.Member, t.Pass); a.refused() {
		return a
	}
	if !allows(t.Member.Org.Second, method) {
		return notThisMethod
	}
	if w.Barred(t.Member) {
		return tooMany
	}
	return Answer{}
}

// EnterText redeems a code that was texted.
func (w *World) EnterText(t Try) Answer {
	m := t.Member
	if a := w.ready(&t, SMS); a.refused() {
		return a
	}
	if !WellFormed(t.Value) {
		return badCode
	}
	switch w.judge(&m.Texts, t.Value, m.Number, m) {
	case wrong:
		w.wrong(&m.Second)
		return noCode
	case outdated:
		w.wrong(&m.Second)
		return deadCode
	case used:
		return deadCode
	}
	if !m.NumberProven && hasApp(m) && !SecondMet(m, t.Pass.factors()) {
		return insufficient // there was no app yet when it was sent
	}
	m.Texts.Newest().Used = true
	m.NumberProven = true
	m.completed(SMS, t.Wish)
	return w.second(&t, Factor{Kind: "otp", Number: m.Number, Linked: m.Linked})
}

// EnterApp redeems a code that an app shows. The first one makes a registration that waits the member's.
func (w *World) EnterApp(t Try) Answer {
	m := t.Member
	if a := w.ready(&t, TOTP); a.refused() {
		return a
	}
	if !WellFormed(t.Value) {
		return refuse(400, "invalid_totp_code")
	}
	app := m.App
	if app == nil {
		app = m.Waiting
	}
	if app == nil {
		return refuse(404, "totp_not_found")
	}
	if app == m.Waiting && !w.alive(app.Ends) {
		return refuse(400, "expired_totp")
	}
	verdict, step := w.judgeApp(app, t.Value)
	switch verdict {
	case wrong:
		w.wrong(&m.Second)
		return refuse(401, "unable_to_authenticate_totp")
	case used:
		return refuse(400, "totp_code_already_authenticated")
	}
	if app == m.Waiting && hasNumber(m) && !SecondMet(m, t.Pass.factors()) {
		return insufficient
	}
	app.Last = step
	m.App, m.Waiting = app, nil
	m.completed(TOTP, t.Wish)
	return w.second(&t, Factor{Kind: "totp", App: app})
}

// Recover redeems a recovery code. It is no method of its own: the default stays.
func (w *World) Recover(t Try) Answer {
	m := t.Member
	t.Wish = "" // the call has no such field
	if a := w.ready(&t, TOTP); a.refused() {
		return a
	}
	if m.App == nil {
		return refuse(404, "recovery_codes_not_found")
	}
	dead := refuse(401, "unable_to_authenticate_recovery_code")
	if slices.Contains(m.App.Recovered, t.Value) {
		return dead
	}
	at := slices.Index(m.App.Recovery, t.Value)
	if at < 0 {
		w.wrong(&m.Second)
		return dead
	}
	m.App.Recovery = slices.Delete(m.App.Recovery, at, at+1)
	m.App.Recovered = append(m.App.Recovered, t.Value)
	m.completed("", "")
	a := w.second(&t, Factor{Kind: "recovery_codes", App: m.App, Code: t.Value})
	a.Left = len(m.App.Recovery)
	return a
}

// completed is what a right second factor means for the member.
func (m *Member) completed(method, wish string) {
	m.Second = Tally{}
	switch {
	case m.Org.Required:
		m.Enrolled = true
	case wish != "":
		m.Enrolled = wish == "enroll"
	}
	if m.Default == "" && method != "" {
		m.Default = method
	}
}

// second makes a login a session, or adds the factor to a session.
func (w *World) second(t *Try, f Factor) Answer {
	if s := t.Pass.Session; s != nil {
		w.stepUp(s, f, t.Minutes)
		return w.shown(s)
	}
	t.Pass.Login.Over = true
	return w.shown(w.open(t.Member, with(t.Pass.Login.Factors, f), t.Minutes))
}
