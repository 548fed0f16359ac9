// Package telnyx sends texts through Telnyx's Messaging API v2
// (https://developers.telnyx.com/api-reference/messages/send-a-message) and reads its webhooks.
package telnyx

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
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
	config   Config
	problems error
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

// Format prints the name only: fmt looks into a struct past the guards of its secrets.
func (s Sender) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Name) }

// Name is "telnyx".
func (s *Sender) Name() string { return Name }

// Channel is sms.SMS.
func (s *Sender) Channel() sms.Channel { return sms.SMS }

// Check tells what is wrong with the settings, each with its name.
func (s *Sender) Check() error { return s.problems }

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
	if s.problems != nil {
		return sms.Result{}, &sms.Error{Class: sms.OtherRoute, Reason: "the telnyx settings are wrong"}
	}
	if m.ValidFor < time.Second {
		return sms.Result{}, &sms.Error{Class: sms.Permanent, Reason: "the text's life is over"}
	}
	body, err := json.Marshal(request{
		From: s.config.From, To: m.To, Text: m.Body, Type: "SMS",
		Profile: s.config.MessagingProfileID, Webhook: m.CallbackURL,
	})
	if err != nil {
		return sms.Result{}, &sms.Error{Class: sms.Permanent, Reason: "the text cannot be written as JSON"}
	}
	res, err := s.post(ctx, body)
	if err != nil {
		return sms.Result{}, &sms.Error{Class: sms.Later, Reason: httpx.Reason(err)}
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode/100 != 2 {
		return sms.Result{}, refusal(res)
	}
	return taken(res.Body, m.ValidFor)
}

func (s *Sender) post(ctx context.Context, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.config.APIKey.Reveal())
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	return s.config.HTTP.Do(req)
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
func taken(from io.Reader, life time.Duration) (sms.Result, error) {
	var answer struct {
		Data payload `json:"data"`
	}
	if err := json.NewDecoder(from).Decode(&answer); err != nil || answer.Data.ID == "" {
		return sms.Result{}, sms.NotUnderstood()
	}
	m := &answer.Data
	if len(m.To) > 0 && statuses[m.To[0].Status] == sms.Failed {
		return sms.Result{}, failure(m.Errors)
	}
	// "Seconds the message is queued due to rate limiting before being sent to the carrier."
	if m.WaitSeconds > life.Seconds() {
		return sms.Result{}, &sms.Error{Class: sms.OtherRoute, Reason: "the provider's queue is longer than the text's life"}
	}
	return sms.Result{ProviderID: m.ID, Segments: max(0, m.Parts), Price: m.price()}, nil
}
