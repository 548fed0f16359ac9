package endpoint_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sqldb"
)

const (
	testProject = "project-test-0192f0c1-7c1e-7a4b-9a53-3a1f6d1f2b10"
	liveProject = "project-live-0192f0c1-7c1e-7a4b-9a53-3a1f6d1f2b11"
	key         = "secret-test-correct"
)

type projects struct{}

func (projects) Authenticate(_ context.Context, id string, given secret.String) (*project.Project, error) {
	if id != testProject && id != liveProject {
		return nil, errs.InvalidProjectIDAuthentication
	}
	if given != key {
		return nil, errs.UnauthorizedCredentials
	}
	return &project.Project{ID: id}, nil
}

type sendRequest struct {
	OrganizationID ids.OrgRef    `json:"organization_id" api:"required"`
	Code           secret.String `json:"code"`
	Minutes        int32         `json:"minutes"`
}

func (in *sendRequest) Check() error {
	if in.Minutes < 0 {
		return errs.InvalidSessionDurationMinutes
	}
	return nil
}

type sendResponse struct {
	endpoint.Reply
	OrganizationID string            `json:"organization_id"`
	Roles          []string          `json:"roles"`
	Metadata       json.RawMessage   `json:"metadata"`
	Names          map[string]string `json:"names"`
	Member         *member           `json:"member"`
	Members        []member          `json:"members"`
	Absent         *member           `json:"absent"`
}

type member struct {
	ID    string   `json:"id"`
	Roles []string `json:"roles"`
	Left  []string `json:"left,omitempty"`
}

type orgRequest struct {
	OrganizationID ids.OrgRef `path:"organization_id"`
}

type orgResponse struct {
	endpoint.Reply
	Seen string `json:"seen"`
}

// fails answers with the error that the organization's name asks for.
func fails(ctx context.Context, _ endpoint.Call, in *orgRequest) (*orgResponse, error) {
	switch in.OrganizationID {
	case "wrapped":
		return nil, fmt.Errorf("find: %w", errs.OrganizationNotFound.Because(errors.New("no row")))
	case "unknown-commit":
		return nil, fmt.Errorf("write: %w", sqldb.ErrCommitUnknown)
	case "deadline":
		return nil, fmt.Errorf("read: %w", context.DeadlineExceeded)
	case "canceled":
		<-ctx.Done()
		return nil, fmt.Errorf("read: %w", ctx.Err())
	case "later":
		return nil, errs.TooManyRequests.After(1500 * time.Millisecond).WithDetails(map[string]any{"a": 1})
	case "bug":
		return nil, errors.New("pq: secret cause")
	case "panic":
		panic("at the disco")
	case "nothing":
		return nil, nil //nolint:nilnil // what the machine must survive
	}
	return &orgResponse{Seen: string(in.OrganizationID)}, nil
}

func send(_ context.Context, c endpoint.Call, in *sendRequest) (*sendResponse, error) {
	out := &sendResponse{Member: &member{ID: "<&>"}, Members: []member{{ID: "b"}}}
	out.OrganizationID = string(in.OrganizationID)
	if c.Project.ID != testProject {
		out.OrganizationID = c.RequestID
	}
	return out, nil
}

func name(s string) func(context.Context, endpoint.Call, *orgRequest) (*orgResponse, error) {
	return func(_ context.Context, _ endpoint.Call, in *orgRequest) (*orgResponse, error) {
		return &orgResponse{Seen: s + ":" + string(in.OrganizationID)}, nil
	}
}

func plain(s string) func(context.Context, endpoint.Call, *struct{}) (*orgResponse, error) {
	return func(context.Context, endpoint.Call, *struct{}) (*orgResponse, error) {
		return &orgResponse{Seen: s}, nil
	}
}

func newHandler(t testing.TB, logs io.Writer) http.Handler {
	t.Helper()
	m := &endpoint.Machine{
		Projects:  projects{},
		PublicURL: "https://auth.example.com/",
		Logger:    slog.New(slog.NewJSONHandler(logs, nil)),
		Now:       func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
	}
	return m.Handler([]endpoint.Endpoint{
		endpoint.POST("/v1/send", "send", send, errs.OrganizationNotFound),
		endpoint.GET("/v1/orgs/{organization_id}", "orgs.get", fails),
		endpoint.DELETE("/v1/orgs/{organization_id}", "orgs.delete", name("delete")),
		endpoint.POST("/v1/orgs/search", "orgs.search", plain("search")),
		endpoint.GET("/v1/orgs/{organization_id}/metrics", "orgs.metrics", name("metrics")),
		endpoint.GET("/v1/orgs/me/{organization_id}", "orgs.me", name("me")),
		endpoint.GET("/v1/jwks/{organization_id}", "jwks", name("jwks")).Public(),
	}, endpoint.Mount{Pattern: "GET /page/{x}", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("x") == "panic" {
			panic("page")
		}
		_, _ = io.WriteString(w, "page "+r.PathValue("x"))
	})}, endpoint.Mount{Pattern: "GET /failing/{x}", Handler: endpoint.Page(func(w http.ResponseWriter, r *http.Request) error {
		if r.PathValue("x") == "late" {
			_, _ = io.WriteString(w, "begun")
		}
		return errs.RouteNotFound.Because(errors.New("why"))
	})})
}

type reply struct {
	status int
	header http.Header
	body   map[string]any
	text   string
	log    map[string]any
}

func do(t *testing.T, method, path, body string, change ...func(*http.Request)) reply {
	t.Helper()
	var logs bytes.Buffer
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.URL.Path = path
	r.SetBasicAuth(testProject, key)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	newHandler(t, &logs).ServeHTTP(w, r)

	got := reply{status: w.Code, header: w.Header(), text: w.Body.String()}
	if strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &got.body); err != nil {
			t.Fatalf("%s: %v", got.text, err)
		}
	}
	if err := json.Unmarshal(logs.Bytes(), &got.log); err != nil {
		t.Fatalf("the log is not one line of JSON: %s", logs.String())
	}
	return got
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	got := do(t, "POST", "/v1/send", `{"organization_id":"acme","code":"123456"}`)

	id, _ := got.body["request_id"].(string)
	if kind, env, _, ok := ids.Parse(id); !ok || kind != ids.Request || env != ids.Test {
		t.Errorf("request_id %q", id)
	}
	want := `{"request_id":"` + id + `","status_code":200,"organization_id":"acme","roles":[],"metadata":{},"names":{},` +
		`"member":{"id":"<&>","roles":[]},"members":[{"id":"b","roles":[]}],"absent":null}` + "\n"
	if got.text != want {
		t.Errorf("got  %s\nwant %s", got.text, want)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "X-Request-Id": id,
		"X-Content-Type-Options": "nosniff", "Content-Length": fmt.Sprint(len(want)),
	} {
		if got := got.header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}

	delete(got.log, "time")
	wantLog := map[string]any{
		"level": "INFO", "msg": "request", "name": "send", "method": "POST", "status": 200.0, "project": testProject,
		"request_id": id, "ms": 0.0, "db_round_trips": 0.0, "db_statements": 0.0,
	}
	if diff := cmp.Diff(wantLog, got.log); diff != "" {
		t.Errorf("log (-want +got)\n%s", diff)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	as := func(id, key string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(id, key) }
	}
	header := func(value ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header["Authorization"] = value }
	}
	for _, c := range []struct {
		name, method, path, body string
		change                   func(*http.Request)
		status                   int
		want, cause              string
	}{
		{
			name: "no credentials", method: "POST", path: "/v1/send", change: header(),
			status: 400, want: "invalid_authorization_header",
		},
		{
			name: "bearer", method: "POST", path: "/v1/send", change: header("Bearer x"),
			status: 400, want: "invalid_authorization_header",
		},
		{
			name: "garbled", method: "POST", path: "/v1/send", change: header("Basic %%%"),
			status: 400, want: "invalid_authorization_header",
		},
		{
			name: "no id", method: "POST", path: "/v1/send", change: as("me", key),
			status: 400, want: "invalid_project_id_authentication",
		},
		{
			name: "id of another kind", method: "POST", path: "/v1/send", change: as("member"+testProject[7:], key),
			status: 400, want: "invalid_project_id_authentication",
		},
		{
			name: "unknown project", method: "POST", path: "/v1/send", change: as(testProject[:len(testProject)-1]+"f", key),
			status: 400, want: "invalid_project_id_authentication",
		},
		{
			name: "wrong secret comes before the body", method: "POST", path: "/v1/send", body: "[",
			change: as(testProject, "x"), status: 401, want: "unauthorized_credentials",
		},
		{
			name: "no JSON", method: "POST", path: "/v1/send", body: "[", status: 400, want: "bad_request",
			cause: "bad_request: not an object at byte 0",
		},
		{
			name: "missing field", method: "POST", path: "/v1/send", body: "{}", status: 400, want: "invalid_argument",
			cause: "invalid_argument: organization_id is required",
		},
		{
			name: "check", method: "POST", path: "/v1/send", body: `{"organization_id":"a","minutes":-1}`, status: 400,
			want: "invalid_session_duration_minutes",
		},
		{
			name: "too large", method: "POST", path: "/v1/send", status: 400, want: "bad_request",
			body: `{"organization_id":"` + strings.Repeat("a", endpoint.MaxBody) + `"}`,
		},
		{
			name: "too large, length unknown", method: "POST", path: "/v1/send", status: 400, want: "bad_request",
			body:   `{"organization_id":"` + strings.Repeat("a", endpoint.MaxBody) + `"}`,
			change: func(r *http.Request) { r.ContentLength = -1 },
		},

		{name: "no route", method: "GET", path: "/v2", status: 404, want: "route_not_found"},
		{name: "slash at the end", method: "GET", path: "/v1/orgs/", status: 404, want: "route_not_found"},
		{name: "empty part", method: "GET", path: "/v1/orgs//metrics", status: 404, want: "route_not_found"},
		{name: "dots", method: "GET", path: "/v1/../v1/send", status: 404, want: "route_not_found"},
		{name: "root", method: "GET", path: "/", status: 404, want: "route_not_found"},
		{name: "method", method: "GET", path: "/v1/send", status: 405, want: "method_not_allowed"},
		{name: "invented method", method: "BREW", path: "/v1/send", status: 405, want: "method_not_allowed"},
		{name: "method of a page", method: "POST", path: "/page/1", status: 405, want: "method_not_allowed"},

		{
			name: "wrapped", method: "GET", path: "/v1/orgs/wrapped", status: 404, want: "organization_not_found",
			cause: "find: organization_not_found: no row",
		},
		{
			name: "unknown commit", method: "GET", path: "/v1/orgs/unknown-commit", status: 503, want: "server_unavailable",
			cause: "write: it is unknown whether the transaction was committed",
		},
		{
			name: "deadline", method: "GET", path: "/v1/orgs/deadline", status: 503, want: "server_unavailable",
			cause: "read: context deadline exceeded",
		},
		{
			name: "caller left", method: "GET", path: "/v1/orgs/canceled", status: 499, want: "client_closed_request",
			cause: "read: context canceled", change: func(r *http.Request) {
				ctx, cancel := context.WithCancel(r.Context())
				cancel()
				*r = *r.WithContext(ctx)
			},
		},
		{name: "limit", method: "GET", path: "/v1/orgs/later", status: 429, want: "too_many_requests"},
		{
			name: "bug", method: "GET", path: "/v1/orgs/bug", status: 500, want: "internal_server_error",
			cause: "pq: secret cause",
		},
		{
			name: "nothing", method: "GET", path: "/v1/orgs/nothing", status: 500, want: "internal_server_error",
			cause: "the call returned neither an answer nor an error",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.change == nil {
				c.change = func(*http.Request) {}
			}
			got := do(t, c.method, c.path, c.body, c.change)

			if got.status != c.status || got.body["error_type"] != c.want || got.body["status_code"] != float64(c.status) {
				t.Fatalf("got %d %s, want %d %s", got.status, got.text, c.status, c.want)
			}
			if want := fmt.Sprintf("https://auth.example.com/errors/%d#%s", c.status, c.want); got.body["error_url"] != want {
				t.Errorf("error_url: got %v, want %s", got.body["error_url"], want)
			}
			if id := got.body["request_id"]; id == "" || id != got.header.Get("X-Request-Id") || id != got.log["request_id"] {
				t.Errorf("request id: body %v, header %v, log %v", id, got.header.Get("X-Request-Id"), got.log["request_id"])
			}
			if got.body["error_message"] == "" || strings.Contains(got.text, "pq:") || got.body["error"] != nil {
				t.Errorf("body %s", got.text)
			}
			if cause, _ := got.log["cause"].(string); got.log["error_type"] != c.want || cause != c.cause {
				t.Errorf("log: got %v, cause %q, want cause %q", got.log, cause, c.cause)
			}
			if wantLevel := map[bool]string{true: "ERROR", false: "INFO"}[c.status >= 500]; got.log["level"] != wantLevel {
				t.Errorf("level: got %v, want %s", got.log["level"], wantLevel)
			}
			if challenge := got.header.Get("WWW-Authenticate"); (challenge != "") != (c.status == 401) {
				t.Errorf("WWW-Authenticate: %q with %d", challenge, c.status)
			}
		})
	}
}

func TestErrorExtras(t *testing.T) {
	t.Parallel()
	got := do(t, "GET", "/v1/orgs/later", "")
	if details, want := got.body["error_details"], map[string]any{"a": 1.0}; !cmp.Equal(details, any(want)) {
		t.Errorf("error_details: got %v, want %v", details, want)
	}
	if after := got.header.Get("Retry-After"); after != "2" {
		t.Errorf("Retry-After: got %q, want the 1.5 seconds rounded up", after)
	}
	if allow := do(t, "PUT", "/v1/orgs/acme", "").header.Get("Allow"); allow != "DELETE, GET" {
		t.Errorf("Allow: got %q", allow)
	}
	if allow := do(t, "PUT", "/v1/orgs/search", "").header.Get("Allow"); allow != "DELETE, GET, POST" {
		t.Errorf("Allow of a path that fits two routes: got %q", allow)
	}
	if allow := do(t, "POST", "/page/1", "").header.Get("Allow"); allow != "GET, HEAD" {
		t.Errorf("Allow of a page: got %q", allow)
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/v1/orgs/panic", "/page/panic"} {
		got := do(t, "GET", path, "")
		if got.status != 500 || got.body["error_type"] != "internal_server_error" || got.body["request_id"] == "" {
			t.Errorf("%s: got %d %s", path, got.status, got.text)
		}
		cause, _ := got.log["cause"].(string)
		if !strings.Contains(cause, "panic: ") || !strings.Contains(cause, "machine_test.go") {
			t.Errorf("%s: no stack in the log: %v", path, got.log)
		}
		if strings.Contains(got.text, "goroutine") || strings.Contains(got.text, "disco") {
			t.Errorf("%s: the caller sees the panic: %s", path, got.text)
		}
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ method, path, raw, want string }{
		{"GET", "/v1/orgs/acme", "", "acme"},
		{"GET", "//v1/orgs/acme", "", "acme"},
		{"GET", "/v1/orgs/search", "", "search"},
		{"DELETE", "/v1/orgs/search", "", "delete:search"},
		{"POST", "/v1/orgs/search", "", "search"},
		{"GET", "/v1/orgs/me/metrics", "", "me:metrics"},
		{"GET", "/v1/orgs/x/metrics", "", "metrics:x"},
		{"GET", "/v1/orgs/a/b", "/v1/orgs/a%2Fb", "a/b"},
		{"GET", "/v1/orgs/me", "", "me"},
		{"GET", "/v1/orgs/a~b.c_d-e|f", "", "a~b.c_d-e|f"},
		{"GET", "/v1/jwks/" + liveProject, "", "jwks:" + liveProject},
	} {
		got := do(t, c.method, c.path, "", func(r *http.Request) { r.URL.RawPath = c.raw })
		if got.body["seen"] != c.want {
			t.Errorf("%s %s: got %s, want %s", c.method, c.path, got.text, c.want)
		}
	}
}

func TestPublic(t *testing.T) {
	t.Parallel()
	got := do(t, "GET", "/v1/jwks/"+liveProject, "", func(r *http.Request) { r.Header.Del("Authorization") })
	if got.status != 200 || got.body["seen"] != "jwks:"+liveProject {
		t.Errorf("got %d %s", got.status, got.text)
	}
	id, _ := got.body["request_id"].(string)
	if _, env, _, _ := ids.Parse(id); env != ids.Live {
		t.Errorf("request_id %q of a live project", id)
	}
}

func TestLiveProject(t *testing.T) {
	t.Parallel()
	got := do(t, "POST", "/v1/send", `{"organization_id":"a"}`, func(r *http.Request) { r.SetBasicAuth(liveProject, key) })
	id, _ := got.body["request_id"].(string)
	if _, env, _, _ := ids.Parse(id); env != ids.Live || got.body["organization_id"] != id {
		t.Errorf("the call and the reply have different ids, or not the project's environment: %s", got.text)
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	if got := do(t, "HEAD", "/v1/orgs/acme", ""); got.status != 200 {
		t.Errorf("HEAD: got %d", got.status)
	}
}

func TestNothingSecretIsLogged(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"organization_id":"hidden-1","code":"hidden-2"}`, `{"organization_id":1,"hidden-3":2}`, `{"hidden-4"`,
		`{"organization_id":"a","minutes":"hidden-5"}`,
	} {
		got := do(t, "POST", "/v1/send", body)
		line, _ := json.Marshal(got.log)
		if strings.Contains(string(line), "hidden") || strings.Contains(string(line), key) {
			t.Errorf("log: %s", line)
		}
		if got.status != 200 && strings.Contains(got.text, "hidden") {
			t.Errorf("echoed: %s", got.text)
		}
	}
}

// What a page fails with is answered and logged like what a call fails with, unless the page has begun to answer.
func TestPagesThatFail(t *testing.T) {
	t.Parallel()
	got := do(t, "GET", "/failing/early", "")
	if got.status != 404 || got.body["error_type"] != "route_not_found" || got.log["cause"] != "route_not_found: why" ||
		got.body["request_id"] != got.log["request_id"] || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d %s, log %v", got.status, got.text, got.log)
	}
	got = do(t, "GET", "/failing/late", "")
	if got.status != 200 || got.text != "begun" || got.log["status"] != 200.0 || got.log["error_type"] != "route_not_found" {
		t.Errorf("after it had begun: got %d %s, log %v", got.status, got.text, got.log)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	got := do(t, "GET", "/page/7", "")
	if got.text != "page 7" || got.log["name"] != "GET /page/{x}" || got.log["status"] != 200.0 {
		t.Errorf("mounted page: got %s, log %v", got.text, got.log)
	}
	id := got.header.Get("X-Request-Id")
	if kind, _, _, ok := ids.Parse(id); !ok || kind != ids.Request || got.log["request_id"] != id {
		t.Errorf("request id: header %q, log %v", id, got.log["request_id"])
	}
	for _, e := range errs.All() {
		got := do(t, "GET", fmt.Sprintf("/errors/%d", e.Status), "")
		if got.status != 200 || !strings.Contains(got.text, `id="`+e.Type+`"`) {
			t.Errorf("%s has no place on its page (%d)", e.Type, got.status)
		}
	}
	if got := do(t, "GET", "/errors/<script>", ""); got.status != 303 || strings.Contains(got.text, "script") {
		t.Errorf("unknown status: got %d %s", got.status, got.text)
	}
}

func TestTwoCallsOfOnePathPanic(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("was accepted")
		}
	}()
	m := &endpoint.Machine{Now: time.Now}
	m.Handler([]endpoint.Endpoint{
		endpoint.GET("/v1/a/{organization_id}", "a", name("a")), endpoint.GET("/v1/a/{organization_id}", "b", name("b")),
	})
}

func BenchmarkRequest(b *testing.B) {
	h := newHandler(b, io.Discard)
	body := []byte(`{"organization_id":"organization` + testProject[7:] + `","code":"123456","minutes":60}`)
	r := httptest.NewRequest(http.MethodPost, "/v1/send", nil)
	r.SetBasicAuth(testProject, key)
	r.ContentLength = int64(len(body))
	w := &sink{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		r.Body = io.NopCloser(bytes.NewReader(body))
		clear(w.header)
		h.ServeHTTP(w, r)
	}
	if w.status != http.StatusOK {
		b.Fatalf("status %d", w.status)
	}
}

type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
