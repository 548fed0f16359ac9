package vonage

import (
	"errors"
	"net/url"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sms"
)

const (
	digits  = "0123456789"
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// set notes all that is wrong with the settings at once, and prepares what is right. own is what is wrong with those
// that are the channel's own.
func (a *account) set(name string, c Config, own ...error) {
	a.name, a.config = name, c
	var problems []error
	problem := func(text string) { problems = append(problems, errors.New("vonage-"+text)) }

	if _, ok := ids.ParseUUID(c.ApplicationID); !ok {
		problem("application-id must be the application's UUID, in lower case")
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(c.PrivateKey.Reveal()))
	if err != nil {
		problem("private-key must be the application's RSA key in PEM")
	}
	a.key = key
	if c.APIKey == "" || strings.Trim(c.APIKey, letters+digits) != "" {
		problem("api-key must be the account's key, letters and digits")
	}
	if c.SignatureSecret == "" {
		problem("signature-secret is missing")
	}
	problems = append(problems, own...)
	base := c.BaseURL
	if base == "" {
		base = DefaultBaseURL
	}
	if a.base, err = httpx.Base(base); err != nil {
		problem("base-url is wrong: " + err.Error())
	}
	if c.HTTP == nil || c.Now == nil {
		problems = append(problems, errors.New("vonage: no HTTP client or no clock"))
	}
	a.problems = errors.Join(problems...)
}

// checkSender tells what is wrong with the settings that only texts have.
func checkSender(c Config) []error {
	var problems []error
	if strings.ContainsAny(c.APISecret.Reveal(), " \t\r\n") {
		problems = append(problems, errors.New("vonage-api-secret has spaces in it"))
	}
	if !sms.IsSender(c.From, " ") {
		problems = append(problems, errors.New(
			"vonage-from must be a number with +, a short code or a name of at most 11 letters, digits and spaces"))
	}
	return problems
}

// elsewhere gives an address of an API that the regional hosts are not documented for: they are those of messages
// alone.
func (a *account) elsewhere(path ...string) *url.URL {
	if strings.HasSuffix(a.base.Hostname(), ".nexmo.com") {
		return (&url.URL{Scheme: "https", Host: "api.nexmo.com"}).JoinPath(path...)
	}
	return a.base.JoinPath(path...)
}
