package attack

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/test/world"
)

// FuzzCalls sends anything to every call. Whatever comes, the answer is a documented one and the server's fault never.
// $organization, $member and so on stand for what ada has, so that inputs get past the first checks.
func FuzzCalls(f *testing.F) {
	s := newScene(f, world.SQLite(f))
	operations := s.operations()
	for i, op := range operations {
		seed(f, byte(i), op)
	}
	real := strings.NewReplacer(
		"$organization", s.ada.organization, "$member", s.ada.member, "$ist", s.ada.intermediate, "$session", s.ada.session,
		"$jwt", s.ada.jwt, "$link", s.ada.link, "$code", s.ada.newCode, "$number", s.ada.number, "$email", s.ada.email)
	names := strings.NewReplacer("$organization", "gone", "$member", "gone")

	f.Fuzz(func(t *testing.T, which byte, first, second, query, header, body string) {
		op := operations[int(which)%len(operations)]
		expand := real
		if op.method == http.MethodDelete {
			expand = names // ada is needed for the next input
		}
		r, err := http.NewRequestWithContext(
			t.Context(), op.method, "http://thimble.test/", strings.NewReader(expand.Replace(body)))
		if err != nil {
			t.Fatal(err)
		}
		if op.method == http.MethodGet || op.method == http.MethodDelete {
			r.Body, r.ContentLength = http.NoBody, 0
		}
		path := strings.Replace(op.path, "{organization_id}", url.PathEscape(expand.Replace(first)), 1)
		path = strings.Replace(path, "{project_id}", url.PathEscape(strings.ReplaceAll(first, "$project", s.ada.client.ID)), 1)
		path = strings.Replace(path, "{member_id}", url.PathEscape(expand.Replace(second)), 1)
		if r.URL, err = url.Parse("http://thimble.test" + path); err != nil {
			t.Fatal(err)
		}
		r.URL.RawQuery = expand.Replace(query)
		r.Header.Set("X-Stytch-Member-Session", expand.Replace(header))
		r.SetBasicAuth(s.ada.client.ID, s.ada.client.Secret)

		ada := *s.ada.client
		ada.T = t
		a, err := ada.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		keys := strings.Contains(op.path, "jwks") // the one answer without an envelope
		if a.Status == http.StatusOK && (keys || a.Body["status_code"] == float64(http.StatusOK)) {
			return
		}
		if first == "" || second == "" || first == "." || first == ".." || second == "." || second == ".." {
			op = nil // perhaps another path, or none
		}
		if wrong := refusal(op, a); wrong != "" {
			t.Errorf("%s ?%s with %q: %d %s: %s", path, query, body, a.Status, a.Raw, wrong)
		}
	})
}

// bodies are requests that work, by path.
var bodies = map[string]string{
	world.SendSMS: `{"organization_id":"$organization","member_id":"$member","intermediate_session_token":"$ist",` +
		`"mfa_phone_number":"$number","locale":"pt-br","session_token":null}`,
	world.AuthenticateSMS: `{"organization_id":"$organization","member_id":"$member","intermediate_session_token":"$ist",` +
		`"code":"$code","session_duration_minutes":60,"session_custom_claims":{"a":{"b":[1,2.5e3]},"c":null},` +
		`"set_mfa_enrollment":"enroll","set_default_mfa":true,"telemetry_id":"a"}`,
	world.CheckSession: `{"session_token":"$session","session_duration_minutes":30,"session_custom_claims":{"a":1},` +
		`"authorization_check":{"organization_id":"$organization","resource_id":"stytch.member","action":"*"}}`,
	world.RevokeSession: `{"session_jwt":"$jwt"}`,
	world.LoginOrSignup: `{"organization_id":"$organization","email_address":"$email","login_expiration_minutes":5,` +
		`"pkce_code_challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM","locale":"fr"}`,
	world.AuthenticateLink: `{"magic_links_token":"$link","session_token":"$session","pkce_code_verifier":"a"}`,
	world.Organizations: `{"organization_name":"Ünïcode","organization_slug":"a-b","organization_external_id":"x|1",` +
		`"email_allowed_domains":["example.com"],"email_jit_provisioning":"RESTRICTED","auth_methods":"RESTRICTED",` +
		`"allowed_auth_methods":["magic_link"],"trusted_metadata":{"a":"b"},"allowed_oauth_tenants":{"slack":["T1"]},` +
		`"rbac_email_implicit_role_assignments":[{"domain":"example.com","role_id":"stytch_admin"}]}`,
	world.Organizations + "/{organization_id}": `{"organization_name":"New","organization_external_id":null,` +
		`"sso_default_connection_id":"","mfa_methods":"ALL_ALLOWED","claimed_email_domains":[]}`,
	world.Organizations + "/{organization_id}/members": `{"email_address":"new@example.com","name":"New",` +
		`"roles":["stytch_admin"],"mfa_phone_number":"+12025550188","external_id":"m|1",` +
		`"untrusted_metadata":{"a":[{}]},"is_breakglass":true}`,
	world.Organizations + "/{organization_id}/members/{member_id}": `{"name":"\ud83d\ude00","mfa_enrolled":true,` +
		`"default_mfa_method":"sms_otp","trusted_metadata":{"a":null},"external_id":null}`,
}

func seed(f *testing.F, which byte, op *operation) {
	f.Helper()
	whole := bodies[op.path]
	if whole == "" {
		whole = `{}`
	}
	query := "organization_id=$organization&member_id=$member"
	f.Add(which, "$organization", "$member", query, "", whole)
	f.Add(which, "$organization", "nobody", "member_id=%ff&member_id=", "$session", `{"a":`+whole+`}`)
	f.Add(which, "a/b", "../..", "%zz", "\x00", whole+" x")
	f.Add(which, "$project", "\xff", "email_address=$email", "$jwt", strings.ReplaceAll(whole, `"$`, `["$`))
	f.Add(which, "", "", "", "", "\ufeff"+whole)
	f.Add(which, strings.Repeat("a", 300), "member-live-11111111-1111-4111-8111-111111111111", ";", "a",
		strings.Replace(whole, ":", ":-1e400,", 1))
}
