package twilio

import (
	"errors"
	"net/url"
	"strings"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

// check reports all that is wrong with the settings at once, each by its name, and gives the address that is posted to.
func check(c Config, resource string, own []error) (*url.URL, error) {
	var problems []error
	problem := func(text string) { problems = append(problems, errors.New("twilio-"+text)) }

	if !isSID(c.AccountSID, "AC") {
		problem("account-sid must be AC and 32 hex digits")
	}
	if c.AuthToken == "" {
		problem("auth-token is missing")
	}
	problems = append(problems, own...)
	if c.HTTP == nil {
		problems = append(problems, errors.New("twilio: no HTTP client"))
	}
	endpoint, err := endpoint(c, resource)
	if err != nil {
		problem("base-url is wrong: " + err.Error())
	}
	return endpoint, errors.Join(problems...)
}

// checkSender tells what is wrong with the settings that only texts have.
func checkSender(c Config) []error {
	var problems []error
	problem := func(text string) { problems = append(problems, errors.New("twilio-"+text)) }

	if c.From == "" && c.MessagingServiceSID == "" {
		problem("from is missing: set it to a number, or set twilio-messaging-service-sid")
	}
	if c.MessagingServiceSID != "" && !isSID(c.MessagingServiceSID, "MG") {
		problem("messaging-service-sid must be MG and 32 hex digits")
	}
	if c.From != "" && !sms.IsSender(c.From, " +-_&") {
		problem("from must be a number with +, a short code or a name of at most 11 letters, digits and spaces")
	}
	return problems
}

// endpoint is where a resource is created.
func endpoint(c Config, resource string) (*url.URL, error) {
	base := c.BaseURL
	if base == "" {
		base = DefaultBaseURL
	}
	u, err := httpx.Base(base)
	if err != nil {
		return nil, err
	}
	return u.JoinPath("2010-04-01", "Accounts", c.AccountSID, resource), nil
}

// isSID reports whether a text is one of Twilio's ids: two letters and 32 hex digits.
func isSID(text, prefix string) bool {
	rest, found := strings.CutPrefix(text, prefix)
	return found && len(rest) == 32 && onlyOf(rest, "0123456789abcdefABCDEF")
}

func onlyOf(text, characters string) bool {
	return strings.Trim(text, characters) == ""
}
