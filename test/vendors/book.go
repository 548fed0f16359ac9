package vendors

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// book is what a provider's stand-in notes of the calls it gets, and how it was told to behave. Make it with newBook.
type book struct {
	// OnText is called with each text that was taken, before the answer. It must not block.
	OnText func(Text)

	taken, refused atomic.Int64

	mu     sync.Mutex
	all    Behaviour
	byTo   map[string]Behaviour
	texts  []Text
	waking chan struct{}
}

func newBook() *book { return &book{byTo: map[string]Behaviour{}, waking: make(chan struct{})} }

// Behave sets how the fake treats all numbers that BehaveTo does not name.
func (b *book) Behave(do Behaviour) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = do
}

// BehaveTo sets how the fake treats one number, in E.164 form.
func (b *book) BehaveTo(to string, do Behaviour) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.byTo[to] = do
}

// Taken is the number of texts that were taken.
func (b *book) Taken() int { return int(b.taken.Load()) }

// Refused is the number of requests that were refused, for whatever reason.
func (b *book) Refused() int { return int(b.refused.Load()) }

// Texts gives all that was asked for, taken or refused, oldest first.
func (b *book) Texts() []Text {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Text(nil), b.texts...)
}

// Changed gives a channel that is closed at the next text. Take it, then look at Texts, then wait.
func (b *book) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waking
}

func (b *book) behaviour(to string) Behaviour {
	b.mu.Lock()
	defer b.mu.Unlock()
	if do, ok := b.byTo[to]; ok {
		return do
	}
	return b.all
}

// keep notes a text; one without an id was refused.
func (b *book) keep(text Text, status, code int) Text {
	text.Status, text.Code, text.At = status, code, time.Now()
	if text.SID == "" {
		b.refused.Add(1)
	} else {
		b.taken.Add(1)
		if b.OnText != nil {
			b.OnText(text)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.texts = append(b.texts, text)
	close(b.waking)
	b.waking = make(chan struct{})
	return text
}

// turnAway answers a good request with what the behaviour has against it, in the provider's form for a refusal, and
// reports whether there was anything.
func (b *book) turnAway(w http.ResponseWriter, r *http.Request, text Text, do Behaviour, refuse refusal) bool {
	if do.Code == 0 && do.Status == 0 && do.Redirect == "" {
		return false
	}
	wait(r, do.Delay)
	status := do.Status
	if do.Redirect != "" {
		status = http.StatusTemporaryRedirect
		w.Header().Set("Location", do.Redirect)
	}
	if status == 0 {
		status = http.StatusBadRequest
	}
	b.keep(text, status, do.Code)
	refuse(w, status, do.Code, do.RetryAfter)
	return true
}

// refusal writes a provider's refusal: with its code, or a page of something in between when that is 0.
type refusal func(w http.ResponseWriter, status, code, retryAfter int)

// take answers a good request as the behaviour says, after the text was noted with its id.
func take(w http.ResponseWriter, r *http.Request, do Behaviour, status int, answer func()) {
	if do.Hang {
		<-r.Context().Done()
		return
	}
	wait(r, do.Delay)
	switch {
	case do.Drop:
		panic(http.ErrAbortHandler)
	case do.Garbage:
		w.WriteHeader(status)
		_, _ = w.Write([]byte("<html>Created</html>"))
	default:
		answer()
	}
}

// strict reads the JSON of a request, and nothing of it that v has no field for.
func strict(r *http.Request, v any) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	raw, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	return err == nil && kind == "application/json" && utf8.Valid(raw) && r.URL.RawQuery == "" && decoder.Decode(v) == nil &&
		!decoder.More()
}

// serve answers a call for a message that was read: it is refused with the status and code that were found, if any, else
// treated as the behaviour says, and at last taken under an id with the status ok.
func (b *book) serve(
	w http.ResponseWriter, r *http.Request, text Text, status, code int, refuse refusal, id string, ok int, answer func(Text),
) {
	if status != 0 {
		b.keep(text, status, code)
		refuse(w, status, code, 0)
		return
	}
	do := b.behaviour(text.To)
	if b.turnAway(w, r, text, do, refuse) {
		return
	}
	text.SID = id
	text = b.keep(text, ok, 0)
	take(w, r, do, ok, func() { answer(text) })
}

// callback makes the request of a callback, as a client sends it.
func callback(address, kind, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, address, strings.NewReader(body))
	r.RequestURI = "" // Set for handlers; a client must not send it.
	r.Header.Set("Content-Type", kind)
	return r
}

// pageOf answers with a page of something in between.
func pageOf(w http.ResponseWriter, status, retryAfter int) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("<html><body>" + http.StatusText(status) + "</body></html>"))
}
