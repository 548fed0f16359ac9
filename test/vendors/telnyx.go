package vendors

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// The account and sender that a new Telnyx knows.
const (
	TelnyxKey     = "KEY0123456789ABCDEF0123456789ABCDEF_abcdefghijklmnopqrstuv"
	TelnyxFrom    = "+13125550001"
	TelnyxName    = "Acme Login"
	TelnyxProfile = "83d2343b-553f-4c5f-b8c8-fd27004f94bf"
)

// Telnyx stands in for POST /v2/messages at https://api.telnyx.com
// (https://developers.telnyx.com/api-reference/messages/send-a-message, the codes of
// https://developers.telnyx.com/docs/messaging/messages/error-codes, both read 2026-11-23). It is an http.Handler;
// RoundTripper and Serve connect it without a socket. It is stricter than the real one: parameters that are not in the
// documentation are refused.
type Telnyx struct {
	door
	*book
	// Key is what a client must present; Froms and Profiles are the account's numbers, names and messaging profiles.
	Key             string
	Froms, Profiles []string
	// Wait is the time for which messages are held back, as wait_seconds tells.
	Wait time.Duration

	// Desk answers what is asked about the account.
	Desk Desk

	private ed25519.PrivateKey
}

// NewTelnyx makes a fake that knows the account and senders of the constants. Its signing key is always the same.
func NewTelnyx() *Telnyx {
	t := &Telnyx{
		book: newBook(), Key: TelnyxKey, Froms: []string{TelnyxFrom, TelnyxName}, Profiles: []string{TelnyxProfile},
		private: ed25519.NewKeyFromSeed([]byte("the seed of a Telnyx for tests..")),
	}
	t.door = door{t}
	return t
}

// OtherTelnyx is the same with another signing key, as somebody else would have.
func OtherTelnyx() *Telnyx {
	t := NewTelnyx()
	t.private = ed25519.NewKeyFromSeed([]byte("the seed of somebody else's key."))
	return t
}

// PublicKey is the key with which webhooks are checked, in the form of the portal.
func (t *Telnyx) PublicKey() string {
	return base64.StdEncoding.EncodeToString(t.private.Public().(ed25519.PublicKey))
}

// ServeHTTP answers as Telnyx would.
func (t *Telnyx) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Authorization") != "Bearer "+t.Key:
		t.refused.Add(1)
		refuseTelnyx(w, http.StatusUnauthorized, 10009, 0)
		return
	case t.question(w, r):
		return
	case r.URL.Path != "/v2/messages" || r.Method != http.MethodPost:
		t.refused.Add(1)
		refuseTelnyx(w, http.StatusNotFound, 10005, 0)
		return
	}
	text, status, code := t.read(r)
	t.serve(w, r, text, status, code, refuseTelnyx, newUUID(), http.StatusOK, func(text Text) { t.created(w, text) })
}

// created answers with the message, queued.
func (t *Telnyx) created(w http.ResponseWriter, text Text) {
	m := t.message(text, "queued")
	m["wait_seconds"] = t.Wait.Seconds()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"data": m})
}

// message is a message as answers and webhooks show it, every field of the documentation.
func (t *Telnyx) message(text Text, status string) map[string]any {
	at := text.At
	if at.IsZero() {
		at = time.Now()
	}
	profile := text.Service
	if profile == "" {
		profile = TelnyxProfile
	}
	return map[string]any{
		"record_type": "message", "direction": "outbound", "id": text.SID, "type": "SMS",
		"messaging_profile_id": profile, "organization_id": "9d76d591-1b7d-405d-8c64-1320ee070245",
		"from": map[string]any{"phone_number": text.From, "carrier": "Telnyx", "line_type": "Wireless"},
		"to": []any{map[string]any{
			"phone_number": text.To, "status": status, "carrier": "T-MOBILE USA, INC.", "line_type": "Wireless",
		}},
		"cc": []any{}, "text": text.Body, "subject": nil, "media": []any{}, "webhook_url": text.Callback,
		"webhook_failover_url": nil, "encoding": "GSM-7", "parts": 1, "tags": []any{},
		"cost": map[string]any{"amount": "0.0051", "currency": "USD"},
		"cost_breakdown": map[string]any{
			"carrier_fee": map[string]any{"amount": "0.00305", "currency": "USD"},
			"rate":        map[string]any{"amount": "0.00205", "currency": "USD"},
		},
		"tcr_campaign_id": nil, "tcr_campaign_billable": false, "tcr_campaign_registered": nil,
		"received_at": at.UTC().Format(time.RFC3339Nano), "sent_at": nil, "completed_at": nil,
		"valid_until": at.UTC().Add(time.Hour).Format(time.RFC3339Nano), "errors": []any{},
	}
}

// Webhook makes the request with which Telnyx reports a status of a text, signed now. code is for the failed statuses,
// else 0. The address is the text's own webhook address.
func (t *Telnyx) Webhook(text Text, status string, code int) *http.Request {
	event := "message.finalized"
	if status == "queued" || status == "sending" || status == "sent" {
		event = "message.sent"
	}
	m := t.message(text, status)
	if code != 0 {
		m["errors"] = []any{telnyxProblem(code)}
	}
	body, _ := json.Marshal(map[string]any{
		"data": map[string]any{
			"record_type": "event", "id": newUUID(), "event_type": event,
			"occurred_at": time.Now().UTC().Format(time.RFC3339Nano), "payload": m,
		},
		"meta": map[string]any{"attempt": 1, "delivered_to": text.Callback},
	})
	return t.SignedWebhook(text.Callback, body, time.Now())
}

// SignedWebhook makes a webhook with any body, signed at some time.
func (t *Telnyx) SignedWebhook(address string, body []byte, at time.Time) *http.Request {
	seconds := strconv.FormatInt(at.Unix(), 10)
	signature := ed25519.Sign(t.private, []byte(seconds+"|"+string(body)))
	r := callback(address, "application/json", string(body))
	r.Header.Set("Telnyx-Timestamp", seconds)
	r.Header.Set("Telnyx-Signature-Ed25519", base64.StdEncoding.EncodeToString(signature))
	return r
}

func telnyxProblem(code int) map[string]any {
	return map[string]any{
		"code": strconv.Itoa(code), "title": "A problem",
		"detail": "Messages cannot be sent from '+13125550001' to '+12025550123'.",
		"source": map[string]any{"pointer": telnyxPointers[code]},
	}
}

// refuseTelnyx answers with the API's error body, or with a page when there is no code.
func refuseTelnyx(w http.ResponseWriter, status, code, retryAfter int) {
	if retryAfter > 0 {
		w.Header().Set("X-Ratelimit-Reset", strconv.Itoa(retryAfter))
	}
	if code == 0 {
		pageOf(w, status, 0)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{telnyxProblem(code)}})
}
