package scenario

import (
	"encoding/base32"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/test/openapi"
	"github.com/thimble-auth/thimble/test/vendors"
	blackbox "github.com/thimble-auth/thimble/test/world" // a world is a story's own here
)

// serverOf reads what a story's set-up says about the server itself.
func serverOf(setup []step) serverOptions {
	var o serverOptions
	for _, s := range setup {
		if s.verb != "server" {
			continue
		}
		for _, word := range strings.Fields(s.rest) {
			switch name, value, _ := strings.Cut(word, "="); {
			case word == "sms=none":
				o.noSMS = true
			case word == "mail=none":
				o.noMail = true
			case word == "breaches":
				o.breaches = true
			case word == "inbox":
				o.inbox = true
			case name == "sms":
				o.countries = strings.Split(value, ",")
			default:
				panic("server has no option " + word)
			}
		}
	}
	return o
}

// run does the steps one after the other. The first that goes wrong ends the story.
func (w *world) run(steps []step) {
	w.t.Helper()
	for _, s := range steps {
		if err := w.do(s); err != nil {
			w.t.Fatalf("%s:%d: %s %s: %v", s.path, s.line, s.verb, s.rest, err)
		}
	}
}

func (w *world) do(s step) error {
	if s.times > 0 {
		return w.request(s)
	}
	f := map[string]func(string) error{
		"server":       func(string) error { return nil },
		"sleep":        w.sleep,
		"as":           w.become,
		"settings":     w.settings,
		"rename":       w.rename,
		"header":       w.setHeader,
		"organization": w.organization,
		"member":       w.member,
		"login":        w.login,
		"discover":     w.discover,
		"verify":       w.verify,
		"totp":         w.totp,
		"app":          w.addApp,
		"check":        w.compare,
		"let":          w.let,
		"jwt":          w.jwt,
		"twilio":       w.behave,
		"text":         w.text,
		"shares":       w.shares,
		"subscriber":   w.subscribed,
		"told":         w.wasTold,
		"userinfo":     w.userinfo,
		"trust":        w.trust,
		"issue":        w.issue,
	}[s.verb]
	if f == nil {
		return fmt.Errorf("no such step")
	}
	return f(s.rest)
}

// request sends a request of the story as often as it says, and holds each answer against the document and the story.
func (w *world) request(s step) error {
	for range s.times {
		text, err := w.expand(s.rest)
		if err != nil {
			return err
		}
		path, body, _ := strings.Cut(text, " ")
		r := w.call(s.verb, path, strings.TrimPrefix(body, "raw "))
		if err := w.judge(s.verb, path, r, s.want); err != nil {
			return fmt.Errorf("%w\nanswer: %d %s", err, r.Code, r.Body)
		}
	}
	return nil
}

func (w *world) judge(method, path string, r *httptest.ResponseRecorder, want answer) error {
	if r.Code != want.status {
		return fmt.Errorf("want %d", want.status)
	}
	w.vars["location"] = r.Header().Get("Location")
	got, err := holds(method, strings.TrimPrefix(path, publicURL), r)
	if err != nil {
		return err
	}
	w.hide(got)
	if want.retryAfter != "" && r.Header().Get("Retry-After") != want.retryAfter {
		return fmt.Errorf("Retry-After is %q, want %s", r.Header().Get("Retry-After"), want.retryAfter)
	}
	if want.errorType != "" && got["error_type"] != want.errorType {
		return fmt.Errorf("want %s", want.errorType)
	}
	if want.body == "" {
		return nil
	}
	return w.subset(want.body, got)
}

// holds checks an answer against the document and gives its object; a page has none.
func holds(method, path string, r *httptest.ResponseRecorder) (map[string]any, error) {
	err := blackbox.Holds(openapi.Answer{
		Method: method, Path: path, Status: r.Code, Header: r.Header(), Body: r.Body.Bytes(),
	})
	var object map[string]any
	_ = json.Unmarshal(r.Body.Bytes(), &object)
	return object, err
}

// subset holds a JSON value against the one that a story expects.
func (w *world) subset(want string, got any) error {
	var expected any
	if err := json.Unmarshal([]byte(want), &expected); err != nil {
		return fmt.Errorf("the expectation is not JSON: %w", err)
	}
	var unknown error
	m := matcher{
		expand: func(text string) string {
			out, err := w.expand(text)
			if err != nil {
				unknown = err
			}
			return out
		},
		capture: func(name, value string) { w.vars[name] = value },
	}
	m.match("", expected, got)
	if unknown == nil && len(m.wrong) > 0 {
		return fmt.Errorf("%s", strings.Join(m.wrong, "\n"))
	}
	return unknown
}

// hide notes the secrets of an answer, and whom it is about.
func (w *world) hide(body map[string]any) {
	for key, value := range body {
		switch value := value.(type) {
		case map[string]any:
			w.hide(value)
		case []any:
			if key == "recovery_codes" {
				for _, code := range value {
					w.secrets = append(w.secrets, fmt.Sprint(code))
				}
			}
		case string:
			secret := strings.HasSuffix(key, "_token") || key == "session_jwt" || key == "email_address" ||
				key == "mfa_phone_number" || key == "secret"
			if secret && len(value) > 8 {
				w.secrets = append(w.secrets, value)
			}
		}
	}
}

// sleep lets time pass. Beyond some minutes the server's clock is moved instead, as the development server does on
// request: the loops of the background need not turn a thousand times.
func (w *world) sleep(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	const most = 5 * time.Minute
	if d > most {
		w.app.DB.AdvanceClock(d - most)
		d = most
	}
	time.Sleep(d)
	w.settle()
	return nil
}

func (w *world) become(name string) error {
	who := w.projects[name]
	if who == nil {
		return fmt.Errorf("there is no project %s", name)
	}
	w.as = who
	return nil
}

// settings merges settings into those of the present project. The server knows them after five seconds, unless the
// project has not called yet.
func (w *world) settings(text string) error {
	_, err := w.app.Projects.Update(w.t.Context(), w.as.id, func(p *project.Project) error {
		return json.Unmarshal([]byte(text), &p.Settings)
	})
	return err
}

func (w *world) rename(text string) error {
	_, err := w.app.Projects.Update(w.t.Context(), w.as.id, func(p *project.Project) error {
		p.Name = text
		return nil
	})
	return err
}

// setHeader sets a header of the next request: header Name: value.
func (w *world) setHeader(text string) error {
	text, err := w.expand(text)
	name, value, _ := strings.Cut(text, ": ")
	w.header.Set(name, value)
	return err
}

// must200 sends a request that a short form of the language stands for.
func (w *world) must200(method, path string, body map[string]any) (map[string]any, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r := w.call(method, path, string(text))
	if r.Code != http.StatusOK {
		return nil, fmt.Errorf("%s %s answers %d %s", method, path, r.Code, r.Body)
	}
	got, err := holds(method, path, r)
	w.hide(got)
	return got, err
}

// named splits the name in front of a JSON object.
func (w *world) named(text string) (string, map[string]any, error) {
	text, err := w.expand(text)
	if err != nil {
		return "", nil, err
	}
	name, rest, _ := strings.Cut(text, " ")
	body := map[string]any{}
	if rest != "" {
		err = json.Unmarshal([]byte(rest), &body)
	}
	return name, body, err
}

// organization makes an organization, whose id is then known by the name: organization acme {"mfa_policy":"..."}.
func (w *world) organization(text string) error {
	name, body, err := w.named(text)
	if err != nil {
		return err
	}
	if body["organization_name"] == nil {
		body["organization_name"] = "Organization " + name
	}
	if body["organization_slug"] == nil {
		body["organization_slug"] = name
	}
	got, err := w.must200(http.MethodPost, "/v1/b2b/organizations", body)
	if err != nil {
		return err
	}
	organization, _ := got["organization"].(map[string]any)
	w.vars[name], _ = organization["organization_id"].(string)
	w.vars["latest"] = w.vars[name]
	return nil
}

// member adds a member to the latest organization, or to that of another name: member ada, member bob@globex {...}. The
// id is then known by the name, and so are name_email and name_org.
func (w *world) member(text string) error {
	name, body, err := w.named(text)
	if err != nil {
		return err
	}
	name, in, elsewhere := strings.Cut(name, "@")
	org := w.vars["latest"]
	if elsewhere {
		org = w.vars[in]
	}
	if body["email_address"] == nil {
		body["email_address"] = name + "@example.com"
	}
	got, err := w.must200(http.MethodPost, "/v1/b2b/organizations/"+org+"/members", body)
	if err != nil {
		return err
	}
	w.vars[name], _ = got["member_id"].(string)
	w.vars[name+"_email"], _ = body["email_address"].(string)
	w.vars[name+"_org"] = org
	return nil
}

// login logs a member in by mail. Then name_ist holds the token of a login that is not complete, or name_session and
// name_jwt those of a session.
func (w *world) login(name string) error {
	_, err := w.must200(http.MethodPost, "/v1/b2b/magic_links/email/login_or_signup", map[string]any{
		"organization_id": w.vars[name+"_org"], "email_address": w.vars[name+"_email"],
	})
	if err != nil {
		return err
	}
	token, err := w.expand("$inbox.token(" + w.vars[name+"_email"] + ")")
	if err != nil {
		return err
	}
	got, err := w.must200(http.MethodPost, "/v1/b2b/magic_links/authenticate", map[string]any{"magic_links_token": token})
	if err != nil {
		return err
	}
	w.vars[name+"_ist"], _ = got["intermediate_session_token"].(string)
	missing, _ := got["mfa_required"].(map[string]any)
	w.texted[name] = missing["secondary_auth_initiated"] == "sms_otp"
	w.keepSession(name, got)
	return nil
}

// discover logs an address in without an organization: $ist is the token that it leads to, $membership what it is to the
// first organization that is found, none when there is none.
func (w *world) discover(address string) error {
	_, err := w.must200(http.MethodPost, "/v1/b2b/magic_links/email/discovery/send", map[string]any{"email_address": address})
	if err != nil {
		return err
	}
	token, err := w.expand("$inbox.token(" + address + ")")
	if err != nil {
		return err
	}
	got, err := w.must200(http.MethodPost, "/v1/b2b/magic_links/discovery/authenticate",
		map[string]any{"discovery_magic_links_token": token})
	if err != nil {
		return err
	}
	w.vars["ist"], _ = got["intermediate_session_token"].(string)
	w.vars["membership"] = "none"
	if found, _ := got["discovered_organizations"].([]any); len(found) > 0 {
		first, _ := found[0].(map[string]any)
		membership, _ := first["membership"].(map[string]any)
		w.vars["membership"], _ = membership["type"].(string)
	}
	return nil
}

// keepSession keeps the tokens of a complete login. One that is not complete leaves those of an earlier one.
func (w *world) keepSession(name string, got map[string]any) {
	if token, _ := got["session_token"].(string); token != "" {
		w.vars[name+"_session"] = token
		w.vars[name+"_jwt"], _ = got["session_jwt"].(string)
	}
}

// verify proves a member's number in the member's login or session, and leaves a session: verify ada +12025550162.
func (w *world) verify(text string) error {
	name, number, _ := strings.Cut(text, " ")
	body := map[string]any{"organization_id": w.vars[name+"_org"], "member_id": w.vars[name]}
	if w.vars[name+"_session"] == "" && w.vars[name+"_ist"] == "" {
		if err := w.login(name); err != nil {
			return err
		}
	}
	if token := w.vars[name+"_ist"]; token != "" {
		body["intermediate_session_token"] = token
	} else {
		body["session_token"] = w.vars[name+"_session"]
	}

	ask := maps.Clone(body)
	if number != "" {
		ask["mfa_phone_number"] = number
	}
	if !w.texted[name] {
		if _, err := w.must200(http.MethodPost, "/v1/b2b/otps/sms/send", ask); err != nil {
			return err
		}
	}
	w.texted[name] = false
	code, err := w.expand("$inbox.code")
	if err != nil {
		return err
	}
	body["code"] = code
	got, err := w.must200(http.MethodPost, "/v1/b2b/otps/sms/authenticate", body)
	if err != nil {
		return err
	}
	delete(w.vars, name+"_ist")
	w.keepSession(name, got)
	return nil
}

// totp gives a member an authenticator app, as it is taken over from another service, and makes it the default.
func (w *world) totp(name string) error {
	seed := base32.StdEncoding.EncodeToString([]byte(fmt.Sprintf("%-20.20s", name)))
	got, err := w.must200(http.MethodPost, "/v1/b2b/totp/migrate", map[string]any{
		"organization_id": w.vars[name+"_org"], "member_id": w.vars[name], "secret": seed,
	})
	if err != nil {
		return err
	}
	w.vars[name+"_totp"], _ = got["totp_registration_id"].(string)
	codes, _ := got["recovery_codes"].([]any)
	for i, c := range codes {
		w.vars[fmt.Sprintf("%s_recovery%d", name, i)], _ = c.(string)
	}
	path := "/v1/b2b/organizations/" + w.vars[name+"_org"] + "/members/" + w.vars[name]
	if _, err := w.must200(http.MethodPut, path, map[string]any{"default_mfa_method": "totp"}); err != nil {
		return err
	}
	return w.addApp(name + " " + seed)
}

// addApp types a seed into an app, which then shows $app.now(name): app ada $secret.
func (w *world) addApp(text string) error {
	text, err := w.expand(text)
	if err != nil {
		return err
	}
	name, seed, _ := strings.Cut(text, " ")
	w.apps[name], err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(seed, "="))
	w.secrets = append(w.secrets, seed)
	return err
}

var comparison = regexp.MustCompile(`^(.*?) (=|!=|~) ?(.*)$`)

// compare holds two texts against each other: check $a = $b, check $a != $b, check $inbox.body ~ * is your code*.
func (w *world) compare(text string) error {
	parts := comparison.FindStringSubmatch(text)
	if parts == nil {
		return fmt.Errorf("no comparison")
	}
	got, err := w.expand(parts[1])
	if err != nil {
		return err
	}
	want, err := w.expand(strings.ReplaceAll(parts[3], `\n`, "\n"))
	if err != nil {
		return err
	}
	ok := got == want
	switch parts[2] {
	case "!=":
		ok = !ok
	case "~":
		ok = glob(want, got)
	}
	if !ok {
		return fmt.Errorf("%q %s %q is false", got, parts[2], want)
	}
	return nil
}

// let keeps a text under a name: let first $inbox.code.
func (w *world) let(text string) error {
	name, value, _ := strings.Cut(text, " ")
	value, err := w.expand(value)
	w.vars[name] = value
	return err
}

// behave sets how the provider of texts behaves: twilio ok, slow 2s, hang, broken, busy 7, refuse 21610; with
// to=+12025550162 at the end for one number alone.
func (w *world) behave(text string) error {
	text, to, _ := strings.Cut(text, " to=")
	mode, argument, _ := strings.Cut(text, " ")
	var n int
	var b vendors.Behaviour
	switch mode {
	case "ok":
	case "slow":
		d, err := time.ParseDuration(argument)
		if err != nil {
			return err
		}
		b = vendors.Slow(d)
	case "hang":
		b = vendors.Hang()
	case "broken":
		b = vendors.Broken()
	case "refuse", "busy":
		if _, err := fmt.Sscan(argument, &n); err != nil {
			return err
		}
		b = vendors.Refuse(n)
		if mode == "busy" {
			b = vendors.TooMany(n)
		}
	default:
		return fmt.Errorf("twilio cannot be %s", mode)
	}
	if to != "" {
		w.twilio.BehaveTo(to, b)
	} else {
		w.twilio.Behave(b)
	}
	return nil
}

func tokenOf(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return u.Query().Get("token")
}
