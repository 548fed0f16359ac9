package server

import (
	"time"

	"github.com/thimble-auth/thimble/internal/config"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/bird"
	"github.com/thimble-auth/thimble/internal/sms/infobip"
	"github.com/thimble-auth/thimble/internal/sms/plivo"
	"github.com/thimble-auth/thimble/internal/sms/sinch"
)

// plainSenders makes a route of each provider that has texts alone, and nothing but its HTTP API.
func plainSenders(c *config.Serve) []notify.SMSRoute {
	var routes []notify.SMSRoute
	add := func(given bool, countries []string, sender func() sms.Sender) {
		if given {
			routes = append(routes, notify.SMSRoute{Sender: sender(), Countries: countries})
		}
	}
	add(c.Plivo.Given(), c.Plivo.Countries, func() sms.Sender {
		p := &c.Plivo
		return plivo.New(plivo.Config{
			AuthID: p.AuthID, AuthToken: p.AuthToken, From: p.From, PowerpackUUID: p.PowerpackUUID, BaseURL: p.BaseURL,
			HTTP: carrierClient(p.BaseURL != ""), Now: time.Now,
		})
	})
	add(c.Infobip.Given(), c.Infobip.Countries, func() sms.Sender {
		i := &c.Infobip
		return infobip.New(infobip.Config{
			BaseURL: i.BaseURL, APIKey: i.APIKey, From: i.From, WebhookUser: i.WebhookUser, WebhookPassword: i.WebhookPassword,
			HTTP: carrierClient(true),
		})
	})
	add(c.Sinch.Given(), c.Sinch.Countries, func() sms.Sender {
		s := &c.Sinch
		return sinch.New(sinch.Config{
			ServicePlanID: s.ServicePlanID, APIToken: s.APIToken, From: s.From, WebhookUser: s.WebhookUser,
			WebhookPassword: s.WebhookPassword, BaseURL: s.BaseURL, HTTP: carrierClient(s.BaseURL != ""), Now: time.Now,
		})
	})
	add(c.Bird.Given(), c.Bird.Countries, func() sms.Sender {
		b := &c.Bird
		return bird.New(bird.Config{
			APIKey: b.APIKey, From: b.From, WebhookSecret: b.WebhookSecret, BaseURL: b.BaseURL,
			HTTP: carrierClient(b.BaseURL != ""), Now: time.Now,
		})
	})
	return routes
}
