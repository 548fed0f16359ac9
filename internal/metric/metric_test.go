package metric

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func newSet() *Set {
	return New(Options{
		Countries: []string{"US", "DE"}, Providers: []string{"twilio", "smtp"}, Rules: []string{"country"},
		Outcomes: []string{"later"}, Version: "v1", Engine: "sqlite",
	})
}

// ours gives the lines about our metrics, without those of buckets and times.
func ours(t *testing.T, s *Set) []string {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	var lines []string
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "thimble_") && !strings.Contains(line, "_bucket") && !strings.Contains(line, "_info") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	slices.Sort(lines)
	return lines
}

func TestCounts(t *testing.T) {
	t.Parallel()
	s := newSet()
	c := s.Call("b2b.otps.sms.send")
	for range 3 {
		s.Began()
	}
	c.Answered(200, "", time.Millisecond)
	c.Answered(400, "bad_request", time.Second)
	s.Call("b2b.otps.sms.send").Answered(0, "", 0) // the same series
	s.Decided(Sent, "US", "twilio")
	s.Decided(Sent, "", "smtp")
	s.Decided("country", "DE", "")
	s.HandedOver(Handover{Provider: "twilio", Country: "US", Outcome: "later", Call: time.Second})
	s.HandedOver(Handover{Provider: "twilio", Country: "US", Outcome: Skipped})
	s.HandedOver(Handover{Provider: "twilio", Country: "US", Outcome: Taken, Delay: 2 * time.Second, Cost: 250_000})
	s.Received(Delivered, "US", "twilio")
	s.Found(StageRedeemed, "US", "twilio", 7)
	s.Found(StageMissed, "US", "twilio", 0)
	s.Again(QueueTexts, Retried)
	want := []string{
		`thimble_handover_seconds_count{provider="twilio"} 1`,
		`thimble_handover_seconds_sum{provider="twilio"} 2`,
		`thimble_handovers_total{country="US",outcome="later",provider="twilio"} 1`,
		`thimble_handovers_total{country="US",outcome="skipped",provider="twilio"} 1`,
		`thimble_handovers_total{country="US",outcome="taken",provider="twilio"} 1`,
		`thimble_messages_again_total{queue="texts",why="retried"} 1`,
		`thimble_provider_call_seconds_count{provider="twilio"} 2`,
		`thimble_provider_call_seconds_sum{provider="twilio"} 1`,
		`thimble_receipts_total{country="US",outcome="delivered",provider="twilio"} 1`,
		`thimble_request_duration_seconds_count{call="b2b.otps.sms.send"} 3`,
		`thimble_request_duration_seconds_sum{call="b2b.otps.sms.send"} 1.001`,
		`thimble_requests_running 0`,
		`thimble_requests_total{call="b2b.otps.sms.send",error_type="bad_request",status="400"} 1`,
		`thimble_requests_total{call="b2b.otps.sms.send",error_type="none",status="200"} 1`,
		`thimble_requests_total{call="b2b.otps.sms.send",error_type="none",status="aborted"} 1`,
		`thimble_sends_total{country="DE",decision="country",provider="none"} 1`,
		`thimble_sends_total{country="US",decision="sent",provider="twilio"} 1`,
		`thimble_sends_total{country="none",decision="sent",provider="smtp"} 1`,
		`thimble_spend_dollars_total{country="US",provider="twilio"} 0.25`,
		`thimble_text_results_total{country="US",provider="twilio",stage="redeemed"} 7`,
	}
	slices.Sort(want)
	if got := ours(t, s); !slices.Equal(got, want) {
		t.Errorf("exposed\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What is in no set makes one series and never two, and is not remembered.
func TestValuesOfNoSet(t *testing.T) {
	t.Parallel()
	s := newSet()
	for i := range 1000 {
		odd := fmt.Sprint("+1202555", i)
		s.Decided(odd, odd, odd)
		s.HandedOver(Handover{Provider: odd, Country: odd, Outcome: odd, Cost: 1})
		s.Received(odd, odd, odd)
		s.Found(odd, odd, odd, 1)
	}
	for _, line := range ours(t, s) {
		if strings.Contains(line, "+1202") {
			t.Error(line)
		}
	}
	for name, f := range map[string]*family[messageKey, prometheus.Counter]{
		"sends": s.messages.sends, "receipts": s.messages.receipts,
	} {
		if n := len(*f.known.Load()); n != 1 {
			t.Errorf("%d %s are remembered", n, name)
		}
	}
}

// Nobody who feeds a set needs to know whether there is one.
func TestNoSet(t *testing.T) {
	t.Parallel()
	var s *Set
	s.Began()
	s.Call("x").Answered(200, "", 0)
	s.Decided(Sent, "US", "twilio")
	s.HandedOver(Handover{})
	s.Received(Delivered, "US", "twilio")
	s.Found(StageTaken, "US", "twilio", 1)
	s.Again(QueueMails, Lost)
}

// A series that is there is counted without memory: these are on the way of every request.
func TestCountingTakesNoMemory(t *testing.T) {
	s := newSet()
	c := s.Call("b2b.otps.sms.send")
	one := func() {
		s.Began()
		c.Answered(200, "", time.Millisecond)
		s.Decided(Sent, "US", "twilio")
		s.Decided(Sent, "", "smtp")
		s.HandedOver(Handover{Provider: "twilio", Country: "US", Outcome: Taken, Cost: 1})
	}
	one()
	if n := testing.AllocsPerRun(100, one); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSend(b *testing.B) {
	s := newSet()
	c := s.Call("b2b.otps.sms.send")
	b.ReportAllocs()
	for b.Loop() {
		s.Began()
		s.Decided(Sent, "US", "twilio")
		c.Answered(200, "", time.Millisecond)
		s.HandedOver(Handover{Provider: "twilio", Country: "US", Outcome: Taken, Cost: 1})
	}
}
