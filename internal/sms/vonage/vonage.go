// Package vonage sends texts through Vonage's Messages API v1 (https://developer.vonage.com/en/api/messages), reads its
// status webhooks, and tells its Conversion API (https://developer.vonage.com/en/api/conversion) which codes were used.
package vonage

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
)

// Name is the provider's name in settings, logs and callback paths.
const Name = "vonage"

// DefaultBaseURL is Vonage's own address.
const DefaultBaseURL = "https://api.nexmo.com"

// The bounds of ttl for texts (OpenAPI document of the Messages API 1.20.0, channelOptionsSms, read 2026-11-23).
const (
	minValidity = 20 * time.Second
	maxValidity = 604800 * time.Second
)

// Config is one application of one account, with its sender.
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
	// From is the sender: an E.164 number with its plus, a short code, or an alphanumeric name.
	From string
	// BaseURL replaces DefaultBaseURL, such as by https://api-eu.nexmo.com. Plain http is for loopback hosts only.
	BaseURL string
	// HTTP carries the calls.
	HTTP *httpx.Client
	// Now is the clock of the tokens.
	Now func() time.Time
}

// Sender sends texts from one application. It implements sms.Sender and sms.Learner.
type Sender struct {
	config      Config
	problems    error
	messages    *url.URL
	conversions *url.URL
	key         *rsa.PrivateKey

	mu      sync.Mutex
	token   string
	expires time.Time
}

var (
	_ sms.Sender  = (*Sender)(nil)
	_ sms.Learner = (*Sender)(nil)
)

// New makes a sender. Wrong settings are reported by Check and by every Send.
func New(c Config) *Sender {
	s := &Sender{config: c}
	s.check()
	return s
}

// Format prints the name only: fmt looks into a struct past the guards of its secrets.
func (s *Sender) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Name) }

// Name is "vonage".
func (s *Sender) Name() string { return Name }

// Channel is sms.SMS.
func (s *Sender) Channel() sms.Channel { return sms.SMS }

// Check tells what is wrong with the settings, each with its name.
func (s *Sender) Check() error { return s.problems }

// request is the body of a call. Whether the text needs Unicode is found out by Vonage.
type request struct {
	Type    string `json:"message_type"`
	Text    string `json:"text"`
	To      string `json:"to"`
	From    string `json:"from"`
	Channel string `json:"channel"`
	// TTL is in seconds.
	TTL       int    `json:"ttl"`
	ClientRef string `json:"client_ref,omitempty"`
	Webhook   string `json:"webhook_url,omitempty"`
	// WebhookVersion keeps webhooks in the form that Receipt reads, whatever the account is set to.
	WebhookVersion string `json:"webhook_version,omitempty"`
}

// Send hands a text over. The time to live is the rest of the text's life in whole seconds. Vonage takes none under 20
// seconds: a text with less left is refused unsent. Every error is an *sms.Error.
func (s *Sender) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	switch {
	case s.problems != nil:
		return sms.Result{}, wrongSettings()
	case m.ValidFor < time.Second:
		return sms.Result{}, &sms.Error{Class: sms.Permanent, Reason: "the text's life is over"}
	case m.ValidFor < minValidity:
		return sms.Result{}, &sms.Error{Class: sms.OtherRoute, Reason: "the text's life is shorter than the provider takes"}
	}
	body, err := json.Marshal(s.request(m))
	if err != nil {
		return sms.Result{}, &sms.Error{Class: sms.Permanent, Reason: "the text cannot be written as JSON"}
	}
	token, err := s.bearer()
	if err != nil {
		return sms.Result{}, wrongSettings()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.messages.String(), bytes.NewReader(body))
	if err != nil {
		return sms.Result{}, wrongSettings()
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	return s.call(req)
}

func wrongSettings() *sms.Error {
	return &sms.Error{Class: sms.OtherRoute, Reason: "the vonage settings are wrong"}
}

func (s *Sender) request(m sms.Message) request {
	r := request{
		Type: "text", Channel: "sms", Text: m.Body,
		// Numbers go without their plus, as Vonage wants them; names have none.
		To: strings.TrimPrefix(m.To, "+"), From: strings.TrimPrefix(s.config.From, "+"),
		// Rounded down: rather not delivered than delivered after the deadline.
		TTL: int(min(m.ValidFor, maxValidity) / time.Second),
	}
	if len(m.ID) <= 100 {
		r.ClientRef = m.ID
	}
	if m.CallbackURL != "" {
		r.Webhook, r.WebhookVersion = m.CallbackURL, "v1"
	}
	return r
}

func (s *Sender) call(req *http.Request) (sms.Result, error) {
	res, err := s.config.HTTP.Do(req)
	if err != nil {
		return sms.Result{}, &sms.Error{Class: sms.Later, Reason: httpx.Reason(err)}
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode/100 != 2 {
		return sms.Result{}, refusal(res)
	}
	// The answer has the id and nothing else: parts and price come with the status "submitted".
	var answer struct {
		ID string `json:"message_uuid"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.ID == "" {
		return sms.Result{}, sms.NotUnderstood()
	}
	return sms.Result{ProviderID: answer.ID}, nil
}
