// Package telnyx sends texts through Telnyx's Messaging API v2
// (https://developers.telnyx.com/api-reference/messages/send-a-message) and reads its webhooks.
package telnyx

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/rest"
)

// Name is the provider's name in settings, logs and callback paths.
const Name = "telnyx"

// DefaultBaseURL is Telnyx's own address.
const DefaultBaseURL = "https://api.telnyx.com"

// Config is one account with its sender.
type Config struct {
	// APIKey authorizes every call.
	APIKey secret.String
	// PublicKey is the account's Ed25519 key in base64, with which webhooks are checked. It is no secret.
	PublicKey string
	// From is the sender: an E.164 number, a short code or an alphanumeric name. Without it, the messaging profile's
	// number pool chooses one.
	From string
	// MessagingProfileID is a UUID. It is needed without From and with an alphanumeric one.
	MessagingProfileID string
	// BaseURL replaces DefaultBaseURL. Plain http is accepted for loopback hosts only.
	BaseURL string
	// HTTP carries the calls.
	HTTP *httpx.Client
	// Now is the clock by which the age of webhooks is judged.
	Now func() time.Time
}

// Sender sends texts from one account. It implements sms.Sender.
type Sender struct {
	rest.API
	config   Config
	endpoint *url.URL
	key      ed25519.PublicKey
}

var _ sms.Sender = (*Sender)(nil)

// New makes a sender. Wrong settings are reported by Check and by every Send.
func New(c Config) *Sender {
	s := &Sender{config: c}
	s.check()
	return s
}

// request is the body of a call. There is no validity period in it: Telnyx takes none with a message, and gives each
// one of its own (valid_until in the answers, an hour in the documentation's examples).
type request struct {
	From    string `json:"from,omitempty"`
	To      string `json:"to"`
	Text    string `json:"text"`
	Type    string `json:"type"`
	Profile string `json:"messaging_profile_id,omitempty"`
	Webhook string `json:"webhook_url,omitempty"`
	// Webhooks repeat the whole text. Unless told not to, Telnyx also sends them to the address of the profile.
	UseProfileWebhooks bool `json:"use_profile_webhooks"`
}

// Send hands a text over. Every error is an *sms.Error. A text that Telnyx took but will hold back beyond its life is
// an error of the class OtherRoute: it comes too late, and another route may not.
func (s *Sender) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	if err := s.Ready(&m, 0); err != nil {
		return sms.Result{}, err
	}
	var answer struct {
		Data payload `json:"data"`
	}
	if err := s.Post(ctx, s.endpoint, request{
		From: s.config.From, To: m.To, Text: m.Body, Type: "SMS",
		Profile: s.config.MessagingProfileID, Webhook: m.CallbackURL,
	}, &answer, refusal); err != nil {
		return sms.Result{}, err
	}
	return taken(&answer.Data, m.ValidFor)
}

// payload is a message as answers and webhooks show it, without what says nothing to us.
type payload struct {
	ID        string `json:"id"`
	Direction string `json:"direction"`
	To        []struct {
		Status string `json:"status"`
	} `json:"to"`
	Parts int `json:"parts"`
	Cost  struct {
		// A text in most examples, a number in some.
		Amount   json.RawMessage `json:"amount"`
		Currency string          `json:"currency"`
	} `json:"cost"`
	Errors      []problem `json:"errors"`
	WaitSeconds float64   `json:"wait_seconds"`
}

func (p *payload) price() sms.Price {
	return sms.ParsePrice(strings.Trim(string(p.Cost.Amount), `"`), p.Cost.Currency)
}

// taken reads the message that Telnyx made of a text.
func taken(m *payload, life time.Duration) (sms.Result, error) {
	if m.ID == "" {
		return sms.Result{}, sms.NotUnderstood()
	}
	if len(m.To) > 0 && statuses[m.To[0].Status] == sms.Failed {
		return sms.Result{}, failure(m.Errors)
	}
	// "Seconds the message is queued due to rate limiting before being sent to the carrier."
	if m.WaitSeconds > life.Seconds() {
		return sms.Result{}, &sms.Error{Class: sms.OtherRoute, Reason: "the provider's queue is longer than the text's life"}
	}
	return sms.Result{ProviderID: m.ID, Segments: max(0, m.Parts), Price: m.price()}, nil
}
