package world

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/test/openapi"
)

// Client calls a server with the credentials of a project.
type Client struct {
	// ID and Secret are the project's. An ID of "" sends no credentials.
	ID, Secret string
	// Base is where the server is, such as http://127.0.0.1:8080.
	Base string
	// Transport carries the requests.
	Transport http.RoundTripper
	// T is the test that fails by an answer that the OpenAPI document does not declare.
	T testing.TB
}

// InProcess is a transport to a handler of this process.
type InProcess struct{ http.Handler }

// RoundTrip has the handler answer.
func (p InProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody // as a server would
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result(), nil
}

// Answer is what a call came to.
type Answer struct {
	Status int
	Header http.Header
	Raw    []byte
	// Body is the decoded object, nil when the answer is no JSON object.
	Body map[string]any
}

// At gives the text at a path of names with dots between them, "" when there is none.
func (a *Answer) At(path string) string {
	var v any = a.Body
	for name := range strings.SplitSeq(path, ".") {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	text, _ := v.(string)
	return text
}

// Type is the error_type of a refusal.
func (a *Answer) Type() string { return a.At("error_type") }

// Try sends a request. The body is a string or something with a JSON form; nil sends none. Headers are names and values in
// turn.
func (c *Client) Try(ctx context.Context, method, path string, body any, headers ...string) (*Answer, error) {
	text, err := encode(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, c.Base+path, strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if c.ID != "" {
		r.SetBasicAuth(c.ID, c.Secret)
	}
	return c.Do(r)
}

// Do sends a request that somebody else made.
func (c *Client) Do(r *http.Request) (*Answer, error) {
	response, err := c.Transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	a := &Answer{Status: response.StatusCode, Header: response.Header, Raw: raw}
	d := json.NewDecoder(bytes.NewReader(raw))
	if d.Decode(&a.Body) != nil {
		a.Body = nil
	}
	c.hold(r, a)
	return a, nil
}

// hold checks the answer against the document. That to HEAD has no body to look at.
func (c *Client) hold(r *http.Request, a *Answer) {
	if r.Method == http.MethodHead {
		return
	}
	err := Holds(openapi.Answer{
		Method: r.Method, Path: r.URL.EscapedPath(), Status: a.Status, Header: a.Header, Body: a.Raw,
	})
	if err != nil {
		c.T.Errorf("%s %s: %v\nanswer: %d %s", r.Method, r.URL.Path, err, a.Status, a.Raw)
	}
}

func encode(body any) (string, error) {
	switch body := body.(type) {
	case nil:
		return "", nil
	case string:
		return body, nil
	}
	text, err := json.Marshal(body)
	return string(text), err
}

// Call sends a request and fails the test when there is no answer.
func (c *Client) Call(t testing.TB, method, path string, body any, headers ...string) *Answer {
	t.Helper()
	a, err := c.Try(t.Context(), method, path, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// Must sends a request that has to be answered with 200.
func (c *Client) Must(t testing.TB, method, path string, body any, headers ...string) *Answer {
	t.Helper()
	a := c.Call(t, method, path, body, headers...)
	if a.Status != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Raw)
	}
	return a
}

// Want sends a request that has to be refused with an error type.
func (c *Client) Want(t testing.TB, kind, method, path string, body any, headers ...string) *Answer {
	t.Helper()
	a := c.Call(t, method, path, body, headers...)
	if a.Type() != kind {
		t.Errorf("%s %s with %v: %d %s, want %s", method, path, body, a.Status, a.Raw, kind)
	}
	return a
}

// J is the body of a request.
type J map[string]any

// Paths of the calls that most tests make.
const (
	Organizations    = "/v1/b2b/organizations"
	SendSMS          = "/v1/b2b/otps/sms/send"
	AuthenticateSMS  = "/v1/b2b/otps/sms/authenticate"
	CheckSession     = "/v1/b2b/sessions/authenticate"
	RevokeSession    = "/v1/b2b/sessions/revoke"
	LoginOrSignup    = "/v1/b2b/magic_links/email/login_or_signup"
	AuthenticateLink = "/v1/b2b/magic_links/authenticate"
)

// NewOrganization makes an organization that asks everybody for a second factor.
func (c *Client) NewOrganization(t testing.TB, name string) string {
	t.Helper()
	a := c.Must(t, "POST", Organizations, J{"organization_name": name, "mfa_policy": "REQUIRED_FOR_ALL"})
	return a.At("organization.organization_id")
}

// NewMember makes an active member.
func (c *Client) NewMember(t testing.TB, organization, email string) string {
	t.Helper()
	a := c.Must(t, "POST", Organizations+"/"+organization+"/members", J{"email_address": email})
	return a.At("member_id")
}
