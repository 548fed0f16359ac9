package attack

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/test/world"
)

// request is one call with all its parts.
type request struct {
	method, path string
	body         any
}

func (r request) operation(s *scene, p *party) *operation {
	path, _, _ := strings.Cut(r.path, "?")
	for _, op := range s.operations() {
		if op.method == r.method && op.fill(p) == path {
			return op
		}
	}
	s.t.Fatalf("%s %s is not declared", r.method, r.path)
	return nil
}

// about gives every call that names an organization, and a member where it can, with what a party holds besides.
func about(p *party) []request {
	organization := world.Organizations + "/" + p.organization
	members := organization + "/members"
	one := members + "/" + p.member
	second := func(more world.J) world.J {
		more["organization_id"], more["member_id"] = p.organization, p.member
		return more
	}
	query := "?organization_id=" + p.organization + "&member_id=" + p.member
	return []request{
		{"GET", organization, nil},
		{"PUT", organization, world.J{"organization_name": "Taken"}},
		{"DELETE", organization, nil},
		{"DELETE", organization + "/external_id", nil},
		{"POST", members, world.J{"email_address": "new@example.com"}},
		{"GET", organization + "/member?member_id=" + p.member, nil},
		{"GET", organization + "/member?email_address=" + p.email, nil},
		{"PUT", one, world.J{"name": "Taken"}},
		{"PUT", one + "/reactivate", world.J{}},
		{"DELETE", one, nil},
		{"DELETE", one + "/external_id", nil},
		{"DELETE", members + "/mfa_phone_numbers/" + p.member, nil},
		{"GET", "/v1/b2b/sessions" + query, nil},
		{"POST", world.LoginOrSignup, world.J{"organization_id": p.organization, "email_address": p.email}},
		{"POST", world.SendSMS, second(world.J{"intermediate_session_token": p.intermediate})},
		{"POST", world.SendSMS, second(world.J{"session_token": p.session})},
		{"POST", world.SendSMS, second(world.J{})},
		{"POST", world.AuthenticateSMS, second(world.J{"intermediate_session_token": p.intermediate, "code": p.newCode})},
		{"POST", world.AuthenticateSMS, second(world.J{"session_jwt": p.jwt, "code": p.newCode})},
		{"POST", world.RevokeSession, world.J{"member_id": p.member}},
	}
}

// showing gives every call that shows a token of a party without saying whose it is.
func showing(p *party) []request {
	return []request{
		{"POST", world.CheckSession, world.J{"session_token": p.session}},
		{"POST", world.CheckSession, world.J{"session_jwt": p.jwt}},
		{"POST", world.RevokeSession, world.J{"session_token": p.session}},
		{"POST", world.RevokeSession, world.J{"session_jwt": p.jwt}},
		{"POST", world.RevokeSession, world.J{"member_session_id": p.sessionID}},
		{"POST", world.AuthenticateLink, world.J{"magic_links_token": p.link}},
	}
}

// generated gives a call of every operation that takes anything of a party's, with all that it needs of theirs and each
// kind of token in turn: those of the lists above in their plainest form, and those that nobody has put there yet.
func (s *scene) generated(p *party) []request {
	s.t.Helper()
	known := map[string]string{
		"organization_id": p.organization, "member_id": p.member, "email_address": p.email, "code": p.newCode,
		"magic_links_token": p.link, "member_session_id": p.sessionID, "mfa_phone_number": p.number,
	}
	tokens := map[string]string{
		"intermediate_session_token": p.intermediate, "session_token": p.session, "session_jwt": p.jwt,
	}
	var all []request
	for _, op := range s.operations() {
		if strings.Contains(op.path, "{project_id}") {
			continue // what everybody may know
		}
		path, theirs := op.fill(p), strings.Contains(op.path, "{")
		query := url.Values{}
		for _, q := range op.params {
			if value, ok := known[q.Name]; ok && q.In == "query" {
				query.Set(q.Name, value)
				theirs = true
			}
		}
		if len(query) > 0 {
			path += "?" + query.Encode()
		}
		body := world.J{}
		for _, name := range op.required {
			body[name] = "a"
			if value, ok := known[name]; ok {
				body[name], theirs = value, true
			}
		}
		if theirs && !slices.Contains(toAnyAddress, op.path) {
			all = append(all, request{op.method, path, body})
		}
		for name, token := range tokens {
			if _, ok := op.properties[name]; ok {
				with := maps.Clone(body)
				with[name] = token
				all = append(all, request{op.method, path, with})
			}
		}
	}
	if len(all) < len(s.operations()) {
		s.t.Fatalf("only %d calls for %d operations", len(all), len(s.operations()))
	}
	return all
}

// toAnyAddress are the calls that name nothing but an address: whoever's it is, the mail is one of the caller's project,
// and so is the guess at a code that is counted.
var toAnyAddress = []string{
	"/v1/b2b/otps/email/discovery/authenticate",
	"/v1/b2b/magic_links/email/discovery/send", "/v1/b2b/otps/email/discovery/send",
	"/v1/b2b/passwords/discovery/email/reset/start",
}

// Nobody sees or changes anything of another project or of the other environment, whatever of theirs they know.
func TestOtherProjects(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		s := newScene(t, url)
		pairs := []struct{ by, of *party }{
			{s.ada, s.mallet}, {s.mallet, s.ada}, {s.ada, s.live}, {s.live, s.ada},
		}
		s.unchanged(func() {
			for _, pair := range pairs {
				for _, r := range slices.Concat(about(pair.of), showing(pair.of), s.generated(pair.of)) {
					s.hopeless(pair.by, pair.of, r)
				}
			}
		})
	})
}

// hopeless makes a call that must be refused. Ending a session that one does not have is no refusal but no deed either.
func (s *scene) hopeless(by, of *party, r request, headers ...string) {
	s.t.Helper()
	a := by.client.Call(s.t, r.method, r.path, r.body, headers...)
	if r.path == world.RevokeSession && a.Status == 200 {
		return
	}
	if wrong := refusal(r.operation(s, of), a); wrong != "" {
		s.t.Errorf("%s %s %v: %d %s: %s", r.method, r.path, r.body, a.Status, a.Raw, wrong)
	}
	for _, secret := range []string{of.email, of.number, of.session, of.jwt, of.intermediate} {
		if strings.Contains(string(a.Raw), secret) {
			s.t.Errorf("%s %s tells %q", r.method, r.path, secret)
		}
	}
}

// A member is found in their own organization alone, and one member's tokens and codes are worth nothing for another.
func TestOtherMembers(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		s := newScene(t, url)
		elsewhere := *s.eve // eve, said to be of ada's organization
		elsewhere.organization = s.ada.organization
		s.unchanged(func() {
			for _, r := range slices.Concat(about(&elsewhere), s.generated(&elsewhere)) {
				body, _ := r.body.(world.J)
				if strings.Contains(r.path, s.eve.member) || body["member_id"] != nil && body["organization_id"] != nil {
					s.hopeless(s.ada, &elsewhere, r)
				}
			}
			// Everything of bob's, who is of the same organization, and of eve's, who is not, shown for ada.
			for _, other := range []*party{s.bob, s.eve, s.mallet} {
				for name, token := range map[string]string{
					"intermediate_session_token": other.intermediate, "session_token": other.session, "session_jwt": other.jwt,
				} {
					body := world.J{"organization_id": s.ada.organization, "member_id": s.ada.member, name: token}
					s.hopeless(s.ada, s.ada, request{"POST", world.SendSMS, body})
					for _, code := range []string{s.ada.newCode, other.newCode} {
						body["code"] = code
						s.hopeless(s.ada, s.ada, request{"POST", world.AuthenticateSMS, body})
					}
				}
			}
		})
	})
}

// Acting on behalf of a member does not reach further than the member.
func TestActingForOthers(t *testing.T) {
	t.Parallel()
	s := newScene(t, world.SQLite(t))
	const token, jwt = "X-Stytch-Member-Session", "X-Stytch-Member-SessionJWT"
	s.unchanged(func() {
		for _, r := range slices.Concat(about(s.ada), s.generated(s.ada)) {
			takes := slices.ContainsFunc(r.operation(s, s.ada).params, func(p param) bool { return p.Name == token })
			if !takes {
				continue
			}
			for _, other := range []*party{s.bob, s.eve, s.mallet, s.live} {
				s.hopeless(s.ada, s.ada, r, token, other.session)
				s.hopeless(s.ada, s.ada, r, jwt, other.jwt)
				s.hopeless(s.ada, s.ada, r, token, other.session, jwt, other.jwt)
				s.hopeless(s.ada, s.ada, r, token, other.intermediate)
			}
			s.hopeless(s.ada, s.ada, r, token, s.ada.session, jwt, s.ada.jwt)
			s.hopeless(s.ada, s.ada, r, jwt, s.ada.session)
			s.hopeless(s.ada, s.ada, r, token, s.ada.jwt)
		}
	})
}

// What works once does not work twice.
func TestSpentTokens(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		s := newScene(t, url)
		c, second := s.ada.client, world.J{
			"organization_id": s.ada.organization, "member_id": s.ada.member,
			"intermediate_session_token": s.ada.intermediate, "code": s.ada.newCode,
		}
		c.Must(t, "POST", world.AuthenticateSMS, second)
		fresh := s.Login(t, c, s.ada.organization, s.ada.email)
		newCode := s.Code(t, c, s.ada.number)
		old := s.Link(t, c, s.ada.organization, s.ada.email)
		c.Must(t, "POST", world.AuthenticateLink, world.J{"magic_links_token": old})

		before := world.Snapshot(t, url)
		second["code"] = newCode // a good code in an intermediate session that was completed
		c.Want(t, "intermediate_session_not_found", "POST", world.AuthenticateSMS, second)
		c.Want(t, "unable_to_auth_magic_link", "POST", world.AuthenticateLink, world.J{"magic_links_token": old})
		c.Want(t, "intermediate_session_not_found", "POST", world.AuthenticateLink, world.J{
			"magic_links_token": s.ada.link, "intermediate_session_token": s.ada.intermediate,
		})
		after := world.Snapshot(t, url)
		if after["sessions"] != before["sessions"] || after["magic_links"] != before["magic_links"] {
			t.Error("a spent token did something")
		}

		// A code that was used is useless in another login of the same member, and counts for nothing.
		second["intermediate_session_token"], second["code"] = fresh, s.ada.newCode
		c.Want(t, "unable_to_auth_otp_code", "POST", world.AuthenticateSMS, second)
	})
}

// A number that is taken away takes its code with it.
func TestCodeOfANumberThatIsGone(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		s := newScene(t, url)
		c := s.ada.client
		c.Must(t, "DELETE", world.Organizations+"/"+s.ada.organization+"/members/mfa_phone_numbers/"+s.ada.member, nil)
		second := world.J{
			"organization_id": s.ada.organization, "member_id": s.ada.member, "code": s.ada.newCode,
			"intermediate_session_token": s.ada.intermediate,
		}
		c.Want(t, "otp_code_not_found", "POST", world.AuthenticateSMS, second)

		// Neither does it work for a number that comes after.
		delete(second, "code")
		second["mfa_phone_number"] = "+12025550199"
		c.Must(t, "POST", world.SendSMS, second)
		delete(second, "mfa_phone_number")
		second["code"] = s.ada.newCode
		if a := c.Call(t, "POST", world.AuthenticateSMS, second); a.Status != 404 && a.Status != 401 {
			t.Errorf("the old number's code: %d %s", a.Status, a.Raw)
		}
	})
}

// A locked member gets no codes, by no way, and no guess is looked at.
func TestLockedMember(t *testing.T) {
	t.Parallel()
	s := newScene(t, world.SQLite(t))
	c := s.ada.client
	second := world.J{
		"organization_id": s.ada.organization, "member_id": s.ada.member, "intermediate_session_token": s.ada.intermediate,
	}
	for range 10 {
		second["code"] = "000000"
		if s.ada.newCode == "000000" {
			second["code"] = "111111"
		}
		c.Want(t, "otp_code_not_found", "POST", world.AuthenticateSMS, second)
	}
	texts := func() int {
		letters, err := s.App.Notify.Letters(t.Context(), c.ID, s.ada.number, 100)
		if err != nil {
			t.Fatal(err)
		}
		return len(letters)
	}
	before := texts()
	second["code"] = s.ada.newCode
	for _, name := range []string{"intermediate_session_token", "session_token", "session_jwt"} {
		delete(second, "intermediate_session_token")
		second[name] = map[string]string{
			"intermediate_session_token": s.ada.intermediate, "session_token": s.ada.session, "session_jwt": s.ada.jwt,
		}[name]
		for _, path := range []string{world.SendSMS, world.AuthenticateSMS} {
			a := c.Want(t, "user_lock_limit_reached", "POST", path, second)
			if a.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		}
		delete(second, name)
	}
	s.Login(t, c, s.ada.organization, s.ada.email) // which texts a code by itself to others
	if after := texts(); after != before {
		t.Errorf("%d texts to a locked member", after-before)
	}
	// Bob is not concerned.
	s.Login(t, c, s.bob.organization, s.bob.email)
}
