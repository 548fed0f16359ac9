package attack

import (
	"regexp"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/test/vendors"
	"github.com/thimble-auth/thimble/test/world"
)

// The log of whole stories, with everything in them that goes wrong, names nobody and gives nothing away.
func TestLogTellsNothing(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		s := newScene(t, url)
		secrets := []string{world.MasterKey(t), vendors.TwilioToken}
		for _, p := range []*party{s.ada, s.bob, s.eve, s.mallet, s.live} {
			s.everything(p)
			secrets = append(secrets, p.client.Secret, p.email, strings.TrimPrefix(p.number, "+1"), p.session,
				p.intermediate, p.link, strings.Split(p.jwt, ".")[2])
			if letters, err := s.App.Notify.Letters(t.Context(), p.client.ID, "", 1000); err == nil {
				for _, l := range letters {
					secrets = append(secrets, l.Body)
				}
			}
		}
		for _, text := range s.Twilio.Texts() {
			secrets = append(secrets, text.Body, strings.TrimPrefix(text.To, "+"))
		}
		secrets = append(secrets, guesses...)
		s.Settle(t)

		log := s.Log.String()
		if strings.Count(log, `"msg":"request"`) < 100 || !strings.Contains(log, `"msg":"a message was not taken"`) {
			t.Fatalf("the log is too short:\n%s", cut(log))
		}
		for _, secret := range secrets {
			if strings.Contains(log, secret) {
				t.Errorf("the log holds %q", secret)
			}
		}
		// Codes are too short to look for one by one: other numbers hold their digits.
		for _, pattern := range []string{
			`"\d{6}"`, `\+\d{7,}`, `[^":@\s]+@[^":@\s]+\.[a-z]+`, `eyJ[A-Za-z0-9_-]+\.`, `\?token=`, `secret-(test|live)-`, `Basic `,
			`"panic`, `goroutine \d+`,
		} {
			if found := regexp.MustCompile(pattern).FindString(log); found != "" {
				t.Errorf("the log holds %q", found)
			}
		}
	})
}

// guesses are values that callers send and nobody has.
var guesses = []string{"493817", "wrong.person@example.org", "2025550177", "nobody-by-this-name", "telemetry-4711"}

// everything has a party do what it can, and much that it cannot.
func (s *scene) everything(p *party) {
	c, second := p.client, world.J{
		"organization_id": p.organization, "member_id": p.member, "intermediate_session_token": p.intermediate,
		"telemetry_id": "telemetry-4711",
	}
	post := func(path string, body world.J) { c.Call(s.t, "POST", path, body) }

	// A provider that repeats the number and the text in its refusals.
	for _, behaviour := range []vendors.Behaviour{vendors.Refuse(21610), vendors.Refuse(21211), vendors.Broken(), {}} {
		s.Twilio.Behave(behaviour)
		post(world.SendSMS, second)
		s.Settle(s.t)
	}
	second["code"] = "493817"
	post(world.AuthenticateSMS, second)
	second["code"] = p.newCode
	post(world.AuthenticateSMS, second)
	delete(second, "code")
	second["mfa_phone_number"] = "+12025550177"
	post(world.SendSMS, second)
	second["mfa_phone_number"] = "wrong.person@example.org"
	post(world.SendSMS, second)
	post(world.LoginOrSignup, world.J{"organization_id": p.organization, "email_address": "wrong.person@example.org"})
	post(world.LoginOrSignup, world.J{"organization_id": "nobody-by-this-name", "email_address": p.email})
	post(world.AuthenticateLink, world.J{"magic_links_token": p.link})
	post(world.AuthenticateLink, world.J{"magic_links_token": p.session})
	post(world.CheckSession, world.J{"session_token": p.session, "session_duration_minutes": 60})
	post(world.CheckSession, world.J{"session_jwt": p.jwt + "A"})
	post(world.CheckSession, world.J{"session_jwt": p.jwt})
	c.Call(s.t, "POST", world.SendSMS, `{"member_id":"nobody-by-this-name","member_id":"wrong.person@example.org"`)
	c.Call(s.t, "GET", world.Organizations+"/nobody-by-this-name/member?email_address=wrong.person@example.org", nil)
	c.Call(s.t, "GET", world.Organizations+"/"+p.organization+"/member?email_address="+p.email, nil)
	c.Call(s.t, "GET", "/nobody-by-this-name?token="+p.session, nil)
	c.Call(s.t, "GET", "/v1/magic_links/redirect?token="+p.link, nil)
	c.Call(s.t, "POST", "/callbacks/sms/twilio/nobody-by-this-name/"+p.session, "To="+p.number)
	c.Call(s.t, "DELETE", world.Organizations+"/"+p.organization+"/members/"+p.member, nil,
		"X-Stytch-Member-Session", p.session, "X-Stytch-Member-SessionJWT", p.jwt)
	impostor := *c
	impostor.Secret = p.session
	impostor.Call(s.t, "POST", world.SendSMS, second)
	post(world.RevokeSession, world.J{"session_token": p.session})
}

// A closed database is the worst that can happen to a call: its answer and its log line give nothing away either.
func TestBrokenDatabase(t *testing.T) {
	t.Parallel()
	w := world.Open(t, world.SQLite(t), sqldb.Options{})
	c := w.NewProject(t, ids.Test)
	organization := c.NewOrganization(t, "Acme")
	if err := w.App.DB.Close(); err != nil {
		t.Fatal(err)
	}
	a := c.Call(t, "POST", world.Organizations+"/"+organization+"/members", world.J{"email_address": "ada@example.com"})
	if a.Status != 503 || a.Type() != "server_unavailable" {
		t.Errorf("%d %s", a.Status, a.Raw)
	}
	for _, text := range []string{string(a.Raw), w.Log.String()} {
		for _, secret := range []string{"ada@example.com", c.Secret, "SELECT", "INSERT", "goroutine"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in %s", secret, cut(text))
			}
		}
	}
}
