package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/thimble-auth/thimble/internal/sms"
)

// WhatsApp sends codes by WhatsApp, in an approved template of the kind whatsapp/authentication. It implements
// sms.Sender.
type WhatsApp struct{ account }

var _ sms.Sender = (*WhatsApp)(nil)

// NewWhatsApp makes a sender. Wrong settings are reported by Check and by every Send.
func NewWhatsApp(c Config) *WhatsApp {
	var own []error
	if !sms.IsNumber(c.From) {
		own = append(own, errors.New("twilio-whatsapp-from must be the number of a WhatsApp sender, with +"))
	}
	if !isSID(c.ContentSID, "HX") {
		own = append(own, errors.New("twilio-whatsapp-content-sid must be HX and 32 hex digits"))
	}
	return &WhatsApp{newAccount(NameWhatsApp, c, "Messages.json", own...)}
}

// Channel is sms.WhatsApp.
func (w *WhatsApp) Channel() sms.Channel { return sms.WhatsApp }

// Send hands a code over. The words around it, and their language, are the template's, whose only variable is the code
// (https://www.twilio.com/docs/content/whatsappauthentication, read 2026-11-23). ValidityPeriod bounds the wait in
// Twilio's queue; how long WhatsApp itself tries is the template's as well. Every error is an *sms.Error.
func (w *WhatsApp) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	if err := w.ready(&m); err != nil {
		return sms.Result{}, err
	}
	variables, err := json.Marshal(map[string]string{"1": m.Code})
	if err != nil {
		return sms.Result{}, &sms.Error{Class: sms.Permanent, Reason: "the code cannot be written as JSON"}
	}
	to, from, values := whatsAppAddress(m.To), whatsAppAddress(w.config.From), string(variables)
	params := &api.CreateMessageParams{
		To: &to, From: &from, ContentSid: &w.config.ContentSID, ContentVariables: &values,
		ValidityPeriod: validity(m.ValidFor),
	}
	if m.CallbackURL != "" {
		params.StatusCallback = &m.CallbackURL
	}
	result, err := w.create(ctx, params)
	// WhatsApp bills messages, not parts of them.
	result.Segments = 0
	return result, err
}

// whatsAppAddress is a number as the Messages resource has it on this channel.
func whatsAppAddress(number string) string { return "whatsapp:" + number }

// Receipt reads a status callback, as that of a text.
func (w *WhatsApp) Receipt(r *http.Request, fullURL string, body []byte) (sms.Receipt, error) {
	return w.messageReceipt(r, fullURL, body)
}
