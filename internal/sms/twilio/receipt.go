package twilio

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio's signature is HMAC-SHA-1, which no known attack breaks.
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
)

// signatureHeader carries base64(HMAC-SHA-1(auth token, URL ‖ sorted parameters))
// (https://www.twilio.com/docs/usage/webhooks/webhooks-security, read 2026-11-22).
const signatureHeader = "X-Twilio-Signature"

// maxParams bounds the parameters of a callback: sorting is done before the signature is known to be right.
const maxParams = 100

// verified gives the parameters of a callback that Twilio signed for an address. The signature may have been made over
// the address with or without the scheme's port, both of which Twilio does.
func (a *account) verified(r *http.Request, fullURL string, body []byte) (url.Values, error) {
	if r.Method != http.MethodPost || a.config.AuthToken == "" {
		return nil, sms.ErrBadSignature
	}
	params, err := url.ParseQuery(string(body))
	if err != nil || len(params) > maxParams {
		return nil, sms.ErrBadSignature
	}
	if !a.signed(r.Header.Get(signatureHeader), fullURL, params) {
		return nil, sms.ErrBadSignature
	}
	return params, nil
}

// ours reports whether a callback is about this account.
func (a *account) ours(params url.Values) bool {
	account := params.Get("AccountSid")
	return account == "" || account == a.config.AccountSID
}

// messageReceipt reads a status callback of the Messages resource.
func (a *account) messageReceipt(r *http.Request, fullURL string, body []byte) (sms.Receipt, error) {
	params, err := a.verified(r, fullURL, body)
	if err != nil {
		return sms.Receipt{}, err
	}
	receipt := sms.Receipt{ProviderID: params.Get("MessageSid")}
	status, known := statuses[params.Get("MessageStatus")]
	if receipt.ProviderID == "" || !a.ours(params) || !known {
		return sms.Receipt{}, sms.ErrBadReceipt
	}
	receipt.Status = status
	if status == sms.Failed {
		code, _ := strconv.Atoi(params.Get("ErrorCode"))
		receipt.Error = byCode(code)
		if code == 0 {
			receipt.Error.Code = ""
		}
	}
	return receipt, nil
}

// statuses are the values of MessageStatus for messages that leave
// (https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks, read 2026-11-22).
var statuses = map[string]sms.Status{
	"accepted":    sms.Pending,
	"scheduled":   sms.Pending,
	"queued":      sms.Pending,
	"sending":     sms.Pending,
	"sent":        sms.Sent,
	"delivered":   sms.Delivered,
	"read":        sms.Delivered,
	"undelivered": sms.Failed,
	"failed":      sms.Failed,
	"canceled":    sms.Failed,
}

// signed reports whether the signature fits the address in one of its forms.
func (a *account) signed(signature, fullURL string, params url.Values) bool {
	given, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || len(given) != sha1.Size {
		return false
	}
	tail := parameters(params)
	ok := false
	for _, address := range forms(fullURL) {
		mac := hmac.New(sha1.New, []byte(a.config.AuthToken.Reveal()))
		mac.Write([]byte(address))
		mac.Write([]byte(tail))
		ok = secret.Equal(mac.Sum(nil), given) || ok
	}
	return ok
}

// parameters writes names and values one after the other, sorted by name. A name with several values stands once before
// each different value, in order.
func parameters(params url.Values) string {
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)

	var b strings.Builder
	for _, name := range names {
		values := slices.Clone(params[name])
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			b.WriteString(name)
			b.WriteString(value)
		}
	}
	return b.String()
}

// forms gives the address as it is, and with the scheme's own port added or taken away.
func forms(address string) []string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return []string{address}
	}
	port := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	host := u.Host
	switch u.Port() {
	case "":
		host += ":" + port
	case port:
		host = strings.TrimSuffix(host, ":"+port)
	default:
		host = strings.TrimSuffix(host, ":"+u.Port())
	}
	// Replaced in the text, not rebuilt from the parsed form: the signature is over the address letter by letter.
	return []string{address, strings.Replace(address, u.Host, host, 1)}
}
