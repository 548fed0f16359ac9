package server

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// receiver takes traces as a collector does.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	spans    []*otlp.Span
	resource map[string]string
	header   http.Header
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		var in collector.ExportTraceServiceRequest
		if err != nil || proto.Unmarshal(body, &in) != nil || q.URL.Path != "/v1/traces" {
			t.Errorf("%s %s is no export of traces: %v", q.Method, q.URL.Path, err)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.header = q.Header
		for _, one := range in.GetResourceSpans() {
			r.resource = words(one.GetResource().GetAttributes())
			for _, scope := range one.GetScopeSpans() {
				r.spans = append(r.spans, scope.GetSpans()...)
			}
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// words gives attributes as texts.
func words(all []*common.KeyValue) map[string]string {
	words := map[string]string{}
	for _, a := range all {
		text := a.GetValue().GetStringValue()
		if n, ok := a.GetValue().GetValue().(*common.AnyValue_IntValue); ok {
			text = strconv.FormatInt(n.IntValue, 10)
		}
		words[a.GetKey()] = text
	}
	return words
}

// named gives the spans of a name, in the order of their beginning.
func (r *receiver) named(name string) []*otlp.Span {
	var found []*otlp.Span
	for _, s := range r.spans {
		if s.GetName() == name {
			found = append(found, s)
		}
	}
	return found
}

const (
	callersTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	callersSpan  = "00f067aa0ba902b7"
)

// traced calls a server with a project's credentials, as part of a trace of the caller's.
func traced(t *testing.T, url, project, secret, body string) (map[string]any, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(project, secret)
	r.Header.Set("Traceparent", "00-"+callersTrace+"-"+callersSpan+"-01")
	r.Header.Set("Tracestate", "who=ada@example.com")
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var answer map[string]any
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer, res.Header
}

// TestTraces follows a send from the request to the provider, in the trace that its caller began.
func TestTraces(t *testing.T) {
	t.Parallel()
	to := newReceiver(t)
	environ, _ := production(t)
	environ = append(environ, "THIMBLE_SMS_FILE="+filepath.Join(t.TempDir(), "texts"),
		"OTEL_EXPORTER_OTLP_ENDPOINT="+to.URL, "OTEL_SERVICE_NAME=auth-eu", "OTEL_EXPORTER_OTLP_HEADERS=x-key=abc",
		"OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=staging")
	p := start(t, environ, "serve")
	base := "http://" + p.ready["listen"].(string)
	made := create(t, environ, "Shop", "--env", "live")

	call := func(path, body string) map[string]any {
		t.Helper()
		answer, _ := traced(t, base+path, made.ProjectID, made.Secret, body)
		if answer["status_code"] != 200.0 {
			t.Fatalf("%s: %v", path, answer)
		}
		return answer
	}
	organization, _ := call("/v1/b2b/organizations", `{"organization_name":"Acme"}`)["organization"].(map[string]any)
	id, _ := organization["organization_id"].(string)
	member, _ := call("/v1/b2b/organizations/"+id+"/members", `{"email_address":"ada@example.com"}`)["member_id"].(string)
	sent := call("/v1/b2b/otps/sms/send", `{"organization_id":"`+id+`","member_id":"`+member+
		`","mfa_phone_number":"+12025550162"}`)
	traced(t, base+"/v1/b2b/otps/sms/send", made.ProjectID, "secret-live-wrong", `{}`)
	log := p.stop(syscall.SIGTERM)

	to.mu.Lock()
	defer to.mu.Unlock()
	if to.header.Get("X-Key") != "abc" || to.resource["service.name"] != "auth-eu" ||
		to.resource["deployment.environment.name"] != "staging" || to.resource["service.version"] == "" ||
		to.resource["thimble.database"] != "sqlite" {
		t.Errorf("the exporter sent the header %q for %v", to.header.Get("X-Key"), to.resource)
	}
	requests := to.named("POST /v1/b2b/otps/sms/send")
	if len(requests) != 2 {
		t.Fatalf("%d spans of sends, want 2", len(requests))
	}
	request, stranger := requests[0], requests[1]
	if got := hex.EncodeToString(request.GetTraceId()) + " " + hex.EncodeToString(request.GetParentSpanId()); got !=
		callersTrace+" "+callersSpan || request.GetKind() != otlp.Span_SPAN_KIND_SERVER {
		t.Errorf("the request is part of %s, kind %s", got, request.GetKind())
	}
	want := map[string]string{
		"http.request.method": "POST", "http.route": "/v1/b2b/otps/sms/send", "http.response.status_code": "200",
		"thimble.call": "b2b.otps.sms.send", "request_id": sent["request_id"].(string),
	}
	if diff := cmp.Diff(want, words(request.GetAttributes())); diff != "" {
		t.Errorf("the request says (-want +got):\n%s", diff)
	}
	if !strings.Contains(log, `"trace_id":"`+callersTrace+`"`) {
		t.Error("the log does not name the trace")
	}

	// Whose secret is wrong is nobody, and joins nothing.
	if hex.EncodeToString(stranger.GetTraceId()) == callersTrace || len(stranger.GetParentSpanId()) != 0 ||
		words(stranger.GetAttributes())["error.type"] != "unauthorized_credentials" {
		t.Errorf("a stranger's request is %v", stranger)
	}

	inside := func(s *otlp.Span) bool { return bytes.Equal(s.GetParentSpanId(), request.GetSpanId()) }
	writes := 0
	for _, s := range to.named("write") {
		if inside(s) {
			writes++
			want, said := map[string]string{"thimble.db.round_trips": "0"}, words(s.GetAttributes())
			if n, err := strconv.Atoi(said["thimble.db.statements"]); n < 5 || err != nil {
				t.Errorf("the transaction had %d statements", n)
			}
			delete(said, "thimble.db.statements")
			if diff := cmp.Diff(want, said); diff != "" {
				t.Errorf("the transaction says (-want +got):\n%s", diff)
			}
		}
	}
	handovers := to.named("handover")
	if writes != 1 || len(handovers) != 1 || !inside(handovers[0]) {
		t.Fatalf("the request has %d writes, and there are %d handovers", writes, len(handovers))
	}
	said := words(handovers[0].GetAttributes())
	message := said["message_id"]
	want = map[string]string{
		"message_id": message, "thimble.provider": "file", "thimble.country": "US", "thimble.outcome": "taken",
	}
	if diff := cmp.Diff(want, said); diff != "" || !strings.HasPrefix(message, "message-live-") {
		t.Errorf("the handover says (-want +got):\n%s", diff)
	}
	noPeople(t, to.spans, made.ProjectID, made.Secret, id, member)
}

// noPeople looks for what names somebody in all spans.
func noPeople(t *testing.T, spans []*otlp.Span, secrets ...string) {
	t.Helper()
	personal := regexp.MustCompile(`@|\+?1202|ada|Acme|who=|(project|organization|member|phone|email)-(live|test)-|[0-9]{6}`)
	for _, s := range spans {
		said := words(s.GetAttributes())
		said["name"], said["state"], said["status"] = s.GetName(), s.GetTraceState(), s.GetStatus().GetMessage()
		for key, value := range said {
			if key == "request_id" || key == "message_id" {
				continue
			}
			for _, secret := range secrets {
				if strings.Contains(value, secret) {
					t.Errorf("%s says %s=%q", s.GetName(), key, value)
				}
			}
			if personal.MatchString(value) {
				t.Errorf("%s says %s=%q", s.GetName(), key, value)
			}
		}
	}
}

// What cannot be made does not keep the server from starting, and says why.
func TestTracesThatCannotBe(t *testing.T) {
	t.Parallel()
	environ, _ := production(t)
	p := start(t, append(environ, "OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4317", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
		"OTEL_TRACES_SAMPLER=sometimes"), "serve")
	log := p.stop(syscall.SIGTERM)
	for _, want := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_TRACES_SAMPLER"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say what is wrong with %s:\n%s", want, log)
		}
	}
}

// A receiver that is away costs traces and nothing else.
func TestTracesWithoutReceiver(t *testing.T) {
	t.Parallel()
	to := newReceiver(t)
	to.Close()
	environ, _ := production(t)
	p := start(t, append(environ, "OTEL_EXPORTER_OTLP_ENDPOINT="+to.URL, "OTEL_EXPORTER_OTLP_TIMEOUT=100",
		"THIMBLE_ADMIN_LISTEN=127.0.0.1:0"), "serve")
	if got := fetch(t, "http://"+p.ready["listen"].(string)+"/healthz"); !strings.Contains(got, "alive") {
		t.Errorf("the server answers %q", got)
	}
	if log := p.stop(syscall.SIGTERM); !strings.Contains(log, "traces cannot be exported") {
		t.Errorf("the log does not tell:\n%s", log)
	}
}
