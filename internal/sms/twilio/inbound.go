package twilio

import (
	"net/http"
	"strings"

	"github.com/thimble-auth/thimble/internal/sms"
)

var (
	_ sms.Listener = (*Sender)(nil)
	_ sms.Listener = (*WhatsApp)(nil)
)

// noReply tells Twilio to answer nothing; what is no XML counts as an error in its log
// (https://www.twilio.com/docs/usage/webhooks/sms-webhooks, read 2026-11-23).
const noReply = "<Response></Response>"

// Heard reads an incoming text; see heard.
func (s *Sender) Heard(r *http.Request, fullURL string, body []byte) (sms.Heard, error) {
	return s.heard(r, fullURL, body)
}

// Heard reads an incoming WhatsApp message; see heard.
func (w *WhatsApp) Heard(r *http.Request, fullURL string, body []byte) (sms.Heard, error) {
	return w.heard(r, fullURL, body)
}

// heard reads an incoming message (https://www.twilio.com/docs/messaging/guides/webhook-request, read 2026-11-23), which is
// signed as a status callback is. Where the number belongs to a messaging service with Advanced Opt-Out, Twilio says what
// it makes of the text: OptOutType is STOP, START or HELP
// (https://support.twilio.com/hc/en-us/articles/31560110671259-How-to-Track-Opt-Out-Opt-In-and-Help-Messages-Using-the-OptOutType-Parameter,
// read 2026-11-23).
func (a *account) heard(r *http.Request, fullURL string, body []byte) (sms.Heard, error) {
	params, err := a.verified(r, fullURL, body)
	if err != nil {
		return sms.Heard{}, err
	}
	heard := sms.Heard{ID: params.Get("MessageSid"), Answer: noReply}
	if heard.ID == "" || params.Get("From") == "" || !a.ours(params) {
		return sms.Heard{}, sms.ErrBadReceipt
	}
	heard.From = strings.TrimPrefix(params.Get("From"), "whatsapp:") // other channels name themselves in front of the number
	heard.Word = sms.Verdict(params.Get("OptOutType"), params.Get("Body"))
	return heard, nil
}
