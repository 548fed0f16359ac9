package rulebook

// AddApp registers an app, in place of one that still waits.
func (w *World) AddApp(m *Member, p Pass) Answer {
	if !allows(m.Org.Second, TOTP) {
		return notThisMethod
	}
	if a := w.hold(m, p); a.refused() {
		return a
	}
	if m.App != nil {
		return refuse(400, "active_totp_exists")
	}
	if hasNumber(m) && !SecondMet(m, p.factors()) {
		return insufficient
	}
	m.Waiting = w.newApp(w.Now.Add(AppLife))
	a := w.ok(m)
	a.App = m.Waiting.Name
	return a
}

// RemoveNumber takes the member's number away, and with it its codes.
func (w *World) RemoveNumber(m *Member) Answer {
	if m.Number == "" {
		return refuse(404, "member_phone_number_not_found")
	}
	m.Number, m.NumberProven, m.Texts = "", false, Slot{}
	if m.Default == SMS {
		m.Default = ""
		if m.App != nil {
			m.Default = TOTP
		}
	}
	m.Second.Altogether = 0 // another one is bound now; that is no way around a lock
	return w.ok(m)
}

// RemoveApp takes the member's app away, and with it its recovery codes.
func (w *World) RemoveApp(m *Member) Answer {
	if m.App == nil {
		return refuse(404, "totp_not_found")
	}
	m.App = nil
	if m.Default == TOTP {
		m.Default = ""
		if m.NumberProven {
			m.Default = SMS
		}
	}
	m.Second.Altogether = 0 // another one is bound now; that is no way around a lock
	return w.ok(m)
}

// SetEnrolled is the backend's word on enrolment.
func (w *World) SetEnrolled(m *Member, enrolled bool) Answer {
	m.Enrolled = enrolled
	return w.ok(m)
}

// Unlock forgets all wrong guesses, at an operator's word.
func (w *World) Unlock(m *Member) {
	m.Second, m.Firsts = Tally{}, nil
	delete(w.Free, m.Address)
}
