package vonage

import (
	"errors"
	"net/url"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/ids"
)

const (
	digits  = "0123456789"
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// check notes all that is wrong with the settings at once, and prepares what is right.
func (s *Sender) check() {
	c := s.config
	var problems []error
	problem := func(text string) { problems = append(problems, errors.New("vonage-"+text)) }

	if _, ok := ids.ParseUUID(c.ApplicationID); !ok {
		problem("application-id must be the application's UUID, in lower case")
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(c.PrivateKey.Reveal()))
	if err != nil {
		problem("private-key must be the application's RSA key in PEM")
	}
	s.key = key
	if c.APIKey == "" || strings.Trim(c.APIKey, letters+digits) != "" {
		problem("api-key must be the account's key, letters and digits")
	}
	if c.SignatureSecret == "" {
		problem("signature-secret is missing")
	}
	if strings.ContainsAny(c.APISecret.Reveal(), " \t\r\n") {
		problem("api-secret has spaces in it")
	}
	if !isSender(c.From) {
		problem("from must be a number with +, a short code or a name of at most 11 letters, digits and spaces")
	}
	if err := s.addresses(); err != nil {
		problem("base-url is wrong: " + err.Error())
	}
	if c.HTTP == nil || c.Now == nil {
		problems = append(problems, errors.New("vonage: no HTTP client or no clock"))
	}
	s.problems = errors.Join(problems...)
}

// addresses are where messages are created and conversions told.
func (s *Sender) addresses() error {
	base := s.config.BaseURL
	if base == "" {
		base = DefaultBaseURL
	}
	u, err := httpx.Base(base)
	if err != nil {
		return err
	}
	s.messages, s.conversions = u.JoinPath("v1", "messages"), u.JoinPath("conversions", "sms")
	if strings.HasSuffix(u.Hostname(), ".nexmo.com") {
		// The regional hosts are documented for messages alone.
		s.conversions, err = url.Parse(DefaultBaseURL + "/conversions/sms")
	}
	return err
}

// isSender reports whether Vonage could take a text as from: E.164, a short code of 3 to 8 digits, or an alphanumeric
// name of up to 11 characters with at least one letter.
func isSender(text string) bool {
	rest, plus := strings.CutPrefix(text, "+")
	if plus {
		return len(rest) >= 7 && len(rest) <= 15 && strings.Trim(rest, digits) == "" && rest[0] != '0'
	}
	if strings.Trim(text, digits) == "" {
		return len(text) >= 3 && len(text) <= 8
	}
	return len(text) <= 11 && strings.ContainsAny(text, letters) && strings.Trim(text, letters+digits+" ") == ""
}
