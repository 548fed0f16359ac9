package vonage

import (
	"context"
	"crypto/rsa"
	"errors"
	"net/http"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

var (
	_ sms.Prober = (*Sender)(nil)
	_ sms.Prober = (*WhatsApp)(nil)
	_ sms.Prober = (*Voice)(nil)
)

// Probe asks about the application, in one of two ways. With the account's secret it fetches the application, whose
// public key must fit the private one (https://developer.vonage.com/en/api/application.v2, 2.0.8, read 2026-11-23).
// Without it, the token of a text asks for the list of calls, at most one of them
// (https://developer.vonage.com/en/api/voice, 1.10.0, read 2026-11-23): the Messages API itself has no question that
// such a token may ask.
func (a *account) Probe(ctx context.Context) error {
	if a.problems != nil {
		return a.problems
	}
	if a.config.APISecret == "" {
		return a.probeToken(ctx)
	}
	return a.probeApplication(ctx)
}

func (a *account) probeApplication(ctx context.Context) error {
	var application struct {
		ID   string
		Keys struct {
			Public string `json:"public_key"`
		}
		Capabilities struct{ Messages, Voice *struct{} }
	}
	r, err := a.question(ctx, "v2", "applications", a.config.ApplicationID)
	if err != nil {
		return err
	}
	r.SetBasicAuth(a.config.APIKey, a.config.APISecret.Reveal())
	status, err := a.ask(r, &application)
	switch {
	case err != nil:
		return err
	case status == http.StatusUnauthorized:
		return sms.Wrong("vonage-api-secret", "Vonage does not know vonage-api-key with this secret: compare both with the "+
			"dashboard's settings")
	case status == http.StatusNotFound:
		return sms.Wrong("vonage-application-id", "the account has no such application")
	case status != http.StatusOK || application.ID != a.config.ApplicationID:
		return sms.Unexpected("vonage-base-url", status)
	}
	able, what := application.Capabilities.Messages, "Messages"
	if a.name == NameVoice {
		able, what = application.Capabilities.Voice, "Voice"
	}
	err = a.compareKeys(application.Keys.Public)
	if able == nil {
		err = errors.Join(err, sms.Doubtful("vonage-application-id", "the application has not the capability %s: add it in "+
			"the dashboard", what))
	}
	return err
}

// compareKeys tells whether the private key is the application's.
func (a *account) compareKeys(public string) error {
	key, err := jwt.ParseRSAPublicKeyFromPEM([]byte(public))
	if err != nil {
		return sms.Wrong("vonage-private-key", "the application has no public key that can be read: make one in the "+
			"dashboard")
	}
	if own, ok := a.key.Public().(*rsa.PublicKey); !ok || !own.Equal(key) {
		return sms.Wrong("vonage-private-key", "it is not the key of vonage-application-id: make another in the dashboard")
	}
	return nil
}

func (a *account) probeToken(ctx context.Context) error {
	r, err := a.question(ctx, "v1", "calls")
	if err != nil {
		return err
	}
	r.URL.RawQuery = "page_size=1"
	token, err := a.bearer()
	if err != nil {
		return sms.Wrong("vonage-private-key", "it cannot sign")
	}
	r.Header.Set("Authorization", "Bearer "+token)
	var list struct {
		Count *int
	}
	status, err := a.ask(r, &list)
	switch {
	case err != nil:
		return err
	case status == http.StatusUnauthorized:
		return sms.Wrong("vonage-private-key", "Vonage does not take what it signs: it is not the key of "+
			"vonage-application-id, or this machine's clock is wrong")
	case status != http.StatusOK || list.Count == nil:
		return sms.Unexpected("vonage-application-id", status)
	}
	return nil
}

// question is a request to an API that is not that of messages.
func (a *account) question(ctx context.Context, path ...string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, a.elsewhere(path...).String(), nil)
	if err != nil {
		return nil, sms.Unreached("vonage-base-url", "the address is wrong")
	}
	return r, nil
}

// ask asks one question. The error is for those without an answer.
func (a *account) ask(r *http.Request, v any) (status int, err error) {
	status, err = a.config.HTTP.JSON(r, v)
	if status == 0 {
		return 0, sms.Unreached("vonage-base-url", httpx.Reason(err))
	}
	return status, nil // what cannot be read has not what was asked for
}
