package api

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
	"github.com/thimble-auth/thimble/test/openapi"
)

// everybody lets every caller in as the project.
type everybody struct{ p *store.Project }

func (e everybody) Authenticate(context.Context, string, secret.String) (*store.Project, error) {
	return e.p, nil
}

// restClient calls the endpoints of organizations and members of one project.
type restClient struct{ h http.Handler }

func newRESTClient(t *testing.T, db *store.DB) restClient {
	t.Helper()
	a := &API{Organizations: &org.Service{DB: db}, Members: &member.Service{DB: db}, Sessions: &session.Service{DB: db}}
	m := endpoint.Machine{
		Projects: everybody{storetest.Project(t, db, ids.Test)}, Now: db.Now,
		Logger: slog.New(slog.DiscardHandler),
	}
	return restClient{m.Handler(append(a.organizations(), a.members()...))}
}

// compiled is the committed document.
var compiled = sync.OnceValues(func() (*openapi.Document, error) { return openapi.Parse(document, "") })

func declared(a openapi.Answer) error {
	d, err := compiled()
	if err != nil {
		return err
	}
	return d.Check(a)
}

// call gives the status and the answer; a number is a float64 there.
func (c restClient) call(t *testing.T, method, path, body string) (int, map[string]any) {
	t.Helper()
	var r io.Reader = http.NoBody
	if body != "" {
		r = strings.NewReader(body)
	}
	req := httptest.NewRequestWithContext(t.Context(), method, path, r)
	req.SetBasicAuth("project-test-11111111-1111-4111-8111-111111111111", "secret")
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, req)
	err := declared(openapi.Answer{Method: method, Path: path, Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()})
	if err != nil {
		t.Errorf("%s %s %s: %v\nanswer: %d %s", method, path, body, err, w.Code, w.Body)
	}
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
	}
	return w.Code, answer
}

// object makes a call that must succeed and gives one object of its answer.
func (c restClient) object(t *testing.T, name, method, path, body string) map[string]any {
	t.Helper()
	status, answer := c.call(t, method, path, body)
	object, ok := answer[name].(map[string]any)
	if status != http.StatusOK || !ok {
		t.Fatalf("%s %s %s: %d %v", method, path, body, status, answer)
	}
	return object
}

// pick gives the fields alone that want has.
func pick(object, want map[string]any) map[string]any {
	got := map[string]any{}
	for key := range want {
		if value, ok := object[key]; ok {
			got[key] = value
		}
	}
	return got
}

func TestOrganizationPresence(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		c := newRESTClient(t, db)
		for body, invites := range map[string]string{
			`{"organization_name":"A"}`:                                                   "ALL_ALLOWED",
			`{"organization_name":"A","auth_methods":"ALL_ALLOWED"}`:                      "NOT_ALLOWED",
			`{"organization_name":"A","auth_methods":null,"mfa_policy":""}`:               "ALL_ALLOWED",
			`{"organization_name":"A","allowed_mfa_methods":[]}`:                          "NOT_ALLOWED",
			`{"organization_name":"A","allowed_mfa_methods":null}`:                        "ALL_ALLOWED",
			`{"organization_name":"A","allowed_oauth_tenants":{}}`:                        "NOT_ALLOWED",
			`{"organization_name":"A","rbac_email_implicit_role_assignments":[],"x":[1]}`: "ALL_ALLOWED",
		} {
			if got := c.object(t, "organization", "POST", "/v1/b2b/organizations", body)["email_invites"]; got != invites {
				t.Errorf("%s: email_invites = %v, want %s", body, got, invites)
			}
		}

		const acme = "/v1/b2b/organizations/acme"
		c.object(t, "organization", "POST", "/v1/b2b/organizations", `{"organization_name":"Acme","organization_slug":"acme",
			"organization_external_id":"e-1","organization_logo_url":"https://acme.com/l","email_allowed_domains":["acme.com"],
			"trusted_metadata":{"a":1,"b":2}}`)
		kept := map[string]any{
			"organization_name": "Acme", "organization_slug": "acme", "organization_external_id": "e-1",
			"organization_logo_url": "https://acme.com/l", "email_allowed_domains": []any{"acme.com"},
			"trusted_metadata": map[string]any{"a": 1.0, "b": 2.0}, "email_invites": "NOT_ALLOWED",
			"sso_jit_provisioning": "ALL_ALLOWED", "sso_default_connection_id": nil,
		}
		for _, body := range []string{
			`{}`, `{"organization_name":"","organization_slug":"","email_invites":""}`,
			`{"organization_name":null,"organization_logo_url":null,"email_allowed_domains":null,"trusted_metadata":null}`,
			`{"organization_name":"Acme","sso_default_connection_id":null}`,
		} {
			got := pick(c.object(t, "organization", "PUT", acme, body), kept)
			if diff := cmp.Diff(kept, got); diff != "" {
				t.Errorf("%s changed (-want +got):\n%s", body, diff)
			}
		}

		want := map[string]any{
			"organization_external_id": nil, "organization_logo_url": "", "email_allowed_domains": []any{},
			"trusted_metadata": map[string]any{"b": 2.0},
		}
		body := `{"organization_external_id":null,"organization_logo_url":"","email_allowed_domains":[],"trusted_metadata":{"a":null}}`
		if diff := cmp.Diff(want, pick(c.object(t, "organization", "PUT", acme, body), want)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	})
}

func TestMemberPresence(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		c := newRESTClient(t, db)
		c.object(t, "organization", "POST", "/v1/b2b/organizations", `{"organization_name":"Acme","organization_slug":"acme"}`)
		const members = "/v1/b2b/organizations/acme/members"
		m := c.object(t, "member", "POST", members, `{"email_address":"Ann@acme.com","name":"Ann","external_id":"e-1",
			"mfa_enrolled":true,"is_breakglass":true,"roles":["stytch_admin"],"untrusted_metadata":{"a":1}}`)
		id, _ := m["member_id"].(string)

		kept := map[string]any{
			"email_address": "ann@acme.com", "email_address_verified": false, "name": "Ann", "external_id": "e-1",
			"mfa_enrolled": true, "is_breakglass": true, "is_admin": true, "status": "active", "mfa_phone_number": "",
			"untrusted_metadata": map[string]any{"a": 1.0}, "lock_created_at": nil, "retired_email_addresses": []any{},
			"roles": []any{
				map[string]any{"role_id": "stytch_member", "sources": []any{
					map[string]any{"type": "direct_assignment", "details": map[string]any{}},
				}},
				map[string]any{"role_id": "stytch_admin", "sources": []any{
					map[string]any{"type": "direct_assignment", "details": map[string]any{}},
				}},
			},
		}
		for _, body := range []string{
			`{}`, `{"name":null,"mfa_enrolled":null,"roles":null,"mfa_phone_number":"","default_mfa_method":"","email_address":""}`,
		} {
			if diff := cmp.Diff(kept, pick(c.object(t, "member", "PUT", members+"/"+id, body), kept)); diff != "" {
				t.Errorf("%s changed (-want +got):\n%s", body, diff)
			}
		}

		want := map[string]any{
			"name": "", "external_id": nil, "mfa_enrolled": false, "is_breakglass": false, "is_admin": false,
			"untrusted_metadata": map[string]any{},
		}
		body := `{"name":"","external_id":null,"mfa_enrolled":false,"is_breakglass":false,"roles":[],"untrusted_metadata":{"a":null}}`
		if diff := cmp.Diff(want, pick(c.object(t, "member", "PUT", members+"/e-1", body), want)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	})
}

// The order of the path's parts, and the calls that answer with ids alone.
func TestMemberRoutes(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		c := newRESTClient(t, db)
		c.object(t, "organization", "POST", "/v1/b2b/organizations", `{"organization_name":"Acme","organization_slug":"acme"}`)
		const acme = "/v1/b2b/organizations/acme"
		m := c.object(t, "member", "POST", acme+"/members",
			`{"email_address":"ann@acme.com","external_id":"e-1","mfa_phone_number":"+12025550162"}`)
		id, _ := m["member_id"].(string)

		for _, step := range []struct {
			method, path string
			status       int
			want         map[string]any
		}{
			{"GET", acme, 200, map[string]any{"status_code": 200.0}},
			{"GET", acme + "/member?member_id=" + id, 200, map[string]any{"member_id": id}},
			{"GET", acme + "/member?email_address=ANN%40acme.com", 200, map[string]any{"member_id": id}},
			{"GET", acme + "/member", 400, map[string]any{"error_type": "invalid_member_get_fields"}},
			{"GET", acme + "/member?member_id=%00", 400, map[string]any{"error_type": "invalid_argument"}},
			{"GET", "/v1/b2b/organizations/%00", 400, map[string]any{"error_type": "invalid_argument"}},
			{"GET", acme + "/member?member_id=member-test-1", 404, map[string]any{"error_type": "member_not_found"}},
			{"GET", "/v1/b2b/organizations/%ff", 400, map[string]any{"error_type": "invalid_argument"}},
			{"DELETE", acme + "/members/mfa_phone_numbers/e-1", 200, map[string]any{"member_id": id}},
			{
				"DELETE", acme + "/members/mfa_phone_numbers/e-1", 404,
				map[string]any{"error_type": "member_phone_number_not_found"},
			},
			{"DELETE", acme + "/members/e-1/external_id", 200, map[string]any{"member_id": id}},
			{"DELETE", acme + "/members/e-1", 404, map[string]any{"error_type": "member_not_found"}},
			{"DELETE", acme + "/members/" + id, 200, map[string]any{"member_id": id}},
			{
				"PUT", acme + "/members/" + id + "/reactivate", 400,
				map[string]any{"error_type": "email_unverified_for_reactivation"},
			},
			{"DELETE", acme + "/external_id", 200, map[string]any{"status_code": 200.0}},
			{"DELETE", acme, 200, map[string]any{"status_code": 200.0}},
			{"DELETE", acme, 404, map[string]any{"error_type": "organization_not_found"}},
		} {
			body := ""
			if step.method == "PUT" {
				body = "{}"
			}
			status, answer := c.call(t, step.method, step.path, body)
			if diff := cmp.Diff(step.want, pick(answer, step.want)); status != step.status || diff != "" {
				t.Errorf("%s %s: %d, want %d (-want +got):\n%s", step.method, step.path, status, step.status, diff)
			}
		}
	})
}
