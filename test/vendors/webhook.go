package vendors

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// The secrets that a new Webhook shares: the one of today, and the one that it is changed to.
const (
	WebhookSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	WebhookNext   = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
)

// Webhook stands in for a program that an operator wrote by docs/providers.md. It checks signatures by Standard
// Webhooks (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, read
// 2026-11-23), apart from the adapter's code, and refuses whatever the page does not promise. It is an http.Handler.
type Webhook struct {
	door
	// Secret is the one that calls must be signed with.
	Secret string

	mu    sync.Mutex
	texts []Text
	do    Behaviour
	ids   map[string]string // by our id: a text that comes again is not sent again
}

// NewWebhook makes a program with the secret of the constant.
func NewWebhook() *Webhook {
	w := &Webhook{Secret: WebhookSecret, ids: map[string]string{}}
	w.door = door{w}
	return w
}

// Behave sets how the program treats good calls: Delay, Hang, Status with RetryAfter, Garbage, Drop and Redirect.
func (w *Webhook) Behave(b Behaviour) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.do = b
}

// Texts gives all good calls, oldest first, with the status of their answer. A text that came again is in it again,
// with the SID of the first time.
func (w *Webhook) Texts() []Text {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Text(nil), w.texts...)
}

// ServeHTTP answers as docs/providers.md says.
func (w *Webhook) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	text, id, status, reason := w.read(r)
	if status != 0 {
		answer(out, status, map[string]any{"class": "other_route", "code": "bad_call", "reason": reason})
		return
	}
	do := w.keep(id, &text)
	wait(r, do.Delay)
	switch {
	case do.Hang:
		<-r.Context().Done()
	case do.Drop:
		panic(http.ErrAbortHandler)
	case do.Redirect != "":
		http.Redirect(out, r, do.Redirect, http.StatusTemporaryRedirect)
	case do.Garbage:
		_, _ = io.WriteString(out, "<html>OK</html>")
	case do.Status != 0:
		if do.RetryAfter > 0 {
			out.Header().Set("Retry-After", strconv.Itoa(do.RetryAfter))
		}
		answer(out, do.Status, map[string]any{"code": strconv.Itoa(do.Code), "reason": "no text to " + text.To})
	default:
		answer(out, http.StatusAccepted, map[string]any{
			"provider_id": text.SID, "segments": 1, "price": map[string]string{"amount": "0.0075", "currency": "USD"},
		})
	}
}

func answer(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// keep notes a good call and gives its text the id of the first time.
func (w *Webhook) keep(id string, text *Text) Behaviour {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.do.Status == 0 && w.do.Redirect == "" {
		if w.ids[id] == "" {
			w.ids[id] = newSID("wh")
		}
		text.SID = w.ids[id]
	}
	text.At, text.Status = time.Now(), w.do.Status
	w.texts = append(w.texts, *text)
	return w.do
}

// call is the body that the program understands.
type webhookCall struct {
	ID          *string `json:"id"`
	To          *string `json:"to"`
	Body        *string `json:"body"`
	ValidFor    *int    `json:"valid_for_seconds"`
	CallbackURL string  `json:"callback_url"`
}

// read takes a call apart and gives the status it is refused with, or 0.
func (w *Webhook) read(r *http.Request) (text Text, id string, status int, reason string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 20<<10))
	if err != nil || r.Method != http.MethodPost {
		return text, "", http.StatusMethodNotAllowed, "only POST"
	}
	if err := w.verify(r.Header, body); err != nil {
		return text, "", http.StatusUnauthorized, err.Error()
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return text, "", http.StatusUnsupportedMediaType, "only JSON"
	}
	var in webhookCall
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil || decoder.More() {
		return text, "", http.StatusBadRequest, "not the promised JSON"
	}
	switch {
	case in.ID == nil || *in.ID != r.Header.Get("webhook-id"):
		reason = "the id is not the webhook-id"
	case in.To == nil || !isE164(*in.To):
		reason = "no number"
	case in.Body == nil || *in.Body == "" || !utf8.ValidString(*in.Body):
		reason = "no text"
	case in.ValidFor == nil || *in.ValidFor < 1:
		reason = "no validity"
	case in.CallbackURL != "" && !isCallback(in.CallbackURL):
		reason = "no callback URL"
	default:
		return Text{To: *in.To, Body: *in.Body, Callback: in.CallbackURL, Validity: *in.ValidFor}, *in.ID, 0, ""
	}
	return text, "", http.StatusBadRequest, reason
}

// verify checks a call's signature as the specification's "Verifying signatures" says.
func (w *Webhook) verify(h http.Header, body []byte) error {
	seconds, err := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
	if err != nil || len(h.Values("webhook-id")) != 1 || h.Get("webhook-id") == "" {
		return errors.New("no id or no time")
	}
	if age := time.Since(time.Unix(seconds, 0)); age.Abs() > 5*time.Minute {
		return fmt.Errorf("signed %v ago", age)
	}
	want := SignWebhook(w.Secret, h.Get("webhook-id"), seconds, body)
	for _, one := range strings.Split(h.Get("webhook-signature"), " ") {
		if one == want {
			return nil
		}
	}
	return errors.New("no signature of ours")
}

// SignWebhook gives the signature of a call, as one entry of the webhook-signature header.
func SignWebhook(secret, id string, seconds int64, body []byte) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		panic("vendors: a secret that is not base64")
	}
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%d.%s", id, seconds, body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// SignedReport makes the request that reports on a text, with any body, signed at a time.
func (w *Webhook) SignedReport(address string, at time.Time, body []byte) *http.Request {
	r := httptest.NewRequest(http.MethodPost, address, bytes.NewReader(body))
	r.RequestURI = "" // Set for handlers; a client must not send it.
	id := newSID("report_")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Webhook-Id", id)
	r.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	r.Header.Set("Webhook-Signature", SignWebhook(w.Secret, id, at.Unix(), body))
	return r
}
