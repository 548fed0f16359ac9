package telnyx

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/ids"
)

// check notes all that is wrong with the settings at once, and prepares what is right.
func (s *Sender) check() {
	c := s.config
	var problems []error
	problem := func(text string) { problems = append(problems, errors.New("telnyx-"+text)) }

	if c.APIKey == "" || strings.ContainsAny(c.APIKey.Reveal(), " \t\r\n") {
		problem("api-key is missing or has spaces in it")
	}
	key, err := base64.StdEncoding.DecodeString(c.PublicKey)
	if err != nil || len(key) != ed25519.PublicKeySize {
		problem("public-key must be the account's public key, 32 bytes in base64")
	} else {
		s.key = key
	}
	switch kind := kindOf(c.From); {
	case kind == wrong:
		problem("from must be a number with +, a short code or a name of at most 11 letters, digits and spaces")
	case c.MessagingProfileID == "" && kind == none:
		problem("from is missing: set it to a number, or set telnyx-messaging-profile-id")
	case c.MessagingProfileID == "" && kind == name:
		problem("messaging-profile-id is missing: a name as the sender needs it")
	}
	if _, ok := ids.ParseUUID(c.MessagingProfileID); c.MessagingProfileID != "" && !ok {
		problem("messaging-profile-id must be a UUID, in lower case")
	}
	base := c.BaseURL
	if base == "" {
		base = DefaultBaseURL
	}
	if u, err := httpx.Base(base); err != nil {
		problem("base-url is wrong: " + err.Error())
	} else {
		s.endpoint = u.JoinPath("v2", "messages")
	}
	if c.HTTP == nil || c.Now == nil {
		problems = append(problems, errors.New("telnyx: no HTTP client or no clock"))
	}
	s.problems = errors.Join(problems...)
}

// kind is what a sender is.
type kind int

const (
	none kind = iota
	wrong
	number
	name
)

const (
	digits  = "0123456789"
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// kindOf reads a sender: E.164, a short code of 3 to 8 digits, or a name of 1 to 11 letters, digits and spaces with at
// least one letter (https://developers.telnyx.com/docs/messaging/messages/alphanumeric-sender-id, read 2026-11-23).
func kindOf(from string) kind {
	rest, plus := strings.CutPrefix(from, "+")
	onlyDigits := strings.Trim(rest, digits) == ""
	switch {
	case from == "":
		return none
	case plus && onlyDigits && len(rest) >= 7 && len(rest) <= 15 && rest[0] != '0',
		!plus && onlyDigits && len(rest) >= 3 && len(rest) <= 8:
		return number
	case len(from) <= 11 && strings.ContainsAny(from, letters) && strings.Trim(from, letters+digits+" ") == "":
		return name
	}
	return wrong
}
