// Package twilio sends codes through one account of Twilio's, each channel by a sender of its own: texts and WhatsApp
// messages through the Messages resource (https://www.twilio.com/docs/messaging/api/message-resource), calls through
// the Calls resource (https://www.twilio.com/docs/voice/api/call-resource). It reads their status callbacks.
package twilio

import (
	"context"
	"net/http"
	"strconv"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
)

// The senders' names in settings, logs and callback paths.
const (
	Name         = "twilio"
	NameWhatsApp = "twilio_whatsapp"
	NameVoice    = "twilio_voice"
)

// DefaultBaseURL is Twilio's own address.
const DefaultBaseURL = "https://api.twilio.com"

// maxValidity is the greatest ValidityPeriod in seconds (error 90007, documentation read 2026-11-22). The least is one.
const maxValidity = 36000

// Config is one account with the sender of one channel.
type Config struct {
	// AccountSID is the account's id: AC and 32 hex digits. It is also the user name of every call.
	AccountSID string
	// AuthToken is the account's token. Calls are authorized with it, and Twilio signs its callbacks with it.
	AuthToken secret.String
	// From is the sender. For texts, an E.164 number, a short code or an alphanumeric name; either it or
	// MessagingServiceSID is needed, and with both, From is one of the service's senders. For WhatsApp and calls, an
	// E.164 number.
	From string
	// MessagingServiceSID is a pool of senders for texts: MG and 32 hex digits.
	MessagingServiceSID string
	// ContentSID is the template of WhatsApp messages: HX and 32 hex digits.
	ContentSID string
	// BaseURL replaces DefaultBaseURL. Plain http is accepted for loopback hosts only.
	BaseURL string
	// HTTP carries the calls.
	HTTP *httpx.Client
}

// Sender sends texts from one account. It implements sms.Sender.
type Sender struct{ account }

var _ sms.Sender = (*Sender)(nil)

// New makes a sender. Wrong settings are reported by Check and by every Send.
func New(c Config) *Sender {
	return &Sender{newAccount(Name, c, "Messages.json", checkSender(c)...)}
}

// Channel is sms.SMS.
func (s *Sender) Channel() sms.Channel { return sms.SMS }

// Send hands a text over. ValidityPeriod is the rest of the text's life in whole seconds, so that Twilio drops what it
// could only deliver late. Every error is an *sms.Error.
func (s *Sender) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	if err := s.ready(&m); err != nil {
		return sms.Result{}, err
	}
	params := &api.CreateMessageParams{To: &m.To, Body: &m.Body, ValidityPeriod: validity(m.ValidFor)}
	if s.config.From != "" {
		params.From = &s.config.From
	}
	if s.config.MessagingServiceSID != "" {
		params.MessagingServiceSid = &s.config.MessagingServiceSID
	}
	if m.CallbackURL != "" {
		params.StatusCallback = &m.CallbackURL
	}
	return s.create(ctx, params)
}

// Receipt reads a status callback. fullURL is the public address Twilio was given, with its query; the Host header is
// not looked at.
func (s *Sender) Receipt(r *http.Request, fullURL string, body []byte) (sms.Receipt, error) {
	return s.messageReceipt(r, fullURL, body)
}

// validity is the rest of a text's life, rounded down: rather not sent than sent after the deadline.
func validity(left time.Duration) *int {
	seconds := min(int(left/time.Second), maxValidity)
	return &seconds
}

// create makes a message.
func (a *account) create(ctx context.Context, params *api.CreateMessageParams) (sms.Result, error) {
	answer, err := a.service(ctx).CreateMessage(params)
	if err != nil {
		return sms.Result{}, asError(err)
	}
	if answer.Sid == nil || *answer.Sid == "" {
		return sms.Result{}, sms.NotUnderstood()
	}
	if answer.ErrorCode != nil && *answer.ErrorCode != 0 {
		return sms.Result{}, byCode(*answer.ErrorCode)
	}
	r := sms.Result{ProviderID: *answer.Sid}
	if answer.NumSegments != nil {
		// A messaging service answers 0: it has not chosen the sender yet.
		r.Segments, _ = strconv.Atoi(*answer.NumSegments)
	}
	return r, nil
}
