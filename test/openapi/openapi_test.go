package openapi

import (
	"net/http"
	"strings"
	"testing"
)

const small = `{"paths":{"/things/{id}":{"get":{"responses":{
	"200":{"content":{"application/json":{"schema":{"type":"object","required":["status_code"],"properties":{
		"status_code":{"type":"integer"},"request_id":{"type":"string"},"name":{"type":["string","null"]}}}}}},
	"404":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Error"}}}}}}}},
	"components":{"schemas":{"Error":{"type":"object","required":["error_type"]}}}}`

// The checker notices what it is there for.
func TestCheck(t *testing.T) {
	t.Parallel()
	d, err := Parse([]byte(small), "https://auth.example.com")
	if err != nil {
		t.Fatal(err)
	}
	const id = "request-id-test-11111111-1111-4111-8111-111111111111"
	own := `"request_id":"` + id + `","status_code":`
	missing := own + `404,"error_type":"gone","error_url":"https://auth.example.com/errors/404#gone"`
	for name, c := range map[string]struct {
		path   string
		status int
		body   string
		want   string // in the complaint, "" for none
	}{
		"right":               {"/things/1?a=b", 200, own + `200,"name":null`, ""},
		"a key too few":       {"/things/1", 200, own + `200`, "lacks .name"},
		"another type":        {"/things/1", 200, own + `200,"name":1`, "not the declared one"},
		"another status_code": {"/things/1", 200, own + `201,"name":""`, "status_code is 201"},
		"no request_id":       {"/things/1", 200, `"request_id":"","status_code":200,"name":""`, "request_id"},
		"undeclared status":   {"/things/1", 409, missing, "no answer with status 409"},
		"refusal":             {"/things/1", 404, missing, ""},
		"of no call":          {"/others", 404, missing, ""},
		"of no call, bare":    {"/others", 404, `"status_code":404`, "not the declared one"},
		"leads elsewhere":     {"/things/1", 404, strings.Replace(missing, "auth.", "evil.", 1), "error_url"},
		"OAuth's error":       {"/things/1", 404, missing + `,"error":"gone"`, "OAuth"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := d.Check(Answer{Method: "GET", Path: c.path, Status: c.status, Body: []byte("{" + c.body + "}"), Header: http.Header{
				"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}, "X-Request-Id": {id},
			}})
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	err = d.Check(Answer{Method: "GET", Path: "/others", Status: 403, Body: []byte("Forbidden\n")})
	if err == nil {
		t.Error("a refusal in plain text passed")
	}
}
