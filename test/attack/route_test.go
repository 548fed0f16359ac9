package attack

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/test/world"
)

// Every path answers every method it does not have with 405 and the ones it has.
func TestMethods(t *testing.T) {
	t.Parallel()
	s := newScene(t, world.SQLite(t))
	methods := map[string][]string{}
	for _, op := range s.operations() {
		methods[op.path] = append(methods[op.path], op.method)
		if op.method == http.MethodGet {
			methods[op.path] = append(methods[op.path], http.MethodHead)
		}
	}
	s.unchanged(func() {
		for _, op := range s.operations() {
			for _, method := range []string{
				"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", "get", "PROPFIND",
			} {
				if slices.Contains(methods[op.path], method) {
					continue
				}
				a := s.ada.client.Call(t, method, op.fill(s.ada), "{}")
				if wrong := refusal(nil, a); wrong != "" || a.Type() != "method_not_allowed" ||
					!strings.Contains(a.Header.Get("Allow"), op.method) {
					t.Errorf("%s %s: %d %s: %s, Allow %q", method, op.path, a.Status, a.Raw, wrong, a.Header.Get("Allow"))
				}
			}
		}
	})
}

// target is what a request line asks for, and what may come of it beside a documented refusal.
type target struct {
	line string
	fine []int
}

// Paths that are written in other ways than they are meant. They go over a real socket, since clients would tidy them up.
func TestPaths(t *testing.T) {
	t.Parallel()
	s := newScene(t, world.SQLite(t))
	server := httptest.NewServer(s.App)
	defer server.Close()
	one := "/v1/b2b/organizations/" + s.ada.organization
	targets := []target{
		{"GET " + one, []int{200}},
		{"HEAD " + one, []int{200}},
		{"GET /" + one, []int{200}}, // a base URL with a slash at its end
		{"GET //" + one, []int{200}},
		{"GET " + one + "/", nil},
		{"GET " + one + "//", nil},
		{"GET " + one + "/.", nil},
		{"GET " + one + "/..", nil},
		{"GET /v1/b2b/../b2b/organizations/" + s.ada.organization, nil},
		{"GET /v1//b2b/organizations/" + s.ada.organization, nil},
		{"GET /v1/b2b/./organizations/" + s.ada.organization, nil},
		{"GET /v1/b2b/organizations//member", nil},
		{"GET /v1/b2b/organizations/../sessions", nil},
		{"GET /v1/b2b/organizations/%2e%2e/member", nil},
		{"GET /v1/b2b/organizations/..%2f" + s.ada.organization, nil},
		{"GET /v1/b2b/organizations/" + s.ada.organization + "%2fmember", nil},
		{"GET /v1%2fb2b%2forganizations%2f" + s.ada.organization, nil},
		{"GET /v1/b2b/organizations/%00", nil},
		{"GET /v1/b2b/organizations/%ff%fe", nil},
		{"GET /v1/b2b/organizations/%0d%0aSet-Cookie:a=b", nil},
		{"GET /v1/b2b/organizations/%252e%252e", nil},
		{"GET /v1/b2b/organizations/" + strings.Repeat("a", 30_000), nil},
		{"GET /v1/b2b/organizations/" + strings.Repeat("/", 10_000), nil},
		{"GET /V1/B2B/organizations/" + s.ada.organization, nil},
		{"GET \\v1\\b2b\\organizations", []int{400}}, // net/http itself: no request line
		{"GET /v1/b2b/organizations/a%", []int{400}},
		{"GET http://elsewhere.example" + one, []int{200}},
		{"GET " + one + "/member?member_id=a&member_id=b", nil},
		{"GET " + one + "/member?member_id=%ff", nil},
		{"GET " + one + "/member?member_id=%00", nil},
		{"GET " + one + "/member?member_id=%zz", nil},
		{"GET " + one + "/member?a;b", nil},
		{"GET " + one + "/member?member_id[]=a", nil},
		{"GET " + one + "/member?" + strings.Repeat("a&", 10_000), nil},
		{"GET /", nil},
		{"GET /..", []int{301, 307}},
		{"GET //elsewhere.example/..", []int{301, 307}},
		{"GET /v1", nil},
		{"GET /.git/config", nil},
		{"GET /dev/messages", nil},
		{"POST /dev/clock", nil},
		{"GET /dev/inbox", nil},
		{"GET /debug/pprof/", nil},
		{"GET /metrics", nil},
		{"POST /openapi.json", nil},
		{"DELETE /healthz", nil},
		{"GET /errors", nil},
		{"GET /callbacks/sms/twilio/a/b", nil},
		{"POST /callbacks/sms/twilio/a", nil},
	}
	s.unchanged(func() {
		for _, one := range targets {
			a := s.line(server.Listener.Addr().String(), one.line)
			if slices.Contains(one.fine, a.Status) {
				if location := a.Header.Get("Location"); strings.HasPrefix(location, "//") || strings.Contains(location, ":") {
					t.Errorf("%s leads to %q", cut(one.line), location)
				}
				continue
			}
			if wrong := refusal(nil, a); wrong != "" {
				t.Errorf("%s: %d %s: %s", cut(one.line), a.Status, cut(string(a.Raw)), wrong)
			}
			if a.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s sets a cookie", one.line)
			}
		}
	})
}

// line sends a request that begins with the line and gives the answer.
func (s *scene) line(address, line string) *world.Answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), "GET", "http://a", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.SetBasicAuth(s.ada.client.ID, s.ada.client.Secret)
	conn, err := (&net.Dialer{}).DialContext(s.t.Context(), "tcp", address)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, line+" HTTP/1.1\r\nHost: thimble.test\r\nAuthorization: "+r.Header.Get("Authorization")+
		"\r\nConnection: close\r\n\r\n")
	if err != nil {
		s.t.Fatal(err)
	}
	r.Method, _, _ = strings.Cut(line, " ")
	response, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		s.t.Fatalf("%s: %v", cut(line), err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := &world.Answer{Status: response.StatusCode, Header: response.Header, Raw: body}
	if json.Unmarshal(body, &a.Body) != nil {
		a.Body = nil
	}
	return a
}
