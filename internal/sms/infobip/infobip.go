// Package infobip sends texts through Infobip's SMS API v3 and reads what Infobip posts to subscriptions
// (https://www.infobip.com/docs/api/channels/sms, as in Infobip's OpenAPI document 3.210.0, read 2026-11-23).
package infobip

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/rest"
)

// Name is the provider's name in settings, logs and callback paths.
const Name = "infobip"

// maxValidity is the longest validity that Infobip heeds ("longer than 48h is not supported").
const maxValidity = 48 * time.Hour

// Config is one account with its sender.
type Config struct {
	// BaseURL is the account's own address, such as https://xyz.api.infobip.com. Plain http is for loopback hosts only.
	BaseURL string
	// APIKey authorizes every call.
	APIKey secret.String
	// From is the sender: an E.164 number, a short code or an alphanumeric name.
	From string
	// WebhookUser and WebhookPassword are what Infobip shows with each report.
	WebhookUser     string
	WebhookPassword secret.String
	// HTTP carries the calls.
	HTTP *httpx.Client
}

// Sender sends texts from one account. It implements sms.Sender, sms.Reporter, sms.Crowd and sms.Prober.
type Sender struct {
	rest.API
	rest.Doorman
	config Config
	base   *url.URL
}

var (
	_ sms.Sender   = (*Sender)(nil)
	_ sms.Reporter = (*Sender)(nil)
	_ sms.Crowd    = (*Sender)(nil)
	_ sms.Prober   = (*Sender)(nil)
)

// New makes a sender. Wrong settings are reported by Check and by every Send.
func New(c Config) *Sender {
	s := &Sender{config: c}
	settings := rest.Of(Name)
	if c.BaseURL == "" {
		settings.Problem("base-url", "is missing: each account has its own, such as https://xyz.api.infobip.com")
	} else {
		s.base = settings.Base(c.BaseURL, "")
	}
	settings.Secret("api-key", c.APIKey)
	settings.From(c.From, " ")
	s.Doorman = settings.Doorman(c.WebhookUser, c.WebhookPassword)
	s.API = rest.New(settings, c.HTTP, func(r *http.Request) {
		r.Header.Set("Authorization", "App "+c.APIKey.Reveal())
	})
	return s
}

// The body of a call.
type (
	request struct {
		Messages []message `json:"messages"`
	}
	message struct {
		Sender       string        `json:"sender"`
		Destinations []destination `json:"destinations"`
		Content      content       `json:"content"`
		Options      options       `json:"options"`
		Webhooks     *webhooks     `json:"webhooks,omitempty"`
	}
	// A destination could name the message's id. An id that comes again, because an answer was lost, is rejected.
	destination struct {
		To string `json:"to"`
	}
	content struct {
		Text string `json:"text"`
	}
	options struct {
		Validity validity `json:"validityPeriod"`
	}
	validity struct {
		Amount int    `json:"amount"`
		Unit   string `json:"timeUnit"`
	}
	// Reports go to the subscription's address, since those alone are authenticated. They repeat CallbackData.
	webhooks struct {
		CallbackData string `json:"callbackData"`
	}
)

// Send hands a text over. Every error is an *sms.Error.
func (s *Sender) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	if err := s.Ready(&m, 0); err != nil {
		return sms.Result{}, err
	}
	ask := message{
		Sender: plain(s.config.From), Destinations: []destination{{plain(m.To)}}, Content: content{m.Body},
		// Rounded down: rather not delivered than delivered after the deadline.
		Options: options{validity{int(min(m.ValidFor, maxValidity) / time.Second), "SECONDS"}},
	}
	if m.CallbackURL != "" {
		ask.Webhooks = &webhooks{CallbackData: m.ID}
	}
	var answer struct {
		Messages []struct {
			ID      string `json:"messageId"`
			Status  state  `json:"status"`
			Details struct {
				Count int `json:"messageCount"`
			} `json:"details"`
		} `json:"messages"`
	}
	address := s.base.JoinPath("sms", "3", "messages")
	if err := s.Post(ctx, address, request{[]message{ask}}, &answer, refusal); err != nil {
		return sms.Result{}, err
	}
	if len(answer.Messages) != 1 {
		return sms.Result{}, sms.NotUnderstood()
	}
	switch got := &answer.Messages[0]; {
	case got.Status.status() == sms.Failed:
		return sms.Result{}, got.Status.failure(nil)
	case got.ID != "":
		return sms.Result{ProviderID: got.ID, Segments: max(0, got.Details.Count)}, nil
	}
	return sms.Result{}, sms.NotUnderstood()
}

// plain takes the plus off a number, as Infobip has them; names have none.
func plain(number string) string { return strings.TrimPrefix(number, "+") }

// refusal reads an answer that is not a message: {"errorCode", "description", "action", "violations", "resources"}. The
// codes repeat the status, and what else is said may repeat a number.
func refusal(res *http.Response) *sms.Error {
	var body struct {
		Code string `json:"errorCode"`
	}
	e := sms.ByHTTPStatus(res.StatusCode)
	// An answer of something in between, such as a proxy, has no code; its status must do.
	err := json.NewDecoder(res.Body).Decode(&body)
	digits, isCode := strings.CutPrefix(body.Code, "E")
	if err == nil && isCode && len(digits) == 3 && strings.Trim(digits, "0123456789") == "" {
		e.Code = body.Code
	}
	return e
}

// Probe asks for the account's balance (https://dev.infobip.com/settings/account-balance, read 2026-11-23), which a key
// with few rights may not see.
func (s *Sender) Probe(ctx context.Context) error {
	if err := s.Check(); err != nil {
		return err
	}
	var account struct {
		Balance  *float64 `json:"balance"`
		Currency string   `json:"currency"`
	}
	status, err := s.Ask(ctx, s.base.JoinPath("account", "1", "balance"), "api-key", &account)
	switch {
	case err != nil:
		return err
	case status == http.StatusForbidden:
		return sms.Doubtful("infobip-api-key", "the key is known, but may not see the account's balance, which tells nothing "+
			"about texts")
	case status != http.StatusOK || account.Balance == nil || account.Currency == "":
		return sms.Unexpected("infobip-api-key", status)
	case *account.Balance <= 0:
		return sms.Doubtful("infobip-api-key", "the account's balance is not above zero")
	}
	return nil
}
