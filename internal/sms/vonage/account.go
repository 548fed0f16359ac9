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
	"sync"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

// account is what the senders of one application have in common.
type account struct {
	name     string
	config   Config
	problems error
	base     *url.URL
	key      *rsa.PrivateKey

	mu      sync.Mutex
	token   string
	expires time.Time
}

// Format prints the name only: fmt looks into a struct past the guards of its secrets.
func (a *account) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.name) }

// Name is the sender's name in settings, logs and callback paths.
func (a *account) Name() string { return a.name }

// Check tells what is wrong with the settings, each with its name.
func (a *account) Check() error { return a.problems }

func wrongSettings() *sms.Error {
	return &sms.Error{Class: sms.OtherRoute, Reason: "the vonage settings are wrong"}
}

// ready gives the error of a sender whose settings are wrong, and of a text whose life is over.
func (a *account) ready(m *sms.Message) error {
	if a.problems != nil {
		return wrongSettings()
	}
	if m.ValidFor < time.Second {
		return &sms.Error{Class: sms.Permanent, Reason: "the text's life is over"}
	}
	return nil
}

// post sends what is asked of Vonage to an address, and reads the answer of a call that was taken into the last.
func (a *account) post(ctx context.Context, address *url.URL, ask, answer any) error {
	body, err := json.Marshal(ask)
	if err != nil {
		return &sms.Error{Class: sms.Permanent, Reason: "the text cannot be written as JSON"}
	}
	token, err := a.bearer()
	if err != nil {
		return wrongSettings()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), bytes.NewReader(body))
	if err != nil {
		return wrongSettings()
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")

	res, err := a.config.HTTP.Do(req)
	if err != nil {
		return &sms.Error{Class: sms.Later, Reason: httpx.Reason(err)}
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode/100 != 2 {
		return refusal(res)
	}
	if err := json.NewDecoder(res.Body).Decode(answer); err != nil {
		return sms.NotUnderstood()
	}
	return nil
}

// message sends a message through the Messages API. The answer has its id and nothing else: parts and price come with
// the status "submitted".
func (a *account) message(ctx context.Context, ask any) (sms.Result, error) {
	var answer struct {
		ID string `json:"message_uuid"`
	}
	if err := a.post(ctx, a.base.JoinPath("v1", "messages"), ask, &answer); err != nil {
		return sms.Result{}, err
	}
	if answer.ID == "" {
		return sms.Result{}, sms.NotUnderstood()
	}
	return sms.Result{ProviderID: answer.ID}, nil
}
