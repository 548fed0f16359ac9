package webhook

import (
	"context"
	"errors"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

var _ sms.Prober = (*Sender)(nil)

// Probe connects to the program, to the end of the TLS handshake, and leaves: whatever it posted could be taken for a
// text. So it cannot tell whether both sides have the same secret.
func (s *Sender) Probe(ctx context.Context) error {
	if s.problems != nil {
		return s.problems
	}
	err := s.http.Reach(ctx, s.url)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, httpx.ErrAddress):
		return sms.Wrong("sms-webhook-url", "its host is inside this network: set sms-webhook-allow-private if that is meant")
	}
	return sms.Unreached("sms-webhook-url", httpx.Reason(err))
}
