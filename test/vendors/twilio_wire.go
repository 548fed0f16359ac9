package vendors

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio signs with HMAC-SHA-1.
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// created answers with the message, every field of it.
func (t *Twilio) created(w http.ResponseWriter, text Text) {
	path := "/2010-04-01/Accounts/" + t.Account + "/Messages/" + text.SID
	now := text.At
	if now.IsZero() {
		now = time.Now()
	}
	at := now.UTC().Format(time.RFC1123Z)
	m := message{
		SID: text.SID, AccountSID: t.Account, APIVersion: "2010-04-01", Body: text.Body, To: text.To,
		DateCreated: at, DateUpdated: at, Direction: "outbound-api", NumMedia: "0", NumSegments: "1", Status: "queued",
		URI: path + ".json", Subresources: map[string]string{"media": path + "/Media.json"},
	}
	if text.Channel == "whatsapp" {
		m.To, text.From = whatsAppPrefix+text.To, whatsAppPrefix+text.From
	}
	if text.From != "" {
		m.From = &text.From
	}
	if text.Service != "" {
		// The service chooses the sender later, and with it the number of segments.
		m.Service, m.Status, m.NumSegments = &text.Service, "accepted", "0"
	} else {
		usd := "USD"
		m.PriceUnit = &usd
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(m)
}

type message struct {
	AccountSID   string            `json:"account_sid"`
	APIVersion   string            `json:"api_version"`
	Body         string            `json:"body"`
	DateCreated  string            `json:"date_created"`
	DateSent     *string           `json:"date_sent"`
	DateUpdated  string            `json:"date_updated"`
	Direction    string            `json:"direction"`
	ErrorCode    *int              `json:"error_code"`
	ErrorMessage *string           `json:"error_message"`
	From         *string           `json:"from"`
	NumMedia     string            `json:"num_media"`
	NumSegments  string            `json:"num_segments"`
	Price        *string           `json:"price"`
	PriceUnit    *string           `json:"price_unit"`
	Service      *string           `json:"messaging_service_sid"`
	SID          string            `json:"sid"`
	Status       string            `json:"status"`
	Subresources map[string]string `json:"subresource_uris"`
	To           string            `json:"to"`
	URI          string            `json:"uri"`
}

// Callback makes the request with which Twilio reports a status of a text, signed. code is for "failed" and
// "undelivered", else 0. The address is the text's own callback address.
func (t *Twilio) Callback(text Text, status string, code int) *http.Request {
	form := url.Values{
		"AccountSid": {t.Account}, "ApiVersion": {"2010-04-01"}, "From": {text.From}, "MessageSid": {text.SID},
		"MessageStatus": {status}, "SmsSid": {text.SID}, "SmsStatus": {status}, "To": {text.To},
	}
	if text.Channel == "whatsapp" {
		form.Set("From", whatsAppPrefix+text.From)
		form.Set("To", whatsAppPrefix+text.To)
	}
	if text.Service != "" {
		form.Set("MessagingServiceSid", text.Service)
	}
	if code != 0 {
		form.Set("ErrorCode", strconv.Itoa(code))
	}
	return t.SignedCallback(text.Callback, form)
}

// SignedCallback makes a callback with any parameters, signed over the address as it is given.
func (t *Twilio) SignedCallback(address string, form url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, address, bytes.NewReader([]byte(form.Encode())))
	r.RequestURI = "" // Set for handlers; a client must not send it.
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("X-Twilio-Signature", t.Sign(address, form))
	r.Header.Set("User-Agent", "TwilioProxy/1.1")
	return r
}

// Sign gives the signature of a callback (https://www.twilio.com/docs/usage/webhooks/webhooks-security, read
// 2026-11-22). It is written apart from the adapter's check, so that one tests the other.
func (t *Twilio) Sign(address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(t.Token))
	_, _ = io.WriteString(mac, address)
	var pairs []string
	for name, values := range form {
		seen := map[string]bool{}
		for _, value := range values {
			if !seen[value] {
				pairs = append(pairs, name+"\x00"+value)
			}
			seen[value] = true
		}
	}
	sort.Strings(pairs)
	for _, pair := range pairs {
		_, _ = io.WriteString(mac, strings.Replace(pair, "\x00", "", 1))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
