package plivo

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
)

// The headers of a callback: the signature of the address and a nonce, in base64
// (https://www.plivo.com/docs/messaging/concepts/signature-validation, read 2026-11-23).
const (
	signatureHeader = "X-Plivo-Signature-V2"
	nonceHeader     = "X-Plivo-Signature-V2-Nonce"
)

// Receipt reads a status callback. The signature covers the address and nothing of the body, which is all that Plivo
// offers for messages: who could read a callback on its way could send another one to the same address.
func (s *Sender) Receipt(r *http.Request, fullURL string, body []byte) (sms.Receipt, error) {
	form, err := s.believed(r, fullURL, body)
	if err != nil {
		return sms.Receipt{}, err
	}
	status, known := statuses[form.Get("Status")]
	if id := form.Get("MessageUUID"); !known || id == "" {
		return sms.Receipt{}, sms.ErrBadReceipt
	}
	// Charges come out of the account's credits, which are in USD (https://www.plivo.com/docs/account/api/account, read
	// 2026-11-23).
	receipt := sms.Receipt{
		ProviderID: form.Get("MessageUUID"), Status: status, Price: sms.ParsePrice(form.Get("TotalAmount"), "USD"),
	}
	if status == sms.Failed {
		receipt.Error = failure(form.Get("ErrorCode"))
	}
	return receipt, nil
}

// statuses are the values of Status (https://www.plivo.com/docs/messaging/api/messages, and for rejected an older edition,
// https://www.plivo.com/docs/sms/api/message/message-status-callbacks/, both read 2026-11-23).
var statuses = map[string]sms.Status{
	"queued":      sms.Pending,
	"sent":        sms.Sent,
	"delivered":   sms.Delivered,
	"undelivered": sms.Failed,
	"failed":      sms.Failed,
	"rejected":    sms.Failed,
}

// failure gives the error for a message that was taken and not delivered.
func failure(code string) *sms.Error {
	e := sms.NotDelivered()
	if len(code) < 2 || len(code) > 4 || strings.Trim(code, "0123456789") != "" || code == "000" {
		return e
	}
	return meanings.Explain(e, code)
}

// believed gives the form of a callback that Plivo signed for the address.
func (s *Sender) believed(r *http.Request, fullURL string, body []byte) (url.Values, error) {
	nonce := r.Header.Get(nonceHeader)
	signature, err := base64.StdEncoding.DecodeString(r.Header.Get(signatureHeader))
	if r.Method != http.MethodPost || s.Check() != nil || err != nil || nonce == "" {
		return nil, sms.ErrBadSignature
	}
	mac := hmac.New(sha256.New, []byte(s.config.AuthToken.Reveal()))
	mac.Write([]byte(fullURL + nonce))
	if !secret.Equal(mac.Sum(nil), signature) {
		return nil, sms.ErrBadSignature
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, sms.ErrBadReceipt
	}
	return form, nil
}

// Heard reads an incoming message. MessageIntent is what Plivo makes of it: optout, optin, help, or nothing
// (https://www.plivo.com/docs/sms/api/message/handling-incoming/, read 2026-11-23).
func (s *Sender) Heard(r *http.Request, fullURL string, body []byte) (sms.Heard, error) {
	form, err := s.believed(r, fullURL, body)
	if err != nil {
		return sms.Heard{}, err
	}
	if form.Get("MessageUUID") == "" || form.Get("From") == "" || form.Has("Status") {
		return sms.Heard{}, sms.ErrBadReceipt
	}
	verdict := form.Get("MessageIntent")
	switch verdict {
	case "optout":
		verdict = "STOP"
	case "optin":
		verdict = "START"
	}
	return sms.Heard{
		ID: form.Get("MessageUUID"), From: "+" + digits(form.Get("From")), Word: sms.Verdict(verdict, form.Get("Text")),
		// An XML document is expected, with a reply or without.
		Answer: "<Response></Response>",
	}, nil
}
