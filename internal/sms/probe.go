package sms

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Prober is a Sender that can ask its provider whether texts could be sent with its settings, without sending any.
type Prober interface {
	// Probe asks. nil says that nothing speaks against the settings; an error joins Findings.
	Probe(ctx context.Context) error
}

// Finding is what a provider's answer says about a setting. It holds no secret, and nothing of the answer but its
// status.
type Finding struct {
	// Setting is the setting's name, such as twilio-auth-token.
	Setting string
	// Doubt says that texts may be sent all the same.
	Doubt bool
	// Text says what is wrong and what to do about it.
	Text string
}

// Error names the setting and says what is wrong with it.
func (f *Finding) Error() string { return f.Setting + ": " + f.Text }

// Wrong is the finding that texts cannot be sent with a setting.
func Wrong(setting, format string, args ...any) error {
	return &Finding{Setting: setting, Text: fmt.Sprintf(format, args...)}
}

// Doubtful is the finding that a setting may be wrong.
func Doubtful(setting, format string, args ...any) error {
	return &Finding{Setting: setting, Doubt: true, Text: fmt.Sprintf(format, args...)}
}

// Unreached is the finding that there was no answer to a question, for a reason such as package httpx's.
func Unreached(setting, reason string) error {
	return Wrong(setting, "%s: there is no way from this machine to the provider, or it is down", reason)
}

// Unexpected is the finding that an answer tells nothing about the settings.
func Unexpected(setting string, status int) error {
	switch {
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		return Doubtful(setting, "the provider answered %d and could not be asked: try again later", status)
	case status == http.StatusOK:
		return Doubtful(setting, "what answers there is not the provider")
	}
	return Doubtful(setting, "the provider answered %d, which tells nothing about the settings", status)
}

// Findings gives all findings that an error of Probe joins.
func Findings(err error) []*Finding {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Finding
		for _, one := range many.Unwrap() {
			all = append(all, Findings(one)...)
		}
		return all
	}
	if f, ok := errors.AsType[*Finding](err); ok {
		return []*Finding{f}
	}
	return nil
}
