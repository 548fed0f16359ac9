package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// rules asks for the simulator's rules.
func (s *server) rules(t *testing.T) []Rule {
	t.Helper()
	w := s.do("GET", "localhost", "/dev/simulator", "")
	var got struct {
		Rules  []Rule   `json:"rules"`
		Faults []string `json:"faults"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK || len(got.Faults) != 9 {
		t.Fatalf("%d %v: %s", w.Code, err, w.Body)
	}
	return got.Rules
}

var unknowable = cmpopts.IgnoreFields(Rule{}, "RuleID", "CreatedAt")

func TestRules(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	three := int64(3)
	for _, body := range []string{
		`{"fault":"delay"}`,
		`{"fault":"drop","prefix":"+1202","next":3,"carriers":"first","delay_seconds":9,` +
			`"project_id":"project-test-11111111-1111-4111-8111-111111111111"}`,
	} {
		if w := s.do("POST", "localhost", "/dev/simulator", body); w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	want := []Rule{
		{
			Fault: "drop", Prefix: "+1202", Next: &three, Carriers: "first",
			ProjectID: "project-test-11111111-1111-4111-8111-111111111111",
		},
		{Fault: "delay", Carriers: "all", DelaySeconds: 5},
	}
	got := s.rules(t)
	if diff := cmp.Diff(want, got, unknowable); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	page := s.do("GET", "localhost", "/dev/inbox", "").Body.String()
	for _, want := range []string{
		`The text is lost, and nobody says so</strong>`, `The next 3 texts to &#43;1202…`, `Every text, after 5 s`,
		`by the first carrier alone`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}

	for range 2 { // removed twice, it is removed
		w := s.do("DELETE", "localhost", "/dev/simulator/"+got[0].RuleID, "")
		if diff := cmp.Diff(want[1:], s.rules(t), unknowable); diff != "" || w.Code != http.StatusOK {
			t.Errorf("%d, rules (-want +got):\n%s", w.Code, diff)
		}
	}
	s.do("DELETE", "localhost", "/dev/simulator", "")
	if left := s.rules(t); len(left) != 0 {
		t.Errorf("rules are left: %v", left)
	}
	for i := range 51 {
		w := s.do("POST", "localhost", "/dev/simulator", `{"fault":"drop"}`)
		if want := http.StatusOK; w.Code != want && i < 50 || i == 50 && w.Code != http.StatusBadRequest {
			t.Errorf("rule %d: %d %s", i, w.Code, w.Body)
		}
	}
}

// The page's forms need no script, keep what was typed when it is refused, and say why.
func TestForms(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	form := []string{"Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html,*/*"}
	for body, wrong := range map[string]string{
		"fault=drop&prefix=1202":      "prefix must be",
		"fault=drop&next=0":           "next must be",
		"fault=drop&next=many":        "next must be",
		"fault=delay&delay_seconds=x": "delay_seconds must be",
		"fault=":                      "fault must be",
		"fault=drop&prefix=%3Cb%3E":   "prefix must be",
	} {
		w := s.do("POST", "localhost", "/dev/simulator", body, form...)
		if text := w.Body.String(); w.Code != http.StatusBadRequest || !strings.Contains(text, `role="alert">`+wrong) ||
			strings.Contains(text, "<b>") {
			t.Errorf("%s: %d %s", body, w.Code, text)
		}
	}
	w := s.do("POST", "localhost", "/dev/simulator", "fault=drop&prefix=1202&next=7", form...)
	for _, kept := range []string{`value="1202"`, `value="7"`, `<option value="drop" selected>`} {
		if !strings.Contains(w.Body.String(), kept) {
			t.Errorf("the form forgot %s", kept)
		}
	}

	for i := range 2 {
		w = s.do("POST", "localhost", "/dev/simulator", "fault=duplicate&prefix=&next=&delay_seconds=&carriers=all", form...)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/dev/inbox#simulator" {
			t.Fatalf("%d %s: %s", w.Code, w.Header(), w.Body)
		}
		if rules := s.rules(t); len(rules) != i+1 || rules[0].Fault != "duplicate" || rules[0].Next != nil {
			t.Errorf("rules %v", rules)
		}
	}
	s.do("POST", "localhost", "/dev/simulator/remove", "rule="+s.rules(t)[0].RuleID, form...)
	if rules := s.rules(t); len(rules) != 1 {
		t.Errorf("rules %v", rules)
	}
	s.do("POST", "localhost", "/dev/simulator/remove", "rule=", form...)
	if rules := s.rules(t); len(rules) != 0 {
		t.Errorf("rules %v", rules)
	}
}

// Whoever leaves makes room, without an answer.
func TestWaiterLeaves(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ctx, leave := context.WithCancel(t.Context())
	ended := make(chan *httptest.ResponseRecorder)
	go func() {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/dev/messages?wait=60s", nil)
		s.http.ServeHTTP(w, r)
		ended <- w
	}()
	for s.inbox.waiting.Load() == 0 {
		runtime.Gosched()
	}
	leave()
	if w := <-ended; w.Body.Len() > 0 || s.inbox.waiting.Load() != 0 {
		t.Errorf("%d wait, answered %s", s.inbox.waiting.Load(), w.Body)
	}
}

// Not more calls than a server can bear wait at once, and one that ends makes room.
func TestWaiters(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	leaving := make(chan struct{})
	s.inbox.Leaving = leaving
	answers := make(chan string)
	for range maxWaiters {
		go func() {
			w := s.do("GET", "localhost", "/dev/messages?wait=60s", "")
			answers <- fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String()))
		}()
	}
	for s.inbox.waiting.Load() < maxWaiters {
		if w := s.do("GET", "localhost", "/dev/messages?after=start", ""); w.Code != http.StatusOK {
			t.Fatalf("a call that does not wait: %d %s", w.Code, w.Body)
		}
	}
	w := s.do("GET", "localhost", "/dev/messages?wait=1s", "")
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
		t.Errorf("one too many: %d %s", w.Code, w.Body)
	}
	close(leaving) // the server stops: nobody holds it up
	for range maxWaiters {
		if got, want := <-answers, `200 {"cursor":"AAAAAAAAAAAAAAAAAAAAAA","messages":[]}`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if left := s.inbox.waiting.Load(); left != 0 {
		t.Errorf("%d places are lost", left)
	}
}
