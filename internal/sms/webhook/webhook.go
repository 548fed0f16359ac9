// Package webhook sends texts through a program of the operator's own, and with it through any provider. Calls and
// reports are JSON, signed by Standard Webhooks
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, read 2026-11-23);
// docs/providers.md says what the program has to do.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/signature"
	"github.com/thimble-auth/thimble/internal/sms"
)

// Name is the provider's name in settings, logs and callback paths.
const Name = "webhook"

// Config says where the program is and what it shares with us.
type Config struct {
	// URL is where texts are posted to. It is https, or http where Private is set.
	URL string
	// Secret is whsec_ and 24 to 64 random bytes in base64. While it is changed there are two or more, with spaces or
	// commas between them: calls are signed with each, and a report with any of them is believed.
	Secret secret.String
	// Private says that the program may be inside our own network. HTTP must allow private addresses then.
	Private bool
	// HTTP carries the calls.
	HTTP *httpx.Client
	// Now is the clock that signatures are made and checked by.
	Now func() time.Time
	// Setting is how the names of these settings begin, for what is said about wrong ones. "" is sms-webhook.
	Setting string
}

// Sender sends texts through one program. It implements sms.Sender.
type Sender struct {
	problems error
	url      *url.URL
	keys     signature.Keys
	http     *httpx.Client
	now      func() time.Time
}

var _ sms.Sender = (*Sender)(nil)

// New makes a sender. Wrong settings are reported by Check and by every Send.
func New(c Config) *Sender {
	s := &Sender{http: c.HTTP, now: c.Now}
	s.url, s.keys, s.problems = check(c)
	return s
}

// Format prints the name only: fmt looks into a struct past the guards of its secrets.
func (s Sender) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Name) }

// Name is "webhook".
func (s *Sender) Name() string { return Name }

// Channel is sms.SMS.
func (s *Sender) Channel() sms.Channel { return sms.SMS }

// Quiet is true: reports are welcome, but a program of the operator's own need not make any.
func (s *Sender) Quiet() bool { return true }

// Check tells what is wrong with the settings.
func (s *Sender) Check() error { return s.problems }

// request is the body of a call.
type request struct {
	ID          string `json:"id"`
	To          string `json:"to"`
	Body        string `json:"body"`
	ValidFor    int    `json:"valid_for_seconds"`
	CallbackURL string `json:"callback_url,omitempty"`
}

// Send hands a text over. The webhook-id is our id of the message, so that the program can tell a text that comes again
// from a new one. Every error is an *sms.Error.
func (s *Sender) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	if s.problems != nil {
		return sms.Result{}, &sms.Error{Class: sms.OtherRoute, Reason: "the webhook settings are wrong"}
	}
	// Rounded down: rather not sent than sent after the deadline.
	seconds := int(m.ValidFor / time.Second)
	if seconds < 1 {
		return sms.Result{}, &sms.Error{Class: sms.Permanent, Reason: "the text's life is over"}
	}
	body, err := json.Marshal(request{m.ID, m.To, m.Body, seconds, m.CallbackURL})
	if err != nil {
		return sms.Result{}, &sms.Error{Class: sms.Permanent, Reason: "the text cannot be written as JSON"}
	}
	res, err := s.post(ctx, m.ID, body)
	if err != nil {
		return sms.Result{}, unreachable(err)
	}
	defer func() { _ = res.Body.Close() }()
	return read(res)
}

func (s *Sender) post(ctx context.Context, id string, body []byte) (*http.Response, error) {
	return post(ctx, s.http, s.url, s.keys, id, s.now(), body)
}

// post makes a signed call.
func post(
	ctx context.Context, client *httpx.Client, u *url.URL, ring signature.Keys, id string, now time.Time, body []byte,
) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	ring.Sign(req.Header, id, now, body)
	return client.Do(req)
}

// unreachable is the error for a call without an answer.
func unreachable(err error) *sms.Error {
	e := &sms.Error{Class: sms.Later, Reason: httpx.Reason(err)}
	if errors.Is(err, httpx.ErrAddress) {
		// It will not be another address soon: somebody has to set the URL or allow private ones.
		e.Class = sms.OtherRoute
	}
	return e
}
