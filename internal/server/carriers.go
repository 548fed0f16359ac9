package server

import (
	"log/slog"
	"net/url"
	"time"

	"github.com/thimble-auth/thimble/internal/config"
	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/mail"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/outbox"
	"github.com/thimble-auth/thimble/internal/price"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/aws"
	"github.com/thimble-auth/thimble/internal/sms/file"
	"github.com/thimble-auth/thimble/internal/sms/smpp"
	"github.com/thimble-auth/thimble/internal/sms/telnyx"
	"github.com/thimble-auth/thimble/internal/sms/webhook"
)

// carriers makes the providers of the settings.
func carriers(c *config.Serve, o *Options, p *config.Problems) {
	add := func(sender sms.Sender, countries []string) {
		p.Join(sender.Check())
		o.SMS = append(o.SMS, notify.SMSRoute{Sender: sender, Countries: countries})
	}
	for _, sender := range append(twilioSenders(&c.Twilio), vonageSenders(&c.Vonage)...) {
		add(sender.Sender, sender.Countries)
	}
	if c.Telnyx.Given() {
		add(telnyxSender(&c.Telnyx), c.Telnyx.Countries)
	}
	if c.AWS.Given() {
		add(awsSender(&c.AWS), c.AWS.Countries)
	}
	for _, route := range plainSenders(c) {
		add(route.Sender, route.Countries)
	}
	if c.SMPP.Given() {
		add(smppSender(&c.SMPP, o.Logger), c.SMPP.Countries)
	}
	if w := &c.SMSWebhook; w.Given() {
		add(webhook.New(webhook.Config{
			URL: w.URL, Secret: w.Secret, Private: w.AllowPrivate.On, Now: time.Now, HTTP: carrierClient(w.AllowPrivate.On),
		}), w.Countries)
	}
	if c.SMSFile.Given() {
		add(file.New(c.SMSFile.Path, time.Now), c.SMSFile.Countries)
	}
	lookup(&c.Lookup, o, p)
	var err error
	o.Learning = c.SMSLearning.On
	o.Routes, err = notify.ParseRoutes(c.SMSRoutes, o.SMS)
	p.Join(err)
	o.Prices, err = price.Open(c.SMSPrices)
	p.Join(err)
	if c.SMTP.Given() {
		o.Mail = mail.New(mail.Config{
			Host: c.SMTP.Host, Port: c.SMTP.Port.N, Security: mail.Security(c.SMTP.Security),
			Username: c.SMTP.Username, Password: c.SMTP.Password, Hello: hello(c),
		})
		p.Join(o.Mail.Check())
	}
}

// lookup makes what says what numbers are.
func lookup(c *config.Lookup, o *Options, p *config.Problems) {
	if !c.Given() {
		return
	}
	l := webhook.NewLookup(webhook.Config{
		Setting: "lookup", URL: c.URL, Secret: c.Secret, Private: c.AllowPrivate.On, Now: time.Now,
		HTTP: carrierClient(c.AllowPrivate.On),
	})
	p.Join(l.Check())
	o.Lookup, o.LookupsPerDay = l, int64(c.PerDay.N)
	if o.LookupsPerDay == 0 {
		o.LookupsPerDay = defaultLookups
	}
}

// defaultLookups is how many numbers are looked up in a day unless a setting says otherwise.
const defaultLookups = 1000

// carrierClient makes what calls a provider. A base URL of ours may be on this network: its host comes from the operator,
// never from a request.
func carrierClient(private bool) *httpx.Client {
	return httpx.New(httpx.Options{IdlePerHost: outbox.DefaultWorkers, AllowPrivate: private})
}

func telnyxSender(c *config.Telnyx) sms.Sender {
	return telnyx.New(telnyx.Config{
		APIKey: c.APIKey, PublicKey: c.PublicKey, From: c.From, MessagingProfileID: c.MessagingProfileID, BaseURL: c.BaseURL,
		Now: time.Now, HTTP: carrierClient(c.BaseURL != ""),
	})
}

func awsSender(c *config.AWS) sms.Sender {
	return aws.New(aws.Config{
		Region: c.Region, AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
		From: c.From, ConfigurationSet: c.ConfigurationSet, TopicARN: c.TopicARN, BaseURL: c.BaseURL,
		HTTP: carrierClient(c.BaseURL != ""), SNS: httpx.New(httpx.Options{}),
	})
}

func smppSender(c *config.SMPP, log *slog.Logger) sms.Sender {
	return smpp.New(smpp.Config{
		Address: c.Address, TLS: c.TLS.On, CAFile: c.CAFile, SystemID: c.SystemID, Password: c.Password,
		SystemType: c.SystemType, From: c.From, FromType: c.FromType, ToType: c.ToType, Window: c.Window.N,
		Alphabet: c.Alphabet, LongTexts: c.LongTexts, MessageIDs: c.MessageIDs, Logger: log,
	})
}

// hello is how mail servers are greeted.
func hello(c *config.Serve) string {
	if c.SMTP.Hello != "" {
		return c.SMTP.Hello
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
