package vendors

import (
	"bytes"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Subscriber stands in for a program that is told events. It verifies calls as the specification of Standard Webhooks says
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, read 2026-11-23), apart
// from the sender's code, and finds fault with whatever docs/webhooks.md does not promise. It is an http.Handler.
type Subscriber struct {
	// Now is the clock that signatures are held against; nil is the real one.
	Now func() time.Time

	mu      sync.Mutex
	secrets []string
	do      Behaviour
	doTo    map[string]Behaviour // by host, instead of do
	told    []Told
	faults  []string
	bodies  map[string]string // by webhook-id
	changed chan struct{}
}

// Told is one call.
type Told struct {
	ID     string
	At     time.Time
	Host   string
	Type   string
	Data   map[string]string
	Status int // of our answer, 0 for none
	// Fits tells for each secret, in the order of Share, whether a signature is by it.
	Fits []bool
}

// NewSubscriber makes a program that takes everything, once it shares a secret.
func NewSubscriber() *Subscriber {
	return &Subscriber{bodies: map[string]string{}, doTo: map[string]Behaviour{}, changed: make(chan struct{})}
}

// Share sets the secrets: a call must be signed with one of them.
func (s *Subscriber) Share(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets = secrets
}

// Secrets gives those that it shares.
func (s *Subscriber) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.secrets)
}

// Behave sets how the program treats good calls: Delay, Hang, Status with RetryAfter, Drop and Redirect.
func (s *Subscriber) Behave(b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.do = b
}

// BehaveTo is Behave for the calls to one host alone.
func (s *Subscriber) BehaveTo(host string, b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doTo[host] = b
}

// Calls gives all calls so far, oldest first.
func (s *Subscriber) Calls() []Told {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.told)
}

// Faults gives what was wrong with calls.
func (s *Subscriber) Faults() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.faults)
}

// Changed is closed at the next call.
func (s *Subscriber) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// RoundTripper answers requests in the caller's own goroutine. It fits httpx.Options.Transport.
func (s *Subscriber) RoundTripper() http.RoundTripper { return inProcess{s} }

// Serve answers on a listener until it is stopped.
func (s *Subscriber) Serve(l net.Listener) (stop func()) {
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }()
	return func() { _ = server.Close() }
}

// ServeHTTP takes one call.
func (s *Subscriber) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	told, err := s.read(r)
	if err != nil {
		s.mu.Lock()
		s.faults = append(s.faults, err.Error())
		s.mu.Unlock()
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	do := s.keep(told)
	wait(r, do.Delay)
	switch {
	case do.Hang:
		<-r.Context().Done()
	case do.Drop:
		panic(http.ErrAbortHandler)
	case do.Redirect != "":
		http.Redirect(w, r, do.Redirect, http.StatusTemporaryRedirect)
	case do.Status != 0:
		if do.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(do.RetryAfter))
		}
		w.WriteHeader(do.Status)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *Subscriber) keep(told Told) Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	do, own := s.doTo[told.Host]
	if !own {
		do = s.do
	}
	told.Status = do.Status
	switch {
	case do.Hang || do.Drop:
	case do.Redirect != "":
		told.Status = http.StatusTemporaryRedirect
	case do.Status == 0:
		told.Status = http.StatusNoContent
	}
	s.told = append(s.told, told)
	close(s.changed)
	s.changed = make(chan struct{})
	return do
}

// read takes a call apart, or says what is wrong with it.
func (s *Subscriber) read(r *http.Request) (told Told, err error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 20<<10+1))
	switch {
	case err != nil:
		return told, err
	case len(body) > 20<<10:
		return told, errors.New("a payload above 20 kB")
	case r.Method != http.MethodPost:
		return told, fmt.Errorf("a %s", r.Method)
	case r.Header.Get("Content-Type") != "application/json":
		return told, fmt.Errorf("content type %q", r.Header.Get("Content-Type"))
	}
	told.ID, told.Host = r.Header.Get("webhook-id"), r.Host
	if told.Fits, told.At, err = s.verify(r.Header, body); err != nil {
		return told, err
	}
	return told, s.understand(&told, body)
}

// verify checks the headers as "Webhook headers" and "Verifying signatures" say.
func (s *Subscriber) verify(h http.Header, body []byte) (fits []bool, at time.Time, err error) {
	for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
		if len(h.Values(name)) != 1 || h.Get(name) == "" {
			return nil, at, fmt.Errorf("%d headers %s", len(h.Values(name)), name)
		}
	}
	id := h.Get("webhook-id")
	seconds, err := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
	if err != nil || strings.Contains(id, ".") {
		return nil, at, fmt.Errorf("id %q at %q", id, h.Get("webhook-timestamp"))
	}
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	at = time.Unix(seconds, 0)
	if age := now().Sub(at); age.Abs() > 5*time.Minute {
		return nil, at, fmt.Errorf("signed %v ago", age)
	}
	s.mu.Lock()
	secrets := s.secrets
	s.mu.Unlock()
	given := strings.Split(h.Get("webhook-signature"), " ")
	for _, secret := range secrets {
		want := SignWebhook(secret, id, seconds, body)
		fits = append(fits, slices.ContainsFunc(given, func(one string) bool { return hmac.Equal([]byte(one), []byte(want)) }))
	}
	if !slices.Contains(fits, true) {
		return nil, at, errors.New("no signature of ours")
	}
	return fits, at, nil
}

// understand reads the payload ("Payload structure").
func (s *Subscriber) understand(told *Told, body []byte) error {
	var in struct {
		Type      string            `json:"type"`
		Timestamp time.Time         `json:"timestamp"`
		Data      map[string]string `json:"data"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil || decoder.More() || in.Timestamp.IsZero() || in.Data["project_id"] == "" {
		return fmt.Errorf("not the promised JSON: %s", body)
	}
	if group, name, ok := strings.Cut(in.Type, "."); !ok || group == "" || name == "" {
		return fmt.Errorf("type %q", in.Type)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, known := s.bodies[told.ID]; known && before != string(body) {
		return fmt.Errorf("%s came with another body", told.ID)
	}
	s.bodies[told.ID] = string(body)
	told.Type, told.Data = in.Type, in.Data
	return nil
}
