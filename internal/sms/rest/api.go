// Package rest is what the adapters of plain HTTP APIs have in common: settings that are named when they are wrong, and
// calls that carry JSON.
package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

// API is how one account of a provider is called. The sender of its texts embeds it, and has from it what every
// sms.Sender of texts has. Make it with New.
type API struct {
	provider  string
	problems  error
	http      *httpx.Client
	authorize func(*http.Request)
}

// New makes an API of settings that were looked at to the end. authorize puts the credentials on a call.
func New(s *Settings, client *httpx.Client, authorize func(*http.Request)) API {
	if client == nil {
		s.Problem("", "no HTTP client")
	}
	return API{provider: s.provider, problems: s.err(), http: client, authorize: authorize}
}

// Format prints the name only: fmt looks into a struct past the guards of its secrets.
func (a *API) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.provider) }

// Name is the provider's name.
func (a *API) Name() string { return a.provider }

// Channel is sms.SMS.
func (a *API) Channel() sms.Channel { return sms.SMS }

// Check tells what is wrong with the settings, each with its name.
func (a *API) Check() error { return a.problems }

// Ready gives the error of a sender whose settings are wrong, and of a text with less life left than the provider takes.
func (a *API) Ready(m *sms.Message, least time.Duration) error {
	switch {
	case a.problems != nil:
		return &sms.Error{Class: sms.OtherRoute, Reason: "the " + a.provider + " settings are wrong"}
	case m.ValidFor < time.Second:
		return &sms.Error{Class: sms.Permanent, Reason: "the text's life is over"}
	case m.ValidFor < least:
		return &sms.Error{Class: sms.OtherRoute, Reason: "the text's life is shorter than the provider takes"}
	}
	return nil
}

// Post sends what is asked to an address as JSON, and reads the answer of a call that was taken into the last. What any
// other answer says is for refusal, but for the pause that it asks for. Every error is an *sms.Error.
func (a *API) Post(
	ctx context.Context, u *url.URL, ask, answer any, refusal func(*http.Response) *sms.Error,
) error {
	body, err := json.Marshal(ask)
	if err != nil {
		return &sms.Error{Class: sms.Permanent, Reason: "the text cannot be written as JSON"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return &sms.Error{Class: sms.OtherRoute, Reason: "the " + a.provider + " settings are wrong"}
	}
	a.authorize(req)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")

	res, err := a.http.Do(req)
	if err != nil {
		return &sms.Error{Class: sms.Later, Reason: httpx.Reason(err)}
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode/100 != 2 {
		e := refusal(res)
		if e.Class == sms.Later && e.RetryAfter == 0 {
			e.RetryAfter = httpx.RetryAfter(res.Header)
		}
		return e
	}
	if err := json.NewDecoder(res.Body).Decode(answer); err != nil {
		return sms.NotUnderstood()
	}
	return nil
}

// Ask gets an address and reads an answer of status 200 into v. The error is for questions without an answer, and for a
// key that is not taken, in words of the setting that holds it; what cannot be read has not what was asked for.
func (a *API) Ask(ctx context.Context, u *url.URL, key string, v any) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return 0, sms.Unreached(a.provider+"-base-url", "the address is wrong")
	}
	a.authorize(req)
	status, err = a.http.JSON(req, v)
	switch {
	case status == 0:
		return 0, sms.Unreached(a.provider+"-base-url", httpx.Reason(err))
	case status == http.StatusUnauthorized:
		return status, sms.Wrong(a.provider+"-"+key, "the provider does not take it: compare it with the provider's console")
	}
	return status, nil
}
