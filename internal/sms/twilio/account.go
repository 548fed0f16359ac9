package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

// account is what the senders of one account have in common.
type account struct {
	name     string
	config   Config
	problems error
	endpoint *url.URL
	auth     []string
}

// newAccount makes the part of a sender that posts to a resource, such as Messages.json. own is what is wrong with the
// settings that are the channel's own.
func newAccount(name string, c Config, resource string, own ...error) account {
	a := account{name: name, config: c}
	a.endpoint, a.problems = check(c, resource, own)
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(c.AccountSID, c.AuthToken.Reveal())
	a.auth = r.Header["Authorization"]
	return a
}

// Format prints the name only: fmt looks into a struct past the guards of its secrets.
func (a account) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.name) }

// Name is the sender's name in settings, logs and callback paths.
func (a *account) Name() string { return a.name }

// Check tells what is wrong with the settings.
func (a *account) Check() error { return a.problems }

// ready gives the error of a sender whose settings are wrong, and of a text whose life is over.
func (a *account) ready(m *sms.Message) error {
	if a.problems != nil {
		return &sms.Error{Class: sms.OtherRoute, Reason: "the twilio settings are wrong"}
	}
	if m.ValidFor < time.Second {
		return &sms.Error{Class: sms.Permanent, Reason: "the text's life is over"}
	}
	return nil
}

// service is the library's service for one call, since its interface has no context. Made by hand: its constructor
// would let two environment variables choose another host.
func (a *account) service(ctx context.Context) *api.ApiService {
	return api.NewApiService(&client.RequestHandler{Client: &call{ctx: ctx, account: a}})
}

// asError keeps our own errors and turns all others into one whose text holds nothing of the request or the answer.
func asError(err error) *sms.Error {
	if e, ok := errors.AsType[*sms.Error](err); ok {
		return e
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if errors.As(err, &syntax) || errors.As(err, &kind) {
		return sms.NotUnderstood()
	}
	return &sms.Error{Class: sms.Later, Reason: httpx.Reason(err)}
}

// call is the library's base client for one Send: it sends through httpx, to our base URL, within the caller's context.
type call struct {
	ctx     context.Context
	account *account
}

var _ client.BaseClient = (*call)(nil)

// AccountSid is the account in the path of the call.
func (c *call) AccountSid() string { return c.account.config.AccountSID }

// SetTimeout does nothing: httpx has the timeout.
func (c *call) SetTimeout(time.Duration) {}

// SetOauth does nothing: the account id and token authorize every call.
func (c *call) SetOauth(client.OAuth) {}

// OAuth is nil.
func (c *call) OAuth() client.OAuth { return nil }

var (
	contentType = []string{"application/x-www-form-urlencoded"}
	accept      = []string{"application/json"}
)

// SendRequest sends the one request that a sender makes. The address the library built is not used: its host is fixed.
func (c *call) SendRequest(method, _ string, form url.Values, _ map[string]any, _ ...byte) (*http.Response, error) {
	body := form.Encode()
	req, err := http.NewRequestWithContext(c.ctx, method, "", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.URL = c.account.endpoint
	req.Header["Authorization"] = c.account.auth
	req.Header["Content-Type"] = contentType
	req.Header["Accept"] = accept

	res, err := c.account.config.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode/100 == 2 {
		return res, nil
	}
	defer func() { _ = res.Body.Close() }()
	return nil, refusal(res)
}
