package vendors

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The refusals of a request for a new message, by Twilio's codes.
const (
	badParameter = 20422
	badTo        = 21211
	badFrom      = 21212
	noBody       = 21602
	noFrom       = 21603
	noTo         = 21604
	wrongFrom    = 21606
	badCallback  = 21609
	longBody     = 21617
	noService    = 21701
	badValidity  = 90007
)

// known are the parameters that a message without media may have.
var known = []string{
	"To", "From", "MessagingServiceSid", "Body", "StatusCallback", "ValidityPeriod", "ProvideFeedback", "Attempt",
	"ContentSid", "ContentVariables", "ForceDelivery",
	"ContentRetention", "AddressRetention", "SmartEncoded", "TrafficType", "ShortenUrls", "RiskCheck",
}

// read takes a request apart and gives the code it is refused with, or 0.
func (t *Twilio) read(r *http.Request) (Text, int) {
	form, ok := readForm(r)
	if !ok {
		return Text{}, badParameter
	}
	for name := range form {
		if _, single := one(form, name); !single || !slices.Contains(known, name) {
			return Text{}, badParameter
		}
	}

	text := Text{
		To: form.Get("To"), From: form.Get("From"), Service: form.Get("MessagingServiceSid"),
		Body: form.Get("Body"), Callback: form.Get("StatusCallback"),
	}
	return text, t.judge(&text, form)
}

func readForm(r *http.Request) (url.Values, bool) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	raw, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil || kind != "application/x-www-form-urlencoded" || r.URL.RawQuery != "" {
		return nil, false
	}
	form, err := url.ParseQuery(string(raw))
	return form, err == nil
}

func (t *Twilio) judge(text *Text, form url.Values) int {
	if code := t.judgeWhatsApp(text, form); code != 0 {
		return code
	}
	froms := t.Froms
	if text.Channel == "whatsapp" {
		froms = t.WhatsApps
	}
	switch {
	case text.To == "":
		return noTo
	case !isE164(text.To):
		return badTo
	case text.From == "" && text.Service == "":
		return noFrom
	case strings.HasPrefix(text.From, "+") && !isE164(text.From):
		return badFrom
	case text.From != "" && !slices.Contains(froms, text.From):
		return wrongFrom
	case text.Service != "" && !slices.Contains(t.Services, text.Service):
		return noService
	case text.Body == "":
		return noBody
	case !utf8.ValidString(text.Body):
		return badParameter
	case utf8.RuneCountInString(text.Body) > 1600:
		return longBody
	case text.Callback != "" && !isCallback(text.Callback):
		return badCallback
	}
	if period, given := form["ValidityPeriod"]; given {
		seconds, err := strconv.Atoi(period[0])
		if err != nil || seconds < 1 || seconds > 36000 {
			return badValidity
		}
		text.Validity = seconds
	}
	return 0
}

// isE164 reports whether a text is a plus and 7 to 15 digits that do not begin with 0.
func isE164(text string) bool {
	digits, plus := strings.CutPrefix(text, "+")
	if !plus || len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}

// isCallback reports whether Twilio could call an address: a valid host name, without underscores.
func isCallback(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || strings.Contains(u.Host, "_") {
		return false
	}
	return u.Scheme == "http" || u.Scheme == "https"
}
