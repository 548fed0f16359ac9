package vendors

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Inbound is a text that somebody sent to a provider's number.
type Inbound struct {
	ID, From, Body string
	// Verdict is what the provider makes of it, where it says so: STOP, START, HELP, or "".
	Verdict string
}

// Inbound makes the request with which Twilio passes a text on, signed
// (https://www.twilio.com/docs/messaging/guides/webhook-request, read 2026-11-23).
func (t *Twilio) Inbound(address string, in Inbound) *http.Request {
	form := url.Values{
		"ToCountry": {"US"}, "ToState": {"CA"}, "SmsMessageSid": {in.ID}, "NumMedia": {"0"}, "SmsSid": {in.ID},
		"SmsStatus": {"received"}, "FromCountry": {"US"}, "Body": {in.Body}, "To": {TwilioFrom}, "NumSegments": {"1"},
		"MessageSid": {in.ID}, "AccountSid": {t.Account}, "From": {in.From}, "ApiVersion": {"2010-04-01"},
	}
	if in.Verdict != "" {
		form.Set("OptOutType", in.Verdict)
	}
	return t.SignedCallback(address, form)
}

// Inbound makes the request with which Vonage passes a text on, signed (the inbound webhook of SMS in the OpenAPI document
// of the Messages API 1.20.0, read 2026-11-23).
func (v *Vonage) Inbound(address string, in Inbound) *http.Request {
	keyword, _, _ := strings.Cut(strings.ToUpper(in.Body), " ")
	body, _ := json.Marshal(map[string]any{
		"channel": "sms", "message_type": "text", "message_uuid": in.ID, "to": VonageFrom[1:],
		"from": strings.TrimPrefix(in.From, "+"), "timestamp": time.Now().UTC().Format(time.RFC3339), "text": in.Body,
		"sms":   map[string]any{"num_messages": "1", "keyword": keyword},
		"usage": map[string]any{"currency": "EUR", "price": "0.0000"},
	})
	return v.SignedWebhook(address, body, nil)
}

// Inbound makes the request with which Telnyx passes a text on, signed now
// (https://developers.telnyx.com/api-reference/callbacks/inbound-message, read 2026-11-23).
func (t *Telnyx) Inbound(address string, in Inbound) *http.Request {
	m := t.message(Text{SID: in.ID, From: in.From, To: TelnyxFrom, Body: in.Body, Callback: address}, "webhook_delivered")
	m["direction"] = "inbound"
	if m["autoresponse_type"] = nil; in.Verdict != "" {
		m["autoresponse_type"] = in.Verdict
	}
	body, _ := json.Marshal(map[string]any{
		"data": map[string]any{
			"record_type": "event", "id": newUUID(), "event_type": "message.received",
			"occurred_at": time.Now().UTC().Format(time.RFC3339Nano), "payload": m,
		},
		"meta": map[string]any{"attempt": 1, "delivered_to": address},
	})
	return t.SignedWebhook(address, body, time.Now())
}

// Inbound makes the request with which SNS posts a text to a two-way number, signed
// (https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html, read 2026-11-23).
func (a *AWS) Inbound(address string, in Inbound) *http.Request {
	return a.Publish(address, map[string]any{
		"originationNumber": in.From, "destinationNumber": AWSFrom, "messageKeyword": "KEYWORD_123", "messageBody": in.Body,
		"inboundMessageId": in.ID, "previousPublishedMessageId": newMessageID(),
	})
}

// Inbound makes the request with which the program passes a text on, signed now.
func (w *Webhook) Inbound(address string, in Inbound) *http.Request {
	said := map[string]string{"id": in.ID, "from": in.From, "body": in.Body}
	if in.Verdict != "" {
		said["word"] = strings.ToLower(in.Verdict)
	}
	body, _ := json.Marshal(said)
	return w.SignedReport(address, time.Now(), body)
}
