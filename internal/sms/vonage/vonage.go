// Package vonage sends codes through one application of Vonage's, each channel by a sender of its own: texts and
// WhatsApp messages through the Messages API v1 (https://developer.vonage.com/en/api/messages), calls through the Voice
// API v1 (https://developer.vonage.com/en/api/voice). It reads their webhooks, and tells the Conversion API
// (https://developer.vonage.com/en/api/conversion) which texts' codes were used.
package vonage

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
)

// The senders' names in settings, logs and callback paths.
const (
	Name         = "vonage"
	NameWhatsApp = "vonage_whatsapp"
	NameVoice    = "vonage_voice"
)

// DefaultBaseURL is Vonage's own address.
const DefaultBaseURL = "https://api.nexmo.com"

// The bounds of ttl for texts (OpenAPI document of the Messages API 1.20.0, channelOptionsSms, read 2026-11-23).
const (
	minValidity = 20 * time.Second
	maxValidity = 604800 * time.Second
)

// Config is one application of one account, with the sender of one channel.
type Config struct {
	// ApplicationID is the application's UUID.
	ApplicationID string
	// PrivateKey is the application's RSA key in PEM. Calls are authorized with tokens that it signs: the other way,
	// key and secret of the account, gets no webhooks.
	PrivateKey secret.String
	// APIKey is the account's key. Webhooks name it.
	APIKey string
	// SignatureSecret is the account's secret with which Vonage signs webhooks.
	SignatureSecret secret.String
	// APISecret is the account's secret for the Conversion API. "" tells Vonage nothing about used codes.
	APISecret secret.String
	// From is the sender: an E.164 number with its plus, or for texts a short code or an alphanumeric name as well.
	From string
	// Template is the name of the template of WhatsApp messages, and Languages are those that it exists in: a message
	// in another one goes out in the first. No languages are English.
	Template  string
	Languages []locale.Tag
	// BaseURL replaces DefaultBaseURL, such as by https://api-eu.nexmo.com. Plain http is for loopback hosts only.
	BaseURL string
	// HTTP carries the calls.
	HTTP *httpx.Client
	// Now is the clock of the tokens.
	Now func() time.Time
}

// Sender sends texts from one application. It implements sms.Sender and sms.Learner.
type Sender struct{ account }

var (
	_ sms.Sender  = (*Sender)(nil)
	_ sms.Learner = (*Sender)(nil)
)

// New makes a sender. Wrong settings are reported by Check and by every Send.
func New(c Config) *Sender {
	s := &Sender{}
	s.set(Name, c, checkSender(c)...)
	return s
}

// Channel is sms.SMS.
func (s *Sender) Channel() sms.Channel { return sms.SMS }

// request is the body of a call. Whether the text needs Unicode is found out by Vonage.
type request struct {
	Type    string `json:"message_type"`
	Text    string `json:"text"`
	To      string `json:"to"`
	From    string `json:"from"`
	Channel string `json:"channel"`
	// TTL is in seconds.
	TTL int `json:"ttl"`
	reporting
}

// reporting is how a message is told apart from others, and where what becomes of it is reported.
type reporting struct {
	ClientRef string `json:"client_ref,omitempty"`
	Webhook   string `json:"webhook_url,omitempty"`
	// WebhookVersion keeps webhooks in the form that Receipt reads, whatever the account is set to.
	WebhookVersion string `json:"webhook_version,omitempty"`
}

// Send hands a text over. The time to live is the rest of the text's life in whole seconds. Vonage takes none under 20
// seconds: a text with less left is refused unsent. Every error is an *sms.Error.
func (s *Sender) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	if err := s.ready(&m); err != nil {
		return sms.Result{}, err
	}
	if m.ValidFor < minValidity {
		return sms.Result{}, &sms.Error{Class: sms.OtherRoute, Reason: "the text's life is shorter than the provider takes"}
	}
	return s.message(ctx, request{
		Type: "text", Channel: "sms", Text: m.Body, To: plain(m.To), From: plain(s.config.From), reporting: report(&m),
		// Rounded down: rather not delivered than delivered after the deadline.
		TTL: int(min(m.ValidFor, maxValidity) / time.Second),
	})
}

// Receipt reads a status webhook. The signature does not cover the address, so that fullURL is not looked at; whoever
// gives out addresses must know which message it gave each one for.
func (s *Sender) Receipt(r *http.Request, _ string, body []byte) (sms.Receipt, error) {
	return s.messageReceipt(r, body, "sms")
}

// plain takes the plus off a number, as Vonage wants them; names have none.
func plain(number string) string { return strings.TrimPrefix(number, "+") }

func report(m *sms.Message) reporting {
	var r reporting
	if len(m.ID) <= 100 {
		r.ClientRef = m.ID
	}
	if m.CallbackURL != "" {
		r.Webhook, r.WebhookVersion = m.CallbackURL, "v1"
	}
	return r
}
