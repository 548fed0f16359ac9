package vonage

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/sms"
)

// WhatsApp sends codes by WhatsApp, in an authentication template with a button for the code. It implements sms.Sender.
type WhatsApp struct{ account }

var _ sms.Sender = (*WhatsApp)(nil)

// NewWhatsApp makes a sender. Wrong settings are reported by Check and by every Send.
func NewWhatsApp(c Config) *WhatsApp {
	var own []error
	problem := func(text string) { own = append(own, errors.New("vonage-whatsapp-"+text)) }
	if !sms.IsNumber(c.From) {
		problem("from must be the number of a WhatsApp sender, with +")
	}
	if c.Template == "" || strings.ContainsFunc(c.Template, unicode.IsSpace) {
		problem("template must be the template's name, which has no spaces")
	}
	for _, tag := range c.Languages {
		if templateLanguages[tag] == "" {
			problem("languages: " + string(tag) + " is no language of texts, such as en or pt-br")
		}
	}
	w := &WhatsApp{}
	w.set(NameWhatsApp, c, own...)
	return w
}

// Channel is sms.WhatsApp.
func (w *WhatsApp) Channel() sms.Channel { return sms.WhatsApp }

// templateLanguages are WhatsApp's codes for our languages
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/supported-languages, read
// 2026-11-23).
var templateLanguages = map[locale.Tag]string{
	locale.English:             "en",
	locale.Spanish:             "es",
	locale.French:              "fr",
	locale.BrazilianPortuguese: "pt_BR",
	locale.Italian:             "it",
	locale.German:              "de",
	locale.SimplifiedChinese:   "zh_CN",
	locale.Catalan:             "ca",
	locale.Japanese:            "ja",
	locale.Russian:             "ru",
	locale.Dutch:               "nl",
	locale.Polish:              "pl",
	locale.Turkish:             "tr",
	locale.Persian:             "fa",
	locale.Vietnamese:          "vi",
	locale.Czech:               "cs",
}

// templateMessage is the body of a call for a template with a button, which Vonage passes on to WhatsApp as it is
// (https://developer.vonage.com/en/messages/code-snippets/whatsapp/send-authentication-template, read 2026-11-23).
type templateMessage struct {
	Type    string `json:"message_type"`
	To      string `json:"to"`
	From    string `json:"from"`
	Channel string `json:"channel"`
	Custom  custom `json:"custom"`
	reporting
}

type custom struct {
	Type     string   `json:"type"`
	Template template `json:"template"`
}

type template struct {
	Name     string `json:"name"`
	Language struct {
		Policy string `json:"policy"`
		Code   string `json:"code"`
	} `json:"language"`
	Components []component `json:"components"`
}

type component struct {
	Type       string      `json:"type"`
	SubType    string      `json:"sub_type,omitempty"`
	Index      string      `json:"index,omitempty"`
	Parameters []parameter `json:"parameters"`
}

type parameter struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// Send hands a code over. The words around it are the template's, in the text's language if the template has it. The
// Messages API takes no time to live for WhatsApp: how long WhatsApp tries is set in the template. Every error is an
// *sms.Error.
func (w *WhatsApp) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	if err := w.ready(&m); err != nil {
		return sms.Result{}, err
	}
	code := []parameter{{Type: "text", Text: m.Code}}
	t := template{Name: w.config.Template, Components: []component{
		{Type: "body", Parameters: code},
		// The button copies the code, or fills it in.
		{Type: "button", SubType: "url", Index: "0", Parameters: code},
	}}
	t.Language.Policy, t.Language.Code = "deterministic", w.language(locale.Tag(m.Locale))
	return w.message(ctx, templateMessage{
		Type: "custom", Channel: "whatsapp", To: plain(m.To), From: plain(w.config.From),
		Custom: custom{Type: "template", Template: t}, reporting: report(&m),
	})
}

// language gives WhatsApp's code of the language in which a message goes out.
func (w *WhatsApp) language(tag locale.Tag) string {
	switch {
	case slices.Contains(w.config.Languages, tag):
		return templateLanguages[tag]
	case len(w.config.Languages) > 0:
		return templateLanguages[w.config.Languages[0]]
	}
	return templateLanguages[locale.English]
}

// Receipt reads a status webhook, as that of a text.
func (w *WhatsApp) Receipt(r *http.Request, _ string, body []byte) (sms.Receipt, error) {
	return w.messageReceipt(r, body, "whatsapp")
}
