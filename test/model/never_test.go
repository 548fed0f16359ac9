package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/thimble-auth/thimble/test/model/rulebook"
	"github.com/thimble-auth/thimble/test/world"
)

// compared are the refusals that say something about the code.
var compared = []string{
	"otp_code_not_found", "unable_to_auth_otp_code", "unable_to_authenticate_totp", "totp_code_already_authenticated",
	"unable_to_authenticate_recovery_code", "unauthorized_credentials", "insufficient_factors",
}

// countGuess: never more guesses than the budget has.
func (w *witness) countGuess(r *request, a *world.Answer) string {
	g := r.guess
	if g.budget == "" || a.Status != 200 && !slices.Contains(compared, a.Type()) {
		return ""
	}
	if w.runs[g.budget] == nil {
		w.runs[g.budget] = &run{}
	}
	one, now, book := w.runs[g.budget], w.s.book.Now, w.s.book
	if one.row >= book.LockAfter {
		if now.Before(one.last.Add(book.LockFor)) {
			return fmt.Sprintf("a code was looked at after %d wrong ones and before the lock was over", one.row)
		}
		one.row = 0
	}
	if one.all >= rulebook.DisableAfter && strings.HasPrefix(g.budget, "second") {
		return fmt.Sprintf("a code was looked at after %d wrong ones in a row", one.all)
	}
	switch {
	case a.Status == 200:
		one.row, one.all = 0, 0
	case !w.knows(g, a.Type()):
		one.row++
		one.all++
		one.last = now
	}
	return ""
}

// knows reports whether whoever tried the code had the right one, which was used or of no use: that is no guess.
func (w *witness) knows(g guess, refusal string) bool {
	switch refusal {
	case "totp_code_already_authenticated", "insufficient_factors":
		return true
	case "unable_to_authenticate_recovery_code":
		i := w.find(g)
		return i != nil && i.uses > 0
	case "unable_to_auth_otp_code":
		i := w.find(g)
		return i != nil && i.uses > 0 && (i == w.latest["sms "+g.whose] || i == w.latest["email "+i.to])
	}
	return false
}

// slot says which codes a newer one ends: those of the member by text, those to the address by mail.
func (i *issue) slot(member string) string {
	if i.channel == "sms" {
		return "sms " + member
	}
	return "email " + i.to
}

func (w *witness) find(g guess) *issue {
	for _, i := range w.issued[g.kind+" "+g.whose] {
		if i.value == g.value {
			return i
		}
	}
	return nil
}

// stepOf gives a name to the step at which the member's app shows the code, one step around now.
func (w *witness) stepOf(g guess) string {
	for steps := int64(-1); steps <= 1; steps++ {
		if w.s.book.Shows(w.seeds[g.whose], steps) == g.value {
			return fmt.Sprint(w.s.book.Now.Unix()/30 + steps)
		}
	}
	return ""
}

// checkUse: a code works once, in its life, for the one it was sent to.
func (w *witness) checkUse(r *request, a *world.Answer) string {
	g := r.guess
	if a.Status != 200 || g.kind == "" || g.kind == byPassword {
		return ""
	}
	if id := a.At("member_id"); id != "" && g.whose != id && g.kind != byFreeLink && g.kind != byFreeMail {
		return "a code for one member opened something for another"
	}
	if g.kind == byApp {
		step := ""
		if w.seeds[g.whose] != nil {
			step = w.stepOf(g)
		}
		if step == "" || w.steps[g.whose][step] {
			return "a code of an app was accepted that it does not show, or twice"
		}
		w.steps[g.whose][step] = true
		return ""
	}
	i := w.find(g)
	switch {
	case i == nil:
		return "a code was accepted that was not sent to this one"
	case i.uses > 0:
		return "a code was accepted twice"
	case !w.s.book.Now.Before(i.at.Add(i.life)):
		return "a code was accepted after its end"
	case len(i.value) == 6 && i != w.latest[i.slot(g.whose)]:
		return "a code was accepted that a newer one had replaced"
	}
	i.uses++
	return ""
}

// checkSession: no session without what the policy asks for at that moment.
func (w *witness) checkSession(_ *request, a *world.Answer) string {
	token, id := a.At("session_token"), a.At("member_session.member_session_id")
	if a.Status != 200 || token == "" {
		if id != "" {
			return "a session without a token"
		}
		return ""
	}
	switch before, known := w.tokens[id]; {
	case w.revoked[token]:
		return "a session that was revoked is back"
	case known && before != token:
		return "a session changed its token"
	case known:
		return ""
	}
	w.tokens[id] = token
	if a.Body["member_authenticated"] == false || a.At("intermediate_session_token") != "" {
		return "a login is complete and is not"
	}

	m, _ := a.Body["member"].(map[string]any)
	session, _ := a.Body["member_session"].(map[string]any)
	policy := w.policies[text(m, "organization_id")]
	if len(w.proven(session, m, policy, "PRIMARY")) == 0 {
		return "a session without a first factor that the organization allows"
	}
	asked := policy["mfa_policy"] == "REQUIRED_FOR_ALL" || w.members[text(m, "member_id")]["mfa_enrolled"] == true
	if asked && len(w.proven(session, m, policy, "SECONDARY")) == 0 {
		return "a session without the second factor that was asked for"
	}
	return ""
}

// proven gives the methods of the session's factors that are the member's and that the policy allows.
func (w *witness) proven(session, m map[string]any, policy world.J, order string) []string {
	restricted, allowed, names := "auth_methods", "allowed_auth_methods", firstMethods
	if order == "SECONDARY" {
		restricted, allowed, names = "mfa_methods", "allowed_mfa_methods", secondMethods
	}
	list, _ := session["authentication_factors"].([]any)
	found := map[string]bool{}
	for _, one := range list {
		f, _ := one.(map[string]any)
		method := names[text(f, "type")]
		may, _ := policy[allowed].([]string)
		forbidden := policy[restricted] == "RESTRICTED" && !slices.Contains(may, method)
		if f["sequence_order"] != order || method == "" || forbidden {
			continue
		}
		found[method] = found[method] || belongs(f, m)
	}
	maps.DeleteFunc(found, func(_ string, yes bool) bool { return !yes })
	return slices.Sorted(maps.Keys(found))
}

// What policies call the types of factors.
var (
	firstMethods  = map[string]string{"magic_link": "magic_link", "email_otp": "email_otp", "password": "password"}
	secondMethods = map[string]string{"otp": "sms_otp", "totp": "totp", "recovery_codes": "totp"}
)

func belongs(f, m map[string]any) bool {
	switch {
	case f["email_factor"] != nil:
		return text(f, "email_factor.email_address") == text(m, "email_address")
	case f["phone_number_factor"] != nil:
		return m["mfa_phone_number_verified"] == true &&
			text(f, "phone_number_factor.phone_number") == text(m, "mfa_phone_number")
	case f["authenticator_app_factor"] != nil:
		return text(f, "authenticator_app_factor.totp_id") == text(m, "totp_registration_id")
	}
	return f["recovery_code_factor"] != nil && text(m, "totp_registration_id") != ""
}
