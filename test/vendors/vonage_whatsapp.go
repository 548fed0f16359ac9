package vendors

import (
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// The WhatsApp sender and template that a new Vonage knows.
const (
	VonageWhatsApp = "+447700900002"
	VonageTemplate = "login_code"
)

// whatsAppTemplate is the object custom of a message with an authentication template
// (https://developer.vonage.com/en/messages/code-snippets/whatsapp/send-authentication-template, read 2026-11-23).
type whatsAppTemplate struct {
	Type     string `json:"type"`
	Template struct {
		Name     string `json:"name"`
		Language struct {
			Policy string `json:"policy"`
			Code   string `json:"code"`
		} `json:"language"`
		Components []struct {
			Type       string `json:"type"`
			SubType    string `json:"sub_type"`
			Index      string `json:"index"`
			Parameters []struct {
				Type string `json:"type"`
				Text string `json:"text"`
			} `json:"parameters"`
		} `json:"components"`
	} `json:"template"`
}

// code gives the code of an authentication template and its language, if WhatsApp would take it: a body and a button
// with the same code of at most 15 characters, in a template and a language that exist.
func (v *Vonage) code(raw json.RawMessage) (code, language string, fine bool) {
	var in whatsAppTemplate
	if exactly(raw, &in) != nil || in.Type != "template" || in.Template.Language.Policy != "deterministic" ||
		len(in.Template.Components) != 2 {
		return "", "", false
	}
	body, button := in.Template.Components[0], in.Template.Components[1]
	if body.Type != "body" || body.SubType+body.Index != "" || button.Type != "button" || button.SubType != "url" ||
		button.Index != "0" || len(body.Parameters) != 1 || !slices.Equal(body.Parameters, button.Parameters) {
		return "", "", false
	}
	code, language = body.Parameters[0].Text, in.Template.Language.Code
	return code, language, body.Parameters[0].Type == "text" && code != "" && utf8.RuneCountInString(code) <= 15 &&
		slices.Contains(v.Templates[in.Template.Name], language)
}
