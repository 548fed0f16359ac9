package scenario

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// tenant is an organization of a project, with a member and everything that opens something of theirs.
type tenant struct {
	name   string
	client *client
	values map[string]string // by the names of fields and parameters
}

// newTenant fills an organization of the present project: a member with a verified number, a session, a live code, an
// unused link and a login that is not complete. All names are the same in every tenant, slugs and external ids included.
func (w *world) newTenant(name, slug string) *tenant {
	w.t.Helper()
	w.check(w.organization(fmt.Sprintf(`%s {"organization_slug":%q}`, name, slug)))
	w.check(w.member(`ada {"external_id":"user-1"}`))
	w.check(w.verify("ada +12025550162"))
	_, err := w.must200(http.MethodPost, "/v1/b2b/otps/sms/send", map[string]any{
		"organization_id": w.vars[name], "member_id": w.vars["ada"], "session_token": w.vars["ada_session"],
	})
	w.check(err)
	code, err := w.expand("$inbox.code")
	w.check(err)
	_, err = w.must200(http.MethodPost, "/v1/b2b/magic_links/email/login_or_signup", map[string]any{
		"organization_id": w.vars[name], "email_address": w.vars["ada_email"],
	})
	w.check(err)
	link, err := w.expand("$inbox.token")
	w.check(err)
	got, err := w.must200(http.MethodPost, "/v1/b2b/sessions/authenticate", map[string]any{"session_token": w.vars["ada_session"]})
	w.check(err)
	session, _ := got["member_session"].(map[string]any)
	id, _ := session["member_session_id"].(string)

	w.check(w.member(`mfa {"mfa_enrolled":true}`))
	w.check(w.login("mfa"))
	t := &tenant{name: name, client: w.as, values: map[string]string{
		"organization_id": w.vars[name], "member_id": w.vars["ada"], "member_session_id": id, "email_address": "ada@example.com",
		"session_token": w.vars["ada_session"], "session_jwt": w.vars["ada_jwt"],
		actingSession: w.vars["ada_session"], actingJWT: w.vars["ada_jwt"], "magic_links_token": link, "code": code,
		"intermediate_session_token": w.vars["mfa_ist"], "mfa_member": w.vars["mfa"],
		"secret": "GEZDGNBVGY3TQOJQ", "recovery_code": "a1b2-c3d4-e5f6",
	}}
	delete(w.vars, "ada_session")
	return t
}

// walked is a declared call as the walk makes it.
type walked struct {
	method, path string
	params       []string // of the query
	headers      []string
	fields       []string // of the body that name something of a tenant
	required     []string
}

// walkedCalls reads every call out of the document, so that a new one cannot be forgotten.
func walkedCalls(t *testing.T) []walked {
	t.Helper()
	raw, err := os.ReadFile("../../internal/api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	type schema struct {
		Ref        string                     `json:"$ref"`
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ In, Name string }
			Body       struct {
				Content map[string]struct{ Schema schema }
			} `json:"requestBody"`
		}
		Components struct{ Schemas map[string]schema }
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	var all []walked
	for path, methods := range doc.Paths {
		for method, op := range methods {
			c := walked{method: strings.ToUpper(method), path: path}
			for _, p := range op.Parameters {
				switch p.In {
				case "query":
					c.params = append(c.params, p.Name)
				case "header":
					c.headers = append(c.headers, p.Name)
				}
			}
			body := op.Body.Content["application/json"].Schema
			if name, isRef := strings.CutPrefix(body.Ref, "#/components/schemas/"); isRef {
				body = doc.Components.Schemas[name]
			}
			for name := range body.Properties {
				c.fields = append(c.fields, name)
			}
			c.required = body.Required
			all = append(all, c)
		}
	}
	return all
}

// ours are the calls that name nothing of a tenant, with the reason why the walk leaves them out.
var ours = map[string]string{
	"POST /v1/b2b/organizations":             "makes something new for whoever calls",
	"GET /v1/b2b/sessions/jwks/{project_id}": "is public",

	"POST /v1/b2b/magic_links/email/discovery/send": "mails whoever has the address",
	"POST /v1/b2b/otps/email/discovery/send":        "mails whoever has the address",

	"GET /v1/thimble/opt_outs":                   "lists the caller's own; numbers_that_get_no_texts.txtar has others call",
	"POST /v1/thimble/opt_outs":                  "notes a number for whoever calls",
	"DELETE /v1/thimble/opt_outs/{phone_number}": "takes back the caller's own; the same story",
	"GET /v1/thimble/guard/safe_list":            "lists the caller's own; safe_list.txtar has others call",
	"POST /v1/thimble/guard/safe_list":           "lets something pass for whoever calls",
	"GET /v1/thimble/spend":                      "tells the caller's own; TestSpend in package guard has a stranger beside it",
	"GET /v1/thimble/webhooks":                   "lists the caller's own; webhooks_tell_what_happens.txtar has others call",
}

// crossings are the calls that lead from one organization of the project into another, for the one who is in both.
var crossings = []string{"POST /v1/b2b/discovery/intermediate_sessions/exchange", "POST /v1/b2b/sessions/exchange"}

// byMailbox are the calls for which an intermediate session that began with another organization of the project is as good
// as any: it says who reads a mailbox, and the members of both organizations are the one who does.
var byMailbox = []string{"POST /v1/b2b/totp"}

// noLimits keeps a refusal for the number of requests from hiding another one.
const noLimits = `{"limits":{"number_10s":-1,"number_10m":-1,"number_day":-1,"member_10s":-1,"member_10m":-1,"member_day":-1,
	"prefix_hour":-1,"mail_1s":-1,"mail_10m":-1},"lock_after":100}`

// Nothing of one tenant can be had with the credentials of another project, and nothing of one organization in the name of
// another one: no call, whichever of its ids or tokens is the foreign one, answers 200 or fails with 5xx, and nothing
// that can be read has changed afterwards.
func TestTenancy(t *testing.T) {
	t.Parallel()
	all := &databases{t: t}
	calls := walkedCalls(t)
	if len(calls) < 20 {
		t.Fatalf("the document has %d calls", len(calls))
	}
	all.both(t, func(t *testing.T, url string) {
		w := newWorld(t, url, serverOptions{})
		defer w.close()
		var tenants []*tenant
		for _, p := range []string{"project", "project2", "live"} {
			w.check(w.become(p))
			w.check(w.settings(noLimits))
			tenants = append(tenants, w.newTenant(p+"_a", "acme"))
			w.check(w.member("other"))
			tenants = append(tenants, w.newTenant(p+"_b", "globex"))
		}
		before := w.snapshot(tenants)

		asked := 0
		for _, c := range calls {
			if ours[c.method+" "+c.path] != "" {
				continue
			}
			for _, own := range tenants {
				for _, foreign := range tenants {
					if own != foreign {
						asked += w.walk(c, own, foreign)
					}
				}
			}
		}
		if asked < 1000 {
			t.Errorf("only %d requests were made", asked)
		}
		if diff := cmp.Diff(before, w.snapshot(tenants)); diff != "" {
			t.Errorf("something has changed (-before +after):\n%s", diff)
		}
		w.checkLog()
	})
}

// identifying are the fields and parameters that say whose something is. The rest belongs to the caller.
var identifying = []string{
	"organization_id", "member_id", "member_session_id", "session_token", "session_jwt", "magic_links_token",
	"intermediate_session_token", actingSession, actingJWT,
}

// On whose behalf a backend calls.
const (
	actingSession = "X-Stytch-Member-Session"
	actingJWT     = "X-Stytch-Member-SessionJWT"
)

// walk makes a call with the credentials of one tenant, once for each identifying value that can be another's, and once
// with all of them. What is left is the caller's own and would work.
func (w *world) walk(c walked, own, foreign *tenant) int {
	w.t.Helper()
	w.as = own.client
	var names []string
	for _, name := range identifying {
		if strings.Contains(c.path, "{"+name+"}") || slices.Contains(c.params, name) || slices.Contains(c.required, name) {
			names = append(names, name)
		}
	}
	optional := []string{""}
	for _, name := range identifying {
		field := slices.Contains(c.fields, name) && !slices.Contains(c.required, name)
		if field || slices.Contains(c.headers, name) {
			optional = append(optional, name)
		}
	}

	n := 0
	for _, token := range optional {
		with := names
		if token != "" {
			with = append(append([]string{}, names...), token)
		}
		for _, stolen := range with {
			n += w.refused(c, own, foreign, with, []string{stolen})
		}
		n += w.refused(c, own, foreign, with, with)
	}
	return n
}

func (w *world) refused(c walked, own, foreign *tenant, with, stolen []string) int {
	w.t.Helper()
	// Within a project a backend may use all that is its own: only a mix of two organizations is wrong there.
	if own.client == foreign.client && (!mixed(c, with, stolen) || slices.Contains(crossings, c.method+" "+c.path)) {
		return 0
	}
	sameMailbox := len(stolen) == 1 && stolen[0] == "intermediate_session_token" && own.client == foreign.client
	if sameMailbox && slices.Contains(byMailbox, c.method+" "+c.path) {
		return 0
	}
	value := func(name string) string {
		from := own
		if slices.Contains(stolen, name) {
			from = foreign
		}
		if name == "member_id" && slices.Contains(with, "intermediate_session_token") {
			return from.values["mfa_member"] // whose login it is
		}
		return from.values[name]
	}

	path := c.path
	body := map[string]any{}
	query := ""
	for _, name := range with {
		switch {
		case strings.Contains(path, "{"+name+"}"):
			path = strings.ReplaceAll(path, "{"+name+"}", value(name))
		case slices.Contains(c.headers, name):
			w.header.Set(name, value(name))
		case slices.Contains(c.params, name):
			query += "&" + name + "=" + value(name)
		default:
			body[name] = value(name)
		}
	}
	for _, name := range c.required {
		if body[name] == nil {
			body[name] = own.values[name]
		}
	}
	if query != "" {
		path += "?" + query[1:]
	}

	text := ""
	if c.method == http.MethodPost || c.method == http.MethodPut {
		raw, err := json.Marshal(body)
		w.check(err)
		text = string(raw)
	}
	r := w.call(c.method, path, text)
	where := fmt.Sprintf("%s %s by %s with %s of %s", c.method, c.path, own.name, strings.Join(stolen, ", "), foreign.name)
	if r.Code < 400 && !harmless(c, r.Code) || r.Code >= 500 {
		w.t.Errorf("%s: %d %s\nrequest: %s", where, r.Code, r.Body, text)
	} else if _, err := holds(c.method, path, r); err != nil {
		w.t.Errorf("%s: %v\nanswer: %d %s", where, err, r.Code, r.Body)
	}
	return 1
}

// mixed reports whether some values name one organization and some another. The member that a link is for is known by the
// link alone, and a session of somebody else beside it is ignored, as documented.
func mixed(c walked, with, stolen []string) bool {
	if c.path == "/v1/b2b/magic_links/authenticate" && !slices.Contains(with, "intermediate_session_token") {
		return false
	}
	return len(stolen) < len(with)
}

// harmless are the calls that answer 200 for what is unknown to the project and do nothing: the snapshot shows it.
func harmless(c walked, status int) bool {
	return c.path == "/v1/b2b/sessions/revoke" && status == http.StatusOK
}

// snapshot is what each tenant can see of itself, and everything that was sent.
func (w *world) snapshot(tenants []*tenant) []string {
	w.t.Helper()
	var all []string
	for _, t := range tenants {
		w.as = t.client
		org := "/v1/b2b/organizations/" + t.values["organization_id"]
		query := "?organization_id=" + t.values["organization_id"] + "&member_id=" + t.values["member_id"]
		for _, path := range []string{org, org + "/member?member_id=" + t.values["member_id"], "/v1/b2b/sessions" + query} {
			r := w.call(http.MethodGet, path, "")
			var body map[string]any
			w.check(json.Unmarshal(r.Body.Bytes(), &body))
			delete(body, "request_id")
			all = append(all, fmt.Sprintf("%s %s: %d %s", t.name, filepath.Base(path), r.Code, show(body)))
		}
	}
	for _, m := range storetest.Read(w.t, w.app.DB).Messages {
		all = append(all, m.ID)
	}
	return all
}
