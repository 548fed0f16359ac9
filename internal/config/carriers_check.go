package config

import (
	"strings"

	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/phone"
)

func (t *Twilio) check(p *Problems) {
	t.AuthToken = fromFile(p, "twilio-auth-token", t.AuthToken, t.AuthTokenFile)
	checkCountries(p, "twilio-countries", t.Countries)
}

func (v *Vonage) check(p *Problems) {
	v.PrivateKey = fromFile(p, "vonage-private-key", v.PrivateKey, v.PrivateKeyFile)
	v.APISecret = fromFile(p, "vonage-api-secret", v.APISecret, v.APISecretFile)
	v.SignatureSecret = fromFile(p, "vonage-signature-secret", v.SignatureSecret, v.SignatureSecretFile)
	checkLanguages(p, "vonage-whatsapp-languages", v.WhatsAppLanguages)
	checkCountries(p, "vonage-countries", v.Countries)
}

func (t *Telnyx) check(p *Problems) {
	t.APIKey = fromFile(p, "telnyx-api-key", t.APIKey, t.APIKeyFile)
	checkCountries(p, "telnyx-countries", t.Countries)
}

func (a *AWS) check(p *Problems) {
	a.SecretAccessKey = fromFile(p, "aws-secret-access-key", a.SecretAccessKey, a.SecretAccessKeyFile)
	a.SessionToken = fromFile(p, "aws-session-token", a.SessionToken, a.SessionTokenFile)
	checkCountries(p, "aws-countries", a.Countries)
}

func (s *SMPP) check(p *Problems) {
	s.Password = fromFile(p, "smpp-password", s.Password, s.PasswordFile)
	s.TLS.check(p, "smpp-tls")
	if s.Window != (Number{}) {
		s.Window.check(p, "smpp-window", 1, 1000)
	}
	checkCountries(p, "smpp-countries", s.Countries)
}

func (w *SMSWebhook) check(p *Problems) {
	w.Secret = fromFile(p, "sms-webhook-secret", w.Secret, w.SecretFile)
	w.AllowPrivate.check(p, "sms-webhook-allow-private")
	checkCountries(p, "sms-webhook-countries", w.Countries)
}

func (l *Lookup) check(p *Problems) {
	l.Secret = fromFile(p, "lookup-secret", l.Secret, l.SecretFile)
	l.AllowPrivate.check(p, "lookup-allow-private")
	l.PerDay.check(p, "lookup-per-day", 0, 1_000_000)
}

func (f *SMSFile) check(p *Problems) {
	checkCountries(p, "sms-file-countries", f.Countries)
}

// checkCountries brings a list of countries into the form that routes have, and notes what is no country.
func checkCountries(p *Problems, name string, countries []string) {
	for i, cc := range countries {
		countries[i] = strings.ToUpper(strings.TrimSpace(cc))
		if !phone.ValidRegion(countries[i]) {
			p.Add("%s: %q is no country code; want two letters such as US", name, cc)
		}
	}
}

// checkLanguages brings a list of languages into the form that messages have, and notes what texts have no words in.
func checkLanguages(p *Problems, name string, languages []string) {
	for i, language := range languages {
		tag, err := locale.Input(strings.TrimSpace(language)).ForSMS()
		if err != nil {
			p.Add("%s: %q is no language of texts; want one such as en or pt-br", name, language)
			continue
		}
		languages[i] = string(tag)
	}
}
