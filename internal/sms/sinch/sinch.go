// Package sinch sends texts through Sinch's SMS REST API (https://developers.sinch.com/docs/sms/api-reference/sms, read
// 2026-11-23) and reads its callbacks.
package sinch

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
const Name = "sinch"

// DefaultBaseURL is the address of Sinch's region us; service plans of other regions have others.
const DefaultBaseURL = "https://us.sms.api.sinch.com"

// maxValidity is the longest life of a message ("default and max is 3 days").
const maxValidity = 72 * time.Hour

// Config is one service plan with its sender.
type Config struct {
	// ServicePlanID names the service plan, and APIToken authorizes every call.
	ServicePlanID string
	APIToken      secret.String
	// From is the sender: an E.164 number, a short code or an alphanumeric name. Without it, Sinch takes the plan's default.
	From string
	// WebhookUser and WebhookPassword are what Sinch shows with each callback.
	WebhookUser     string
	WebhookPassword secret.String
	// BaseURL replaces DefaultBaseURL. Plain http is accepted for loopback hosts only.
	BaseURL string
	// HTTP carries the calls.
	HTTP *httpx.Client
	// Now is the clock by which Sinch is told when a text's life ends.
	Now func() time.Time
}

// Sender sends texts from one service plan. It implements sms.Sender, sms.Reporter, sms.Listener and sms.Prober.
type Sender struct {
	rest.API
	rest.Doorman
	config Config
	plan   *url.URL
}

var (
	_ sms.Sender   = (*Sender)(nil)
	_ sms.Reporter = (*Sender)(nil)
	_ sms.Listener = (*Sender)(nil)
	_ sms.Prober   = (*Sender)(nil)
)

// New makes a sender. Wrong settings are reported by Check and by every Send.
func New(c Config) *Sender {
	s := &Sender{config: c}
	settings := rest.Of(Name)
	if id := c.ServicePlanID; id == "" || len(id) > 64 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		settings.Problem("service-plan-id", "must be the service plan's, small letters, digits, _ and -")
	}
	settings.Secret("api-token", c.APIToken)
	if c.From != "" {
		settings.From(c.From, " ")
	}
	s.Doorman = settings.Doorman(c.WebhookUser, c.WebhookPassword)
	if base := settings.Base(c.BaseURL, DefaultBaseURL); base != nil {
		s.plan = base.JoinPath("xms", "v1", c.ServicePlanID)
	}
	if c.Now == nil {
		settings.Problem("", "no clock")
	}
	s.API = rest.New(settings, c.HTTP, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+c.APIToken.Reveal())
	})
	return s
}

// request is the body of a call. Reports go to the service plan's own address: that one alone is provisioned with
// credentials.
type request struct {
	From string   `json:"from,omitempty"`
	To   []string `json:"to"`
	Body string   `json:"body"`
	Type string   `json:"type"`
	// Report is none, or per_recipient for a report on each change.
	Report    string `json:"delivery_report"`
	ExpireAt  string `json:"expire_at"`
	Reference string `json:"client_reference,omitempty"`
}

// timeForm is that of Sinch's times, in UTC.
const timeForm = "2006-01-02T15:04:05.000Z"

// Send hands a text over. It ends at a time of day, so that the clocks must agree. Every error is an *sms.Error.
func (s *Sender) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	if err := s.Ready(&m, 0); err != nil {
		return sms.Result{}, err
	}
	end := s.config.Now().Add(min(m.ValidFor, maxValidity)).UTC()
	ask := request{
		From: s.config.From, To: []string{m.To}, Body: m.Body, Type: "mt_text", Report: "none",
		// The form cuts what is below a millisecond: rather not delivered than delivered after the deadline.
		ExpireAt: end.Format(timeForm),
	}
	if m.CallbackURL != "" {
		ask.Report, ask.Reference = "per_recipient", m.ID
	}
	var answer struct {
		ID       string `json:"id"`
		Canceled bool   `json:"canceled"`
	}
	if err := s.Post(ctx, s.plan.JoinPath("batches"), ask, &answer, refusal); err != nil {
		return sms.Result{}, err
	}
	if answer.ID == "" || answer.Canceled {
		return sms.Result{}, sms.NotUnderstood()
	}
	return sms.Result{ProviderID: answer.ID}, nil
}

// refusals are the codes of calls that were not taken (the REST API's errors in Sinch's documentation at
// https://github.com/sinch/docs, read 2026-11-23). They do not say which of the numbers is not well-formed.
var refusals = sms.Meanings{
	sms.OtherRoute: {
		"syntax_invalid_json":             "the request is not well-formed",
		"syntax_invalid_parameter_format": "a parameter is not well-formed",
		"syntax_constraint_violation":     "a parameter is missing or not allowed",
		"unknown_group":                   "the group does not exist",
		"unknown_campaign":                "the campaign does not exist",
		"missing_callback_url":            "the service plan has no callback URL",
	},
}

// refusal reads an answer that is not a message: {"code", "text"}. The text is dropped unread, since it may repeat a number.
func refusal(res *http.Response) *sms.Error {
	var body struct {
		Code string `json:"code"`
	}
	e := sms.ByHTTPStatus(res.StatusCode)
	// An answer of something in between, such as a proxy, has no code; its status must do.
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil || !isWord(body.Code) {
		return e
	}
	if e.Class == sms.Later {
		e.Code = body.Code
		return e
	}
	return refusals.Explain(e, body.Code)
}

// isWord reports whether a text is a code of the API's, which hold nothing of a message.
func isWord(text string) bool {
	return text != "" && len(text) <= 64 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz_") == ""
}

// Probe asks for a list of one group of recipients (https://developers.sinch.com/docs/sms/api-reference/sms/groups, read
// 2026-11-23): it holds no texts, as a list of messages would.
func (s *Sender) Probe(ctx context.Context) error {
	if err := s.Check(); err != nil {
		return err
	}
	u := s.plan.JoinPath("groups")
	u.RawQuery = url.Values{"page_size": {"1"}}.Encode()
	var list struct {
		Count  *int       `json:"count"`
		Groups []struct{} `json:"groups"`
	}
	status, err := s.Ask(ctx, u, "api-token", &list)
	switch {
	case err != nil:
		return err
	case status == http.StatusNotFound || status == http.StatusForbidden:
		return sms.Wrong("sinch-service-plan-id", "Sinch has no such service plan for this token, or it is of another region: "+
			"see the dashboard, and sinch-base-url")
	case status != http.StatusOK || list.Count == nil:
		return sms.Unexpected("sinch-base-url", status)
	}
	return nil
}
