package vendors

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"sync"
)

// Lookup stands in for a program that an operator wrote by docs/fraud.md: it says what numbers are. It checks signatures
// apart from the adapter's code and refuses whatever the page does not promise. It is an http.Handler.
type Lookup struct {
	// Secret is the one that calls must be signed with.
	Secret string
	// Types says what a number is; "mobile" where it says nothing.
	Types map[string]string

	mu     sync.Mutex
	asked  []string
	status int
	body   string
}

// NewLookup makes a program with the secret of the constant.
func NewLookup(types map[string]string) *Lookup { return &Lookup{Secret: WebhookSecret, Types: types} }

// Answer makes the program answer with a status and a body to good calls; 0 for what it should.
func (l *Lookup) Answer(status int, body string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status, l.body = status, body
}

// Asked gives the numbers of all good calls, oldest first.
func (l *Lookup) Asked() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.asked...)
}

// RoundTripper answers requests in the caller's own goroutine. It fits httpx.Options.Transport.
func (l *Lookup) RoundTripper() http.RoundTripper { return inProcess{l} }

// ServeHTTP answers as docs/fraud.md says.
func (l *Lookup) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<10))
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	signed := (&Webhook{Secret: l.Secret}).verify(r.Header, body)
	var in struct {
		Number string `json:"phone_number"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	switch {
	case err != nil || r.Method != http.MethodPost:
		answer(out, http.StatusMethodNotAllowed, nil)
		return
	case signed != nil:
		answer(out, http.StatusUnauthorized, nil)
		return
	case kind != "application/json" || decoder.Decode(&in) != nil || decoder.More() || !isE164(in.Number):
		answer(out, http.StatusBadRequest, nil)
		return
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, in.Number)
	if l.status != 0 {
		out.WriteHeader(l.status)
		_, _ = io.WriteString(out, l.body)
		return
	}
	what := l.Types[in.Number]
	if what == "" {
		what = "mobile"
	}
	answer(out, http.StatusOK, map[string]any{"type": what})
}
