package telnyx

import (
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/rest"
)

// check notes all that is wrong with the settings at once, and prepares what is right.
func (s *Sender) check() {
	c, settings := s.config, rest.Of(Name)
	settings.Secret("api-key", c.APIKey)
	key, err := base64.StdEncoding.DecodeString(c.PublicKey)
	if err != nil || len(key) != ed25519.PublicKeySize {
		settings.Problem("public-key", "must be the account's public key, 32 bytes in base64")
	}
	s.key = key
	isName := strings.Trim(c.From, "+0123456789") != ""
	switch {
	case c.From != "":
		settings.From(c.From, " ")
	case c.MessagingProfileID == "":
		settings.Problem("from", "is missing: set it to a number, or set telnyx-messaging-profile-id")
	}
	if _, ok := ids.ParseUUID(c.MessagingProfileID); c.MessagingProfileID != "" && !ok {
		settings.Problem("messaging-profile-id", "must be a UUID, in lower case")
	}
	if c.MessagingProfileID == "" && isName && sms.IsSender(c.From, " ") {
		settings.Problem("messaging-profile-id", "is missing: a name as the sender needs it")
	}
	if base := settings.Base(c.BaseURL, DefaultBaseURL); base != nil {
		s.endpoint = base.JoinPath("v2", "messages")
	}
	if c.Now == nil {
		settings.Problem("", "no clock")
	}
	s.API = rest.New(settings, c.HTTP, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+c.APIKey.Reveal())
	})
}
