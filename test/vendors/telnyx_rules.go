package vendors

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// telnyxPointers are the places that refusals point at.
var telnyxPointers = map[int]string{
	10002: "/to", 10003: "/webhook_url", 10004: "/to", 10016: "/to", 40302: "/text", 40305: "/from", 40310: "/to",
	40316: "/text", 40325: "/from",
}

// telnyxParams are the parameters of POST /v2/messages (MessageSendParams of the official SDK telnyx-go, made from the
// OpenAPI document, read 2026-11-23). None of them is a validity period.
var telnyxParams = []string{
	"to", "from", "messaging_profile_id", "text", "subject", "media_urls", "webhook_url", "webhook_failover_url",
	"use_profile_webhooks", "type", "auto_detect", "send_at", "encoding",
}

// read takes a request apart and gives the status and code it is refused with, or 0.
func (t *Telnyx) read(r *http.Request) (Text, int, int) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	raw, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if kind != "application/json" {
		return Text{}, http.StatusUnsupportedMediaType, 10014
	}
	var params map[string]any
	if err != nil || r.URL.RawQuery != "" || !utf8.Valid(raw) || json.Unmarshal(raw, &params) != nil {
		return Text{}, http.StatusBadRequest, 10015
	}
	for name, value := range params {
		if name == "use_profile_webhooks" {
			if _, isBool := value.(bool); !isBool {
				return Text{}, http.StatusUnprocessableEntity, 10015
			}
			continue
		}
		if _, isText := value.(string); !isText || !slices.Contains(telnyxParams, name) {
			return Text{}, http.StatusUnprocessableEntity, 10015
		}
	}
	field := func(name string) string { s, _ := params[name].(string); return s }
	text := Text{
		To: field("to"), From: field("from"), Service: field("messaging_profile_id"), Body: field("text"),
		Callback: field("webhook_url"),
	}
	status, code := t.judge(text, params)
	return text, status, code
}

func (t *Telnyx) judge(text Text, params map[string]any) (status, code int) {
	_, hasCallback := params["webhook_url"]
	kind, hasKind := params["type"]
	isName := text.From != "" && strings.Trim(text.From, "+0123456789") != ""
	switch {
	case text.To == "":
		return http.StatusUnprocessableEntity, 10004
	case !strings.HasPrefix(text.To, "+"):
		return http.StatusUnprocessableEntity, 10016
	case !isE164(text.To):
		return http.StatusBadRequest, 40310
	case text.Body == "":
		return http.StatusBadRequest, 40316
	case hasKind && kind != "SMS":
		return http.StatusBadRequest, 40304
	case isName && (len(text.From) > 11 || strings.ContainsAny(text.From, "+-_&.")):
		return http.StatusBadRequest, 40325
	case text.From == "" && text.Service == "", isName && text.Service == "":
		return http.StatusUnprocessableEntity, 10004
	case text.Service != "" && !slices.Contains(t.Profiles, text.Service):
		return http.StatusNotFound, 10005
	case text.From != "" && !slices.Contains(t.Froms, text.From):
		return http.StatusBadRequest, 40305
	case isName && strings.HasPrefix(text.To, "+1"):
		// Names do not reach the United States, Canada and Puerto Rico.
		return http.StatusBadRequest, 40319
	case len(utf16.Encode([]rune(text.Body))) > 10*153:
		return http.StatusBadRequest, 40302
	case hasCallback && (!isCallback(text.Callback) || len(text.Callback) > 2000):
		return http.StatusUnprocessableEntity, 10003
	}
	return 0, 0
}

func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
