package twilio

import (
	"bytes"
	"encoding/xml"

	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/sms"
)

// maxTwiML is the longest Twiml parameter in characters (its description in Twilio's API definition, read 2026-11-23).
const maxTwiML = 4000

// spokenLanguages are the values of Say's language for ours (https://www.twilio.com/docs/voice/twiml/say/text-speech,
// read 2026-11-23). There is no voice for Persian.
var spokenLanguages = map[locale.Tag]string{
	locale.English:             "en-US",
	locale.Spanish:             "es-ES",
	locale.French:              "fr-FR",
	locale.BrazilianPortuguese: "pt-BR",
	locale.Italian:             "it-IT",
	locale.German:              "de-DE",
	locale.SimplifiedChinese:   "cmn-CN",
	locale.Catalan:             "ca-ES",
	locale.Japanese:            "ja-JP",
	locale.Russian:             "ru-RU",
	locale.Dutch:               "nl-NL",
	locale.Polish:              "pl-PL",
	locale.Turkish:             "tr-TR",
	locale.Vietnamese:          "vi-VN",
	locale.Czech:               "cs-CZ",
}

// say and pause are the verbs of a call.
type say struct {
	XMLName  xml.Name `xml:"Say"`
	Language string   `xml:"language,attr"`
	Text     string   `xml:",chardata"`
}

type pause struct {
	XMLName xml.Name `xml:"Pause"`
	// Seconds are whole ones: there are no shorter pauses between verbs.
	Seconds int `xml:"length,attr"`
}

// twiml writes what is said in a call: each line of the text after a pause, and each digit of a code with one behind
// it.
func twiml(m sms.Message) (string, error) {
	language, known := spokenLanguages[locale.Tag(m.Locale)]
	if !known {
		return "", &sms.Error{Class: sms.OtherRoute, Reason: "no voice of the provider speaks the text's language"}
	}
	response := struct {
		XMLName xml.Name `xml:"Response"`
		Verbs   []any
	}{}
	speak := func(text string) {
		response.Verbs = append(response.Verbs, pause{Seconds: 1}, say{Language: language, Text: text})
	}
	for _, u := range sms.Utterances(m.Body) {
		if u.Digits == "" {
			speak(u.Text)
		}
		for _, digit := range u.Digits {
			speak(string(digit))
		}
	}
	if len(response.Verbs) == 0 {
		return "", &sms.Error{Class: sms.Permanent, Reason: "the text is missing"}
	}
	var b bytes.Buffer
	if err := xml.NewEncoder(&b).Encode(response); err != nil {
		return "", &sms.Error{Class: sms.Permanent, Reason: "the text cannot be written as XML"}
	}
	if len(bytes.Runes(b.Bytes())) > maxTwiML {
		return "", &sms.Error{Class: sms.Permanent, Reason: "the text is too long for a call"}
	}
	return b.String(), nil
}
