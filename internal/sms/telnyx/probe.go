package telnyx

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/thimble-auth/thimble/internal/sms"
)

var _ sms.Prober = (*Sender)(nil)

// Probe fetches the messaging profile and the number, as far as they are set
// (https://developers.telnyx.com/api-reference/messaging-profiles/retrieve-a-messaging-profile and
// https://developers.telnyx.com/api-reference/phone-number-configurations/list-phone-numbers, read 2026-11-23). With a
// short code and no profile it asks for a list of one profile, so that the key at least is known to be good.
func (s *Sender) Probe(ctx context.Context) error {
	switch {
	case s.Check() != nil:
		return s.Check()
	case s.config.MessagingProfileID != "":
		// A wrong key is found once.
		if err := s.probeProfile(ctx); err != nil {
			return err
		}
		return s.probeNumber(ctx)
	case s.config.From[0] == '+':
		return s.probeNumber(ctx)
	}
	var list struct{ Data []struct{} }
	status, err := s.get(ctx, "messaging_profiles", url.Values{"page[size]": {"1"}}, &list)
	if err == nil && (status != http.StatusOK || list.Data == nil) {
		err = sms.Unexpected("telnyx-api-key", status)
	}
	return err
}

func (s *Sender) probeProfile(ctx context.Context) error {
	var answer struct {
		Data struct {
			ID      string
			Enabled *bool
		}
	}
	id := s.config.MessagingProfileID
	status, err := s.get(ctx, "messaging_profiles/"+id, nil, &answer)
	switch {
	case err != nil:
		return err
	case status == http.StatusNotFound:
		return sms.Wrong("telnyx-messaging-profile-id", "the account has no such messaging profile")
	case status != http.StatusOK || answer.Data.ID != id:
		return sms.Unexpected("telnyx-messaging-profile-id", status)
	case answer.Data.Enabled != nil && !*answer.Data.Enabled:
		return sms.Wrong("telnyx-messaging-profile-id", "the messaging profile is switched off: see the portal")
	}
	return nil
}

func (s *Sender) probeNumber(ctx context.Context) error {
	from := s.config.From
	if from == "" || from[0] != '+' {
		return nil
	}
	var list struct {
		Data []struct {
			Number  string `json:"phone_number"`
			Status  string
			Profile string `json:"messaging_profile_id"`
		}
	}
	// Digits alone: with anything else the answer is empty.
	status, err := s.get(ctx, "phone_numbers", url.Values{"filter[phone_number]": {from[1:]}}, &list)
	switch {
	case err != nil:
		return err
	case status != http.StatusOK || list.Data == nil:
		return sms.Unexpected("telnyx-from", status)
	}
	for _, n := range list.Data {
		if n.Number != from {
			continue
		}
		var problems []error
		if n.Status != "active" {
			problems = append(problems, sms.Wrong("telnyx-from", "the number is not active: see the portal"))
		}
		if n.Profile == "" {
			problems = append(problems, sms.Wrong("telnyx-from", "the number belongs to no messaging profile: give it one in "+
				"the portal"))
		}
		return errors.Join(problems...)
	}
	return sms.Wrong("telnyx-from", "the account has no such number")
}

// get asks one question. The error is for those without an answer, and for a key that is not taken.
func (s *Sender) get(ctx context.Context, path string, query url.Values, v any) (status int, err error) {
	u := s.endpoint.JoinPath("..", path)
	u.RawQuery = query.Encode()
	return s.Ask(ctx, u, "api-key", v)
}
