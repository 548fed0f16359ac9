package vendors

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// The WhatsApp sender and template that a new Twilio knows.
const (
	TwilioWhatsApp = "+15017122662"
	TwilioContent  = "HX00000000000000000000000000000001"
)

// The refusals of a WhatsApp message, by Twilio's codes.
const (
	badContent       = 21655
	badVariables     = 21656
	mixedChannels    = 21910
	strangeFrom      = 63007
	freeForm         = 63016
	wrongParameters  = 63028
	whatsAppPrefix   = "whatsapp:"
	maxCodeCharacter = 15
)

// judgeWhatsApp looks at what only WhatsApp messages have, and takes the channel off the addresses. A code of 0 leaves
// the rest to judge.
func (t *Twilio) judgeWhatsApp(text *Text, form url.Values) int {
	to, whatsApp := strings.CutPrefix(text.To, whatsAppPrefix)
	from, fromWhatsApp := strings.CutPrefix(text.From, whatsAppPrefix)
	switch {
	case !whatsApp && !fromWhatsApp:
		return t.judgeNoTemplate(form)
	case !whatsApp || !fromWhatsApp || text.Service != "":
		return mixedChannels
	case text.Body != "":
		return freeForm // there is no conversation
	}
	text.To, text.From, text.Channel = to, from, "whatsapp"
	text.Content = form.Get("ContentSid")
	var variables map[string]string
	if raw := form.Get("ContentVariables"); raw != "" {
		decoder := json.NewDecoder(strings.NewReader(raw))
		if decoder.Decode(&variables) != nil || decoder.More() {
			return badVariables
		}
	}
	code, given := variables["1"]
	switch {
	case !isE164(text.To):
		return badTo
	case !slices.Contains(t.WhatsApps, text.From):
		return strangeFrom
	case !slices.Contains(t.Contents, text.Content):
		return badContent
	case !given || len(variables) != 1:
		return wrongParameters
	case code == "" || utf8.RuneCountInString(code) > maxCodeCharacter || strings.ContainsAny(code, "\n\t"):
		return badVariables
	}
	text.Body = code
	return 0
}

// judgeNoTemplate refuses a template in a text: those that this fake knows are for WhatsApp.
func (t *Twilio) judgeNoTemplate(form url.Values) int {
	if form.Get("ContentSid") != "" || form.Get("ContentVariables") != "" {
		return badContent
	}
	return 0
}
