package vonage

import (
	"context"
	"net/http"
	"net/url"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

// Redeemed tells the Conversion API that the code of a message was used. Without an API secret it does nothing: Vonage
// enables that API for an account only on request. Every error is an *sms.Error.
func (s *Sender) Redeemed(ctx context.Context, providerID string) error {
	if s.problems != nil {
		return wrongSettings()
	}
	if s.config.APISecret == "" {
		return nil
	}
	u := s.elsewhere("conversions", "sms")
	u.RawQuery = url.Values{
		"message-id": {providerID}, "delivered": {"true"},
		"timestamp": {s.config.Now().UTC().Format("2006-01-02 15:04:05")},
	}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), http.NoBody)
	if err != nil {
		return wrongSettings()
	}
	req.SetBasicAuth(s.config.APIKey, s.config.APISecret.Reveal())

	res, err := s.config.HTTP.Do(req)
	if err != nil {
		return &sms.Error{Class: sms.Later, Reason: httpx.Reason(err)}
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode/100 == 2 {
		return nil
	}
	return notTold(res)
}

// notTold reads a refusal of the Conversion API (definitions/conversion.yml of Nexmo/api-specification 1.0.2, read
// 2026-11-23). The answers have no codes that go beyond the status.
func notTold(res *http.Response) *sms.Error {
	e := sms.ByHTTPStatus(res.StatusCode)
	switch res.StatusCode {
	case http.StatusPaymentRequired:
		e.Reason = "the Conversion API is not enabled for the account"
	case 420, 423:
		e.Reason = "the Conversion API does not know the message"
	}
	if e.Class == sms.Later {
		e.RetryAfter = httpx.RetryAfter(res.Header)
	}
	return e
}
