package vendors

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The workspace and sender that a new Bird knows, and the secret of its webhook endpoint.
const (
	BirdKey    = "bk_us1_0123456789abcdefghijklmnop"
	BirdFrom   = "+12025550150"
	BirdSecret = "whsec_YmlyZC1iaXJkLWJpcmQtYmlyZC1iaXJkLWJpcmQtYg=="
)

// Bird stands in for POST /v1/sms/messages of the Bird API (Bird's OpenAPI document 1.0.0, read 2026-11-23). It is an
// http.Handler; RoundTripper and Serve connect it without a socket. It is stricter than the real one: parameters that our
// adapter has no need for are refused.
type Bird struct {
	door
	*book
	// Key is what a client must present; Froms are the workspace's senders.
	Key   string
	Froms []string
	// Secret signs events.
	Secret string
	// Desk answers what is asked about the account.
	Desk Desk
}

// NewBird makes a fake that knows the workspace and sender of the constants.
func NewBird() *Bird {
	b := &Bird{book: newBook(), Key: BirdKey, Froms: []string{BirdFrom}, Secret: BirdSecret}
	b.door = door{b}
	return b
}

// ServeHTTP answers as Bird would.
func (b *Bird) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const messages = "/v1/sms/messages"
	switch {
	case r.Header.Get("Authorization") != "Bearer "+b.Key:
		b.refused.Add(1)
		refuseBird(w, http.StatusUnauthorized, "Unauthorized", 1, 0)
	case r.Method == http.MethodGet && r.URL.Path == messages && r.URL.RawQuery == "limit=1&status=scheduled":
		b.Desk.answer(w, r, "bird messages", nil)
	case r.Method == http.MethodPost && r.URL.Path == messages:
		text, name := b.read(r)
		status := 0
		if name != "" {
			status = http.StatusUnprocessableEntity
		}
		refuse := func(w http.ResponseWriter, status, number, retryAfter int) {
			refuseBird(w, status, name, number, retryAfter)
		}
		b.serve(w, r, text, status, status, refuse, newSID("sms_"), http.StatusAccepted, func(text Text) { accepted(w, text) })
	default:
		b.refused.Add(1)
		refuseBird(w, http.StatusNotFound, "NotFound", 1, 0)
	}
}

// accepted answers with the message. What has the category authentication comes back without its text.
func accepted(w http.ResponseWriter, text Text) {
	answer(w, http.StatusAccepted, map[string]any{
		"id": text.SID, "direction": "outbound", "status": "accepted", "to": text.To, "from": text.From, "text": "**REDACTED**",
		"category": "authentication", "segments": map[string]any{"count": 1, "encoding": "GSM_7BIT", "characters": len(text.Body)},
		"cost": nil, "requested_language": nil, "resolved_language": nil, "template_id": nil, "template_version_id": nil,
		"template_content_hash": nil, "created_at": "2026-11-23T05:00:00Z", "sent_at": nil, "delivered_at": nil,
	})
}

// read takes a request apart and gives the name of the error it is refused with, or "".
func (b *Bird) read(r *http.Request) (Text, string) {
	var in struct {
		To, From, Text, Category string
		Metadata                 *struct{ Message string }
	}
	if !strict(r, &in) {
		return Text{}, "SMSUnsupportedFeature"
	}
	text := Text{To: in.To, From: in.From, Body: in.Text}
	if in.Metadata != nil {
		text.Ref = in.Metadata.Message
	}
	switch {
	case !isE164(text.To):
		return text, "SMSInvalidRecipient"
	case !slices.Contains(b.Froms, text.From):
		return text, "SMSSenderNotConfigured"
	case text.Body == "", len([]rune(text.Body)) > 1836, in.Category != "authentication", in.Metadata != nil && text.Ref == "":
		return text, "ValidationFailed"
	}
	return text, ""
}

// refuseBird answers with the API's error body, or with a page when there is no code.
func refuseBird(w http.ResponseWriter, status int, name string, number, retryAfter int) {
	if number == 0 {
		pageOf(w, status, retryAfter)
		return
	}
	if name == "" {
		name = "InternalError"
	}
	answer(w, status, BirdError(name))
}

// BirdError is the body of an answer that is not a message.
func BirdError(name string) map[string]any {
	return map[string]any{"error": map[string]any{
		"type": "validation_error", "code": "E01999", "name": name, "message": "The number +12025550123 is not valid",
		"doc_url": "https://bird.com/docs/errors/E01999", "request_id": "req_1", "details": []any{},
	}}
}

// BirdEvent is an event on a text, with why it failed or "".
func BirdEvent(text Text, kind, code string) map[string]any {
	data := map[string]any{
		"sms_id": text.SID, "workspace_id": "ws_1", "to": text.To, "from": text.From, "metadata": map[string]any{"message": text.Ref},
	}
	if code != "" {
		data["error"] = map[string]any{
			"code": code, "description": "The number " + text.To + " is not valid", "carrier_error_code": "30003",
			"occurred_at": "2026-11-23T05:00:01Z",
		}
	}
	return map[string]any{"type": "sms." + kind, "timestamp": "2026-11-23T05:00:01Z", "data": data}
}

// Event makes the request with which Bird tells what became of a text.
func (b *Bird) Event(address string, text Text, kind, code string) *http.Request {
	body, _ := json.Marshal(BirdEvent(text, kind, code))
	return b.Post(address, newSID("evt_"), time.Now(), string(body))
}

// Post makes a signed request with any body.
func (b *Bird) Post(address, id string, at time.Time, body string) *http.Request {
	r := callback(address, "application/json", body)
	r.Header.Set("Webhook-Id", id)
	r.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	r.Header.Set("Webhook-Signature", SignWebhook(b.Secret, id, at.Unix(), []byte(body)))
	return r
}

// Inbound makes the request with which Bird passes a text on (https://bird.com/en-sg/products/sms/two-way, read
// 2026-11-23).
func (b *Bird) Inbound(address string, in Inbound) *http.Request {
	body, _ := json.Marshal(map[string]any{
		"type": "sms.received", "timestamp": "2026-11-23T05:00:01Z",
		"data": map[string]any{"sms_id": "sms_in", "from": in.From, "to": BirdFrom, "text": in.Body},
	})
	return b.Post(address, in.ID, time.Now(), string(body))
}
