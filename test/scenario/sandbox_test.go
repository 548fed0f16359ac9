package scenario

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/store/storetest"
)

const (
	sandboxOrganization = "organization-test-007d9d4a-deac-4a87-ba0a-e6e8afba4d4b"
	sandboxGood         = "DOYoip3rvIMMW5lgItikFK-Ak1CfMsgjuiCyI7uuU94="
	sandboxSpent        = "3pzjQpgksDlGKWEwUq2Up--hCHC_0oamfLHyfspKDFU="
	sandboxUnknown      = "CprTtwhnRNiMBiUS2jSLcWYrfuO2POeBNdo5HhW6qTM="
	ordinaryToken       = "CprTtwhnRNiMBiUS2jSLcWYrfuO2POeBNdo5HhW6qTN="
)

// inSandbox is a call with %s where a documented value stands (reference 15).
type inSandbox struct {
	path, body      string
	value, ordinary string
	test            string // what the value answers in a test project
	sent            int    // messages that it sends there
	live            string // what it answers in a live project; "" is what the ordinary value does
}

const (
	emailCalls = "/v1/b2b/magic_links/email/"
	textCalls  = "/v1/b2b/otps/sms/"
	sandboxOrg = `{"organization_id":"` + sandboxOrganization + `","email_address":"%s"}`
	loginLink  = `{"magic_links_token":"%s"}`
	foundLink  = `{"discovery_magic_links_token":"%s"}`
	person     = `"organization_id":"$org","member_id":"$ada","session_token":"$ada_session"`
)

// sandboxRows is the whole section, row by row, and at the end the values of the product for consumers: those are nothing
// special anywhere.
var sandboxRows = []inSandbox{
	{emailCalls + "login_or_signup", sandboxOrg, "sandbox@stytch.com", "sandbox@example.com", "200", 0, ""},
	{emailCalls + "invite", sandboxOrg, "sandbox@stytch.com", "sandbox@example.com", "200", 0, ""},
	{emailCalls + "discovery/send", `{"email_address":"%s"}`, "sandbox@stytch.com", "sandbox@example.com", "200", 0, ""},
	{"/v1/b2b/magic_links/authenticate", loginLink, sandboxGood, ordinaryToken, "200", 0, ""},
	{"/v1/b2b/magic_links/discovery/authenticate", foundLink, sandboxGood, ordinaryToken, "200", 0, ""},
	{"/v1/b2b/magic_links/authenticate", loginLink, sandboxSpent, ordinaryToken, "401 unable_to_auth_magic_link", 0, ""},
	{
		"/v1/b2b/magic_links/discovery/authenticate", foundLink, sandboxSpent, ordinaryToken,
		"401 unable_to_auth_magic_link", 0, "",
	},
	{"/v1/b2b/magic_links/authenticate", loginLink, sandboxUnknown, ordinaryToken, "404 magic_link_not_found", 0, ""},
	{"/v1/b2b/magic_links/discovery/authenticate", foundLink, sandboxUnknown, ordinaryToken, "404 magic_link_not_found", 0, ""},

	{
		textCalls + "send", `{"mfa_phone_number":"%s",` + person + `}`, "+10000000000", "+10000000001",
		"200", 1, "400 invalid_phone_number_sandbox",
	},
	// In a live project no number is linked, so no code is right.
	{textCalls + "authenticate", `{"code":"%s",` + person + `}`, "000000", "999999", "200", 0, ""},

	{
		"/v1/b2b/totp/authenticate", `{"code":"%s",` + person + `}`, "000000", "999999", "404 totp_not_found", 0, "",
	},
	{
		"/v1/b2b/recovery_codes/recover", `{"recovery_code":"%s",` + person + `}`, "a1b2-c3d4-e5f6", "a1b2-c3d4-e5f7",
		"404 recovery_codes_not_found", 0, "",
	},
	{
		"/v1/b2b/sessions/authenticate", `{"session_token":"%s"}`, "WJtR5BCy38Szd5AfoDpf0iqFKEt4EE5JhjlWUY7l3FtY",
		"WJtR5BCy38Szd5AfoDpf0iqFKEt4EE5JhjlWUY7l3FtZ", "404 session_not_found", 0, "",
	},
}

// The documented values do in test projects what is documented, and in live ones what any other value does: they would
// open everybody's door there.
func TestSandboxValues(t *testing.T) {
	t.Parallel()
	all := &databases{t: t}
	all.both(t, func(t *testing.T, url string) {
		w := newWorld(t, url, serverOptions{})
		defer w.close()
		for _, project := range []string{"project", "live"} {
			w.check(w.become(project))
			w.check(w.settings(noLimits))
			w.check(w.organization("org"))
			w.check(w.member("ada"))
			w.check(w.login("ada"))
			for _, row := range sandboxRows {
				got, sent := w.inSandbox(row, row.value)
				want, wantSent := row.test, row.sent
				if w.as.live {
					want, wantSent = w.inSandbox(row, row.ordinary)
					want = cmp.Or(row.live, want)
				}
				if got != want || sent != wantSent {
					t.Errorf("%s %q in %s: %s and %d sent, want %s and %d", row.path, row.value, project, got, sent, want, wantSent)
				}
			}
		}
		w.checkLog()
	})
}

// inSandbox makes the call with the value, and tells what it answered and how much was sent.
func (w *world) inSandbox(row inSandbox, value string) (answered string, sent int) {
	w.t.Helper()
	before := len(storetest.Read(w.t, w.app.DB).Messages)
	body, err := w.expand(fmt.Sprintf(row.body, value))
	w.check(err)
	r := w.call(http.MethodPost, row.path, body)
	if _, err := holds(http.MethodPost, row.path, r); err != nil {
		w.t.Errorf("%s: %v", row.path, err)
	}
	var refusal struct {
		Type string `json:"error_type"`
	}
	w.check(json.Unmarshal(r.Body.Bytes(), &refusal))
	return strings.TrimSpace(fmt.Sprint(r.Code, " ", refusal.Type)), len(storetest.Read(w.t, w.app.DB).Messages) - before
}
