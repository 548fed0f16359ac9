// Package bird sends texts through the Bird API (https://bird.com/docs and Bird's OpenAPI document 1.0.0, SMS messages, read
// 2026-11-23) and reads its webhooks.
package bird

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/signature"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/rest"
)

// Name is the provider's name in settings, logs and callback paths.
const Name = "bird"

// regions are the addresses of the API by the beginning of a key, which names the region that it is of.
var regions = map[string]string{
	"bk_us1_": "https://us1.platform.bird.com",
	"bk_eu1_": "https://eu1.platform.bird.com",
}

// Config is one workspace with its sender.
type Config struct {
	// APIKey authorizes every call.
	APIKey secret.String
	// From is the sender: an E.164 number, a short code or an alphanumeric name, which the workspace holds.
	From string
	// WebhookSecret is that of the webhook endpoint: whsec_ and base64. During a rotation there are two.
	WebhookSecret secret.String
	// BaseURL replaces the address of the key's region. Plain http is accepted for loopback hosts only.
	BaseURL string
	// HTTP carries the calls.
	HTTP *httpx.Client
	// Now is the clock by which events are too old.
	Now func() time.Time
}

// Sender sends texts from one workspace. It implements sms.Sender, sms.Reporter, sms.Listener and sms.Prober.
type Sender struct {
	rest.API
	config   Config
	keys     signature.Keys
	messages *url.URL
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
	settings.Secret("api-key", c.APIKey)
	settings.From(c.From, " ")
	ring, right := signature.Read(c.WebhookSecret.Reveal())
	if !right || len(ring) == 0 {
		settings.Problem("webhook-secret", "must be the webhook endpoint's: whsec_ and letters, or two of them while it is rotated")
	}
	s.keys = ring
	if base := home(c); base == "" {
		settings.Problem("base-url", "is missing: bird-api-key does not begin with bk_us1_ or bk_eu1_, which would tell it")
	} else if u := settings.Base(base, ""); u != nil {
		s.messages = u.JoinPath("v1", "sms", "messages")
	}
	if c.Now == nil {
		settings.Problem("", "no clock")
	}
	s.API = rest.New(settings, c.HTTP, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+c.APIKey.Reveal())
	})
	return s
}

// home gives the address of the API: that of the settings, or of the key's region.
func home(c Config) string {
	if c.BaseURL != "" {
		return c.BaseURL
	}
	for start, address := range regions {
		if strings.HasPrefix(c.APIKey.Reveal(), start) {
			return address
		}
	}
	return ""
}

// request is the body of a call. A life of the text is in the documentation, and refused for now.
type request struct {
	To       string `json:"to"`
	From     string `json:"from"`
	Text     string `json:"text"`
	Category string `json:"category"`
	// Metadata comes back with every event.
	Metadata *metadata `json:"metadata,omitempty"`
}

type metadata struct {
	// Message is our id of a message.
	Message string `json:"message"`
}

// message is what the API says of one.
type message struct {
	ID       string   `json:"id"`
	Status   string   `json:"status"`
	Segments segments `json:"segments"`
	Cost     *cost    `json:"cost"`
	Error    failure  `json:"last_error"`
}

type segments struct {
	Count int `json:"count"`
}

type cost struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency_code"`
}

// Send hands a text over. The category authentication keeps its body out of what the API stores. Every error is an
// *sms.Error.
func (s *Sender) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	if err := s.Ready(&m, 0); err != nil {
		return sms.Result{}, err
	}
	ask := request{To: m.To, From: s.config.From, Text: m.Body, Category: "authentication"}
	if m.CallbackURL != "" {
		ask.Metadata = &metadata{m.ID}
	}
	var answer message
	if err := s.Post(ctx, s.messages, ask, &answer, refusal); err != nil {
		return sms.Result{}, err
	}
	if answer.ID == "" {
		return sms.Result{}, sms.NotUnderstood()
	}
	if status := statuses["sms."+answer.Status]; status == sms.Failed {
		return sms.Result{}, answer.Error.explain(answer.Status)
	}
	result := sms.Result{ProviderID: answer.ID, Segments: max(answer.Segments.Count, 0)}
	if answer.Cost != nil {
		result.Price = sms.ParsePrice(answer.Cost.Amount, answer.Cost.Currency)
	}
	return result, nil
}

// refusal reads an answer that is not a message: {"error": {"code", "name", "message", …}}. The message is dropped unread,
// since it may repeat a number. The name says more than the code, which is a number.
func refusal(res *http.Response) *sms.Error {
	var body struct {
		Error struct {
			Name string `json:"name"`
		} `json:"error"`
	}
	e := sms.ByHTTPStatus(res.StatusCode)
	// An answer of something in between, such as a proxy, has no name; its status must do.
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil || !isName(body.Error.Name) {
		return e
	}
	if e.Class == sms.Later {
		e.Code = body.Error.Name
		return e
	}
	return refusals.Explain(e, body.Error.Name)
}

// isName reports whether a text is the name of an error, which holds nothing of a message.
func isName(text string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	return text != "" && len(text) <= 64 && strings.Trim(text, letters+strings.ToUpper(letters)+"_") == ""
}

// Probe asks for the list of messages that are to be sent later, of which there are none yet: nobody's number comes back.
func (s *Sender) Probe(ctx context.Context) error {
	if err := s.Check(); err != nil {
		return err
	}
	u := *s.messages
	u.RawQuery = url.Values{"limit": {"1"}, "status": {"scheduled"}}.Encode()
	var list struct {
		Data *[]struct{} `json:"data"`
	}
	status, err := s.Ask(ctx, &u, "api-key", &list)
	switch {
	case err != nil:
		return err
	case status == http.StatusForbidden:
		return sms.Wrong("bird-api-key", "the provider does not let it see messages: compare its rights with the provider's console")
	case status != http.StatusOK || list.Data == nil:
		return sms.Unexpected("bird-base-url", status)
	}
	return nil
}
