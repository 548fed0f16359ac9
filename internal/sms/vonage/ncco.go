package vonage

import (
	"strings"
	"unicode/utf8"

	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/sms"
)

// maxTalk is the longest text of a talk action in characters
// (https://developer.vonage.com/en/voice/voice-api/ncco-reference, read 2026-11-23).
const maxTalk = 1500

// voice is how a language is spoken.
type voice struct {
	code string
	// ssml says that the language's first voice understands SSML, and so makes pauses of the length that it is told.
	ssml bool
}

// voices are the languages' first voices (https://developer.vonage.com/en/voice/voice-api/concepts/text-to-speech, read
// 2026-11-23). There is none for Persian.
var voices = map[locale.Tag]voice{
	locale.English:             {"en-US", true},
	locale.Spanish:             {"es-ES", true},
	locale.French:              {"fr-FR", true},
	locale.BrazilianPortuguese: {"pt-BR", true},
	locale.Italian:             {"it-IT", true},
	locale.German:              {"de-DE", true},
	locale.SimplifiedChinese:   {"cmn-CN", true},
	locale.Catalan:             {"ca-ES", false},
	locale.Japanese:            {"ja-JP", true},
	locale.Russian:             {"ru-RU", true},
	locale.Dutch:               {"nl-NL", true},
	locale.Polish:              {"pl-PL", true},
	locale.Turkish:             {"tr-TR", true},
	locale.Vietnamese:          {"vi-VN", true},
	locale.Czech:               {"cs-CZ", true},
}

// talk is an action that says something. One begins when the one before it has ended.
type talk struct {
	Action   string `json:"action"`
	Text     string `json:"text"`
	Language string `json:"language"`
}

// digitPause is between two digits: long enough to write the one before down.
const digitPause = `<break time="800ms"/>`

// ncco writes what is said in a call: an action for each line of the text. The digits of a code have pauses between
// them; a voice that knows no SSML reads the line as it stands, with its commas.
func ncco(m sms.Message) ([]talk, error) {
	v, known := voices[locale.Tag(m.Locale)]
	if !known {
		return nil, &sms.Error{Class: sms.OtherRoute, Reason: "no voice of the provider speaks the text's language"}
	}
	var script []talk
	for _, u := range sms.Utterances(m.Body) {
		text := u.Text
		switch {
		case u.Digits != "" && v.ssml:
			text = "<speak>" + strings.Join(strings.Split(u.Digits, ""), digitPause) + "</speak>"
		case strings.Contains(text, "<speak"):
			// Words that would be taken for SSML: without their brackets they are words again.
			text = strings.NewReplacer("<", " ", ">", " ").Replace(text)
		}
		if utf8.RuneCountInString(text) > maxTalk {
			return nil, &sms.Error{Class: sms.Permanent, Reason: "the text is too long for a call"}
		}
		script = append(script, talk{Action: "talk", Text: text, Language: v.code})
	}
	if len(script) == 0 {
		return nil, &sms.Error{Class: sms.Permanent, Reason: "the text is missing"}
	}
	return script, nil
}
