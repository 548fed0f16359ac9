package rest

import (
	"errors"
	"net/url"
	"strings"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
)

// Settings notes what is wrong with a provider's settings, all of it at once, each by its name.
type Settings struct {
	provider string
	problems []error
}

// Of begins with the settings of a provider, whose names begin with its own.
func Of(provider string) *Settings { return &Settings{provider: provider} }

// Problem notes what is wrong with a setting, such as api-key; "" is for what is no setting.
func (s *Settings) Problem(setting, text string) {
	name := s.provider + ":"
	if setting != "" {
		name = s.provider + "-" + setting
	}
	s.problems = append(s.problems, errors.New(name+" "+text))
}

// Secret wants a secret that fits into a header.
func (s *Settings) Secret(setting string, value secret.String) {
	if text := value.Reveal(); text == "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		s.Problem(setting, "is missing or has spaces or letters in it that no such secret has")
	}
}

// From wants what texts come from; names may have these signs in them. "" is no sender.
func (s *Settings) From(value, signs string) {
	if !sms.IsSender(value, signs) {
		s.Problem("from", "must be a number with +, a short code or a name of at most 11 letters, digits and spaces")
	}
}

// Base gives the address below which the provider's API is: the setting base-url, or another if that is not set.
func (s *Settings) Base(value, otherwise string) *url.URL {
	if value == "" {
		value = otherwise
	}
	u, err := httpx.Base(value)
	if err != nil {
		s.Problem("base-url", "is wrong: "+err.Error())
	}
	return u
}

func (s *Settings) err() error { return errors.Join(s.problems...) }

// IsUUID reports whether a text is a UUID in lower case.
func IsUUID(text string) bool {
	_, ok := ids.ParseUUID(text)
	return ok
}
