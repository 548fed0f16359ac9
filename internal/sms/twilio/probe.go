package twilio

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

var (
	_ sms.Prober = (*Sender)(nil)
	_ sms.Prober = (*WhatsApp)(nil)
	_ sms.Prober = (*Voice)(nil)
)

// Probe fetches the account, and the messaging service and the number of texts or calls if they are set
// (https://www.twilio.com/docs/iam/api/account, https://www.twilio.com/docs/messaging/api/service-resource,
// https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource, read 2026-11-23). Of short codes, names
// and what belongs to WhatsApp nothing is asked.
func (a *account) Probe(ctx context.Context) error {
	if a.problems != nil {
		return a.problems
	}
	if err := a.probeAccount(ctx); err != nil {
		return err
	}
	return errors.Join(a.probeService(ctx), a.probeNumber(ctx))
}

func (a *account) probeAccount(ctx context.Context) error {
	var answer struct {
		SID, Status, Type string
	}
	status, err := a.get(ctx, a.api("2010-04-01", "Accounts", a.config.AccountSID+".json"), &answer)
	switch {
	case err != nil:
		return err
	case status == http.StatusUnauthorized:
		return sms.Wrong("twilio-auth-token", "Twilio does not know twilio-account-sid with this token: compare both with "+
			"the console")
	case status == http.StatusNotFound:
		return sms.Wrong("twilio-account-sid", "Twilio has no such account")
	case status != http.StatusOK || answer.SID != a.config.AccountSID:
		return sms.Unexpected("twilio-base-url", status)
	case answer.Status != "active":
		return sms.Wrong("twilio-account-sid", "the account is suspended or closed: see the console")
	case answer.Type == "Trial":
		return sms.Doubtful("twilio-account-sid", "it is a trial account, which texts verified numbers alone: upgrade it")
	}
	return nil
}

func (a *account) probeService(ctx context.Context) error {
	sid := a.config.MessagingServiceSID
	if sid == "" {
		return nil
	}
	var service struct{ SID string }
	u := a.api("v1", "Services", sid)
	// {product}.{edge}.{region}.twilio.com
	// (https://www.twilio.com/docs/global-infrastructure/using-the-twilio-rest-api-in-a-non-us-region, read 2026-11-23).
	if rest, found := strings.CutPrefix(u.Host, "api."); found && strings.HasSuffix(rest, "twilio.com") {
		u.Host = "messaging." + rest
	}
	status, err := a.get(ctx, u, &service)
	switch {
	case err != nil:
		return err
	case status == http.StatusNotFound:
		return sms.Wrong("twilio-messaging-service-sid", "the account has no such messaging service")
	case status != http.StatusOK || service.SID != sid:
		return sms.Unexpected("twilio-messaging-service-sid", status)
	}
	return nil
}

// number is one of the account's.
type number struct {
	Number       string `json:"phone_number"`
	Capabilities struct{ SMS, Voice *bool }
}

func (a *account) probeNumber(ctx context.Context) error {
	from := a.config.From
	if a.name == NameWhatsApp || !strings.HasPrefix(from, "+") {
		return nil
	}
	setting := "twilio-from"
	if a.name == NameVoice {
		setting = "twilio-voice-from"
	}
	var list struct {
		Numbers []number `json:"incoming_phone_numbers"`
	}
	u := a.api("2010-04-01", "Accounts", a.config.AccountSID, "IncomingPhoneNumbers.json")
	u.RawQuery = url.Values{"PhoneNumber": {from}}.Encode()
	status, err := a.get(ctx, u, &list)
	switch {
	case err != nil:
		return err
	case status != http.StatusOK:
		return sms.Unexpected(setting, status)
	}
	for _, n := range list.Numbers {
		if n.Number == from { // the question finds parts of numbers, too
			return a.usable(setting, n)
		}
	}
	if a.name == NameVoice {
		return sms.Doubtful(setting, "the account has no such number: it must be one of its verified caller ids then")
	}
	return sms.Wrong(setting, "the account has no such number")
}

func (a *account) usable(setting string, n number) error {
	able, what := n.Capabilities.SMS, "send texts"
	if a.name == NameVoice {
		able, what = n.Capabilities.Voice, "call"
	}
	if able != nil && !*able {
		return sms.Wrong(setting, "this number of the account cannot %s", what)
	}
	return nil
}

// api is an address below the one that is set.
func (a *account) api(path ...string) *url.URL {
	// The endpoint, such as that of messages, is that address and four segments more.
	return a.endpoint.JoinPath("..", "..", "..", "..").JoinPath(path...)
}

// get asks one question. The error is for those without an answer.
func (a *account) get(ctx context.Context, u *url.URL, v any) (status int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return 0, sms.Unreached("twilio-base-url", "the address is wrong")
	}
	r.Header["Authorization"] = a.auth
	status, err = a.config.HTTP.JSON(r, v)
	if status == 0 {
		return 0, sms.Unreached("twilio-base-url", httpx.Reason(err))
	}
	return status, nil // what cannot be read has not the id that was asked for
}
