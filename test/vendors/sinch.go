package vendors

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The service plan and sender that a new Sinch knows, and the credentials that it shows with callbacks.
const (
	SinchPlan     = "jd63jf88477ll123ab4567cd89012ef3"
	SinchToken    = "0123456789abcdef0123456789abcdef"
	SinchFrom     = "+12025550150"
	SinchUser     = "sinch"
	SinchPassword = "a-password-for-callbacks"
)

// Sinch stands in for POST /xms/v1/{service_plan_id}/batches of the SMS REST API
// (https://developers.sinch.com/docs/sms/api-reference/sms/tag/Batches/, read 2026-11-23). It is an http.Handler;
// RoundTripper and Serve connect it without a socket. It is stricter than the real one: parameters that our adapter has no
// need for are refused.
type Sinch struct {
	door
	*book
	// Plan and Token are what a client must present; Froms are the plan's senders.
	Plan, Token string
	Froms       []string
	// User and Password are what callbacks show.
	User, Password string
	// Now is Sinch's clock.
	Now func() time.Time
	// Desk answers what is asked about the account.
	Desk Desk
}

// NewSinch makes a fake that knows the plan and sender of the constants.
func NewSinch() *Sinch {
	s := &Sinch{
		book: newBook(), Plan: SinchPlan, Token: SinchToken, Froms: []string{"", SinchFrom}, User: SinchUser,
		Password: SinchPassword, Now: time.Now,
	}
	s.door = door{s}
	return s
}

// ServeHTTP answers as Sinch would.
func (s *Sinch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	plan := "/xms/v1/" + s.Plan
	switch {
	case r.Header.Get("Authorization") != "Bearer "+s.Token:
		s.refused.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
	case r.Method == http.MethodGet && r.URL.Path == plan+"/groups" && r.URL.RawQuery == "page_size=1":
		s.Desk.answer(w, r, "sinch groups", nil)
	case r.Method == http.MethodPost && r.URL.Path == plan+"/batches":
		text, code := s.read(r)
		status := 0
		if code != "" {
			status = http.StatusBadRequest
		}
		refuse := func(w http.ResponseWriter, status, number, retryAfter int) {
			refuseSinch(w, status, code, number, retryAfter)
		}
		s.serve(w, r, text, status, status, refuse, newUUID(), http.StatusCreated, func(text Text) { s.created(w, text) })
	default:
		s.refused.Add(1)
		w.WriteHeader(http.StatusNotFound)
	}
}

// created answers with the batch.
func (s *Sinch) created(w http.ResponseWriter, text Text) {
	at := s.Now().UTC().Format(time.RFC3339)
	answer(w, http.StatusCreated, map[string]any{
		"id": text.SID, "to": []string{text.To[1:]}, "from": text.From, "canceled": false, "body": text.Body, "type": "mt_text",
		"created_at": at, "modified_at": at, "delivery_report": "per_recipient", "client_reference": text.Ref,
	})
}

// read takes a request apart and gives the code it is refused with, or "".
func (s *Sinch) read(r *http.Request) (Text, string) {
	var in struct {
		From      string
		To        []string
		Body      string
		Type      string
		Report    string    `json:"delivery_report"`
		ExpireAt  time.Time `json:"expire_at"`
		Reference string    `json:"client_reference"`
	}
	if !strict(r, &in) {
		return Text{}, "syntax_invalid_json"
	}
	if len(in.To) != 1 {
		return Text{}, "syntax_constraint_violation"
	}
	text := Text{To: in.To[0], From: in.From, Body: in.Body, Ref: in.Reference}
	life := in.ExpireAt.Sub(s.Now())
	if !in.ExpireAt.IsZero() {
		text.Validity = int(life / time.Second)
	}
	switch {
	case !isE164(text.To), in.Type != "" && in.Type != "mt_text":
		return text, "syntax_invalid_parameter_format"
	case text.Body == "", len([]rune(text.Body)) > 2000, len(text.Ref) > 2048, !slices.Contains(s.Froms, text.From),
		!slices.Contains([]string{"none", "summary", "full", "per_recipient"}, in.Report),
		!in.ExpireAt.IsZero() && (life <= 0 || life > 72*time.Hour):
		return text, "syntax_constraint_violation"
	}
	return text, ""
}

// refuseSinch answers with the API's error body, or with a page when there is no code.
func refuseSinch(w http.ResponseWriter, status int, code string, number, retryAfter int) {
	if number == 0 {
		pageOf(w, status, retryAfter)
		return
	}
	if code == "" {
		code = "unknown_campaign"
	}
	answer(w, status, map[string]any{"code": code, "text": "The number +12025550123 is not valid"})
}

// SinchReport is a report on a text.
func SinchReport(text Text, status string, code int) map[string]any {
	return map[string]any{
		"type": "recipient_delivery_report_sms", "batch_id": text.SID, "recipient": strings.TrimPrefix(text.To, "+"), "code": code,
		"status": status, "at": "2026-11-23T05:00:01.000Z", "operator_status_at": "2026-11-23T05:00:00.000Z",
		"client_reference": text.Ref,
	}
}

// Callback makes the request with which Sinch reports a status of a text to the service plan's address.
func (s *Sinch) Callback(address string, text Text, status string, code int) *http.Request {
	body, _ := json.Marshal(SinchReport(text, status, code))
	return s.Post(address, string(body))
}

// Post makes a callback with any body and Sinch's credentials.
func (s *Sinch) Post(address, body string) *http.Request {
	r := callback(address, "application/json", body)
	r.SetBasicAuth(s.User, s.Password)
	return r
}

// Inbound makes the request with which Sinch passes a text on
// (https://developers.sinch.com/docs/sms/api-reference/sms/webhooks, read 2026-11-23).
func (s *Sinch) Inbound(address string, in Inbound) *http.Request {
	body, _ := json.Marshal(map[string]any{
		"type": "mo_text", "id": in.ID, "from": strings.TrimPrefix(in.From, "+"), "to": SinchFrom[1:], "body": in.Body,
		"operator_id": "310260", "sent_at": "2026-11-23T05:00:00.000Z", "received_at": "2026-11-23T05:00:01.000Z",
	})
	return s.Post(address, string(body))
}
