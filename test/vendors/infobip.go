package vendors

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"unicode/utf16"
)

// The account and senders that a new Infobip knows, and the credentials that it shows with callbacks.
const (
	InfobipKey      = "003026bbc133714df1834b8638bb496e-8f4b3d9a-e931-478d-a994-28a725159ab9"
	InfobipFrom     = "+41793026700"
	InfobipName     = "InfoSMS"
	InfobipUser     = "infobip"
	InfobipPassword = "a-password-for-reports"
)

// Infobip stands in for POST /sms/3/messages of the SMS API (Infobip's OpenAPI document 3.210.0 and
// https://www.infobip.com/docs/essentials/api-essentials/response-status-and-error-codes, read 2026-11-23). It is an
// http.Handler; RoundTripper and Serve connect it without a socket. It is stricter than the real one: parameters that our
// adapter has no need for are refused.
type Infobip struct {
	door
	*book
	// Key is what a client must present; Froms are the account's senders, without a plus.
	Key   string
	Froms []string
	// User and Password are what callbacks show.
	User, Password string
	// Rejected are statuses, by number in E.164 form, with which texts to it are answered.
	Rejected map[string]string
	// Desk answers what is asked about the account.
	Desk Desk
}

// NewInfobip makes a fake that knows the account and senders of the constants.
func NewInfobip() *Infobip {
	i := &Infobip{
		book: newBook(), Key: InfobipKey, Froms: []string{InfobipFrom[1:], InfobipName}, User: InfobipUser,
		Password: InfobipPassword, Rejected: map[string]string{},
	}
	i.door = door{i}
	return i
}

// ServeHTTP answers as Infobip would.
func (i *Infobip) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Authorization") != "App "+i.Key:
		i.refused.Add(1)
		answer(w, http.StatusUnauthorized, map[string]any{"requestError": map[string]any{
			"serviceException": map[string]any{"messageId": "UNAUTHORIZED", "text": "Invalid login details"},
		}})
	case r.Method == http.MethodGet && r.URL.Path == "/account/1/balance":
		i.Desk.answer(w, r, "infobip balance", nil)
	case r.Method == http.MethodPost && r.URL.Path == "/sms/3/messages":
		text, status := i.read(r)
		i.serve(w, r, text, status, status, refuseInfobip, newUUID(), http.StatusOK, func(text Text) { i.accepted(w, text) })
	default:
		i.refused.Add(1)
		refuseInfobip(w, http.StatusNotFound, http.StatusNotFound, 0)
	}
}

// accepted answers with the message, or with the status that it is rejected with.
func (i *Infobip) accepted(w http.ResponseWriter, text Text) {
	status := map[string]any{
		"groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED", "description": "Message sent to next instance",
	}
	if name := i.Rejected[text.To]; name != "" {
		status = map[string]any{"groupId": 5, "groupName": "REJECTED", "id": 51, "name": name, "description": text.To}
	}
	answer(w, http.StatusOK, map[string]any{"bulkId": "2034072219640523072", "messages": []any{map[string]any{
		"messageId": text.SID, "status": status, "destination": text.To[1:], "details": map[string]any{"messageCount": 1},
	}}})
}

// read takes a request apart and gives the status it is refused with, or 0.
func (i *Infobip) read(r *http.Request) (Text, int) {
	var in struct {
		Messages []struct {
			Sender       string
			Destinations []struct{ To string }
			Content      struct{ Text string }
			Options      struct {
				ValidityPeriod struct {
					Amount   int
					TimeUnit string
				}
			}
			Webhooks *struct{ CallbackData string }
		}
	}
	if !strict(r, &in) || len(in.Messages) != 1 || len(in.Messages[0].Destinations) != 1 {
		return Text{}, http.StatusBadRequest
	}
	m := &in.Messages[0]
	text := Text{
		To: "+" + m.Destinations[0].To, From: m.Sender, Body: m.Content.Text, Validity: m.Options.ValidityPeriod.Amount,
	}
	if m.Webhooks != nil {
		text.Ref = m.Webhooks.CallbackData
	}
	switch {
	case !isE164(text.To), text.Body == "", len(utf16.Encode([]rune(text.Body))) > 4000, !slices.Contains(i.Froms, text.From),
		m.Options.ValidityPeriod.TimeUnit != "" && m.Options.ValidityPeriod.TimeUnit != "SECONDS",
		text.Validity < 0, text.Validity > 48*3600, len(text.Ref) > 4000:
		return text, http.StatusBadRequest
	}
	return text, 0
}

// refuseInfobip answers with the API's error body, or with a page when there is no code.
func refuseInfobip(w http.ResponseWriter, status, code, retryAfter int) {
	if code == 0 {
		pageOf(w, status, retryAfter)
		return
	}
	answer(w, status, map[string]any{
		"errorCode": "E400", "description": "Request cannot be processed.", "action": "Check the syntax.",
		"violations": []any{map[string]any{"property": "messages[0].destinations[0].to", "violation": "is +12025550123"}},
		"resources":  []any{},
	})
}

// InfobipResult is a report on a text that ended with a status and an error.
func InfobipResult(text Text, group int, status string, errorGroup int, failure string, permanent bool) map[string]any {
	return map[string]any{
		"bulkId": "BULK-ID-123-xyz", "messageId": text.SID, "to": strings.TrimPrefix(text.To, "+"), "sender": text.From,
		"sentAt": "2026-11-23T05:00:00.000+0000", "doneAt": "2026-11-23T05:00:01.000+0000", "messageCount": 2,
		"callbackData": text.Ref, "price": map[string]any{"pricePerMessage": 0.01, "currency": "EUR"},
		"status": map[string]any{"groupId": group, "groupName": "GROUP", "id": 1, "name": status, "description": text.To},
		"error": map[string]any{
			"groupId": errorGroup, "groupName": "GROUP", "id": 1, "name": failure, "description": text.Body, "permanent": permanent,
		},
	}
}

// Post makes the request with which Infobip posts results to a subscription's address, with its credentials.
func (i *Infobip) Post(address string, results ...any) *http.Request {
	body, _ := json.Marshal(map[string]any{"results": results})
	return i.PostBody(address, string(body))
}

// PostBody is Post with any body.
func (i *Infobip) PostBody(address, body string) *http.Request {
	r := callback(address, "application/json", body)
	r.SetBasicAuth(i.User, i.Password)
	return r
}

// Inbound makes the request with which Infobip passes a text on (SmsMoReportResponse of its OpenAPI document 3.210.0, read
// 2026-11-23).
func (i *Infobip) Inbound(address string, in Inbound) *http.Request {
	keyword, clean, _ := strings.Cut(in.Body, " ")
	return i.Post(address, map[string]any{
		"messageId": in.ID, "from": strings.TrimPrefix(in.From, "+"), "to": InfobipFrom[1:], "text": in.Body, "cleanText": clean,
		"keyword": keyword, "receivedAt": "2026-11-23T05:00:00.000+0000", "smsCount": 1,
		"price": map[string]any{"pricePerMessage": 0, "currency": "EUR"},
	})
}
