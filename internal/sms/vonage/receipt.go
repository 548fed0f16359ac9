package vonage

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
)

// messageReceipt reads a status webhook of the Messages API.
func (a *account) messageReceipt(r *http.Request, body []byte, channel string) (sms.Receipt, error) {
	if !a.believes(r, body) {
		return sms.Receipt{}, sms.ErrBadSignature
	}
	var event status
	if err := json.Unmarshal(body, &event); err != nil || event.ID == "" || event.Channel != channel {
		return sms.Receipt{}, sms.ErrBadReceipt
	}
	state, known := statuses[event.Status]
	if !known {
		return sms.Receipt{}, sms.ErrBadReceipt
	}
	receipt := sms.Receipt{
		ProviderID: event.ID, Status: state, Price: sms.ParsePrice(unquoted(event.Usage.Price), event.Usage.Currency),
	}
	if state == sms.Failed {
		receipt.Error = event.failure()
	}
	return receipt, nil
}

// status is the body of a webhook, without what says nothing to us (messageStatusSMS and messageStatusWhatsApp of the
// OpenAPI document of the Messages API 1.20.0, read 2026-11-23).
type status struct {
	ID      string `json:"message_uuid"`
	Channel string `json:"channel"`
	Status  string `json:"status"`
	Error   struct {
		// The code. A text now, a number in older editions.
		Title json.RawMessage `json:"title"`
		Type  string          `json:"type"`
	} `json:"error"`
	// What the message costs; it comes with the status "submitted".
	Usage struct {
		Currency string          `json:"currency"`
		Price    json.RawMessage `json:"price"`
	} `json:"usage"`
}

// statuses are the values of status (https://developer.vonage.com/en/messages/concepts/messages-status-callbacks, read
// 2026-11-23).
var statuses = map[string]sms.Status{
	"submitted":     sms.Sent,
	"delivered":     sms.Delivered,
	"read":          sms.Delivered,
	"rejected":      sms.Failed,
	"undeliverable": sms.Failed,
}

// failure gives the error of a message that was rejected, or that Vonage could not hand to the next provider.
func (s *status) failure() *sms.Error {
	e := &sms.Error{Class: sms.OtherRoute, Reason: "the message was not delivered"}
	if s.Status == "undeliverable" {
		e.Reason = "the next provider could not be reached"
	}
	code := unquoted(s.Error.Title)
	if !isCode(code) {
		code = codeOf(s.Error.Type)
	}
	if m, known := meanings[code]; known {
		e.Class, e.Reason = m.class, m.reason
	}
	e.Code = code
	return e
}

// unquoted gives the characters of a text or a number.
func unquoted(raw json.RawMessage) string { return strings.Trim(string(raw), `"`) }

// claims are those of a webhook's token (https://developer.vonage.com/en/getting-started/concepts/webhooks, read
// 2026-11-23): issued by Vonage for the account, and for the application if one sent the message.
type claims struct {
	jwt.RegisteredClaims
	PayloadHash   string `json:"payload_hash"`
	APIKey        string `json:"api_key"`
	ApplicationID string `json:"application_id"`
}

// believes reports whether a webhook comes from Vonage.
func (a *account) believes(r *http.Request, body []byte) bool {
	return r.Method == http.MethodPost && a.problems == nil && a.signed(r.Header.Get("Authorization"), body)
}

// signed reports whether Vonage signed the body for this account. The documentation leaves the hash of the body to the
// receiver where TLS protects the webhook; here it is wanted always, since TLS may end at a proxy. The token has no
// end: a webhook that comes again says nothing new.
func (a *account) signed(authorization string, body []byte) bool {
	token, bearer := strings.CutPrefix(authorization, "Bearer ")
	if !bearer {
		return false
	}
	var c claims
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer("Vonage"),
		jwt.WithTimeFunc(a.config.Now),
	)
	key := func(*jwt.Token) (any, error) { return []byte(a.config.SignatureSecret.Reveal()), nil }
	if _, err := parser.ParseWithClaims(token, &c, key); err != nil {
		return false
	}
	sum := sha256.Sum256(body)
	hash, err := hex.DecodeString(c.PayloadHash)
	return err == nil && secret.Equal(sum[:], hash) && c.APIKey == a.config.APIKey &&
		(c.ApplicationID == "" || c.ApplicationID == a.config.ApplicationID)
}
