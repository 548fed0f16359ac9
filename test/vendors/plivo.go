package vendors

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"
)

// The account and senders that a new Plivo knows.
const (
	PlivoID        = "MA2025RK4E639VJFZAGV"
	PlivoToken     = "Zjk0MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2"
	PlivoFrom      = "+17609915566"
	PlivoName      = "AcmeLogin"
	PlivoPowerpack = "86bbb125-97bb-4d72-89fd-81d5c515b015"
)

// Plivo stands in for the Message API at https://api.plivo.com (https://www.plivo.com/docs/messaging/api/messages and
// https://www.plivo.com/docs/messaging/concepts/conversion-feedback, read 2026-11-23). It is an http.Handler;
// RoundTripper and Serve connect it without a socket. It is stricter than the real one: parameters that are not in the
// documentation are refused, and so is what the real one would clean, such as signs in a name.
type Plivo struct {
	door
	*book
	// ID and Token are what a client must present; Froms and Powerpacks are the account's senders.
	ID, Token         string
	Froms, Powerpacks []string
	// Invalid are numbers that are answered as not valid.
	Invalid []string
	// Desk answers what is asked about the account.
	Desk Desk

	mu       sync.Mutex
	redeemed []string
}

// NewPlivo makes a fake that knows the account and senders of the constants.
func NewPlivo() *Plivo {
	p := &Plivo{
		book: newBook(), ID: PlivoID, Token: PlivoToken, Froms: []string{PlivoFrom, PlivoName},
		Powerpacks: []string{PlivoPowerpack},
	}
	p.door = door{p}
	return p
}

// Redeemed gives the ids of the messages whose codes were told to be used, oldest first.
func (p *Plivo) Redeemed() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.redeemed)
}

// ServeHTTP answers as Plivo would.
func (p *Plivo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	account := "/v1/Account/" + p.ID + "/"
	id, token, _ := r.BasicAuth()
	switch {
	case id != p.ID || token != p.Token:
		p.refused.Add(1)
		refusePlivo(w, http.StatusUnauthorized, 0, 0)
	case r.Method == http.MethodGet && r.URL.Path == account:
		p.Desk.answer(w, r, "plivo account", func(a map[string]any) { a["auth_id"] = p.ID })
	case r.Method == http.MethodGet && p.isNumber(strings.TrimPrefix(r.URL.Path, account+"Number/")):
		p.Desk.answer(w, r, "plivo number", func(a map[string]any) {
			a["number"] = strings.Trim(strings.TrimPrefix(r.URL.Path, account+"Number/"), "/")
		})
	case r.Method == http.MethodPost && r.URL.Path == account+"Message/":
		text, status := p.read(r)
		p.serve(w, r, text, status, 0, refusePlivo, newUUID(), http.StatusAccepted, func(text Text) { p.queued(w, text) })
	case r.Method == http.MethodPost && p.redeem(w, r):
	default:
		p.refused.Add(1)
		refusePlivo(w, http.StatusNotFound, 0, 0)
	}
}

// isNumber reports whether a path ends with one of the account's numbers, without its plus and with a slash.
func (p *Plivo) isNumber(path string) bool {
	number, slash := strings.CutSuffix(path, "/")
	return slash && slices.Contains(p.Froms, "+"+number)
}

func (p *Plivo) queued(w http.ResponseWriter, text Text) {
	body := map[string]any{"message": "message(s) queued", "message_uuid": []string{text.SID}, "api_id": newUUID()}
	if slices.Contains(p.Invalid, text.To) {
		body["message_uuid"], body["invalid_number"] = []string{}, []string{text.To[1:]}
	}
	answer(w, http.StatusAccepted, body)
}

// read takes a request apart and gives the status it is refused with, or 0. Plivo gives no codes.
func (p *Plivo) read(r *http.Request) (Text, int) {
	var in struct {
		Src       string `json:"src"`
		Powerpack string `json:"powerpack_uuid"`
		Dst       string `json:"dst"`
		Text      string `json:"text"`
		Type      string `json:"type"`
		URL       *string
		Method    string
		Expiry    *int `json:"message_expiry"`
		Trackable bool
		Log       string
	}
	if !strict(r, &in) {
		return Text{}, http.StatusBadRequest
	}
	text := Text{To: in.Dst, From: in.Src, Service: in.Powerpack, Body: in.Text}
	if in.URL != nil {
		text.Callback = *in.URL
	}
	if in.Expiry != nil {
		text.Validity = *in.Expiry
	}
	units := len(utf16.Encode([]rune(in.Text)))
	switch {
	case !isE164(in.Dst), units == 0, units > 1600, in.Type != "" && in.Type != "sms",
		(in.Src == "") == (in.Powerpack == ""),
		in.Src != "" && !slices.Contains(p.Froms, in.Src),
		in.Powerpack != "" && !slices.Contains(p.Powerpacks, in.Powerpack),
		in.URL != nil && !isCallback(*in.URL),
		in.Method != "" && in.Method != http.MethodPost && in.Method != http.MethodGet,
		in.Expiry != nil && (*in.Expiry < 5 || *in.Expiry > 10799),
		!slices.Contains([]string{"", "true", "false", "content_only", "number_only"}, in.Log):
		return text, http.StatusBadRequest
	}
	return text, 0
}

// redeem notes that a code was used, and reports whether the call was for that.
func (p *Plivo) redeem(w http.ResponseWriter, r *http.Request) bool {
	rest, found := strings.CutPrefix(r.URL.Path, "/v1/account/"+p.ID+"/message/")
	id, isConversion := strings.CutSuffix(rest, "/conversion/")
	var in struct{ Status, Timestamp string }
	if !found || !isConversion || !strict(r, &in) || in.Status != "CONVERTED" || in.Timestamp == "" {
		return false
	}
	p.mu.Lock()
	p.redeemed = append(p.redeemed, id)
	p.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{
		"api_id": newUUID(), "conversion_uuid": "conv-" + id, "message": "successfully recorded.", "message_uuid": id,
	})
	return true
}

// refusePlivo answers with an error, or with a page where something in between is meant. There are no codes.
func refusePlivo(w http.ResponseWriter, status, code, retryAfter int) {
	if code == 0 && status != http.StatusBadRequest && status != http.StatusNotFound {
		pageOf(w, status, retryAfter)
		return
	}
	answer(w, status, map[string]any{"api_id": newUUID(), "error": "dst +12025550123 is not valid"})
}

// Callback makes the request with which Plivo reports a status of a text, signed. code is for the failed statuses, else
// "000".
func (p *Plivo) Callback(text Text, status, code string) *http.Request {
	return p.SignedCallback(text.Callback, url.Values{
		"From": {strings.TrimPrefix(text.From, "+")}, "To": {strings.TrimPrefix(text.To, "+")}, "MessageUUID": {text.SID},
		"ParentMessageUUID": {text.SID}, "Type": {"sms"}, "Status": {status}, "Units": {"1"}, "TotalRate": {"0.00550"},
		"TotalAmount": {"0.00550"}, "ErrorCode": {code}, "MCC": {"310"}, "MNC": {"260"}, "PartInfo": {"1 of 1"}, "Sequence": {"1"},
		"MessageTime": {"2026-11-23 05:00:00.000000"}, "QueuedTime": {"2026-11-23 05:00:00.100000"},
		"PowerpackUUID": {text.Service},
	}.Encode())
}

// SignedCallback makes a callback with any body. The signature is over the address and a nonce, and nothing else.
func (p *Plivo) SignedCallback(address, body string) *http.Request {
	const nonce = "05429567804466091622"
	mac := hmac.New(sha256.New, []byte(p.Token))
	mac.Write([]byte(address + nonce))
	r := callback(address, "application/x-www-form-urlencoded", body)
	r.Header.Set("X-Plivo-Signature-V2", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	r.Header.Set("X-Plivo-Signature-V2-Nonce", nonce)
	return r
}

// Inbound makes the request with which Plivo passes a text on, signed
// (https://www.plivo.com/docs/sms/api/message/handling-incoming/, read 2026-11-23).
func (p *Plivo) Inbound(address string, in Inbound) *http.Request {
	intent := map[string]string{"STOP": "optout", "START": "optin", "HELP": "help"}[in.Verdict]
	return p.SignedCallback(address, url.Values{
		"MessageUUID": {in.ID}, "From": {strings.TrimPrefix(in.From, "+")}, "To": {PlivoFrom[1:]}, "Text": {in.Body},
		"Type": {"sms"}, "Units": {"1"}, "TotalRate": {"0.00000"}, "TotalAmount": {"0.00000"}, "MessageIntent": {intent},
		"PowerpackUUID": {""},
	}.Encode())
}
