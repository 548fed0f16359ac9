// Package plivo sends texts through Plivo's Message API (https://www.plivo.com/docs/messaging/api/messages, read
// 2026-11-23), reads its callbacks, and tells Plivo which texts' codes were used.
package plivo

import (
	"context"
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
const Name = "plivo"

// DefaultBaseURL is Plivo's own address.
const DefaultBaseURL = "https://api.plivo.com"

// The bounds of message_expiry.
const (
	minValidity = 5 * time.Second
	maxValidity = 10799 * time.Second
)

// Config is one account or subaccount with its sender.
type Config struct {
	// AuthID names the account, and AuthToken is its secret: for calls, and the key of callbacks' signatures.
	AuthID    string
	AuthToken secret.String
	// From is the sender: an E.164 number, a short code or an alphanumeric name. Without it, a powerpack chooses one.
	From string
	// PowerpackUUID is a pool of senders, instead of From.
	PowerpackUUID string
	// BaseURL replaces DefaultBaseURL. Plain http is accepted for loopback hosts only.
	BaseURL string
	// HTTP carries the calls.
	HTTP *httpx.Client
	// Now is the clock of what Plivo is told about used codes.
	Now func() time.Time
}

// Sender sends texts from one account. It implements sms.Sender, sms.Learner, sms.Listener and sms.Prober.
type Sender struct {
	rest.API
	config  Config
	account *url.URL
}

var (
	_ sms.Sender   = (*Sender)(nil)
	_ sms.Learner  = (*Sender)(nil)
	_ sms.Listener = (*Sender)(nil)
	_ sms.Prober   = (*Sender)(nil)
)

// New makes a sender. Wrong settings are reported by Check and by every Send.
func New(c Config) *Sender {
	s := &Sender{config: c}
	settings := rest.Of(Name)
	if !isAuthID(c.AuthID) {
		settings.Problem("auth-id", "must be the account's or the subaccount's: MA or SA, and 18 capitals and digits")
	}
	settings.Secret("auth-token", c.AuthToken)
	switch {
	case c.From == "" && c.PowerpackUUID == "":
		settings.Problem("from", "is missing: set it to a number, or set plivo-powerpack-uuid")
	case c.From != "" && c.PowerpackUUID != "":
		settings.Problem("powerpack-uuid", "cannot be set beside plivo-from: Plivo takes either")
	case c.From != "":
		settings.From(c.From, "") // Plivo takes all signs out of names
	case !rest.IsUUID(c.PowerpackUUID):
		settings.Problem("powerpack-uuid", "must be a UUID, in lower case")
	}
	if base := settings.Base(c.BaseURL, DefaultBaseURL); base != nil {
		s.account = base.JoinPath("v1", "Account", c.AuthID, "/")
	}
	if c.Now == nil {
		settings.Problem("", "no clock")
	}
	s.API = rest.New(settings, c.HTTP, func(r *http.Request) { r.SetBasicAuth(c.AuthID, c.AuthToken.Reveal()) })
	return s
}

// isAuthID reports whether a text is an account's id as the documentation's examples have it: MA, or SA for a
// subaccount, and 18 capitals and digits.
func isAuthID(text string) bool {
	rest, main := strings.CutPrefix(text, "MA")
	if !main {
		rest, main = strings.CutPrefix(text, "SA")
	}
	return main && len(rest) == 18 && strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// request is the body of a call.
type request struct {
	Src       string `json:"src,omitempty"`
	Powerpack string `json:"powerpack_uuid,omitempty"`
	Dst       string `json:"dst"`
	Text      string `json:"text"`
	Type      string `json:"type"`
	URL       string `json:"url,omitempty"`
	Method    string `json:"method,omitempty"`
	// Expiry is in seconds.
	Expiry int `json:"message_expiry"`
	// Trackable says that Plivo will be told whether the code was used.
	Trackable bool `json:"trackable"`
	// Log keeps the text, which holds a code, out of Plivo's logs.
	Log string `json:"log"`
}

// Send hands a text over. Its expiry is the rest of the text's life in whole seconds; Plivo takes none under 5 seconds: a
// text with less left is refused unsent. Every error is an *sms.Error.
func (s *Sender) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	if err := s.Ready(&m, minValidity); err != nil {
		return sms.Result{}, err
	}
	ask := request{
		Src: s.config.From, Powerpack: s.config.PowerpackUUID, Dst: m.To, Text: m.Body, Type: "sms", URL: m.CallbackURL,
		// Rounded down: rather not delivered than delivered after the deadline.
		Expiry: int(min(m.ValidFor, maxValidity) / time.Second), Trackable: true, Log: "number_only",
	}
	if ask.URL != "" {
		ask.Method = http.MethodPost
	}
	var answer struct {
		UUIDs []string `json:"message_uuid"`
		// Invalid are the numbers that were not taken (in fixtures/messageSendResponse.json of Plivo's own Go library, read
		// 2026-11-23).
		Invalid []string `json:"invalid_number"`
	}
	if err := s.Post(ctx, s.account.JoinPath("Message/"), ask, &answer, refusal); err != nil {
		return sms.Result{}, err
	}
	switch {
	case len(answer.UUIDs) == 1 && answer.UUIDs[0] != "":
		return sms.Result{ProviderID: answer.UUIDs[0]}, nil
	case len(answer.UUIDs) == 0 && len(answer.Invalid) == 1 && digits(answer.Invalid[0]) == digits(m.To):
		return sms.Result{}, &sms.Error{Class: sms.Permanent, Reason: "the recipient's number is not valid"}
	}
	return sms.Result{}, sms.NotUnderstood()
}

// digits takes the plus off a number.
func digits(number string) string { return strings.TrimPrefix(number, "+") }

// refusal reads an answer that is not a message. Plivo documents its statuses and no codes
// (https://www.plivo.com/docs/messaging/api/overview, read 2026-11-23); what the answer says is dropped unread.
func refusal(res *http.Response) *sms.Error { return sms.ByHTTPStatus(res.StatusCode) }

// Redeemed tells Plivo that the code of a message was used
// (https://www.plivo.com/docs/messaging/concepts/conversion-feedback, read 2026-11-23). Every error is an *sms.Error.
func (s *Sender) Redeemed(ctx context.Context, providerID string) error {
	if err := s.Ready(&sms.Message{ValidFor: time.Hour}, 0); err != nil {
		return err
	}
	// The page spells this path in small letters, unlike all others.
	u := s.account.JoinPath("../../account", s.config.AuthID, "message", url.PathEscape(providerID), "conversion/")
	told := map[string]string{"status": "CONVERTED", "timestamp": s.config.Now().UTC().Format(time.RFC3339)}
	var answer struct{}
	return s.Post(ctx, u, told, &answer, refusal)
}
