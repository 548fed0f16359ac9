package vendors

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// TwilioVoice is the number of a new Twilio from which calls are made.
const TwilioVoice = "+15017122663"

// The refusals of a request for a new call, by Twilio's codes.
const (
	callNoTo        = 21201
	callBadURL      = 21205
	callBadTimeout  = 21208
	callStrangeFrom = 21210
	callNoFrom      = 21213
)

// knownCall are the parameters that a call with its own TwiML may have here.
var knownCall = []string{"To", "From", "Twiml", "Timeout", "TimeLimit", "StatusCallback", "StatusCallbackEvent"}

// knownEvents are the events of a call that Twilio reports on when asked.
var knownEvents = []string{"initiated", "ringing", "answered", "completed"}

// spoken are the values of Say's language that the fake knows: those of Twilio's voices in languages that texts have.
var spoken = []string{
	"en-US", "en-GB", "es-ES", "es-MX", "fr-FR", "pt-BR", "it-IT", "de-DE", "cmn-CN", "ca-ES", "ja-JP", "ru-RU", "nl-NL",
	"pl-PL", "tr-TR", "vi-VN", "cs-CZ",
}

func (t *Twilio) readCall(r *http.Request) (Text, int) {
	form, ok := readForm(r)
	if !ok {
		return Text{}, badParameter
	}
	for name, values := range form {
		if !slices.Contains(knownCall, name) || len(values) != 1 && name != "StatusCallbackEvent" {
			return Text{}, badParameter
		}
	}
	text := Text{
		Channel: "voice", To: form.Get("To"), From: form.Get("From"), Callback: form.Get("StatusCallback"),
	}
	return text, t.judgeCall(&text, form)
}

func (t *Twilio) judgeCall(text *Text, form url.Values) int {
	ringing := 60
	if given := form.Get("Timeout"); given != "" {
		seconds, err := strconv.Atoi(given)
		if err != nil || seconds < 1 || seconds > 600 {
			return callBadTimeout
		}
		ringing = seconds
	}
	text.Validity = ringing
	badEvent := slices.ContainsFunc(form["StatusCallbackEvent"], func(event string) bool {
		return !slices.Contains(knownEvents, event)
	})
	words, language, fine := listen(form.Get("Twiml"))
	text.Body, text.Language = words, language
	switch {
	case text.To == "":
		return callNoTo
	case !isE164(text.To):
		return badTo
	case text.From == "":
		return callNoFrom
	case !isE164(text.From):
		return badFrom
	case !slices.Contains(t.Voices, text.From):
		return callStrangeFrom
	case text.Callback != "" && !isCallback(text.Callback):
		return callBadURL
	case badEvent, !fine, utf8.RuneCountInString(form.Get("Twiml")) > 4000:
		return badParameter
	}
	return 0
}

// listen gives what is heard of a TwiML document, a line for each Say, and its language: one for all of it. The real
// one takes documents that it cannot play and fails later; here they are refused.
func listen(document string) (words, language string, fine bool) {
	var response struct {
		XMLName xml.Name `xml:"Response"`
		Verbs   []struct {
			XMLName  xml.Name
			Language string     `xml:"language,attr"`
			Length   string     `xml:"length,attr"`
			Other    []xml.Attr `xml:",any,attr"`
			Text     string     `xml:",chardata"`
		} `xml:",any"`
	}
	decoder := xml.NewDecoder(strings.NewReader(document))
	if decoder.Decode(&response) != nil {
		return "", "", false
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return "", "", false
	}
	var lines []string
	for _, verb := range response.Verbs {
		seconds, err := strconv.Atoi(verb.Length)
		switch {
		case len(verb.Other) > 0:
			return "", "", false
		case verb.XMLName.Local == "Pause" && err == nil && seconds > 0 && verb.Text+verb.Language == "":
		case verb.XMLName.Local == "Say" && slices.Contains(spoken, verb.Language) && verb.Text != "" &&
			verb.Length == "" && (language == "" || language == verb.Language):
			lines, language = append(lines, verb.Text), verb.Language
		default:
			return "", "", false
		}
	}
	return strings.Join(lines, "\n"), language, len(lines) > 0
}

// calling answers with the call, every field of it (rest/making-calls of TwilioDevEd/api-snippets, and the description
// of the Call in Twilio's API definition, read 2026-11-23).
func (t *Twilio) calling(w http.ResponseWriter, text Text) {
	path := "/2010-04-01/Accounts/" + t.Account + "/Calls/" + text.SID
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"sid": text.SID, "date_created": nil, "date_updated": nil, "parent_call_sid": nil, "account_sid": t.Account,
		"to": text.To, "to_formatted": text.To, "from": text.From, "from_formatted": text.From, "phone_number_sid": nil,
		"status": "queued", "start_time": nil, "end_time": nil, "duration": nil, "price": nil, "price_unit": "USD",
		"direction": "outbound-api", "answered_by": nil, "api_version": "2010-04-01", "forwarded_from": nil,
		"group_sid": nil, "caller_name": nil, "queue_time": strconv.FormatInt(t.QueueTime.Milliseconds(), 10),
		"trunk_sid": nil, "uri": path + ".json", "subresource_uris": map[string]string{"events": path + "/Events.json"},
	})
}

// CallStatus makes the request with which Twilio reports a status of a call, signed. answeredBy is what answered it,
// where machine detection was asked for, else "".
func (t *Twilio) CallStatus(text Text, status, answeredBy string) *http.Request {
	form := url.Values{
		"AccountSid": {t.Account}, "ApiVersion": {"2010-04-01"}, "CallSid": {text.SID}, "CallStatus": {status},
		"CallbackSource": {"call-progress-events"}, "Called": {text.To}, "Caller": {text.From},
		"Direction": {"outbound-api"}, "From": {text.From}, "To": {text.To}, "SequenceNumber": {"0"},
		"Timestamp": {time.Now().UTC().Format(time.RFC1123Z)},
	}
	if status == "completed" {
		form.Set("CallDuration", "27")
		form.Set("Duration", "1")
	}
	if answeredBy != "" {
		form.Set("AnsweredBy", answeredBy)
	}
	return t.SignedCallback(text.Callback, form)
}
