package plivo

import (
	"context"
	"errors"
	"net/http"

	"github.com/thimble-auth/thimble/internal/sms"
)

// Probe fetches the account and, if texts come from a number, that number
// (https://www.plivo.com/docs/account/api/account, and numbers.go of Plivo's own Go library, both read 2026-11-23).
func (s *Sender) Probe(ctx context.Context) error {
	if err := s.Check(); err != nil {
		return err
	}
	var account struct {
		ID   string `json:"auth_id"`
		Type string `json:"account_type"`
	}
	status, err := s.Ask(ctx, s.account, "auth-token", &account)
	switch {
	case err != nil:
		return err
	case status == http.StatusNotFound:
		return sms.Wrong("plivo-auth-id", "Plivo has no such account")
	case status != http.StatusOK || account.ID != s.config.AuthID:
		return sms.Unexpected("plivo-auth-id", status)
	case account.Type == "developer":
		err = sms.Doubtful("plivo-auth-id", "a trial account texts to verified numbers alone: see the console")
	}
	return errors.Join(err, s.probeNumber(ctx))
}

func (s *Sender) probeNumber(ctx context.Context) error {
	if !sms.IsNumber(s.config.From) {
		return nil
	}
	var number struct {
		Number string
		SMS    *bool `json:"sms_enabled"`
	}
	status, err := s.Ask(ctx, s.account.JoinPath("Number", digits(s.config.From)+"/"), "auth-token", &number)
	switch {
	case err != nil:
		return err
	case status == http.StatusNotFound:
		return sms.Wrong("plivo-from", "the account has no such number")
	case status != http.StatusOK || digits(number.Number) != digits(s.config.From):
		return sms.Unexpected("plivo-from", status)
	case number.SMS != nil && !*number.SMS:
		return sms.Wrong("plivo-from", "the number cannot send texts: see the console")
	}
	return nil
}
