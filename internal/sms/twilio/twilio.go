// Package twilio sends texts through Twilio's Messages resource
// (https://www.twilio.com/docs/messaging/api/message-resource) and reads its status callbacks.
package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
)

// Name is the provider's name in settings, logs and callback paths.
const Name = "twilio"

// DefaultBaseURL is Twilio's own address.
const DefaultBaseURL = "https://api.twilio.com"

// The bounds of ValidityPeriod in seconds (error 90007, documentation read 2026-11-22).
const (
	minValidity = 1
	maxValidity = 36000
)

// Config is one account with its sender.
type Config struct {
	// AccountSID is the account's id: AC and 32 hex digits. It is also the user name of every call.
	AccountSID string
	// AuthToken is the account's token. Calls are authorized with it, and Twilio signs its callbacks with it.
	AuthToken secret.String
	// From is the sender: an E.164 number, a short code or an alphanumeric name. Either it or MessagingServiceSID is
	// needed; with both, From is one of the service's senders.
	From string
	// MessagingServiceSID is a pool of senders: MG and 32 hex digits.
	MessagingServiceSID string
	// BaseURL replaces DefaultBaseURL. Plain http is accepted for loopback hosts only.
	BaseURL string
	// HTTP carries the calls.
	HTTP *httpx.Client
}

// Sender sends texts from one account. It implements sms.Sender.
type Sender struct {
	config   Config
	problems error
	endpoint *url.URL
	auth     []string
}

var _ sms.Sender = (*Sender)(nil)

// New makes a sender. Wrong settings are reported by Check and by every Send.
func New(c Config) *Sender {
	s := &Sender{config: c}
	s.endpoint, s.problems = check(c)
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(c.AccountSID, c.AuthToken.Reveal())
	s.auth = r.Header["Authorization"]
	return s
}

// Format prints the name only: fmt looks into a struct past the guards of its secrets.
func (s Sender) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Name) }

// Name is "twilio".
func (s *Sender) Name() string { return Name }

// Channel is sms.SMS.
func (s *Sender) Channel() sms.Channel { return sms.SMS }

// Check tells what is wrong with the settings.
func (s *Sender) Check() error { return s.problems }

// Send hands a text over. ValidityPeriod is the rest of the text's life in whole seconds, so that Twilio drops what it
// could only deliver late. Every error is an *sms.Error.
func (s *Sender) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	if s.problems != nil {
		return sms.Result{}, &sms.Error{Class: sms.OtherRoute, Reason: "the twilio settings are wrong"}
	}
	// Rounded down: rather not sent than sent after the deadline.
	seconds := min(int(m.ValidFor/time.Second), maxValidity)
	if seconds < minValidity {
		return sms.Result{}, &sms.Error{Class: sms.Permanent, Reason: "the text's life is over"}
	}

	params := &api.CreateMessageParams{To: &m.To, Body: &m.Body, ValidityPeriod: &seconds}
	if s.config.From != "" {
		params.From = &s.config.From
	}
	if s.config.MessagingServiceSID != "" {
		params.MessagingServiceSid = &s.config.MessagingServiceSID
	}
	if m.CallbackURL != "" {
		params.StatusCallback = &m.CallbackURL
	}

	// One handler per call, since the library's interface has no context. Made by hand: its constructor would let two
	// environment variables choose another host.
	handler := &client.RequestHandler{Client: &call{ctx: ctx, sender: s}}
	answer, err := api.NewApiService(handler).CreateMessage(params)
	if err != nil {
		return sms.Result{}, asError(err)
	}
	return result(answer)
}

// result reads the message that Twilio made of a text.
func result(answer *api.ApiV2010Message) (sms.Result, error) {
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

// asError keeps our own errors and turns all others into one whose text holds nothing of the request or the answer.
func asError(err error) *sms.Error {
	if e, ok := errors.AsType[*sms.Error](err); ok {
		return e
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if errors.As(err, &syntax) || errors.As(err, &kind) {
		return sms.NotUnderstood()
	}
	return &sms.Error{Class: sms.Later, Reason: httpx.Reason(err)}
}

// call is the library's base client for one Send: it sends through httpx, to our base URL, within the caller's context.
type call struct {
	ctx    context.Context
	sender *Sender
}

var _ client.BaseClient = (*call)(nil)

// AccountSid is the account in the path of the call.
func (c *call) AccountSid() string { return c.sender.config.AccountSID }

// SetTimeout does nothing: httpx has the timeout.
func (c *call) SetTimeout(time.Duration) {}

// SetOauth does nothing: the account id and token authorize every call.
func (c *call) SetOauth(client.OAuth) {}

// OAuth is nil.
func (c *call) OAuth() client.OAuth { return nil }

var contentType = []string{"application/x-www-form-urlencoded"}

// SendRequest sends the one request this adapter makes. The address the library built is not used: its host is fixed.
func (c *call) SendRequest(method, _ string, form url.Values, _ map[string]any, _ ...byte) (*http.Response, error) {
	body := form.Encode()
	req, err := http.NewRequestWithContext(c.ctx, method, "", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.URL = c.sender.endpoint
	req.Header["Authorization"] = c.sender.auth
	req.Header["Content-Type"] = contentType
	req.Header["Accept"] = accept

	res, err := c.sender.config.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode/100 == 2 {
		return res, nil
	}
	defer func() { _ = res.Body.Close() }()
	return nil, refusal(res)
}

var accept = []string{"application/json"}
