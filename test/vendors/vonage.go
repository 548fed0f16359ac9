package vendors

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"time"
)

// The account, application and sender that a new Vonage knows.
const (
	VonageAPIKey      = "a1b2c3d4"
	VonageAPISecret   = "Secret0123456789"
	VonageSignature   = "the signature secret of an account, 64 characters or so, as it is"
	VonageApplication = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"
	VonageFrom        = "+447700900001"
	VonageName        = "Acme Login"
)

// Vonage stands in for the Messages API v1, the Voice API v1 and the Conversion API at https://api.nexmo.com (the
// parameters and refusals are those of the OpenAPI document of the Messages API 1.20.0,
// https://developer.vonage.com/en/api/messages, and of definitions/voice.yml and definitions/conversion.yml of
// Nexmo/api-specification, all read 2026-11-23). It is an http.Handler; RoundTripper and
// Serve connect it without a socket. It is stricter than the real one: parameters that it does not know are refused.
type Vonage struct {
	door
	*book
	// APIKey, APISecret and SignatureSecret are the account's, Application its application, Froms its senders.
	APIKey, APISecret, SignatureSecret, Application string
	Froms                                           []string
	// WhatsApps and Voices are the senders of the other channels, Templates the languages of each approved template.
	WhatsApps, Voices []string
	Templates         map[string][]string
	// NoConversions answers the Conversion API as for an account that has not asked for it.
	NoConversions bool
	// Desk answers what is asked about the account.
	Desk Desk

	key      *rsa.PrivateKey
	mu       sync.Mutex
	redeemed []string
}

// vonageKey is the application's key, made once, and short: tests sign with it thousands of times.
var vonageKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // Vonage has 2048 bits; here it guards nothing.
	if err != nil {
		panic(err)
	}
	return key
})

// NewVonage makes a fake that knows the account, application and senders of the constants.
func NewVonage() *Vonage {
	v := &Vonage{
		book: newBook(), APIKey: VonageAPIKey, APISecret: VonageAPISecret, SignatureSecret: VonageSignature,
		Application: VonageApplication, Froms: []string{VonageFrom[1:], VonageName}, key: vonageKey(),
		WhatsApps: []string{VonageWhatsApp[1:]}, Voices: []string{VonageVoice[1:]},
		Templates: map[string][]string{VonageTemplate: {"en", "de", "pt_BR"}},
	}
	v.door = door{v}
	return v
}

// PrivateKey is the application's key in the form of the dashboard's download.
func (v *Vonage) PrivateKey() string {
	der, _ := x509.MarshalPKCS8PrivateKey(v.key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// Redeemed gives the ids of the messages that the Conversion API was told of, oldest first.
func (v *Vonage) Redeemed() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.redeemed)
}

// ServeHTTP answers as Vonage would.
func (v *Vonage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/conversions/sms":
		v.convert(w, r)
	case r.Method == http.MethodPost && r.URL.Path == "/v1/calls":
		v.dial(w, r)
	case r.Method == http.MethodPost && r.URL.Path == "/v1/messages":
		v.send(w, r)
	case v.question(w, r):
	default:
		v.refused.Add(1)
		problem(w, http.StatusNotFound, "#not-found", "Not found.")
	}
}

func (v *Vonage) send(w http.ResponseWriter, r *http.Request) {
	if !v.authorized(r) {
		v.refused.Add(1)
		problem(w, http.StatusUnauthorized, "/#unathorized", "You did not provide correct credentials.")
		return
	}
	text, title, code := v.read(r)
	if title != "" {
		v.keep(text, http.StatusUnprocessableEntity, 0)
		problem(w, http.StatusUnprocessableEntity, code, title)
		return
	}
	do := v.behaviour(text.To)
	if v.turnAway(w, r, text, do, refuseVonage) {
		return
	}
	text.SID = newUUID()
	text = v.keep(text, http.StatusAccepted, 0)
	take(w, r, do, http.StatusAccepted, func() {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(map[string]any{"message_uuid": text.SID})
	})
}

// problem answers with a refusal as RFC 7807 has it.
func problem(w http.ResponseWriter, status int, code, title string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type": "https://developer.vonage.com/api-errors" + code, "title": title,
		"detail": "There is a problem with 12025550123.", "instance": "bf0ca0bf927b3b52e3cb03217e1a1ddf",
	})
}

// refuseVonage answers with one of the Messages API's codes, or with a page when there is none.
func refuseVonage(w http.ResponseWriter, status, code, retryAfter int) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	if code == 0 {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<html><body>%s</body></html>", http.StatusText(status))
		return
	}
	problem(w, status, "/messages#"+strconv.Itoa(code), "A problem")
}

// Webhook makes the request with which Vonage reports a status of a text, signed. code is for "rejected", else 0. The
// address is the text's own webhook address.
func (v *Vonage) Webhook(text Text, status string, code int) *http.Request {
	event := map[string]any{
		"message_uuid": text.SID, "to": text.To, "from": text.From, "channel": cmp.Or(text.Channel, "sms"), "status": status,
		"timestamp": time.Now().UTC().Format(time.RFC3339), "client_ref": text.Ref,
	}
	if text.Channel == "" {
		event["destination"], event["sms"] = map[string]any{"network_code": "12345"}, map[string]any{"count_total": "1"}
	}
	if status == "submitted" {
		event["usage"] = map[string]any{"currency": "EUR", "price": "0.0333"}
	}
	if code != 0 {
		event["error"] = map[string]any{
			"type":  "https://developer.vonage.com/api-errors/messages#" + strconv.Itoa(code),
			"title": strconv.Itoa(code), "detail": "The message to " + text.To + " failed.",
			"instance": "bf0ca0bf927b3b52e3cb03217e1a1ddf",
		}
	}
	body, _ := json.Marshal(event)
	return v.SignedWebhook(text.Callback, body, nil)
}

// SignedWebhook makes a webhook with any body. change, if any, alters the claims before they are signed.
func (v *Vonage) SignedWebhook(address string, body []byte, change func(claims map[string]any)) *http.Request {
	sum := sha256.Sum256(body)
	claims := map[string]any{
		"iat": time.Now().Unix(), "jti": newUUID(), "iss": "Vonage", "payload_hash": hex.EncodeToString(sum[:]),
		"api_key": v.APIKey, "application_id": v.Application,
	}
	if change != nil {
		change(claims)
	}
	r := httptest.NewRequest(http.MethodPost, address, bytes.NewReader(body))
	r.RequestURI = "" // Set for handlers; a client must not send it.
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+v.Token(map[string]any{"alg": "HS256", "typ": "JWT"}, claims))
	return r
}

// Token signs claims with HMAC-SHA-256 (RFC 7515), whatever the header says. It is written apart from the adapter's
// check, so that one tests the other.
func (v *Vonage) Token(header, claims map[string]any) string {
	first, _ := json.Marshal(header)
	second, _ := json.Marshal(claims)
	signed := base64.RawURLEncoding.EncodeToString(first) + "." + base64.RawURLEncoding.EncodeToString(second)
	mac := hmac.New(sha256.New, []byte(v.SignatureSecret))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
