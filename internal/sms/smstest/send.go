package smstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

func testTaken(t *testing.T, s Setup) {
	sender, p := s.answering(s.Taken)
	if err := sender.Check(); err != nil {
		t.Fatalf("Check = %v", err)
	}
	if len(p.seen()) != 0 {
		t.Error("Check made a call")
	}
	got, e := s.send(t, sender)
	if e != nil {
		t.Fatalf("Send = %v", e)
	}
	if diff := cmp.Diff(s.Result, got); diff != "" {
		t.Error(diff)
	}
	c := oneCall(t, p)
	if got, want := c.request.URL.Scheme+"://"+c.request.URL.Host, BaseURL; got != want {
		t.Errorf("the call went to %s, want %s", got, want)
	}
	if agent := c.request.Header["User-Agent"]; len(agent) != 1 || agent[0] != httpx.UserAgent {
		t.Errorf("User-Agent = %q: the call did not go through the client", agent)
	}
	sent := s.read(t, c)
	if want := s.words(Message()); sent.To != To || sent.Body != want {
		t.Errorf("sent %q to %s, want %q to %s", sent.Body, sent.To, want, To)
	}
	address := c.request.URL.String()
	for _, hidden := range []string{To[1:], Code} {
		if strings.Contains(address, hidden) {
			t.Errorf("%s shows in the address, which proxies log: %s", hidden, address)
		}
	}
	for _, name := range []string{sender.Name()} {
		if name == "" || name != strings.ToLower(name) || strings.ContainsAny(name, " /?#%") {
			t.Errorf("Name = %q, want lower case that fits into a path", name)
		}
	}
}

// testValidity: nothing is delivered after its life. What the provider is told is rounded down, never up.
func testValidity(t *testing.T, s Setup) {
	least := max(s.MinValidity, time.Second)
	for _, life := range []time.Duration{
		-time.Hour, -1, 0, 1, 999 * time.Millisecond, least - 1, least, least + 999*time.Millisecond, 61 * time.Second,
		2*time.Minute - 1, 10 * time.Minute, 100 * time.Hour,
	} {
		sender, p := s.answering(s.Taken)
		m := Message()
		m.ValidFor = life
		result, err := sender.Send(t.Context(), m)
		e := s.outcome(t, result, err)
		if life < least {
			if e == nil || len(p.seen()) != 0 {
				t.Errorf("%v: Send = %v after %d calls, want an error and none", life, e, len(p.seen()))
			}
			if life < time.Second && e != nil && e.Class != sms.Permanent {
				t.Errorf("%v: Send = %v, want permanent: no route can carry it", life, e)
			}
			continue
		}
		if e != nil {
			t.Errorf("%v: Send = %v", life, e)
			continue
		}
		sent := s.read(t, oneCall(t, p)).ValidFor
		switch {
		case s.NoValidity && sent != 0:
			t.Errorf("%v: the provider was told %v, though it knows no validity", life, sent)
		case !s.NoValidity && (sent > life || sent < min(life.Truncate(time.Second), time.Minute)):
			t.Errorf("%v: the provider was told %v", life, sent)
		}
	}
}

func testCallback(t *testing.T, s Setup) {
	for _, address := range []string{Callback, ""} {
		sender, p := s.answering(s.Taken)
		m := Message()
		m.CallbackURL = address
		if result, err := sender.Send(t.Context(), m); s.outcome(t, result, err) != nil {
			t.Fatalf("Send = %v", err)
		}
		c := oneCall(t, p)
		want := address
		if s.NoCallback {
			want = ""
		}
		if sent := s.read(t, c).CallbackURL; sent != want {
			t.Errorf("the provider was told %q, want %q", sent, want)
		}
		if want == "" && strings.Contains(c.request.URL.String()+string(c.body), "auth.example.com/callbacks") {
			t.Errorf("an address went along that nobody asked for")
		}
	}
}

func testConcurrency(t *testing.T, s Setup) {
	const workers, rounds = 32, 20
	sender, p := s.answering(s.Taken)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := range rounds {
				m := Message()
				m.To = fmt.Sprintf("+1202556%02d%02d", w, i)
				m.Body, m.Code = "text for "+m.To, m.To[6:]
				result, err := sender.Send(t.Context(), m)
				if err != nil || result != s.Result {
					t.Errorf("Send = %+v, %v", result, err)
				}
			}
		})
	}
	group.Wait()

	seen := map[string]int{}
	for _, c := range p.seen() {
		sent := s.read(t, c)
		if sent.Body != s.words(sms.Message{Body: "text for " + sent.To, Code: sent.To[6:]}) {
			t.Errorf("%q went to %s", sent.Body, sent.To)
		}
		seen[sent.To]++
	}
	for to, n := range seen {
		if n != 1 {
			t.Errorf("%d texts to %s, want 1", n, to)
		}
	}
	if len(seen) != workers*rounds {
		t.Errorf("%d numbers got a text, want %d", len(seen), workers*rounds)
	}
}

// testPrinting: a sender in a log line or a panic shows no credentials.
func testPrinting(t *testing.T, s Setup) {
	sender, _ := s.answering(s.Taken)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		s.showsNothing(t, fmt.Sprintf(verb, sender))
		s.showsNothing(t, fmt.Sprintf(verb, struct{ S any }{sender}))
	}
	if encoded, err := json.Marshal(sender); err == nil {
		s.showsNothing(t, string(encoded))
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("sender", "it", sender)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("sender", "it", sender)
	s.showsNothing(t, log.String())
	if len(s.Secrets) == 0 {
		t.Error("the setup names no secrets")
	}
}

// testSettings: whoever set it up wrongly is told all of it, and nothing is sent with it.
func testSettings(t *testing.T, s Setup) {
	p := &provider{answer: s.Taken.response}
	broken := s.Broken(httpx.New(httpx.Options{Transport: p}))
	err := broken.Check()
	if err == nil {
		t.Fatal("Check = nil, want every setting")
	}
	for _, name := range s.Settings {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("Check does not name %s: %v", name, err)
		}
	}
	s.showsNothing(t, err.Error())
	result, err := broken.Send(t.Context(), Message())
	if e := s.outcome(t, result, err); e == nil || e.Class != sms.OtherRoute {
		t.Errorf("Send = %v, want other_route", e)
	}
	if learner, ok := broken.(sms.Learner); ok && learner.Redeemed(t.Context(), s.Result.ProviderID) == nil {
		t.Error("Redeemed = nil")
	}
	if n := len(p.seen()); n != 0 {
		t.Errorf("%d calls, want none", n)
	}
}
