package vendors

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// VonageVoice is the number of a new Vonage from which calls are made.
const VonageVoice = "+447700900003"

// vonageVoices are the languages that the fake speaks, and whether their first voice knows SSML
// (https://developer.vonage.com/en/voice/voice-api/concepts/text-to-speech, read 2026-11-23).
var vonageVoices = map[string]bool{
	"en-US": true, "es-ES": true, "fr-FR": true, "pt-BR": true, "it-IT": true, "de-DE": true, "cmn-CN": true,
	"ca-ES": false, "ja-JP": true, "ru-RU": true, "nl-NL": true, "pl-PL": true, "tr-TR": true, "vi-VN": true, "cs-CZ": true,
}

type vonagePhone struct {
	Type   string `json:"type"`
	Number string `json:"number"`
}

// exactly reads JSON and refuses what it does not know, so that a misspelt parameter is found.
func exactly(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// dial answers as the Voice API (createCall of its OpenAPI document, definitions/voice.yml of Nexmo/api-specification,
// read 2026-11-23).
func (v *Vonage) dial(w http.ResponseWriter, r *http.Request) {
	if !v.authorized(r) {
		v.refused.Add(1)
		problem(w, http.StatusUnauthorized, "#unauthorized", "You did not provide correct credentials.")
		return
	}
	text, fine := v.readCall(r)
	if !fine {
		v.keep(text, http.StatusBadRequest, 0)
		problem(w, http.StatusBadRequest, "", "Bad Request")
		return
	}
	do := v.behaviour(text.To)
	if v.turnAway(w, r, text, do, refuseVonage) {
		return
	}
	text.SID = newUUID()
	text = v.keep(text, http.StatusCreated, 0)
	take(w, r, do, http.StatusCreated, func() {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"uuid": text.SID, "status": "started", "direction": "outbound", "conversation_uuid": "CON-" + newUUID(),
		})
	})
}

func (v *Vonage) readCall(r *http.Request) (Text, bool) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	raw, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	var in struct {
		To               []vonagePhone     `json:"to"`
		From             vonagePhone       `json:"from"`
		NCCO             []json.RawMessage `json:"ncco"`
		EventURL         []string          `json:"event_url"`
		EventMethod      string            `json:"event_method"`
		MachineDetection string            `json:"machine_detection"`
		LengthTimer      *int              `json:"length_timer"`
		RingingTimer     *int              `json:"ringing_timer"`
	}
	if err != nil || kind != "application/json" || r.URL.RawQuery != "" || exactly(raw, &in) != nil || len(in.To) != 1 {
		return Text{}, false
	}
	text := Text{Channel: "voice", To: "+" + in.To[0].Number, From: in.From.Number, Validity: 60}
	if in.RingingTimer != nil {
		text.Validity = *in.RingingTimer
	}
	if len(in.EventURL) > 0 {
		text.Callback = in.EventURL[0]
	}
	words, language, fine := heard(in.NCCO)
	text.Body, text.Language = words, language
	badTimer := text.Validity < 1 || text.Validity > 120 ||
		in.LengthTimer != nil && (*in.LengthTimer < 1 || *in.LengthTimer > 7200)
	return text, fine && !badTimer && in.To[0].Type == "phone" && in.From.Type == "phone" && isE164(text.To) &&
		slices.Contains(v.Voices, in.From.Number) && len(in.EventURL) < 2 &&
		(text.Callback == "" || isCallback(text.Callback)) &&
		slices.Contains([]string{"", "GET", "POST"}, in.EventMethod) &&
		slices.Contains([]string{"", "continue", "hangup"}, in.MachineDetection)
}

// heard gives what is heard of a call's actions, a line for each, with a space for each pause, and their language: one for
// all of them.
func heard(actions []json.RawMessage) (words, language string, fine bool) {
	var lines []string
	for _, raw := range actions {
		var in struct {
			Action   string `json:"action"`
			Text     string `json:"text"`
			Language string `json:"language"`
		}
		if exactly(raw, &in) != nil || in.Action != "talk" || language != "" && language != in.Language {
			return "", "", false
		}
		ssml, known := vonageVoices[in.Language]
		language = in.Language
		if strings.Contains(in.Text, "<speak") {
			if in.Text, fine = spokenMarkup(in.Text); !fine || !ssml {
				return "", "", false
			}
		}
		if !known || in.Text == "" || utf8.RuneCountInString(in.Text) > 1500 {
			return "", "", false
		}
		lines = append(lines, in.Text)
	}
	return strings.Join(lines, "\n"), language, len(lines) > 0
}

// spokenMarkup gives the words of a text in SSML whose only tag is break.
func spokenMarkup(text string) (words string, fine bool) {
	var b strings.Builder
	decoder := xml.NewDecoder(strings.NewReader(text))
	for depth := 0; ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return b.String(), depth == 0
		}
		if err != nil {
			return "", false
		}
		switch token := token.(type) {
		case xml.StartElement:
			want := []string{"speak", "break"}
			if depth > 1 || token.Name.Local != want[depth] {
				return "", false
			}
			if depth++; depth == 2 {
				b.WriteByte(' ')
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			b.Write(token)
		}
	}
}

// CallEvent makes the request with which Vonage reports an event of a call, signed
// (https://developer.vonage.com/en/voice/voice-api/webhook-reference, read 2026-11-23).
func (v *Vonage) CallEvent(text Text, status string) *http.Request {
	event := map[string]any{
		"from": text.From, "to": strings.TrimPrefix(text.To, "+"), "uuid": text.SID, "status": status,
		"conversation_uuid": "CON-" + text.SID, "timestamp": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
	}
	switch status {
	case "human", "machine":
		delete(event, "uuid")
		event["call_uuid"] = text.SID
	case "completed":
		event["direction"], event["duration"], event["network"] = "outbound", "27", "GB-FIXED"
		event["rate"], event["price"] = "0.00450000", "0.00202500"
	default:
		event["direction"] = "outbound"
	}
	body, _ := json.Marshal(event)
	return v.SignedWebhook(text.Callback, body, nil)
}
