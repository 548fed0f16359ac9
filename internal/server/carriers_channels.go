package server

import (
	"time"

	"github.com/thimble-auth/thimble/internal/config"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/twilio"
	"github.com/thimble-auth/thimble/internal/sms/vonage"
)

// twilioSenders makes a route of each channel that the account has a sender for. An account without any is one for texts
// that lacks its sender, which is for its check to say.
func twilioSenders(c *config.Twilio) []notify.SMSRoute {
	var routes []notify.SMSRoute
	settings := func(from string) twilio.Config {
		return twilio.Config{
			AccountSID: c.AccountSID, AuthToken: c.AuthToken, From: from, BaseURL: c.BaseURL,
			HTTP: carrierClient(c.BaseURL != ""),
		}
	}
	add := func(sender sms.Sender) {
		routes = append(routes, notify.SMSRoute{Sender: sender, Countries: c.Countries})
	}
	if c.SMS() || c.Given() && !c.WhatsApp() && !c.Voice() {
		own := settings(c.From)
		own.MessagingServiceSID = c.MessagingServiceSID
		add(twilio.New(own))
	}
	if c.WhatsApp() {
		own := settings(c.WhatsAppFrom)
		own.ContentSID = c.WhatsAppContentSID
		add(twilio.NewWhatsApp(own))
	}
	if c.Voice() {
		add(twilio.NewVoice(settings(c.VoiceFrom)))
	}
	return routes
}

// vonageSenders makes a route of each channel that the application has a sender for, as twilioSenders does.
func vonageSenders(c *config.Vonage) []notify.SMSRoute {
	var routes []notify.SMSRoute
	settings := func(from string) vonage.Config {
		return vonage.Config{
			ApplicationID: c.ApplicationID, PrivateKey: c.PrivateKey, APIKey: c.APIKey, APISecret: c.APISecret,
			SignatureSecret: c.SignatureSecret, From: from, BaseURL: c.BaseURL, Now: time.Now,
			HTTP: carrierClient(c.BaseURL != ""),
		}
	}
	add := func(sender sms.Sender) {
		routes = append(routes, notify.SMSRoute{Sender: sender, Countries: c.Countries})
	}
	if c.SMS() || c.Given() && !c.WhatsApp() && !c.Voice() {
		add(vonage.New(settings(c.From)))
	}
	if c.WhatsApp() {
		own := settings(c.WhatsAppFrom)
		own.Template = c.WhatsAppTemplate
		for _, tag := range c.WhatsAppLanguages {
			own.Languages = append(own.Languages, locale.Tag(tag))
		}
		add(vonage.NewWhatsApp(own))
	}
	if c.Voice() {
		add(vonage.NewVoice(settings(c.VoiceFrom)))
	}
	return routes
}
