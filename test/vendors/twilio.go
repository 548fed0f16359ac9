package vendors

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// The account and sender that a new Twilio knows.
const (
	TwilioAccount = "AC00000000000000000000000000000001"
	TwilioToken   = "0123456789abcdef0123456789abcdef"
	TwilioFrom    = "+15017122661"
	TwilioService = "MG00000000000000000000000000000001"
)

// Text is one message that a client wanted to have sent, with what the fake answered.
type Text struct {
	// SID is the id the fake gave, or "" when it refused.
	SID string
	// The parameters of the request. Ref is our own id, where the provider takes one.
	To, From, Service, Body, Callback, Ref string
	Validity                               int
	// Channel is "whatsapp" or "voice", or "" for a text. Body is then the code, or what is said in a call, line by
	// line; Validity is how long the call may ring. Content names the template, Language that of template or voice.
	Channel, Content, Language string
	// At is when the request was read, by the clock of the bubble if there is one.
	At time.Time
	// Status and Code are the answer's.
	Status, Code int
}

// Behaviour is how the fake treats requests that have nothing wrong in themselves. The zero value takes them at once.
type Behaviour struct {
	// Delay is waited before the answer. The message counts as taken before it.
	Delay time.Duration
	// Hang waits until the client gives up; the message counts as taken.
	Hang bool
	// Code refuses with one of Twilio's codes, with Status or 400.
	Code int
	// Status refuses with an HTTP status; without a Code the answer is not JSON, like that of a broken proxy.
	Status int
	// RetryAfter is sent as the header of that name, in seconds.
	RetryAfter int
	// Garbage answers 201 and something that is not a message.
	Garbage bool
	// Drop closes the connection without an answer; the message counts as taken.
	Drop bool
	// Redirect answers 307 and this address.
	Redirect string
}

// Slow takes every message and answers after a while.
func Slow(d time.Duration) Behaviour { return Behaviour{Delay: d} }

// Hang takes every message and never answers.
func Hang() Behaviour { return Behaviour{Hang: true} }

// Refuse answers 400 with one of Twilio's codes.
func Refuse(code int) Behaviour { return Behaviour{Code: code} }

// TooMany answers 429 as Twilio does.
func TooMany(retryAfter int) Behaviour {
	return Behaviour{Code: 20429, Status: http.StatusTooManyRequests, RetryAfter: retryAfter}
}

// Broken answers 500 with something that is not JSON.
func Broken() Behaviour { return Behaviour{Status: http.StatusInternalServerError} }

// Twilio stands in for the creation of messages and calls at https://api.twilio.com (the parameters and refusals are
// those of https://www.twilio.com/docs/messaging/api/message-resource,
// https://www.twilio.com/docs/voice/api/call-resource and https://www.twilio.com/docs/api/errors, read 2026-11-22 and
// 2026-11-23). It is an http.Handler; RoundTripper and Serve connect it without a socket. It is stricter than the real
// one: parameters that it does not know are refused.
type Twilio struct {
	door
	// Account and Token are what a client must present; Froms and Services the senders of the account, WhatsApps and
	// Voices those of the other channels, Contents its approved templates.
	Account, Token                               string
	Froms, Services, WhatsApps, Voices, Contents []string
	// QueueTime is how long calls wait.
	QueueTime time.Duration
	// OnText is called with each text that was taken, before the answer. It must not block.
	OnText func(Text)
	// Forget keeps counts only, for benchmarks with millions of texts.
	Forget bool

	// Desk answers what is asked about the account.
	Desk Desk

	taken, refused atomic.Int64

	mu     sync.Mutex
	all    Behaviour
	byTo   map[string]Behaviour
	texts  []Text
	waking chan struct{}
}

// NewTwilio makes a fake that knows the account and senders of the constants.
func NewTwilio() *Twilio {
	t := &Twilio{
		Account: TwilioAccount, Token: TwilioToken,
		Froms: []string{TwilioFrom}, Services: []string{TwilioService}, WhatsApps: []string{TwilioWhatsApp},
		Voices: []string{TwilioVoice}, Contents: []string{TwilioContent},
		byTo: map[string]Behaviour{}, waking: make(chan struct{}),
	}
	t.door = door{t}
	return t
}

// Behave sets how the fake treats all numbers that BehaveTo does not name.
func (t *Twilio) Behave(b Behaviour) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = b
}

// BehaveTo sets how the fake treats one number.
func (t *Twilio) BehaveTo(to string, b Behaviour) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byTo[to] = b
}

// Taken is the number of texts that were taken.
func (t *Twilio) Taken() int { return int(t.taken.Load()) }

// Refused is the number of requests that were refused, for whatever reason.
func (t *Twilio) Refused() int { return int(t.refused.Load()) }

// Texts gives all that was asked for, taken or refused, oldest first.
func (t *Twilio) Texts() []Text {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Text(nil), t.texts...)
}

// Changed gives a channel that is closed at the next text. Take it, then look at Texts, then wait.
func (t *Twilio) Changed() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waking
}

// ServeHTTP answers as Twilio would.
func (t *Twilio) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !t.authorized(r) {
		t.refused.Add(1)
		refuse(w, http.StatusUnauthorized, 20003, 0)
		return
	}
	if t.question(w, r) {
		return
	}
	read := map[string]func(*http.Request) (Text, int){
		"/2010-04-01/Accounts/" + t.Account + "/Messages.json": t.read,
		"/2010-04-01/Accounts/" + t.Account + "/Calls.json":    t.readCall,
	}[r.URL.Path]
	if read == nil {
		t.refused.Add(1)
		refuse(w, http.StatusNotFound, 20404, 0)
		return
	}
	if r.Method != http.MethodPost {
		t.refused.Add(1)
		refuse(w, http.StatusMethodNotAllowed, 0, 0)
		return
	}

	text, code := read(r)
	if code != 0 {
		t.keep(text, http.StatusBadRequest, code)
		refuse(w, http.StatusBadRequest, code, 0)
		return
	}
	t.answer(w, r, text, t.behaviour(text.To))
}

func (t *Twilio) authorized(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	return ok && user == t.Account && subtle.ConstantTimeCompare([]byte(password), []byte(t.Token)) == 1
}

func (t *Twilio) behaviour(to string) Behaviour {
	t.mu.Lock()
	defer t.mu.Unlock()
	if b, ok := t.byTo[to]; ok {
		return b
	}
	return t.all
}

// answer does to a good request what the behaviour says.
func (t *Twilio) answer(w http.ResponseWriter, r *http.Request, text Text, b Behaviour) {
	if b.Code != 0 || b.Status != 0 || b.Redirect != "" {
		wait(r, b.Delay)
		t.turnAway(w, text, b)
		return
	}

	text.SID = newSID(map[string]string{"": "SM", "whatsapp": "SM", "voice": "CA"}[text.Channel])
	t.keep(text, http.StatusCreated, 0)
	if b.Hang {
		<-r.Context().Done()
		return
	}
	wait(r, b.Delay)
	switch {
	case b.Drop:
		panic(http.ErrAbortHandler)
	case b.Garbage:
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte("<html>Created</html>"))
	case text.Channel == "voice":
		t.calling(w, text)
	default:
		t.created(w, text)
	}
}

func (t *Twilio) turnAway(w http.ResponseWriter, text Text, b Behaviour) {
	status := b.Status
	if b.Redirect != "" {
		status = http.StatusTemporaryRedirect
		w.Header().Set("Location", b.Redirect)
	}
	if status == 0 {
		status = http.StatusBadRequest
	}
	t.keep(text, status, b.Code)
	refuse(w, status, b.Code, b.RetryAfter)
}

func (t *Twilio) keep(text Text, status, code int) {
	text.Status, text.Code, text.At = status, code, time.Now()
	if text.SID == "" {
		t.refused.Add(1)
	} else {
		t.taken.Add(1)
		if t.OnText != nil {
			t.OnText(text)
		}
	}
	if t.Forget {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.texts = append(t.texts, text)
	close(t.waking)
	t.waking = make(chan struct{})
}

// refuse answers with Twilio's error body, or with a page when there is no code.
func refuse(w http.ResponseWriter, status, code, retryAfter int) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	if code == 0 {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = w.Write([]byte("<html><body>" + http.StatusText(status) + "</body></html>"))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"code": code, "status": status,
		"message":   "The 'To' number +12025550123 has a problem.",
		"more_info": "https://www.twilio.com/docs/errors/" + strconv.Itoa(code),
	})
}

func wait(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

func newSID(prefix string) string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return prefix + hex.EncodeToString(b[:])
}

func one(form url.Values, name string) (string, bool) {
	values := form[name]
	if len(values) == 0 {
		return "", true
	}
	return values[0], len(values) == 1
}
