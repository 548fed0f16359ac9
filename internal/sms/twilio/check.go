package twilio

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// check reports all that is wrong with the settings at once, each by its name, and gives the address that texts are
// posted to.
func check(c Config) (*url.URL, error) {
	var problems []error
	problem := func(text string) { problems = append(problems, errors.New("twilio-"+text)) }

	if !isSID(c.AccountSID, "AC") {
		problem("account-sid must be AC and 32 hex digits")
	}
	if c.AuthToken == "" {
		problem("auth-token is missing")
	}
	if c.From == "" && c.MessagingServiceSID == "" {
		problem("from is missing: set it to a number, or set twilio-messaging-service-sid")
	}
	if c.MessagingServiceSID != "" && !isSID(c.MessagingServiceSID, "MG") {
		problem("messaging-service-sid must be MG and 32 hex digits")
	}
	if c.From != "" && !isSender(c.From) {
		problem("from must be a number with +, a short code or a name of at most 11 letters, digits and spaces")
	}
	if c.HTTP == nil {
		problems = append(problems, errors.New("twilio: no HTTP client"))
	}
	endpoint, ok := endpoint(c)
	if !ok {
		problem("base-url must be https://host, or http:// and a loopback address")
	}
	return endpoint, errors.Join(problems...)
}

// endpoint is where messages are created.
func endpoint(c Config) (*url.URL, bool) {
	base := c.BaseURL
	if base == "" {
		base = DefaultBaseURL
	}
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, false
	}
	// The token goes with every call; it must not cross a network in the clear.
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return nil, false
	}
	u.Path = "/" + strings.Trim(u.Path, "/")
	return u.JoinPath("2010-04-01", "Accounts", c.AccountSID, "Messages.json"), true
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// isSID reports whether a text is one of Twilio's ids: two letters and 32 hex digits.
func isSID(text, prefix string) bool {
	rest, found := strings.CutPrefix(text, prefix)
	return found && len(rest) == 32 && onlyOf(rest, "0123456789abcdefABCDEF")
}

// isSender reports whether Twilio could take a text as From: E.164, a short code of 3 to 8 digits, or an alphanumeric
// name of up to 11 characters with at least one letter.
func isSender(text string) bool {
	const digits, letters = "0123456789", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if rest, plus := strings.CutPrefix(text, "+"); plus {
		return len(rest) >= 7 && len(rest) <= 15 && onlyOf(rest, digits) && rest[0] != '0'
	}
	if onlyOf(text, digits) {
		return len(text) >= 3 && len(text) <= 8
	}
	return len(text) <= 11 && strings.ContainsAny(text, letters) && onlyOf(text, digits+letters+" +-_&")
}

func onlyOf(text, characters string) bool {
	return strings.Trim(text, characters) == ""
}
