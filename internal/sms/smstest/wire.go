package smstest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

// provider answers calls in the caller's own goroutine and keeps them.
type provider struct {
	answer func(r *http.Request) *http.Response

	mu    sync.Mutex
	calls []call
}

type call struct {
	request *http.Request
	body    []byte
}

// RoundTrip reads the whole call, as a server would.
func (p *provider) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		_ = r.Body.Close()
		body = b
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.calls = append(p.calls, call{r, body})
	p.mu.Unlock()
	res := p.answer(r)
	res.Request = r
	return res, nil
}

func (p *provider) seen() []call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]call(nil), p.calls...)
}

func (a Answer) response(*http.Request) *http.Response {
	status := a.Status
	if status == 0 {
		status = http.StatusOK
	}
	res := &http.Response{
		StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(strings.NewReader(a.Body)), ContentLength: int64(len(a.Body)),
	}
	for name, value := range a.Header {
		res.Header.Set(name, value)
	}
	return res
}

// answering makes a sender whose provider always says the same.
func (s Setup) answering(a Answer) (sms.Sender, *provider) { return s.serving(a.response) }

func (s Setup) serving(f func(*http.Request) *http.Response) (sms.Sender, *provider) {
	p := &provider{answer: f}
	return s.New(httpx.New(httpx.Options{Transport: p}), BaseURL), p
}

// send sends the suite's message and looks at what must hold for every outcome.
func (s Setup) send(t *testing.T, sender sms.Sender) (sms.Result, *sms.Error) {
	t.Helper()
	result, err := sender.Send(t.Context(), Message())
	return result, s.outcome(t, result, err)
}

// outcome checks what every Send promises: a result with an id, or an *sms.Error that is whole and shows nothing.
func (s Setup) outcome(t *testing.T, result sms.Result, err error) *sms.Error {
	t.Helper()
	if err == nil {
		if result.ProviderID == "" || result.Segments < 0 || result.Price.Micros < 0 {
			t.Errorf("Send = %+v, want an id and nothing below zero", result)
		}
		return nil
	}
	if result != (sms.Result{}) {
		t.Errorf("Send = %+v with %v, want either", result, err)
	}
	return s.failure(t, err)
}

func (s Setup) failure(t *testing.T, err error) *sms.Error {
	t.Helper()
	e, ok := errors.AsType[*sms.Error](err)
	if !ok || e == nil {
		t.Fatalf("the error is a %T (%v), want an *sms.Error", err, err)
	}
	if e.Class < sms.Permanent || e.Class > sms.OptedOut || e.Reason == "" || e.RetryAfter < 0 {
		t.Errorf("the error is not whole: %+v", *e)
	}
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		s.showsNothing(t, fmt.Sprintf(verb, err))
		s.showsNothing(t, fmt.Sprintf(verb, *e))
	}
	return e
}

// showsNothing fails when a text that may be logged holds a piece of the message or a credential.
func (s Setup) showsNothing(t *testing.T, shown string) {
	t.Helper()
	for _, hidden := range append([]string{To[1:], Code, callbackMAC}, s.Secrets...) {
		if strings.Contains(shown, hidden) {
			t.Errorf("%q shows in %q", hidden, shown)
		}
	}
}

// oneCall gives the only call that was made: a Send that calls twice may send twice.
func oneCall(t *testing.T, p *provider) call {
	t.Helper()
	calls := p.seen()
	if len(calls) != 1 {
		t.Fatalf("%d calls, want 1", len(calls))
	}
	return calls[0]
}

func (s Setup) read(t *testing.T, c call) Sent {
	t.Helper()
	r := c.request.Clone(t.Context())
	r.Body = io.NopCloser(bytes.NewReader(c.body))
	return s.Read(t, r, c.body)
}

// words are what a call is to say of a message.
func (s Setup) words(m sms.Message) string {
	if s.Words == nil {
		return m.Body
	}
	return s.Words(m)
}
