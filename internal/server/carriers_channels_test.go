package server

import (
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/config"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/test/vendors"
)

// TestChannels: an account has a route for each channel that it has a sender for, and what is wrong is said once.
func TestChannels(t *testing.T) {
	t.Parallel()
	key := secret.String(vendors.NewVonage().PrivateKey())
	account := config.Twilio{AccountSID: vendors.TwilioAccount, AuthToken: vendors.TwilioToken}
	application := config.Vonage{
		ApplicationID: vendors.VonageApplication, PrivateKey: key, APIKey: vendors.VonageAPIKey,
		SignatureSecret: vendors.VonageSignature,
	}
	for name, tt := range map[string]struct {
		change   func(*config.Twilio, *config.Vonage)
		names    string
		problems string
	}{
		"all": {func(t *config.Twilio, v *config.Vonage) {
			t.From, t.WhatsAppFrom, t.WhatsAppContentSID = vendors.TwilioFrom, vendors.TwilioWhatsApp, vendors.TwilioContent
			t.VoiceFrom = vendors.TwilioVoice
			v.From, v.WhatsAppFrom, v.WhatsAppTemplate = vendors.VonageFrom, vendors.VonageWhatsApp, vendors.VonageTemplate
			v.WhatsAppLanguages, v.VoiceFrom = []string{"en", "pt-br"}, vendors.VonageVoice
		}, "twilio twilio_whatsapp twilio_voice vonage vonage_whatsapp vonage_voice", ""},
		"no texts": {func(t *config.Twilio, v *config.Vonage) {
			t.VoiceFrom = vendors.TwilioVoice
			v.WhatsAppFrom, v.WhatsAppTemplate = vendors.VonageWhatsApp, vendors.VonageTemplate
		}, "twilio_voice vonage_whatsapp", ""},
		"a messaging service": {func(t *config.Twilio, v *config.Vonage) {
			t.MessagingServiceSID, *v = vendors.TwilioService, config.Vonage{}
		}, "twilio", ""},
		"no sender": {
			func(*config.Twilio, *config.Vonage) {}, "twilio vonage",
			"twilio-from is missing: set it to a number, or set twilio-messaging-service-sid\n" +
				"vonage-from must be a number with +, a short code or a name of at most 11 letters, digits and spaces",
		},
		"half a channel": {
			func(t *config.Twilio, v *config.Vonage) {
				t.WhatsAppContentSID, t.VoiceFrom, v.WhatsAppLanguages = vendors.TwilioContent, "Acme", []string{"en"}
			}, "twilio_whatsapp twilio_voice vonage_whatsapp",
			"twilio-whatsapp-from must be the number of a WhatsApp sender, with +\n" +
				"twilio-voice-from must be a number with +\n" +
				"vonage-whatsapp-from must be the number of a WhatsApp sender, with +\n" +
				"vonage-whatsapp-template must be the template's name, which has no spaces",
		},
		"a wrong account": {
			func(t *config.Twilio, v *config.Vonage) {
				*t, *v = config.Twilio{From: "Acme", VoiceFrom: vendors.TwilioVoice, AccountSID: "AC1", AuthToken: "x"}, config.Vonage{}
			}, "twilio twilio_voice", "twilio-account-sid must be AC and 32 hex digits",
		},
	} {
		var c serveCommand
		c.Twilio, c.Vonage = account, application
		tt.change(&c.Twilio, &c.Vonage)
		var o Options
		var problems config.Problems
		carriers(&c.Serve, &o, &problems)
		var names []string
		for _, route := range o.SMS {
			names = append(names, route.Sender.Name())
		}
		if got := strings.Join(names, " "); got != tt.names || strings.Join(problems, "\n") != tt.problems {
			t.Errorf("%s: routes %s, problems %q; want %s, %q", name, got, problems, tt.names, tt.problems)
		}
	}
}
