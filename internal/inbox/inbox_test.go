package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/pretend"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

var at = time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)

// Newest is the start.
func (s *server) Newest(context.Context, string, string) (notify.Cursor, error) {
	return notify.Start, nil
}

// Arrivals gives nothing.
func (s *server) Arrivals(
	_ context.Context, _, _ string, after notify.Cursor, _ int,
) ([]notify.Letter, notify.Cursor, error) {
	return nil, after, nil
}

// Listen never rings.
func (s *server) Listen(string) (<-chan struct{}, func()) { return nil, func() {} }

// server is an inbox with one text and one mail.
type server struct {
	inbox *Inbox
	http  http.Handler
	to    string
	limit int
	moved time.Duration

	letters []notify.Letter
}

// Letters gives the messages of the test.
func (s *server) Letters(_ context.Context, _, to string, limit int) ([]notify.Letter, error) {
	if s.to, s.limit = to, limit; to == "broken" {
		return nil, errors.New("the database is on fire")
	}
	return s.letters, nil
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{}
	letters := []notify.Letter{
		{
			Message: &store.Message{
				ID: "message-test-2", ProjectID: "project-test-1", Channel: store.ChannelEmail, Recipient: "jane@example.com",
				Locale: "en", Status: store.MessageDelivered, CreatedAt: at,
			},
			Subject: "Log in to <Widgets>", Body: "Hello\n\nhttps://auth.example.com/link?a=1&token=t\njavascript:alert(1)\n",
			HTML: `<p>Hello</p><a href="https://auth.example.com/link">Log in</a><script>alert("x")</script>`,
		},
		{
			Message: &store.Message{
				ID: "message-test-1", ProjectID: "project-test-1", Channel: store.ChannelSMS, Recipient: "+12025550162",
				Locale: "en", Segments: 1, Status: store.MessageDelivered, CreatedAt: at,
			},
			Body: "123456 is your code. It is valid for 2 minutes.", Arrived: []time.Time{at},
			Steps: []notify.Step{
				{At: at, What: notify.StepDecided, Detail: "member_10s=0 <b>"},
				{At: at, What: notify.StepNotTaken, Provider: "telnyx", Detail: "later 500"},
				{At: at, What: store.MessageDelivered, Provider: notify.ProviderInbox},
				{At: at.Add(36 * time.Hour), What: notify.StepRedeemed},
				{At: at.Add(36 * time.Hour), What: "moved", Provider: "pigeon"},
			},
		},
	}
	s.letters = letters
	db := storetest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "thimble.db"))
	simulator := pretend.New(db, slog.New(slog.DiscardHandler))
	simulator.Attach(func(string) {}, func() {})
	s.inbox = &Inbox{
		Notify: s, Simulator: simulator,
		MoveClock: func(_ context.Context, d time.Duration) (time.Time, error) {
			s.moved += d
			return at.Add(s.moved), nil
		},
		Hosts: []string{"auth.example.com"},
	}
	machine := endpoint.Machine{
		PublicURL: "http://127.0.0.1:8080", Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return at },
	}
	s.http = machine.Handler(nil, s.inbox.Mounts()...)
	return s
}

func (s *server) do(method, host, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://"+host+target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.http.ServeHTTP(w, r)
	return w
}

func TestMessages(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := s.do("GET", "127.0.0.1:8080", "/dev/messages?to=+12025550162&limit=2", "")
	var got struct {
		Messages []map[string]any `json:"messages"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %v: %s", w.Code, err, w.Body)
	}
	want := map[string]any{
		"message_id": "message-test-1", "project_id": "project-test-1", "channel": "sms", "to": "+12025550162",
		"subject": "", "body": "123456 is your code. It is valid for 2 minutes.", "html": "", "locale": "en",
		"segments": 1.0, "status": "delivered", "created_at": "2026-11-22T10:30:00Z",
		"arrived": []any{"2026-11-22T10:30:00Z"}, "steps": []any{
			step("2026-11-22T10:30:00Z", "decided", "", "member_10s=0 <b>"),
			step("2026-11-22T10:30:00Z", "not_taken", "telnyx", "later 500"),
			step("2026-11-22T10:30:00Z", "delivered", "inbox", ""), step("2026-11-23T22:30:00Z", "redeemed", "", ""),
			step("2026-11-23T22:30:00Z", "moved", "pigeon", ""),
		},
	}
	if diff := cmp.Diff(want, got.Messages[1]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s.to != "+12025550162" || s.limit != 2 {
		t.Errorf("asked for %d messages to %q", s.limit, s.to)
	}
	if !strings.Contains(w.Body.String(), "?a=1&token=t") {
		t.Errorf("the link is not readable as it is: %s", w.Body)
	}
	s.do("GET", "127.0.0.1:8080", "/dev/messages?to=Jane@Example.com", "")
	if s.to != "jane@example.com" || s.limit != defaultLimit {
		t.Errorf("asked for %d messages to %q", s.limit, s.to)
	}
}

func step(at, what, provider, detail string) map[string]any {
	return map[string]any{"at": at, "what": what, "provider": provider, "detail": detail}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, target, body string
		status               int
		kind                 string
	}{
		{"GET", "/dev/messages?limit=0", "", 400, "invalid_argument"},
		{"GET", "/dev/messages?limit=1001", "", 400, "invalid_argument"},
		{"GET", "/dev/messages?limit=ten", "", 400, "invalid_argument"},
		{"GET", "/dev/messages?to=broken", "", 500, "internal_server_error"},
		{"GET", "/dev/inbox?to=broken", "", 500, "internal_server_error"},
		{"GET", "/dev/messages?wait=61s", "", 400, "invalid_argument"},
		{"GET", "/dev/messages?wait=-1s", "", 400, "invalid_argument"},
		{"GET", "/dev/messages?wait=61", "", 400, "invalid_argument"},
		{"GET", "/dev/messages?wait=soon", "", 400, "invalid_argument"},
		{"GET", "/dev/messages?after=message-test-1", "", 400, "invalid_argument"},
		{"GET", "/dev/messages?after=AAAA", "", 400, "invalid_argument"},
		{"GET", "/dev/assets/inbox.html", "", 404, "route_not_found"},
		{"POST", "/dev/simulator", ``, 400, "invalid_argument"},
		{"POST", "/dev/simulator", `{"fault":"drop"}{}`, 400, "invalid_argument"},
		{"POST", "/dev/simulator", `{"fault":"drop","colour":1}`, 400, "invalid_argument"},
		{"POST", "/dev/simulator", `{"fault":"explode"}`, 400, "invalid_argument"},
		{"POST", "/dev/simulator", `{"fault":"drop","next":0}`, 400, "invalid_argument"},
		{"POST", "/dev/simulator", `{"fault":"drop","next":-5}`, 400, "invalid_argument"},
		{"POST", "/dev/simulator", `{"fault":"drop","prefix":"1202"}`, 400, "invalid_argument"},
		{"POST", "/dev/simulator", `{"fault":"drop","prefix":"+"}`, 400, "invalid_argument"},
		{"POST", "/dev/simulator", `{"fault":"delay","delay_seconds":3601}`, 400, "invalid_argument"},
		{"POST", "/dev/simulator", `{"fault":"delay","delay_seconds":-1}`, 400, "invalid_argument"},
		{"POST", "/dev/simulator", `{"fault":"drop","carriers":"second"}`, 400, "invalid_argument"},
		{
			"POST", "/dev/simulator", `{"fault":"drop","project_id":"project-live-11111111-1111-4111-8111-111111111111"}`,
			400, "invalid_argument",
		},
		{"POST", "/dev/clock", `{"advance_seconds":-1}`, 400, "invalid_argument"},
		{"POST", "/dev/clock", `{"advance_seconds":1.5}`, 400, "invalid_argument"},
		{"POST", "/dev/clock", `{"advance_seconds":9e18}`, 400, "invalid_argument"},
		{"POST", "/dev/clock", `{"advance_seconds":1}{}`, 400, "invalid_argument"},
		{"POST", "/dev/clock", `{"seconds":1}`, 400, "invalid_argument"},
		{"POST", "/dev/clock", `{}`, 400, "invalid_argument"},
		{"POST", "/dev/clock", ``, 400, "invalid_argument"},
	}
	s := newServer(t)
	for _, test := range tests {
		w := s.do(test.method, "localhost", test.target, test.body)
		var body map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != test.status ||
			body["error_type"] != test.kind || body["status_code"] != float64(test.status) ||
			body["request_id"] != w.Header().Get("X-Request-Id") {
			t.Errorf("%s %s %s: got %d %s, want %d %s", test.method, test.target, test.body, w.Code, w.Body, test.status,
				test.kind)
		}
		if strings.Contains(w.Body.String(), "fire") {
			t.Errorf("%s shows the cause: %s", test.target, w.Body)
		}
	}
	if s.moved != 0 {
		t.Errorf("the clock moved by %s", s.moved)
	}
	if rules := s.rules(t); len(rules) != 0 {
		t.Errorf("there are rules: %v", rules)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := s.do("POST", "127.0.0.1:8080", "/dev/clock", `{"advance_seconds":121}`)
	got, want := strings.TrimSpace(w.Body.String()), `{"now":"2026-11-22T10:32:01Z"}`
	if got != want || s.moved != 121*time.Second {
		t.Errorf("got %s after %s, want %s", got, s.moved, want)
	}
}

// A stranger's page reaches this server through the reader's browser, under a name of its own or with posts.
func TestStrangers(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for host, ok := range map[string]bool{
		"127.0.0.1:8080": true, "localhost:8080": true, "LOCALHOST": true, "app.localhost:1": true, "[::1]:8080": true,
		"192.168.1.20:8080": true, "auth.example.com": true, "auth.example.com:8443": true,
		"evil.example": false, "evil.example:8080": false, "localhost.evil.example": false,
		"127.0.0.1.evil.example:8080": false,
		"notlocalhost":                false,
	} {
		for _, target := range []string{"/dev/messages", "/dev/inbox", "/dev/assets/inbox.js"} {
			if w := s.do("GET", host, target, ""); (w.Code == http.StatusOK) != ok {
				t.Errorf("GET %s at %s: %d", target, host, w.Code)
			}
		}
	}
	for _, header := range [][]string{
		{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
	} {
		w := s.do("POST", "127.0.0.1:8080", "/dev/clock", `{"advance_seconds":1}`, header...)
		if w.Code != http.StatusForbidden || s.moved != 0 {
			t.Errorf("post with %v: %d, moved %s", header, w.Code, s.moved)
		}
		w = s.do("POST", "127.0.0.1:8080", "/dev/simulator", `{"fault":"drop"}`, header...)
		if rules := s.rules(t); w.Code != http.StatusForbidden || len(rules) != 0 {
			t.Errorf("post of a rule with %v: %d, rules %v", header, w.Code, rules)
		}
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := s.do("GET", "127.0.0.1:8080", "/dev/inbox?to=%22%3E%3Cscript%3E", "")
	page := w.Body.String()
	for _, want := range []string{
		`<h2 id="message-test-1-to">Text to &#43;12025550162</h2>`, `<output>123456</output>`,
		`<p class="subject">Log in to &lt;Widgets&gt;</p>`,
		`<a href="https://auth.example.com/link?a=1&amp;token=t" target="_blank"`,
		`srcdoc="&lt;p&gt;Hello&lt;/p&gt;`, // markup for the frame, not text that shows tags
		`<time datetime="2026-11-22T10:30:00Z">22 Nov 2026, 10:30:00 UTC</time>`,
		`value="&#34;&gt;&lt;script&gt;"`,
		`<ol class="story" role="list" aria-labelledby="message-test-1-story">`,
		`<span class="what">Let through</span> <time datetime="2026-11-22T10:30:00Z">10:30:00 UTC</time> ` +
			`<span class="detail">member_10s=0 &lt;b&gt;</span>`,
		`<span class="what">Not taken by telnyx</span>`, `<span class="what">Delivered into this inbox</span>`,
		`<span class="what">Code used</span> <time datetime="2026-11-23T22:30:00Z">23 Nov 2026, 22:30:00 UTC</time>`,
		`<span class="what">moved pigeon</span>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, bad := range []string{`href="javascript:`, `<script>`, `allow-scripts`, `allow-same-origin`} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self';") {
		t.Errorf("the policy is %q", policy)
	}
	for name, kind := range map[string]string{"inbox.css": "text/css", "inbox.js": "text/javascript"} {
		w := s.do("GET", "localhost", "/dev/assets/"+name, "")
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) {
			t.Errorf("%s: %d, %s", name, w.Code, w.Header().Get("Content-Type"))
		}
	}
}
